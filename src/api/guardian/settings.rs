//! What a guardian wants: read with its version, changed only with that version.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, IfMatch, versioned},
    auth::{
        throttle::Limit,
        who::{GuardianOfTeen, GuardianWhoChanges},
    },
    domain::{
        controls::ControlId,
        ids::{GuardianId, TeenId},
        policy::Wanted,
        text,
        value::{Given, Value},
        version::Version,
    },
    problem::{Code, Problem, in_field},
    store::{
        Store, StoreError,
        kinship::GuardianOf,
        once::Once,
        settings::{Changed, Settings, Wish, values},
    },
};

/// The settings that somebody made.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"epoch": 1, "revision": 4, "settings": {"time.daily_minutes": 60, "dm.from": "friends"}}))]
pub struct SettingsAnswer {
    #[serde(flatten)]
    version: Version,
    /// Control → value, only those that were set. Everything else is at the default of the age band.
    #[schema(value_type = BTreeMap<String, Given>)]
    settings: BTreeMap<ControlId, Value>,
}

impl SettingsAnswer {
    /// What this guardian set.
    pub fn of_guardian(settings: &Settings, guardian: GuardianId) -> Self {
        let layer = settings.layers.guardians.get(&guardian);
        Self { version: settings.version, settings: values(layer) }
    }

    /// What the teen set for themself.
    pub fn of_teen(settings: &Settings) -> Self {
        Self { version: settings.version, settings: values(Some(&settings.layers.teen)) }
    }
}

/// A wanted change.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"settings": {"time.daily_minutes": 45, "dm.from": null}, "reason": "exam week"}))]
pub struct SettingsPatch {
    /// Control → value, or null for "back to the default". Controls that are not named stay.
    settings: Wanted,
    /// Why, in your words: the other side sees it, but for what a teen says of their block list. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

impl SettingsPatch {
    /// The checked wish.
    pub fn wish(self, seen: IfMatch, once: Option<Once>) -> Result<Wish, Problem> {
        let reason = self.reason.map(|reason| text::reason(&reason)).transpose().map_err(in_field("/reason"))?;
        Ok(Wish { patch: self.settings.0, reason, seen: seen.0, once })
    }
}

/// Answers a change; a stale one gets the newest document along.
pub async fn change(
    changed: Result<Changed, StoreError>,
    current: impl AsyncFnOnce() -> Result<SettingsAnswer, Problem>,
) -> Result<HttpResponse, Problem> {
    match changed {
        Ok(changed) => Ok(versioned(changed.version, changed)),
        Err(StoreError::Stale(_)) => Err(Problem::new(Code::Stale).with("current", current().await?)),
        Err(error) => Err(error.into()),
    }
}

/// Read what you set
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "What you set; everything else is at its default", body = SettingsAnswer,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
#[get("/v1/guardian/teens/{teen_id}/settings")]
pub async fn guardian_settings(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    let settings = who.store().settings(&who.proof).await?;
    Ok(versioned(settings.version, SettingsAnswer::of_guardian(&settings, who.proof.guardian())))
}

/// Change limits
///
/// The answer says what changed and in which direction; values that were set so before make no new revision.
/// Every connected device gets the new policy at once.
#[utoipa::path(tag = "guardian", request_body = SettingsPatch,
    params(("teen_id" = TeenId, Path, description = "Which teen"),
        ("If-Match" = String, Header, description = "The ETag of the settings that you read"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "What changed, and in which direction", body = Changed,
        headers(("ETag" = String, description = "The new version")),
        example = json!({"epoch": 1, "revision": 5, "changed": [{"control": "time.daily_minutes", "from": 60, "to": 45,
            "direction": "tighter", "effective": "now"}]}))))]
#[patch("/v1/guardian/teens/{teen_id}/settings")]
pub async fn guardian_change_settings(
    who: GuardianWhoChanges,
    seen: IfMatch,
    body: Body<SettingsPatch>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let wish = body.value.wish(seen, once)?;
    let changed = who.store().change_settings(who.proof.clone(), wish).await;
    change(changed, async || current(who.store(), &who.proof).await).await
}

/// The settings as they are now, for an answer to a stale change.
pub async fn current(store: &Store, guardian: &GuardianOf) -> Result<SettingsAnswer, Problem> {
    let settings = store.settings(guardian).await?;
    Ok(SettingsAnswer::of_guardian(&settings, guardian.guardian()))
}
