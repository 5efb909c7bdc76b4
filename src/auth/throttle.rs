//! Limits on tries: GCRA in one Redis script, so that all nodes count together; in process where Redis does not answer.
//!
//! Keys are MACs of address or account, so Redis holds neither. Nobody is locked out for good: an attacker could do that to
//! a guardian on purpose.

use std::{collections::HashMap, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use redis::Script;

use super::shared::Shared;
use crate::{
    domain::{
        ids::AccountId,
        vault::{Purpose, Vault},
    },
    problem::{Code, Problem},
};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// New accounts from one address.
    SignUp,
    /// Sign-ins from one address.
    LoginFromAddress,
    /// Sign-ins to one account from one address.
    LoginToAccount,
    /// Renewals from one address.
    Refresh,
    /// Password changes of one account.
    PasswordChange,
    /// Pairing codes made by one person.
    Offer,
    /// Pairing codes tried by one person.
    Claim,
    /// Pairing codes tried from one address.
    ClaimFromAddress,
    /// Socket tickets of one account.
    Ticket,
    /// Sockets opened by one device or session.
    Connect,
    /// Changes of limits by one person.
    Change,
    /// Questions of one person about how limits would be.
    Simulate,
    /// Requests with one platform key.
    Platform,
}

/// So many at once, then one per `every`.
struct Allowance {
    name: &'static str,
    burst: u32,
    every: Duration,
}

impl Limit {
    const ALL: [Self; 13] = [
        Self::SignUp,
        Self::LoginFromAddress,
        Self::LoginToAccount,
        Self::Refresh,
        Self::PasswordChange,
        Self::Offer,
        Self::Claim,
        Self::ClaimFromAddress,
        Self::Ticket,
        Self::Connect,
        Self::Change,
        Self::Simulate,
        Self::Platform,
    ];

    /// Changes of limits, simulations and the platform's questions are frequent and guess nothing: what one node counts is enough,
    /// and saves a round trip.
    const fn is_counted_per_node(self) -> bool {
        matches!(self, Self::Change | Self::Simulate | Self::Platform)
    }

    const fn allowance(self) -> Allowance {
        let (name, burst, every_ms) = match self {
            // A school or a mobile network shares one address, so addresses get room; codes are safe by their own five tries.
            Self::SignUp => ("sign_up", 30, 10_000),
            Self::LoginFromAddress => ("login_from_address", 30, 2_000),
            Self::LoginToAccount => ("login_to_account", 10, 20_000),
            Self::Refresh => ("refresh", 60, 1_000),
            Self::PasswordChange => ("password_change", 5, 60_000),
            Self::Offer => ("offer", 10, 30_000),
            Self::Claim => ("claim", 10, 60_000),
            Self::ClaimFromAddress => ("claim_from_address", 60, 10_000),
            Self::Ticket => ("ticket", 20, 3_000),
            Self::Connect => ("connect", 20, 3_000),
            Self::Change => ("change", 120, 500),
            // A slider that is drawn again while it moves.
            Self::Simulate => ("simulate", 60, 200),
            Self::Platform => ("platform", 10_000, 1),
        };
        Allowance { name, burst, every: Duration::from_millis(every_ms) }
    }
}

/// Decides whether a try may go on.
pub struct Throttle {
    shared: Option<Arc<Shared>>,
    vault: Arc<Vault>,
    scale: NonZeroU32,
    script: Script,
    local: HashMap<Limit, DefaultKeyedRateLimiter<[u8; 32]>>,
}

/// One number per key: the time at which it will be as if nothing had been asked. Asking moves it on by one interval; it may
/// be at most a burst of intervals ahead of now.
const GCRA: &str = "
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local free = tonumber(redis.call('GET', KEYS[1]) or now)
if free < now then free = now end
local next = free + every
local early = next - every * burst - now
if early > 0 then return early end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
return 0";

impl Throttle {
    /// `scale` multiplies every allowance.
    pub fn new(shared: Option<Arc<Shared>>, vault: Arc<Vault>, scale: u32) -> Self {
        let scale = NonZeroU32::new(scale).unwrap_or(NonZeroU32::MIN);
        let local = Limit::ALL
            .into_iter()
            .filter_map(|limit| {
                let (burst, every) = scaled(limit, scale);
                let quota = Quota::with_period(every)?.allow_burst(burst);
                Some((limit, RateLimiter::keyed(quota)))
            })
            .collect();
        Self { shared, vault, scale, script: Script::new(GCRA), local }
    }

    /// Counts a try with a pairing code, by whoever tries and from where.
    pub async fn claim(&self, by: AccountId, from: IpAddr) -> Result<(), Problem> {
        self.count(Limit::Claim, &by.to_string()).await?;
        self.address(Limit::ClaimFromAddress, from).await
    }

    /// Counts a try from an address.
    pub async fn address(&self, limit: Limit, from: IpAddr) -> Result<(), Problem> {
        self.count(limit, &from.to_string()).await
    }

    /// Counts a try by or at something with a name.
    pub async fn count(&self, limit: Limit, key: &str) -> Result<(), Problem> {
        let name = limit.allowance().name;
        let key = self.vault.mac(Purpose::Throttle, format!("{name}\n{key}").as_bytes());
        let wait = match self.count_shared(limit, &key).await {
            Some(wait) => wait,
            None => self.count_local(limit, &key),
        };
        if wait.is_zero() {
            return Ok(());
        }
        metrics::counter!("family_pairing_throttled_total", "limit" => name).increment(1);
        Err(Problem::new(Code::Throttled).retry_after(wait))
    }

    async fn count_shared(&self, limit: Limit, key: &[u8; 32]) -> Option<Duration> {
        let shared = self.shared.as_ref().filter(|_| !limit.is_counted_per_node())?;
        let (burst, every) = scaled(limit, self.scale);
        let name = shared.key(&format!("throttle:{}", crate::domain::snapshot::hex(key)));
        let asked = shared
            .ask(async |mut redis| {
                let micros = u64::try_from(every.as_micros()).unwrap_or(u64::MAX);
                self.script.key(name).arg(micros).arg(burst.get()).invoke_async::<u64>(&mut redis).await
            })
            .await;
        if asked.is_none() {
            metrics::counter!("family_pairing_throttle_fallback_total").increment(1);
        }
        asked.map(Duration::from_micros)
    }

    fn count_local(&self, limit: Limit, key: &[u8; 32]) -> Duration {
        let Some(limiter) = self.local.get(&limit) else { return Duration::ZERO };
        match limiter.check_key(key) {
            Ok(()) => Duration::ZERO,
            Err(early) => early.wait_time_from(governor::clock::DefaultClock::default().now()),
        }
    }

    /// Forgets keys that nobody tried lately; the in-process counters would only grow.
    pub fn forget_idle(&self) {
        for limiter in self.local.values() {
            limiter.retain_recent();
        }
    }
}

fn scaled(limit: Limit, scale: NonZeroU32) -> (NonZeroU32, Duration) {
    let Allowance { burst, every, .. } = limit.allowance();
    let burst = NonZeroU32::new(burst.saturating_mul(scale.get())).unwrap_or(NonZeroU32::MIN);
    (burst, every / scale.get())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_platform_key_has_a_wide_limit_of_its_own_in_each_node() {
        let throttle = Throttle::new(None, Arc::new(Vault::new(&[1; 32])), 1);
        let started = Instant::now();
        let mut taken: u64 = 0;
        while throttle.count(Limit::Platform, "one key").await.is_ok() {
            taken += 1;
        }
        let refilled = u64::try_from(started.elapsed().as_millis()).unwrap() + 1;
        assert!((10_000..=10_000 + refilled).contains(&taken), "{taken} were taken while {refilled} came back");
        assert!(throttle.count(Limit::Platform, "another key").await.is_ok());
    }
}
