//! Dana sets limits and sees them arrive.

use jiff::Timestamp;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Duration, sleep},
};

use super::{
    cast::{Cast, FLOOR, Gear, MINUTES, Thing},
    devices::{Both, Running},
    log::{Log, log},
    score::{Step, must},
};
use crate::client::{
    ClientError,
    bodies::{Changed, Nothing},
    guardian::{Ear, sentence},
    socket::Heard,
    words,
};
use crate::domain::{receiver::REPORT_EVERY_MS, report::Standing, version::Version};
use crate::sync::frame::{Notice, ServerFrame};

/// Dana's socket and everything that came over it.
pub(super) struct Listening {
    heard: Log<(Timestamp, ServerFrame)>,
    _ear: JoinSet<()>,
}

pub(super) async fn listen(cast: &Cast) -> Step<Listening> {
    let mut ear = Ear::open(&cast.dana).await?;
    let (writer, mut heard) = log();
    let world = cast.dana.world().clone();
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Heard::Frame(frame) = ear.next().await {
            writer.write((world.now(), *frame));
        }
    });
    let welcome = heard.find(|(_, frame)| matches!(frame, ServerFrame::Welcome(_)).then_some(())).await;
    must(welcome.is_some(), || "The server did not welcome Dana's socket.".to_owned())?;
    // Devices report at most once a second, and both have just done so: what comes next is measured from rest.
    sleep(Duration::from_millis(REPORT_EVERY_MS)).await;
    Ok((
        Listening { heard, _ear: task },
        "And a second of calm, so that the next step is measured from rest.".to_owned(),
    ))
}

impl Listening {
    /// When Dana heard that a device enforces this version, and in which words.
    async fn enforced(&mut self, thing: &Thing, least: Version) -> Result<(Timestamp, String), ClientError> {
        let found = self.heard.find(|(at, frame)| match frame {
            ServerFrame::Notice(notice @ Notice::Device(device))
                if device.device_id == thing.identity.device_id
                    && device.desired >= least
                    && device.state == Standing::Enforced =>
            {
                Some((*at, sentence(notice, |_| String::new()).unwrap_or_default()))
            }
            _ => None,
        });
        found.await.ok_or_else(|| ClientError::told(format!("Dana did not hear from {} in time.", thing.identity.name)))
    }
}

pub(super) async fn first_change(cast: &Cast, gear: &Gear, both: &mut Both, dana: &mut Listening) -> Step<Version> {
    let sent = cast.dana.now();
    let done = cast.set(MINUTES, json!(45), Some("School night")).await?;
    let (_, on_phone) = both.phone.applied(done.version).await?;
    let (_, on_tablet) = both.tablet.applied(done.version).await?;
    let (phone_at, phone_words) = dana.enforced(&gear.phone, done.version).await?;
    let (tablet_at, tablet_words) = dana.enforced(&gear.tablet, done.version).await?;
    for thing in [&gear.phone, &gear.tablet] {
        let minutes = thing.minutes()?;
        must(minutes == 45, || format!("{} keeps {}, not 45.", thing.identity.name, words::value(&minutes)))?;
    }
    let sent = sent.as_millisecond();
    let since = |at: i64| at.saturating_sub(sent);
    let told = format!(
        "{}\nOn the phone {} ms and on the tablet {} ms after Dana pressed save.\nDana reads, after {} ms: {phone_words}\nDana reads, after {} ms: {tablet_words}",
        changes(&done),
        since(on_phone),
        since(on_tablet),
        since(phone_at.as_millisecond()),
        since(tablet_at.as_millisecond()),
    );
    Ok((done.version, told))
}

fn changes(done: &Changed) -> String {
    done.changed.iter().map(words::change).collect::<Vec<_>>().join("\n")
}

pub(super) async fn three_changes(cast: &Cast, gear: &Gear, phone: &mut Running) -> Step<Version> {
    let mut told = Vec::new();
    let mut newest = Version { epoch: 0, revision: 0 };
    for minutes in [40, 50, 30] {
        let done = cast.set(MINUTES, json!(minutes), None).await?;
        must(done.version > newest, || "The revision did not grow.".to_owned())?;
        newest = done.version;
        phone.applied(newest).await?;
        told.push(format!("{newest}: {}", changes(&done)));
    }
    must(gear.phone.minutes()? == 30, || "The phone does not have the newest.".to_owned())?;
    let tablet = cast.device(&gear.tablet).await?;
    must(tablet.state == Standing::Sending, || {
        format!("Dana is told that the tablet {}.", words::standing(tablet.state))
    })?;
    told.push("Dana is told, in plain words: the tablet has not confirmed this yet.".to_owned());
    Ok((newest, told.join("\n")))
}

pub(super) async fn below_the_floor(cast: &Cast) -> Step<()> {
    let before = cast.etag().await?;
    let (control, value) = FLOOR;
    let told = match cast.set(control, json!(value), None).await {
        Ok(_) => return Err(ClientError::told(format!("{control} = {value} was taken."))),
        Err(ClientError::Api(error)) if error.code() == Some("below_floor") => error.to_string(),
        Err(error) => return Err(error),
    };
    must(cast.etag().await? == before, || "Something changed all the same.".to_owned())?;
    Ok(((), told))
}

pub(super) async fn undo(cast: &Cast, gear: &Gear, both: &mut Both, last: Version) -> Step<()> {
    let etag = cast.etag().await?;
    let path = cast.path(&format!("history/{}/undo", last.revision));
    let done: Changed = cast.dana.post_if_match(&path, &etag, &Nothing {}).await?;
    must(done.version > last, || "The undo went backwards.".to_owned())?;
    both.phone.applied(done.version).await?;
    both.tablet.applied(done.version).await?;
    must(gear.phone.minutes()? == 50, || "The phone did not go back to 50.".to_owned())?;
    Ok(((), format!("As a new revision, {}: {}", done.version, changes(&done))))
}
