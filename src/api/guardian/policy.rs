//! What really counts for a teen, control by control, and which layer decided it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, get};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{shape::versioned, spoken::Spoken},
    auth::who::GuardianOfTeen,
    domain::{
        age::AgeBand,
        controls::{Control, ControlId, Group, Registry},
        ids::TeenId,
        language::Language,
        law::{Effect, ForAges, InForce, LegalStatus, RuleBook, RuleId, WhoLoosens},
        policy::{Allowed, Effective, allowed},
        value::{Given, Kind, Value},
        version::Version,
    },
    problem::Problem,
    store::settings::Settings,
};

/// A teen's whole policy.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"epoch": 1, "revision": 5, "age_band": "13_15", "home_zone": "Europe/Berlin", "day_start_minute": 0,
    "rules_version": 1,
    "controls": {"dm.from": {"label": "Who may send direct messages", "kind": {"choice": {"values": ["everyone", "friends", "no_one"]}},
        "value": "no_one", "source": "default", "default": "no_one", "floor": "no_one", "allowed": {"guardian": "no_one",
        "guardian_verified": "no_one", "teen": "no_one", "rules": [], "may_loosen": [], "may_tighten": true}}}, "rules": {}}))]
pub struct PolicyAnswer {
    #[serde(flatten)]
    version: Version,
    /// The teen's age band today.
    age_band: AgeBand,
    /// The zone in which windows and days are meant.
    home_zone: String,
    /// Minutes after midnight at which the day starts.
    day_start_minute: i16,
    /// The set of rules of law that it was computed with.
    rules_version: i64,
    /// Every control.
    controls: BTreeMap<ControlId, EffectiveControl>,
    /// The rules of law that any of them names.
    rules: BTreeMap<RuleId, RuleInWords>,
}

/// One control: what counts, who decided it, and what could be set.
#[derive(Serialize, ToSchema)]
pub struct EffectiveControl {
    /// What people read, in the language of `Accept-Language`.
    label: String,
    /// Where clients show it.
    group: Group,
    /// What sort of values it takes.
    kind: Kind,
    #[serde(flatten)]
    held: Effective,
    /// What whoever set it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    /// For a guardian: how many entries the teen added. They are not in the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<usize>,
    /// What it is when nobody sets it.
    #[schema(value_type = Given)]
    default: Value,
    /// The loosest value that the platform allows at this age; null: no bound.
    #[schema(value_type = Option<Given>)]
    floor: Option<Value>,
    /// What could be set instead, and by whom.
    allowed: Allowed,
}

/// A rule of law, for whoever asks why.
#[derive(Serialize, ToSchema)]
pub struct RuleInWords {
    /// The law's name.
    law: String,
    /// The place in it.
    cite: String,
    /// Where it can be read.
    source: String,
    /// Where it counts.
    jurisdiction: String,
    /// How it stands today, by its dates too.
    status: LegalStatus,
    /// Whom it is about.
    ages: ForAges,
    /// How its value binds.
    effect: Effect,
    /// What it asks for.
    #[schema(value_type = Given)]
    value: Value,
    /// Who may go looser, where it is a default.
    may_loosen: BTreeSet<WhoLoosens>,
    /// From when, and until when.
    in_force: InForce,
    /// The months in which it counts, 1–12. Absent: all of them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    months: BTreeSet<i8>,
    /// Only for accounts made on or after this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    accounts_from: Option<Date>,
}

impl PolicyAnswer {
    /// What counts at `now`, with everything that explains it.
    pub fn new(registry: &Registry, language: Language, settings: Settings, now: Timestamp) -> Self {
        let situation = settings.situation(registry, now);
        let (band, live) = (situation.band(), situation.live());
        let explain = |control: &Control| {
            // The settings have a row for each.
            let held = settings.policy.get(&control.id)?.clone();
            let allowed = allowed(&situation, &live, control, &held);
            let hidden = settings.hidden.get(&control.id).copied();
            let by_name = held.by.and_then(|by| settings.names.get(&by).cloned());
            let row =
                EffectiveControl { hidden, by_name, ..EffectiveControl::new(control, language, band, held, allowed) };
            Some((control.id.clone(), row))
        };
        let controls: BTreeMap<_, _> = registry.iter().filter_map(explain).collect();
        let named = controls.values().flat_map(|control| control.held.rules.iter().chain(&control.allowed.rules));
        let rules = RuleInWords::all(&settings.book.rules, named, situation.today);
        Self {
            version: settings.version,
            age_band: band,
            rules_version: settings.book.version,
            controls,
            rules,
            home_zone: settings.home_zone,
            day_start_minute: settings.day_start_minute,
        }
    }
}

impl EffectiveControl {
    fn new(control: &Control, language: Language, band: AgeBand, held: Effective, allowed: Allowed) -> Self {
        Self {
            label: language.label(control),
            group: control.group,
            kind: control.kind.clone(),
            held,
            by_name: None,
            hidden: None,
            default: control.default_for(band).clone(),
            floor: control.floor_for(band).cloned(),
            allowed,
        }
    }
}

impl RuleInWords {
    /// Every rule that is named, each once, as it stands on a day. What operators note about it stays with them.
    pub fn all<'r>(book: &RuleBook, named: impl Iterator<Item = &'r RuleId>, today: Date) -> BTreeMap<RuleId, Self> {
        named.filter_map(|id| Some((id.clone(), Self::new(book, id, today)?))).collect()
    }

    fn new(book: &RuleBook, id: &RuleId, today: Date) -> Option<Self> {
        let rule = book.rule(id)?.clone();
        let law = book.law(&rule.law)?.clone();
        Some(Self {
            law: law.name,
            cite: law.cite,
            source: law.source,
            status: rule.status_on(today),
            jurisdiction: rule.jurisdiction,
            ages: rule.ages,
            effect: rule.effect,
            value: rule.value,
            may_loosen: rule.may_loosen,
            in_force: rule.in_force,
            months: rule.months,
            accounts_from: rule.accounts_from,
        })
    }
}

/// Read what counts, and why
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "Every control with its value, source and bounds", body = PolicyAnswer)))]
#[get("/v1/guardian/teens/{teen_id}/policy")]
pub async fn guardian_policy(who: GuardianOfTeen, spoken: Spoken) -> Result<HttpResponse, Problem> {
    let settings = who.store().settings(&who.proof).await?;
    let (version, now) = (settings.version, who.store().world().now());
    Ok(versioned(version, PolicyAnswer::new(who.store().registry(), spoken.0, settings, now)))
}
