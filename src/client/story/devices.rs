//! Mia's devices as processes of their own: started, killed, brought back.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
    time::{Duration, Instant, sleep},
};

use super::{
    cast::{Cast, Gear, MINUTES, Thing},
    log::{Log, PATIENCE, log},
    score::{Step, must},
};
use crate::client::{
    ClientError,
    device::events::{Event, What},
    words,
};
use crate::domain::{report::Standing, version::Version};

/// Both devices, running.
pub(super) struct Both {
    /// The phone.
    pub(super) phone: Running,
    /// The tablet.
    pub(super) tablet: Running,
}

/// A device process and everything that it said. Dropping it kills the process.
pub(super) struct Running {
    name: String,
    child: Child,
    events: Log<Event>,
    _reader: JoinSet<()>,
}

impl Running {
    /// Starts this very program as a device.
    pub(super) fn start(thing: &Thing, habits: &[&str]) -> Result<Self, ClientError> {
        let failed = |error: std::io::Error| ClientError::told(format!("The device program did not start ({error})."));
        let mut child = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["device", "run", "--json", "--until-stdin-ends", "--state"])
            .arg(thing.keep.dir())
            .args(habits)
            // Held open as long as this process lives, so that not even killing it leaves a device behind.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let stdout = child.stdout.take().ok_or_else(|| ClientError::told("The device program has no output."))?;
        let (writer, events) = log();
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(event) = serde_json::from_str(&line) {
                    writer.write(event);
                }
            }
        });
        Ok(Self { name: thing.identity.name.clone(), child, events, _reader: reader })
    }

    /// Waits until this version, or a later one, counts on the device; when, in milliseconds since 1970.
    pub(super) async fn applied(&mut self, least: Version) -> Result<(Version, i64), ClientError> {
        let found = self.events.find(|event| match event.what {
            What::Applied { version, .. } if version >= least => Some((version, event.at_unix_ms)),
            _ => None,
        });
        found.await.ok_or_else(|| ClientError::told(format!("{} did not apply {least} in time.", self.name)))
    }

    async fn confirmed(&mut self, least: Version) -> Result<(), ClientError> {
        let found =
            self.events.find(|event| matches!(event.what, What::Confirmed(version) if version >= least).then_some(()));
        found
            .await
            .ok_or_else(|| ClientError::told(format!("{}'s report of {least} was not taken in time.", self.name)))
    }

    /// The newest version that it applied since it started.
    pub(super) fn newest(&self) -> Option<Version> {
        self.events.all(applied_version).into_iter().max()
    }

    /// Kills the process, as a flat battery would.
    pub(super) async fn kill(mut self) {
        // Gone in any case: the process is killed on drop as well.
        let _ = self.child.kill().await;
    }
}

fn applied_version(event: &Event) -> Option<Version> {
    match event.what {
        What::Applied { version, .. } => Some(version),
        _ => None,
    }
}

const ANY: Version = Version { epoch: 0, revision: 0 };

pub(super) async fn start(gear: &Gear) -> Step<Both> {
    let mut phone = Running::start(&gear.phone, &[])?;
    let mut tablet = Running::start(&gear.tablet, &[])?;
    let (version, _) = phone.applied(ANY).await?;
    tablet.applied(version).await?;
    let (on_phone, on_tablet) = (gear.phone.minutes()?, gear.tablet.minutes()?);
    must(on_phone == on_tablet, || "The two devices do not agree.".to_owned())?;
    let pids = [&phone, &tablet].map(|device| device.child.id().map_or_else(String::new, |pid| pid.to_string()));
    let told = format!("Processes {}. Limits {version}: {MINUTES} is {}.", pids.join(" and "), words::value(&on_phone));
    Ok((Both { phone, tablet }, told))
}

pub(super) async fn lose_power(cast: &Cast, gear: &Gear, tablet: Running) -> Step<()> {
    tablet.kill().await;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if cast.device(&gear.tablet).await?.online != Some(true) {
            return Ok(((), "Its process was killed.".to_owned()));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(ClientError::told("Dana still sees the tablet as connected."))
}

/// Back from the dead with the old limits, the tablet must get the newest and none of those in between.
pub(super) async fn come_back(gear: &Gear, before: Version, newest: Version) -> Step<Running> {
    let mut tablet = Running::start(&gear.tablet, &[])?;
    let begun = Instant::now();
    tablet.applied(newest).await?;
    let took = begun.elapsed().as_millis();
    tablet.confirmed(newest).await?;
    let held = tablet.events.all(|event| match event.what {
        What::Started { held, .. } => held,
        _ => None,
    });
    must(held == [before], || format!("It woke with {held:?}, not with {before}."))?;
    let received = tablet.events.all(|event| match event.what {
        What::Received(version) => Some(version),
        _ => None,
    });
    must(received == [newest], || format!("It got {received:?}, not only {newest}."))?;
    must(gear.tablet.minutes()? == gear.phone.minutes()?, || "Phone and tablet do not agree.".to_owned())?;
    Ok((tablet, format!("Woke with {before}, got {newest} and nothing else, {took} ms after its program started.")))
}

/// The same tablet, restarted without the ability to limit time: Dana must see that, and in words.
pub(super) async fn partly(cast: &Cast, gear: &Gear, tablet: Running) -> Step<Running> {
    tablet.kill().await;
    let tablet = Running::start(&gear.tablet, &["--unsupported", MINUTES])?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let (on_phone, on_tablet) = (cast.device(&gear.phone).await?, cast.device(&gear.tablet).await?);
        // Each device speaks for itself: the phone is not blamed for the tablet.
        if (on_phone.state, on_tablet.state) == (Standing::Enforced, Standing::PartlyEnforced) {
            let sentence = on_tablet.issues.into_iter().next().map(|issue| issue.sentence).unwrap_or_default();
            must(!sentence.is_empty(), || "Dana sees that, but not what is missing.".to_owned())?;
            return Ok((tablet, format!("{sentence}\nThe phone enforces everything.")));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(ClientError::told("Dana is not told that the phone can do it and the tablet cannot."))
}
