//! Many families: their accounts, their sockets, and one change of limits after the other.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value as Json, json};
use tokio::{sync::Mutex, time::Instant};

use super::measure::Board;
use crate::{
    client::{
        ClientError,
        api::Api,
        bodies::{NewAccount, NewDevice, Nothing, Offer, Pairing, RegisteredDevice, Role},
        people::{birth_date, sign_up},
        socket::{Heard, Socket},
    },
    domain::{
        ids::{AccountId, TeenId},
        report::Standing,
        snapshot::KeyRing,
    },
    sync::frame::{AppliedFrame, ClientFrame, Hello, Notice, ServerFrame},
};

/// Accounts made and sockets opened at the same time.
const AT_ONCE: usize = 8;
const PASSWORD: &str = "tulip-harbour-seven-lamps";

/// A guardian and their teens.
struct Household {
    api: Api,
    teens: Vec<Resident>,
}

/// A teen with a device.
struct Resident {
    teen: TeenId,
    device_token: String,
    revision: AtomicI64,
    turn: Mutex<()>,
}

/// Everybody.
pub struct Town {
    base: String,
    keys: KeyRing,
    households: Vec<Household>,
}

impl Town {
    /// Signs everybody up and pairs them, through the public API.
    pub async fn build(api: &Api, devices: usize, teens_each: usize) -> Result<Self, ClientError> {
        let sizes = (0..devices).step_by(teens_each).map(|first| teens_each.min(devices - first));
        let households: Vec<Household> =
            stream::iter(sizes).map(|size| household(api, size)).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(Self { base: api.base().to_owned(), keys: api.keys().await?, households })
    }

    /// Connects every device and leaves it running.
    pub async fn connect_devices(self: &Arc<Self>, board: &Arc<Board>) -> Result<(), ClientError> {
        let all = self.residents();
        stream::iter(all)
            .map(|(household, resident)| self.clone().connect_device(household, resident, board.clone()))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Connects every guardian and leaves them listening.
    pub async fn connect_guardians(self: &Arc<Self>, board: &Arc<Board>) -> Result<(), ClientError> {
        for household in &self.households {
            let mut socket = Socket::open(&self.base, household.api.token()).await?;
            socket.send(&ClientFrame::Hello(Box::new(hello()))).await?;
            tokio::spawn(listen(socket, board.clone()));
        }
        Ok(())
    }

    /// Makes the n-th change: each teen in turn, one change at a time.
    pub async fn change(self: Arc<Self>, n: u64, planned: Instant, board: Arc<Board>) {
        let all = self.residents();
        let Some((household, resident)) = usize::try_from(n).ok().and_then(|n| all.get(n % all.len().max(1)).copied())
        else {
            return;
        };
        let Some((api, resident)) = self.at(household, resident) else { return };
        let _turn = resident.turn.lock().await;
        let seen = resident.revision.load(Ordering::Relaxed);
        board.sent(resident.teen, seen + 1, planned);
        // Two values in turn, so that every change changes something.
        let body = json!({"settings": {"time.daily_minutes": if seen % 2 == 0 { 45 } else { 50 }}});
        let path = format!("/v1/guardian/teens/{}/settings", resident.teen);
        match api.patch::<Json>(&path, &format!("\"1.{seen}\""), &body).await {
            Ok(_) => {
                resident.revision.store(seen + 1, Ordering::Relaxed);
                board.answer(planned);
            }
            Err(error) => {
                tracing::warn!(%error, "a change was not taken");
                board.failure(resident.teen, seen + 1);
            }
        }
    }

    fn residents(&self) -> Vec<(usize, usize)> {
        let each = self.households.iter().enumerate();
        each.flat_map(|(household, of)| (0..of.teens.len()).map(move |resident| (household, resident))).collect()
    }

    fn at(&self, household: usize, resident: usize) -> Option<(&Api, &Resident)> {
        let household = self.households.get(household)?;
        Some((&household.api, household.teens.get(resident)?))
    }

    async fn connect_device(
        self: Arc<Self>,
        household: usize,
        resident: usize,
        board: Arc<Board>,
    ) -> Result<(), ClientError> {
        let Some((api, resident)) = self.at(household, resident) else { return Ok(()) };
        let mut socket = Socket::open(&self.base, &resident.device_token).await?;
        socket.send(&ClientFrame::Hello(Box::new(hello()))).await?;
        let device = Device { teen: resident.teen, keys: self.keys.clone(), api: api.clone(), board };
        // Connected means: welcome, first policy verified and reported.
        device.serve(&mut socket, true).await?;
        tokio::spawn(async move { device.serve(&mut socket, false).await });
        Ok(())
    }
}

/// A device that verifies, applies and reports at once.
struct Device {
    teen: TeenId,
    keys: KeyRing,
    api: Api,
    board: Arc<Board>,
}

impl Device {
    async fn serve(&self, socket: &mut Socket, only_first: bool) -> Result<(), ClientError> {
        loop {
            match socket.recv().await {
                Heard::Frame(frame) => {
                    if let ServerFrame::Policy(policy) = *frame {
                        self.board.receive(self.teen, policy.revision);
                        self.keys.open(&policy, self.teen).map_err(|error| ClientError::told(error.to_string()))?;
                        let (version, sha256) = (policy.version(), policy.sha256);
                        let report =
                            AppliedFrame { id: None, version, sha256, applied_at: self.api.now(), issues: vec![] };
                        socket.send(&ClientFrame::Applied(report)).await?;
                        if only_first {
                            return Ok(());
                        }
                    }
                }
                Heard::Closed(close) => return Err(ClientError::told(format!("A device was closed: {close:?}"))),
            }
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

fn hello() -> Hello {
    Hello { protocol: 1, ..Hello::default() }
}

async fn household(api: &Api, size: usize) -> Result<Household, ClientError> {
    let (guardian, _) = account(api, Role::Guardian, 40).await?;
    let mut teens = Vec::with_capacity(size);
    for _ in 0..size {
        teens.push(resident(api, &guardian).await?);
    }
    Ok(Household { api: guardian, teens })
}

async fn resident(api: &Api, guardian: &Api) -> Result<Resident, ClientError> {
    let (teen, id) = account(api, Role::Teen, 14).await?;
    let device = NewDevice {
        name: "Bench phone".to_owned(),
        platform: "bench".to_owned(),
        install_id: api.world().uuid().to_string(),
        app_version: "1".to_owned(),
    };
    let device: RegisteredDevice = teen.post("/v1/teen/devices", &device).await?;
    let offer: Offer = teen.post("/v1/teen/pairing-offers", &Nothing {}).await?;
    let claim = json!({"code": offer.code, "relationship": "guardian"});
    let claimed: Pairing = guardian.post("/v1/guardian/pairing-claims", &claim).await?;
    let path = format!("/v1/teen/pairings/{}/confirmation", claimed.pairing_id);
    teen.post::<Json>(&path, &Nothing {}).await?;
    Ok(Resident { teen: id, device_token: device.device_token, revision: AtomicI64::new(1), turn: Mutex::new(()) })
}

async fn account(api: &Api, role: Role, years: i64) -> Result<(Api, AccountId), ClientError> {
    let account = NewAccount {
        role,
        email: format!("bench-{}@bench.example", api.world().uuid()),
        password: PASSWORD.to_owned(),
        display_name: "Bench".to_owned(),
        birth_date: Some(birth_date(api.now(), years)),
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        region: "DE".to_owned(),
    };
    let signed_in = sign_up(api, &account).await?;
    Ok((api.with_token(&signed_in.access_token), signed_in.account.account_id))
}
