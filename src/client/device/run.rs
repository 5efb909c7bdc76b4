//! A device's whole life: connect, enforce, come back after every end that allows it.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use tokio::time::Instant;

use super::{
    Device,
    events::{Voice, What},
    habits::Habits,
    line::{End, session, until},
    pair, poll,
    usage::Use,
};
use crate::client::{
    ClientError,
    backoff::BackOff,
    keep::Keep,
    quit::Quit,
    socket::{CloseInfo, SocketError},
};
use crate::domain::clock::World;
use crate::sync::frame::{Close, Next};

/// A connection that lived shorter than this is not worth coming back to at once.
const BLINK: Duration = Duration::from_secs(1);

/// What `device run` needs.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Where the device keeps its token and its limits.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// One line of JSON per event, for programs.
    #[arg(long)]
    json: bool,
    /// Ask over HTTP instead of keeping a socket.
    #[arg(long)]
    no_socket: bool,
    /// Pretend to use this for so many seconds of each minute. May be given again.
    #[arg(long = "use", value_name = "ITEM=SECONDS")]
    uses: Vec<Use>,
    /// Type in a code that a guardian has read out.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// End when standard input ends, for programs that start devices.
    #[arg(long)]
    until_stdin_ends: bool,
    #[command(flatten)]
    habits: Habits,
}

pub(super) async fn run(args: RunArgs, world: World) -> Result<(), ClientError> {
    let keep = Keep::at(&args.state);
    let api = pair::at(&keep, world.clone())?;
    let identity = keep.identity()?.ok_or_else(|| ClientError::told("No device lives there."))?;
    let mut device = Device::wake(identity, keep, api, Voice::new(args.json, world), args.habits)?;
    device.usage.uses(args.uses);
    let (id, name) = (device.identity().device_id, device.identity().name.clone());
    device.voice.tell(What::Started { device_id: id, name, held: device.version() });
    if let Some(code) = args.code {
        device.type_in(&code).await;
    }
    let mut quit = match args.until_stdin_ends {
        true => Quit::on_signal_or_end_of_input(),
        false => Quit::on_signal(),
    };
    let end = match args.no_socket {
        true => poll::poll(&mut device, &mut quit).await,
        false => live(&mut device, &mut quit).await,
    };
    device.voice.tell(What::Stopped);
    end
}

async fn live(device: &mut Device, quit: &mut Quit) -> Result<(), ClientError> {
    let mut backoff = BackOff::default();
    loop {
        device.look();
        let born = Instant::now();
        let end = session(device, quit).await;
        device.disconnected();
        backoff.lived(born.elapsed());
        let pause = match plan(&end, born.elapsed()) {
            Plan::Stop => return farewell(device, end),
            Plan::Wait(pause) => pause,
            Plan::BackOff(least) => least.saturating_add(backoff.wait(device.api.world())),
        };
        told(device, &end, Some(pause));
        if !rested(device, quit, Instant::now() + pause).await {
            return Ok(());
        }
    }
}

/// Waits without the server; what is used meanwhile counts. `false`: the person has had enough.
async fn rested(device: &mut Device, quit: &mut Quit, until_then: Instant) -> bool {
    loop {
        let minute_at = device.minute_at();
        tokio::select! {
            () = until(Some(until_then)) => return true,
            () = until(minute_at) => device.minute().await,
            () = quit.asked() => return false,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Plan {
    Stop,
    Wait(Duration),
    /// At least this long, and then jitter.
    BackOff(Duration),
}

fn plan(end: &End, lived: Duration) -> Plan {
    let next = match end {
        End::Quit => return Plan::Stop,
        End::Drained(pause) | End::Left(pause) => return Plan::Wait(*pause),
        End::Failed(SocketError::Refused { retry_after: Some(pause), .. }) => return Plan::BackOff(*pause),
        End::Failed(error) => error.next(),
        End::Zombie => Next::BackOff,
        End::Closed(info) => Next::after(info.code),
    };
    match next {
        Next::Stop => Plan::Stop,
        Next::Now if lived >= BLINK => Plan::Wait(Duration::ZERO),
        Next::Now | Next::BackOff => Plan::BackOff(Duration::ZERO),
    }
}

fn farewell(device: &Device, end: End) -> Result<(), ClientError> {
    told(device, &end, None);
    match end {
        End::Quit => Ok(()),
        End::Failed(error) => Err(error.into()),
        End::Closed(info) => Err(ClientError::told(why_stopped(&info))),
        _ => Ok(()),
    }
}

fn why_stopped(info: &CloseInfo) -> String {
    let known = |close: Close| info.code == close.code();
    if known(Close::Superseded) {
        "This device is connected from another place now, so it stops here. The limits still count.".to_owned()
    } else if known(Close::DeviceRevoked) || known(Close::Credentials) {
        "This device was signed out. The limits still count. Register it again to connect.".to_owned()
    } else {
        format!(
            "The server asks this app to stay away ({} {}). It may need an update. The limits still count.",
            info.code, info.reason
        )
    }
}

fn told(device: &Device, end: &End, pause: Option<Duration>) {
    let retry_after_ms = pause.map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
    let (code, reason) = match end {
        End::Quit => return,
        End::Left(pause) => return device.voice.tell(What::Offline { seconds: pause.as_secs() }),
        End::Closed(info) => (info.code, info.reason.clone()),
        End::Failed(error) => (1006, error.to_string()),
        End::Zombie => (1006, "no answer in ten seconds".to_owned()),
        End::Drained(_) => (Close::Drain.code(), "the server is restarting".to_owned()),
    };
    device.voice.tell(What::Disconnected { code, reason, retry_after_ms });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_plan() {
        let closed = |code| End::Closed(CloseInfo { code, reason: String::new() });
        let long = Duration::from_secs(9);
        assert_eq!(plan(&closed(4005), long), Plan::Stop);
        assert_eq!(plan(&closed(4200), long), Plan::Wait(Duration::ZERO));
        assert_eq!(plan(&closed(4200), Duration::ZERO), Plan::BackOff(Duration::ZERO));
        assert_eq!(plan(&closed(1006), long), Plan::BackOff(Duration::ZERO));
        assert_eq!(plan(&End::Zombie, long), Plan::BackOff(Duration::ZERO));
        assert_eq!(plan(&End::Drained(long), long), Plan::Wait(long));
        let busy = End::Failed(SocketError::Refused { status: 503, retry_after: Some(long) });
        assert_eq!(plan(&busy, long), Plan::BackOff(long));
    }
}
