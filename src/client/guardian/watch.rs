//! Sees at once what happens on the devices: a socket of notices, opened again whenever it ends.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Ear, notices, session::Who, teens};
use crate::client::{
    ClientError,
    api::ApiError,
    backoff::BackOff,
    quit::Quit,
    socket::{CloseInfo, Heard, SocketError},
    terminal::say,
};
use crate::domain::clock::World;
use crate::sync::frame::{Next, ServerFrame};

pub(super) async fn run(who: &Who, world: World) -> Result<(), ClientError> {
    let mut quit = Quit::on_signal();
    let mut backoff = BackOff::default();
    loop {
        let born = Instant::now();
        let ended = match follow(who, world.clone(), &mut quit).await {
            Err(ClientError::Api(ApiError::Unreachable(why))) => Ended::Line(Next::BackOff, why),
            other => other?,
        };
        backoff.lived(born.elapsed());
        let pause = match ended {
            Ended::Quit => return Ok(()),
            Ended::Line(Next::Stop, why) => {
                return Err(ClientError::told(format!("The server ended this ({why}). Please sign in again.")));
            }
            Ended::Line(Next::Now, _) if born.elapsed() > Duration::from_secs(1) => Duration::ZERO,
            Ended::Line(_, why) => {
                say(&format!("Not connected ({why}). The devices keep their limits. Trying again…"));
                backoff.wait(&world)
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = quit.asked() => return Ok(()),
        }
    }
}

enum Ended {
    Quit,
    Line(Next, String),
}

impl From<SocketError> for Ended {
    fn from(error: SocketError) -> Self {
        Self::Line(error.next(), error.to_string())
    }
}

impl From<CloseInfo> for Ended {
    fn from(info: CloseInfo) -> Self {
        Self::Line(Next::after(info.code), info.reason)
    }
}

async fn follow(who: &Who, world: World, quit: &mut Quit) -> Result<Ended, ClientError> {
    // Renews the session where needed, so a token that ran out is no end.
    let api = who.enter(world).await?;
    let teens = teens::all(&api).await?;
    let names: BTreeMap<String, String> =
        teens.into_iter().map(|teen| (teen.teen_id.to_string(), teen.display_name)).collect();
    let mut ear = match Ear::open(&api).await {
        Ok(ear) => ear,
        Err(error) => return Ok(error.into()),
    };
    say("Watching. Ctrl-C ends it.");
    loop {
        let heard = tokio::select! {
            heard = ear.next() => heard,
            () = quit.asked() => {
                ear.close().await;
                return Ok(Ended::Quit);
            }
        };
        match heard {
            Heard::Frame(frame) => tell(*frame, &names),
            Heard::Closed(info) => return Ok(info.into()),
        }
    }
}

fn tell(frame: ServerFrame, names: &BTreeMap<String, String>) {
    let ServerFrame::Notice(notice) = frame else { return };
    let name_of = |id: &str| names.get(id).cloned().unwrap_or_else(|| "your teen".to_owned());
    if let Some(words) = notices::sentence(&notice, name_of) {
        say(&words);
    }
}
