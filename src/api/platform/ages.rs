//! What the platform's servers learn about a teen's age: from the app stores, or from whoever checks ages for them.

use actix_web::{HttpResponse, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::shape::{Body, ok},
    auth::who::PlatformAges,
    domain::{
        age::{AppleAnswer, GoogleAgeSignals, NotAges, ProviderOutcome, Reading},
        text,
    },
    problem::{Problem, in_field},
    store::ages::{Said, Settled},
};

/// What was said, in the channel's own words.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(tag = "channel", content = "answer", rename_all = "snake_case")]
pub enum ChannelAnswer {
    /// Apple's Declared Age Range, as `requestAgeRange` answered.
    Apple(AppleAnswer),
    /// Google's Play Age Signals, as the library answered.
    Google(GoogleAgeSignals),
    /// The outcome of a check, never what it was checked with.
    Provider(ProviderOutcome),
}

/// Something that is said about a teen's age.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"teen_id": "01932c07-1111-7c3a-9a1e-3f1d2b4c5d6e",
    "signal": {"channel": "google", "answer": {"ageSignalsStatus": "SHARED", "ageLower": 13, "ageUpper": 15, "ageRangeSource": "TIER_B"}},
    "app_checked": true}))]
pub struct AgeSignalRequest {
    /// About whom.
    teen_id: Uuid,
    /// The channel and its answer.
    signal: ChannelAnswer,
    /// For a store: whether the app that sent it was checked to be your own (App Attest, Play Integrity). Without that, a store's
    /// answer counts as what the teen says.
    #[serde(default)]
    app_checked: bool,
    /// For a provider: who checked. 1–32 letters, digits, `_`, `-` or `.`, never more than four digits on end.
    #[serde(default)]
    #[schema(max_length = 32)]
    provider: Option<String>,
    /// For a provider: its name for this check, so that one outcome is taken once. Only its SHA-256 is kept. 1–128 characters.
    #[serde(default)]
    #[schema(max_length = 128)]
    transaction: Option<String>,
    /// It counts before this instant.
    #[serde(default)]
    valid_until: Option<Timestamp>,
}

/// Report what is known of a teen's age
///
/// A younger age counts at once, an older one after 72 hours. The same report again changes nothing. Never send a document, an image
/// or a number of one. A body with a field that is not named here is refused; in a store's answer such a field is ignored and not kept,
/// for stores add fields.
#[utoipa::path(tag = "platform", request_body = AgeSignalRequest,
    responses((status = 200, description = "How old the teen is taken to be now", body = Settled)))]
#[post("/v1/platform/age-signals")]
pub async fn platform_age_signal(who: PlatformAges, body: Body<AgeSignalRequest>) -> Result<HttpResponse, Problem> {
    let now = who.store().world().now();
    Ok(ok(who.store().receive_age_signal(&who.proof, body.value.said(now)?).await?))
}

impl AgeSignalRequest {
    fn said(self, now: Timestamp) -> Result<Said, Problem> {
        if self.valid_until.is_some_and(|end| end <= now) {
            return Err(Problem::field("/valid_until", "must be in the future"));
        }
        let checked = matches!(self.signal, ChannelAnswer::Provider(_));
        let provider = self.provider.as_deref().map(text::source).transpose().map_err(in_field("/provider"))?;
        let wrong = |field: &str| match checked {
            true => Problem::field(field, "is needed for a provider"),
            false => Problem::field(field, "is for a provider alone"),
        };
        if provider.is_some() != checked {
            return Err(wrong("/provider"));
        }
        if self.transaction.is_some() != checked {
            return Err(wrong("/transaction"));
        }
        let transaction_sha256 = self.transaction.as_deref().zip(provider.as_deref());
        let transaction_sha256 = transaction_sha256.map(|(name, provider)| named(provider, name)).transpose()?;
        let reading = self.signal.read(self.app_checked).map_err(|error| Problem::field("/signal/answer", error))?;
        Ok(Said { teen: self.teen_id.into(), reading, valid_until: self.valid_until, provider, transaction_sha256 })
    }
}

impl ChannelAnswer {
    fn read(&self, app_checked: bool) -> Result<Option<Reading>, NotAges> {
        let from_app = |reading: Reading| if app_checked { reading } else { reading.asserted() };
        match self {
            Self::Apple(answer) => Ok(answer.read()?.map(from_app)),
            Self::Google(answer) => Ok(answer.read()?.map(from_app)),
            Self::Provider(outcome) => outcome.read().map(Some),
        }
    }
}

/// A provider's name for a check, as it is kept.
fn named(provider: &str, name: &str) -> Result<[u8; 32], Problem> {
    if !(1..=128).contains(&name.len()) {
        return Err(Problem::field("/transaction", "must be 1 to 128 characters"));
    }
    let hash = Sha256::new().chain_update(provider).chain_update([0]).chain_update(name);
    Ok(hash.finalize().into())
}
