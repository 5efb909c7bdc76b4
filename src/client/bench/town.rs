//! Many families: who they are, made through the public API and kept in a file.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio::{sync::Mutex, time::Instant};

use super::{measure::per_second, print};
use crate::{
    client::{
        ClientError,
        api::Api,
        bodies::{NewAccount, NewDevice, Nothing, Offer, Pairing, RegisteredDevice, Role},
        people::{birth_date, sign_up},
    },
    domain::{
        clock::World,
        ids::{AccountId, TeenId},
        snapshot::KeyRing,
    },
    sync::frame::Held,
};

const PASSWORD: &str = "tulip-harbour-seven-lamps";

/// Where the families live.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The servers; several take their share of the devices
    #[arg(long, env = "FAMILY_PAIRING_BASE_URL", value_delimiter = ',', default_value = "http://127.0.0.1:8080")]
    base_url: Vec<String>,
    /// The file that `bench town` wrote
    #[arg(long)]
    town: PathBuf,
    /// Take part of the town, as in 2/3: for several of these programs at once
    #[arg(long, value_parser = share, default_value = "1/1")]
    share: (usize, usize),
}

/// What `bench town` needs.
#[derive(Args, Debug)]
pub struct TownArgs {
    #[command(flatten)]
    place: Place,
    /// Teens, each with a device
    #[arg(long, default_value_t = 1_000)]
    devices: usize,
    /// Teens of one guardian
    #[arg(long, default_value_t = 10)]
    teens_each: usize,
    /// Families that sign up at the same time
    #[arg(long, default_value_t = 16)]
    at_once: usize,
}

/// A guardian and their teens.
pub struct Household {
    /// Speaks for the guardian.
    pub api: Api,
    /// Theirs.
    pub teens: Vec<Arc<Resident>>,
}

/// A teen with a device.
pub struct Resident {
    /// Who.
    pub teen: TeenId,
    /// Opens the socket.
    pub device_token: String,
    /// The newest revision that is known of.
    pub revision: AtomicI64,
    /// The minutes a day that were set last, from here.
    pub minutes: AtomicI64,
    /// What the device holds.
    pub held: std::sync::Mutex<Option<Held>>,
    /// One change at a time.
    pub turn: Mutex<()>,
}

/// Everybody.
pub struct Town {
    /// To check what is signed.
    pub keys: KeyRing,
    /// All families.
    pub households: Vec<Arc<Household>>,
    servers: Vec<Api>,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Family {
    guardian_token: String,
    teens: Vec<(TeenId, String)>,
}

#[derive(Serialize)]
struct Built {
    families: usize,
    devices: usize,
    accounts_per_second: f64,
}

/// Signs everybody up and pairs them.
pub async fn run(args: TownArgs, world: World) -> Result<(), ClientError> {
    let servers = args.place.servers(&world)?;
    let server = servers.first().ok_or_else(|| ClientError::told("There is no server."))?;
    let started = Instant::now();
    let bar = ProgressBar::new(u64::try_from(args.devices).unwrap_or_default());
    let sizes: Vec<usize> = (0..args.devices)
        .step_by(args.teens_each.max(1))
        .map(|first| args.teens_each.max(1).min(args.devices - first))
        .collect();
    let families: Vec<Family> = stream::iter(sizes)
        .map(|size| family(server, size))
        .buffer_unordered(args.at_once.max(1))
        .inspect(|_| bar.inc(u64::try_from(args.teens_each).unwrap_or_default()))
        .try_collect()
        .await?;
    bar.finish_and_clear();
    let text = serde_json::to_string(&families).map_err(|error| ClientError::told(error.to_string()))?;
    fs::write(&args.place.town, text).map_err(|error| args.place.unusable(&error))?;
    let accounts_per_second = per_second(args.devices + families.len(), started.elapsed());
    print("town", &Built { families: families.len(), devices: args.devices, accounts_per_second })
}

impl Place {
    /// The servers, spoken to by nobody.
    pub fn servers(&self, world: &World) -> Result<Vec<Api>, ClientError> {
        self.base_url.iter().map(|base| Ok(Api::new(base, world.clone())?)).collect()
    }

    /// The share of the town that is ours.
    pub async fn town(&self, world: &World) -> Result<Arc<Town>, ClientError> {
        let servers = self.servers(world)?;
        let server = servers.first().ok_or_else(|| ClientError::told("There is no server."))?;
        let text = fs::read_to_string(&self.town).map_err(|error| self.unusable(&error))?;
        let families: Vec<Family> = serde_json::from_str(&text).map_err(|error| self.unusable(&error))?;
        let (mine, of) = self.share;
        let ours = families.into_iter().skip(mine - 1).step_by(of);
        let households = ours.map(|family| Arc::new(family.household(server))).collect();
        let keys = server.keys().await?;
        Ok(Arc::new(Town { keys, households, servers }))
    }

    fn unusable(&self, error: &dyn std::error::Error) -> ClientError {
        ClientError::told(format!("{} cannot be used: {error}", self.town.display()))
    }
}

impl Town {
    /// Everybody with a device.
    pub fn residents(&self) -> Vec<Arc<Resident>> {
        self.households.iter().flat_map(|household| household.teens.iter().cloned()).collect()
    }

    /// Everybody with a device, and who guards them: one family after the other, so that neighbours are strangers.
    pub fn guarded(&self) -> Vec<(Arc<Household>, Arc<Resident>)> {
        let most = self.households.iter().map(|household| household.teens.len()).max().unwrap_or_default();
        let of = |n: usize| {
            self.households
                .iter()
                .filter_map(move |household| Some((household.clone(), household.teens.get(n)?.clone())))
        };
        (0..most).flat_map(of).collect()
    }

    /// Where the n-th of them connects.
    pub fn server(&self, n: usize) -> Option<&Api> {
        self.servers.get(n % self.servers.len().max(1))
    }
}

impl Resident {
    /// The device holds this now.
    pub fn hold(&self, held: Held) {
        self.revision.fetch_max(held.version.revision, Ordering::Relaxed);
        *self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(held);
    }

    /// What the device holds.
    pub fn holds(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Family {
    fn household(self, server: &Api) -> Household {
        let resident = |(teen, device_token)| {
            let (revision, held) = (AtomicI64::new(1), std::sync::Mutex::default());
            Arc::new(Resident {
                teen,
                device_token,
                revision,
                minutes: AtomicI64::new(0),
                held,
                turn: Mutex::default(),
            })
        };
        Household {
            api: server.with_token(&self.guardian_token),
            teens: self.teens.into_iter().map(resident).collect(),
        }
    }
}

fn share(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("{text} is no share; write, for example, 2/3");
    let (mine, of) = text.split_once('/').ok_or_else(wrong)?;
    let (mine, of): (usize, usize) = (mine.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
    if (1..=of).contains(&mine) { Ok((mine, of)) } else { Err(wrong()) }
}

async fn family(server: &Api, size: usize) -> Result<Family, ClientError> {
    let (guardian, _) = account(server, Role::Guardian, 40).await?;
    let mut teens = Vec::with_capacity(size);
    for _ in 0..size {
        teens.push(resident(server, &guardian).await?);
    }
    Ok(Family { guardian_token: guardian.token().to_owned(), teens })
}

async fn resident(server: &Api, guardian: &Api) -> Result<(TeenId, String), ClientError> {
    let (teen, id) = account(server, Role::Teen, 14).await?;
    let device = NewDevice {
        name: "Bench phone".to_owned(),
        platform: "bench".to_owned(),
        install_id: server.world().uuid().to_string(),
        app_version: "1".to_owned(),
    };
    let device: RegisteredDevice = teen.post("/v1/teen/devices", &device).await?;
    let offer: Offer = teen.post("/v1/teen/pairing-offers", &Nothing {}).await?;
    let claim = json!({"code": offer.code, "relationship": "guardian"});
    let claimed: Pairing = guardian.post("/v1/guardian/pairing-claims", &claim).await?;
    let path = format!("/v1/teen/pairings/{}/confirmation", claimed.pairing_id);
    teen.post::<Json>(&path, &Nothing {}).await?;
    Ok((id, device.device_token))
}

async fn account(server: &Api, role: Role, years: i64) -> Result<(Api, AccountId), ClientError> {
    let account = NewAccount {
        role,
        email: format!("bench-{}@bench.example", server.world().uuid()),
        password: PASSWORD.to_owned(),
        display_name: "Bench".to_owned(),
        birth_date: Some(birth_date(server.now(), years)),
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        region: "DE".to_owned(),
    };
    let signed_in = sign_up(server, &account).await?;
    Ok((server.with_token(&signed_in.access_token), signed_in.account.account_id))
}

/// How long a load waits for its last answers.
pub const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_one_of_several() {
        assert_eq!(share("2/3"), Ok((2, 3)));
        for wrong in ["", "3", "0/2", "3/2", "a/b", "1/0"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
