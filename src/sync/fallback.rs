//! For a device without a socket: wait until there is something newer than what it holds.

use std::{sync::Arc, time::Duration};

use super::{Live, publish::Published, refresh::Net};
use crate::{
    domain::{ids::TeenId, version::Version},
    problem::{Code, Problem},
};

/// How long the newest policy may take to be read.
const READ: Duration = Duration::from_secs(3);

/// The newest policy if it is newer than what the device has, or as soon as it is within `wait`. The same rule as on a socket:
/// greater, or of another epoch; a device that claims to be ahead gets what there is.
pub async fn newer_than(
    live: &Live,
    teen: TeenId,
    have: Option<Version>,
    wait: Duration,
) -> Result<Option<Arc<Published>>, Problem> {
    let mut waiting = live.hub.wait_for(teen);
    let newest = waiting.newest.as_mut().ok_or(Code::Internal)?;
    let current = live.store.newest_revisions(&[teen]).await?.remove(&teen).ok_or(Code::NotFound)?;
    let here = Version { epoch: live.store.epoch(), revision: current };
    live.refresh.suspect(teen, Net::Join);
    let fresh =
        |published: &Option<Arc<Published>>| published.as_ref().is_some_and(|published| published.version >= here);
    let first = tokio::time::timeout(READ, newest.wait_for(fresh)).await;
    let published = first.map_err(|_| Code::Unavailable)?.map_err(|_| Code::Unavailable)?.clone();
    let differs = |published: &Option<Arc<Published>>| published.as_ref().is_some_and(|p| Some(p.version) != have);
    if differs(&published) {
        return Ok(published);
    }
    let stopped = live.draining.cancelled();
    tokio::select! {
        newer = tokio::time::timeout(wait, newest.wait_for(differs)) => Ok(newer.ok().and_then(Result::ok).and_then(|p| p.clone())),
        () = stopped => Ok(None),
    }
}
