//! Life without a socket: ask for something newer, wait up to 25 seconds, ask again.
//!
//! The question itself says which policy counts here (`have`), so there is no separate report.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Device, events::What};
use crate::client::{ClientError, api::ApiError, backoff::BackOff, quit::Quit};

/// How long the server may hold a question.
const WAIT: Duration = Duration::from_secs(25);
/// How often what was used is told.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// An empty answer faster than this is a server that does not wait.
const HASTY: Duration = Duration::from_secs(1);

/// Polls until the person has had enough, or the server will not have this device any more.
pub(super) async fn poll(device: &mut Device, quit: &mut Quit) -> Result<(), ClientError> {
    let mut backoff = BackOff::default();
    let mut tell_at = Instant::now();
    loop {
        if device.minute_at().is_some_and(|at| at <= Instant::now()) {
            device.minute().await;
        }
        let asked = Instant::now();
        let answer = tokio::select! {
            answer = device.api.poll_policy(device.version(), WAIT) => answer,
            () = quit.asked() => return Ok(()),
        };
        let (before, is_heard) = (device.version(), answer.is_ok());
        match answer {
            Ok(_) => {
                device.heard().await;
                device.tell_codes().await;
            }
            Err(_) => device.look(),
        }
        let calm = match answer {
            Ok(Some(snapshot)) => device.take(snapshot).await.is_none(),
            Ok(None) => asked.elapsed() >= HASTY,
            Err(error) if turned_away(&error) => return Err(error.into()),
            Err(error) => {
                device.voice.tell(What::Trouble { words: error.to_string() });
                false
            }
        };
        // At once after a new policy, so that something is lent of what is new.
        if is_heard && (tell_at <= Instant::now() || device.version() != before) {
            tell_at = Instant::now() + TELL_EVERY;
            told(device).await;
        }
        if calm {
            backoff = BackOff::default();
            continue;
        }
        tokio::select! {
            () = sleep(backoff.wait(device.api.world())) => {}
            () = quit.asked() => return Ok(()),
        }
    }
}

/// What was used; the answer says what is left, and what time it is.
async fn told(device: &mut Device) {
    if let Err(error) = device.tell_usage().await {
        device.voice.tell(What::Trouble { words: error.to_string() });
    }
}

fn turned_away(error: &ApiError) -> bool {
    matches!(error.status(), Some(400..=407 | 410))
}
