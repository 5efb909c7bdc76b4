//! From a guardian's tap to the device, and to what the guardian reads of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use clap::Args;
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    device::connect_all,
    measure::{Failures, Pace, Spread, Times},
    print,
    process::Process,
    town::{Household, PATIENCE, Place, Resident, Town},
};
use crate::{
    client::{
        ClientError,
        api::ApiError,
        socket::{Heard, Socket},
    },
    domain::{clock::World, ids::TeenId, report::Standing, version::Version},
    sync::frame::{ClientFrame, Hello, Notice, ServerFrame},
};

/// From rest: what connecting brought along is not part of what is measured.
const CALM: Duration = Duration::from_secs(3);

/// What `bench changes` needs.
#[derive(Args, Debug)]
pub struct ChangesArgs {
    #[command(flatten)]
    place: Place,
    /// Changes per second
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Seconds of changes
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Devices that connect at the same time
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// The server's process, whose use of the cores is then told
    #[arg(long)]
    server_pid: Option<u32>,
}

/// The changes that are on their way, and how long each stage took.
pub struct Board {
    due: Mutex<HashMap<(TeenId, i64), Instant>>,
    /// Until the guardian has the answer.
    answered: Times,
    /// Until the device has the policy.
    received: Times,
    /// Until the guardian has read "enforced".
    enforced: Times,
    failed: Failures,
}

#[derive(Serialize)]
struct Figures {
    devices: usize,
    rate: u32,
    seconds: u32,
    changes: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
    lost: usize,
    server_core_percent: Option<f64>,
    change_to_answer: Spread,
    change_to_device: Spread,
    change_to_enforced: Spread,
}

/// Connects everybody, changes limits, and says how long everything took.
pub async fn run(args: ChangesArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    let board = Arc::new(Board::new()?);
    let devices = connect_all(&town, args.at_once, &world).await?;
    let count = devices.len();
    for (device, mut socket) in devices {
        let board = board.clone();
        tokio::spawn(async move { device.serve(&mut socket, Some(&board)).await });
    }
    connect_guardians(&town, &board).await?;
    sleep(CALM).await;
    let server = args.server_pid.map(Process);
    let used = || server.and_then(Process::core_seconds);
    let (before, started) = (used(), Instant::now());
    let everybody = town.guarded();
    Pace::new(args.rate, args.seconds)
        .keep(|n, planned| {
            let whose = everybody.get(n % everybody.len().max(1)).cloned();
            change(whose, planned, board.clone())
        })
        .await;
    let server_core_percent = Process::percent(before, used(), started.elapsed());
    let lost = board.settled().await;
    print(
        "changes",
        &Figures {
            devices: count,
            rate: args.rate,
            seconds: args.seconds,
            changes: board.answered.count(),
            failed: board.failed.count(),
            first_failure: board.failed.first(),
            lost,
            server_core_percent,
            change_to_answer: board.answered.spread(),
            change_to_device: board.received.spread(),
            change_to_enforced: board.enforced.spread(),
        },
    )?;
    match (lost, board.failed.count()) {
        (0, 0) => Ok(()),
        (lost, failed) => Err(ClientError::told(format!(
            "{lost} changes never came to be seen as enforced, and {failed} were not taken."
        ))),
    }
}

async fn connect_guardians(town: &Town, board: &Arc<Board>) -> Result<(), ClientError> {
    for (n, household) in town.households.iter().enumerate() {
        let base = town.server(n).map(|server| server.base().to_owned()).unwrap_or_default();
        let mut socket = Socket::open(&base, household.api.token()).await?;
        socket.send(&ClientFrame::Hello(Box::new(Hello { protocol: 1, ..Hello::default() }))).await?;
        tokio::spawn(listen(socket, board.clone()));
    }
    Ok(())
}

/// One change: each teen in turn, and for one teen one after the other.
async fn change(whose: Option<(Arc<Household>, Arc<Resident>)>, planned: Instant, board: Arc<Board>) {
    let Some((household, resident)) = whose else { return };
    let _turn = resident.turn.lock().await;
    let next = resident.revision.load(Ordering::Relaxed) + 1;
    board.due().insert((resident.teen, next), planned);
    match change_once(&household, &resident).await {
        Ok(()) => board.answered.since(planned),
        Err(error) => {
            board.failed.add(&error);
            board.due().remove(&(resident.teen, next));
        }
    }
}

/// Changes a limit of a teen to another value than it has. A value that it has already makes no revision, and is no change.
pub async fn change_once(household: &Household, resident: &Resident) -> Result<(), ApiError> {
    let seen = resident.revision.load(Ordering::Relaxed);
    let path = format!("/v1/guardian/teens/{}/settings", resident.teen);
    loop {
        let minutes = if resident.minutes.load(Ordering::Relaxed) == 45 { 50 } else { 45 };
        let body = json!({"settings": {"time.daily_minutes": minutes}});
        let made: Version = household.api.patch(&path, &format!("\"1.{seen}\""), &body).await?;
        resident.minutes.store(minutes, Ordering::Relaxed);
        if made.revision > seen {
            resident.revision.fetch_max(made.revision, Ordering::Relaxed);
            return Ok(());
        }
    }
}

async fn listen(mut socket: Socket, board: Arc<Board>) {
    while let Heard::Frame(frame) = socket.recv().await {
        if let ServerFrame::Notice(Notice::Device(notice)) = *frame
            && notice.state == Standing::Enforced
        {
            board.enforce(notice.teen_id, notice.desired.revision);
        }
    }
}

impl Board {
    fn new() -> Result<Self, ClientError> {
        Ok(Self {
            due: Mutex::default(),
            answered: Times::new()?,
            received: Times::new()?,
            enforced: Times::new()?,
            failed: Failures::default(),
        })
    }

    fn due(&self) -> MutexGuard<'_, HashMap<(TeenId, i64), Instant>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device has it.
    pub fn receive(&self, teen: TeenId, revision: i64) {
        let planned = self.due().get(&(teen, revision)).copied();
        if let Some(planned) = planned {
            self.received.since(planned);
        }
    }

    /// The guardian reads that it is enforced. Whatever came before it is too.
    fn enforce(&self, teen: TeenId, revision: i64) {
        let mut due = self.due();
        if let Some(planned) = due.remove(&(teen, revision)) {
            self.enforced.since(planned);
        }
        due.retain(|(of, earlier), _| *of != teen || *earlier > revision);
    }

    /// Waits for the last, and says how many never came.
    async fn settled(&self) -> usize {
        let patience = Instant::now() + PATIENCE;
        while !self.due().is_empty() && Instant::now() < patience {
            sleep(Duration::from_millis(20)).await;
        }
        self.due().len()
    }
}
