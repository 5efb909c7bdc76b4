//! For a device without a socket: wait until there is something newer than what it holds.

use std::{sync::Arc, time::Duration};

use bytestring::ByteString;

use super::{Live, hub::Newest, publish::Published, refresh::Net};
use crate::{
    auth::who::Reader,
    domain::{ids::TeenId, report::SaidBy, version::Version},
    problem::{Code, Problem},
    store::{kinship::TeenSelf, policies::Reading, reports::Had},
};

/// How long the newest policy may take to be read.
const READ: Duration = Duration::from_secs(3);

/// The newest policy if it is newer than what the device has, or as soon as it is within `wait`. The same rule as on a socket:
/// greater, or of another epoch; a device that claims to be ahead gets what there is.
pub async fn newer_than(
    live: &Live,
    Reader { who, read }: Reader,
    have: Option<Version>,
    wait: Duration,
) -> Result<Option<ByteString>, Problem> {
    if let Some(device) = who.as_device() {
        live.work.note_heard(device);
    }
    if let Some(Reading { epoch, newest, .. }) = read {
        let here = Version { epoch, revision: newest.record.revision };
        if Some(here) != have {
            note_lost(live, &who, have, here);
            return Ok(Some(live.refresh.signed(epoch, &newest)?));
        }
        if wait.is_zero() {
            return Ok(None);
        }
    }
    let teen = who.teen();
    let mut waiting = live.hub.wait_for(teen);
    let newest = waiting.newest.as_mut().ok_or(Code::Internal)?;
    // What is read from here on has all that was committed before.
    let net = if newest.borrow().as_ref().is_some_and(|known| known.text().is_none()) { Net::Again } else { Net::Join };
    tokio::time::timeout(READ, live.refresh.look_at(teen, net)).await.map_err(|_| Code::Unavailable)?;
    let published = newest.borrow_and_update().clone();
    note_lost(live, &who, have, published.as_ref().ok_or(Code::NotFound)?.version);
    let differs = |published: &Option<Arc<Published>>| published.as_ref().is_some_and(|p| Some(p.version) != have);
    if !differs(&published) {
        let stopped = live.draining.cancelled();
        tokio::select! {
            newer = tokio::time::timeout(wait, newest.wait_for(differs)) => match newer {
                Ok(Ok(_)) => {}
                _ => return Ok(None),
            },
            () = stopped => return Ok(None),
        }
    }
    let frame = tokio::time::timeout(READ, frame_of(live, teen, newest)).await;
    frame.map_err(|_| Code::Unavailable)?.map(Some)
}

/// What the device had of an epoch before this one may be gone.
fn note_lost(live: &Live, who: &TeenSelf, have: Option<Version>, here: Version) {
    if let Some((device, version)) = who.as_device().zip(have).filter(|(_, have)| have.epoch < here.epoch) {
        live.losses.had(Had { device, version, said_by: SaidBy::Device });
    }
}

/// The newest policy's text, which may have to be read again.
async fn frame_of(live: &Live, teen: TeenId, newest: &mut Newest) -> Result<ByteString, Problem> {
    loop {
        if let Some(text) = newest.borrow_and_update().as_ref().and_then(|published| published.text()) {
            return Ok(text.frame);
        }
        live.refresh.suspect(teen, Net::Again);
        newest.changed().await.map_err(|_| Code::Unavailable)?;
    }
}
