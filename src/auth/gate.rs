//! What the extractors share: the store and the guards in front of it. Handlers get it only inside an extractor.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use actix_web::HttpRequest;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use super::{password::Hasher, throttle::Throttle, turns::Turns};
use crate::{
    domain::{
        decision::{Compiled, Deciders},
        ids::{DeviceId, TeenId},
        platform::Decide,
        vault::{Purpose, Vault},
    },
    store::{
        Store, StoreError,
        device_work::DeviceWork,
        guardian_work::GuardianWork,
        key_ring::{KeyFor, KeyRing},
        once::Once,
    },
};

/// Whether devices are connected, as far as this node can tell. `sync` knows; this is how `api` may ask without entering it.
pub trait Presence: Send + Sync {
    /// For each device: connected, not connected, or not known at the moment.
    fn online<'a>(&'a self, devices: &'a [DeviceId]) -> BoxFuture<'a, Vec<Option<bool>>>;
}

/// Policies that are ready to decide, by teen.
pub type Ready = HashMap<TeenId, Arc<Compiled>>;

/// What decisions are made with. `sync` keeps it; this is how `api` may ask without entering it.
pub trait Decisions: Send + Sync {
    /// The controls that have a say.
    fn deciders(&self) -> &Deciders;

    /// The newest policy of each of these teens; whoever is no teen is left out. An error means that nobody knows at the moment
    /// what is newest: an old policy is never handed out instead.
    fn newest<'a>(&'a self, by: &'a KeyFor<Decide>, of: &'a [TeenId]) -> BoxFuture<'a, Result<Ready, StoreError>>;
}

/// The longest idempotency key that is taken.
pub const LONGEST_KEY: usize = 128;

/// Built once, shared by all workers.
pub struct Gate {
    /// The truth.
    pub store: Store,
    /// Gathered look-ups.
    pub devices: DeviceWork,
    /// The same for guardians.
    pub guardians: GuardianWork,
    /// The platform's own servers.
    pub keys: KeyRing,
    /// Passwords.
    pub hasher: Hasher,
    /// Looks ahead at limits, which take their time.
    pub simulations: Turns,
    /// Limits on tries.
    pub throttle: Throttle,
    /// Keys for MACs.
    pub vault: Arc<Vault>,
    /// Pages that may open a socket.
    pub origins: Vec<String>,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where pairing links lead.
    pub public_url: String,
    /// Who is connected.
    pub presence: Arc<dyn Presence>,
    /// What may be done with whom.
    pub decisions: Arc<dyn Decisions>,
}

impl Gate {
    /// The client's address: the peer's, or what a trusted proxy says it is. The rightmost address that no trusted proxy
    /// added counts; everything left of it is the client's own claim. IPv6 clients are known by their /64.
    pub fn client(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        if !self.trusted_proxies.contains(&peer) {
            return network(peer);
        }
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let hops: Vec<IpAddr> =
            forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
        let client = hops.into_iter().rev().find(|hop| !self.trusted_proxies.contains(hop));
        network(client.unwrap_or(peer))
    }

    /// Names a request for [`Once`]: nobody else's key can collide with it, and Redis or a dump says nothing of it.
    pub fn once(&self, principal: &str, operation: &str, key: Option<&str>, body: &[u8]) -> Option<Once> {
        let key = key?;
        let scope = format!("{principal}\n{operation}\n{key}");
        Some(Once { scope: self.vault.mac(Purpose::Idempotency, scope.as_bytes()), body: Sha256::digest(body).into() })
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || {
                let bits = u128::from(v6) & (u128::MAX << 64);
                IpAddr::V6(bits.into())
            },
            IpAddr::V4,
        ),
    }
}
