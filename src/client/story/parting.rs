//! The pairing ends, and what that means at once.

use super::{
    cast::{Cast, Gear, MINUTES},
    devices::Both,
    score::{Step, must},
};
use crate::client::{
    ClientError,
    bodies::{Nothing, Page, Teen},
    words,
};
use crate::domain::version::Version;

pub(super) async fn unlink(cast: &Cast, gear: &Gear, both: &mut Both) -> Step<()> {
    let before = both.phone.newest().unwrap_or(Version { epoch: 0, revision: 0 });
    let set_by_dana = gear.phone.minutes()?;
    let sent = cast.dana.now().as_millisecond();
    let _: serde_json::Value = cast.dana.post(&cast.path("unlink-requests"), &Nothing {}).await?;
    let next = Version { revision: before.revision.saturating_add(1), ..before };
    let (version, on_phone) = both.phone.applied(next).await?;
    let (_, on_tablet) = both.tablet.applied(next).await?;
    let minutes = gear.phone.minutes()?;
    must(minutes == gear.tablet.minutes()?, || "Phone and tablet do not agree.".to_owned())?;
    must(minutes != set_by_dana, || "Dana's limit still counts.".to_owned())?;
    let told = format!(
        "Limits {version}: {MINUTES} is {} again, {} ms later on the phone, {} ms later on the tablet.",
        words::value(&minutes),
        on_phone.saturating_sub(sent),
        on_tablet.saturating_sub(sent)
    );
    Ok(((), told))
}

pub(super) async fn walls(cast: &Cast) -> Step<()> {
    for rest in ["settings", "policy", "devices", "history"] {
        match cast.dana.get::<serde_json::Value>(&cast.path(rest)).await {
            Err(error) if error.status() == Some(404) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(ClientError::told(format!("Dana still sees Mia's {rest}."))),
        }
    }
    let teens: Page<Teen> = cast.dana.get("/v1/guardian/teens").await?.body;
    must(teens.items.is_empty(), || "Mia is still in Dana's list.".to_owned())?;
    Ok(((), "404 for settings, policy, devices and history.".to_owned()))
}

pub(super) async fn sign_out(cast: Cast, both: Both) -> Step<()> {
    both.phone.kill().await;
    both.tablet.kill().await;
    for session in [&cast.mia, &cast.dana] {
        session.delete("/v1/sessions/current").await?;
        let after = session.get::<serde_json::Value>("/v1/account").await;
        let dead = after.is_err_and(|error| error.status() == Some(401));
        must(dead, || "A token still works after signing out.".to_owned())?;
    }
    Ok(((), "Their tokens are dead at once.".to_owned()))
}
