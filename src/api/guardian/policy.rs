//! What really counts for a teen, control by control, and which layer decided it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::shape::versioned,
    auth::who::GuardianOfTeen,
    domain::{
        age::AgeBand,
        controls::{Control, ControlId, Registry},
        ids::{AccountId, TeenId},
        policy::{Effective, Layer},
        value::{Given, Kind, Value},
        version::Version,
    },
    problem::Problem,
    store::settings::Settings,
};

/// A teen's whole policy.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"epoch": 1, "revision": 5, "age_band": "13_15", "home_zone": "Europe/Berlin", "day_start_minute": 0,
    "controls": {"dm.from": {"label": "Who may send direct messages", "kind": {"choice": {"values": ["everyone", "friends", "no_one"]}},
        "value": "no_one", "source": "law", "by": null, "since": null, "reason": null, "default": "no_one", "floor": "no_one"}}}))]
pub struct PolicyAnswer {
    #[serde(flatten)]
    version: Version,
    /// The teen's age band today.
    age_band: AgeBand,
    /// The zone in which windows and days are meant.
    home_zone: String,
    /// Minutes after midnight at which the day starts.
    day_start_minute: i16,
    /// Every control.
    controls: BTreeMap<ControlId, EffectiveControl>,
}

/// One control: what counts, who decided it, and what could be set.
#[derive(Serialize, ToSchema)]
pub struct EffectiveControl {
    /// In plain English.
    label: String,
    /// What sort of values it takes.
    kind: Kind,
    /// What counts.
    #[schema(value_type = Given)]
    value: Value,
    /// Which layer decided it.
    source: Layer,
    /// Who, where it was a person.
    by: Option<AccountId>,
    /// Since when.
    since: Option<Timestamp>,
    /// Why, in their words.
    reason: Option<String>,
    /// What it is when nobody sets it.
    #[schema(value_type = Given)]
    default: Value,
    /// The loosest value that law and platform allow at this age; null: no bound.
    #[schema(value_type = Option<Given>)]
    floor: Option<Value>,
}

impl PolicyAnswer {
    fn new(registry: &Registry, settings: Settings) -> Self {
        let band = settings.band;
        let controls = registry.iter().filter_map(|control| {
            let effective = settings.policy.get(&control.id)?;
            Some((control.id.clone(), EffectiveControl::new(control, band, effective)))
        });
        Self {
            version: settings.version,
            age_band: band,
            controls: controls.collect(),
            home_zone: settings.home_zone,
            day_start_minute: settings.day_start_minute,
        }
    }
}

impl EffectiveControl {
    fn new(control: &Control, band: AgeBand, effective: &Effective) -> Self {
        Self {
            label: control.label.clone(),
            kind: control.kind.clone(),
            value: effective.value.clone(),
            source: effective.source,
            by: effective.by,
            since: effective.since,
            reason: effective.reason.clone(),
            default: control.default_for(band).clone(),
            floor: control.floor_for(band).cloned(),
        }
    }
}

/// Read what counts, and why
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "Every control with its value, source and bounds", body = PolicyAnswer)))]
#[get("/v1/guardian/teens/{teen_id}/policy")]
pub async fn guardian_policy(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    let settings = who.store().settings(&who.proof).await?;
    let version = settings.version;
    Ok(versioned(version, PolicyAnswer::new(who.store().registry(), settings)))
}
