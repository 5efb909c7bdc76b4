//! One limit that a guardian turns again and again, and what a device sees of it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use family_pairing::{
    client::api::{Api, ApiError},
    domain::{ids::TeenId, snapshot::SignedSnapshot, version::Version},
};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::house::people::{Family, settings};

/// Daily minutes of one teen, each change on top of the last.
pub struct Knob {
    pub api: Api,
    pub teen: TeenId,
    pub at: Version,
}

impl Knob {
    /// Takes hold of it on whichever node the guardian talks to.
    pub async fn of(family: &Family) -> Self {
        Self::at(&family.guardian.api, family.teen.id).await
    }

    /// Takes hold of it through this client.
    pub async fn at(api: &Api, teen: TeenId) -> Self {
        let mut knob = Self { api: api.clone(), teen, at: Version { epoch: 0, revision: 0 } };
        assert!(knob.looks_again().await, "the settings can be read");
        knob
    }

    /// Reads the version that the next change is to be on top of. Whether it could be read.
    pub async fn looks_again(&mut self) -> bool {
        let Ok(answer) = self.api.get::<Json>(&settings(self.teen)).await else { return false };
        self.at = answer.etag.expect("an ETag").trim_matches('"').parse().expect("a version");
        true
    }

    /// The same, again and again until it could be read.
    pub async fn finds_its_place(&mut self, limit: Duration) {
        let from = Instant::now();
        while !self.looks_again().await {
            assert!(from.elapsed() < limit, "the settings can be read again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sets it; what comes back is the new version.
    pub async fn turn(&mut self, minutes: u64) -> Version {
        self.tries(minutes).await.expect("a change")
    }

    /// Tries to set it.
    pub async fn tries(&mut self, minutes: u64) -> Result<Version, ApiError> {
        let body = json!({"settings": {"time.daily_minutes": minutes}});
        let answer: Json = self.api.patch(&settings(self.teen), &self.at.etag(), &body).await?;
        self.at = serde_json::from_value(answer).expect("a version");
        Ok(self.at)
    }

    /// What it is set to, as the API says.
    pub async fn reads(&self) -> Option<u64> {
        let answer = self.api.get::<Json>(&settings(self.teen)).await.expect("settings");
        answer.body["settings"]["time.daily_minutes"].as_u64()
    }
}

/// What a snapshot says inside.
pub fn inside(policy: &SignedSnapshot) -> Json {
    serde_json::from_slice(&STANDARD.decode(&policy.payload).expect("base64")).expect("JSON")
}

/// The daily minutes that a snapshot enforces.
pub fn minutes(policy: &SignedSnapshot) -> u64 {
    inside(policy)["controls"]["time.daily_minutes"]["value"].as_u64().expect("minutes")
}

/// Max and p99 of some measurements, in words.
pub fn told(times: &mut [Duration]) -> String {
    times.sort();
    let at = |percent: usize| times[((times.len() - 1) * percent).div_ceil(100)];
    format!("n={} p50={:.1?} p99={:.1?} max={:.1?}", times.len(), at(50), at(99), at(100))
}
