//! What presets would do for a teen. Applying one is an ordinary change of settings.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::policy::RuleInWords;
use crate::{
    api::{shape::versioned, spoken::Spoken},
    auth::{throttle::Limit, who::GuardianOfTeen},
    domain::{
        ids::{AccountId, TeenId},
        law::RuleId,
        presets::{Offer, Presets},
        simulation::Present,
        version::Version,
    },
    problem::Problem,
    store::settings::Settings,
};

/// The presets that suit a teen, and what each would do.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"epoch": 1, "revision": 5, "presets": [{
    "preset": {"id": "sleep_first", "label": "Sleep first", "why": "Screens at night take sleep…", "grade": "strong", "bands": ["13_15"],
        "regions": [], "takes_back": false, "settings": {"time.daily_minutes": 1440}},
    "settings": {"time.daily_minutes": 1440},
    "changes": [{"control": "time.daily_minutes", "from": 60, "to": 1440, "direction": "looser", "effective": "now"}],
    "sentences": ["Daily screen time: 60 minutes → no limit (looser)"], "direction": "looser", "refused": []}], "rules": {}}))]
pub struct PresetOffers {
    #[serde(flatten)]
    version: Version,
    /// In the order in which they are best shown.
    presets: Vec<OfferInWords>,
    /// The rules of law that bounds come from.
    rules: BTreeMap<RuleId, RuleInWords>,
}

/// What a preset would do, in data and in sentences.
#[derive(Serialize, ToSchema)]
pub struct OfferInWords {
    #[serde(flatten)]
    offer: Offer,
    /// Each of the changes in the language of `Accept-Language`.
    sentences: Vec<String>,
}

/// Read what presets would do
///
/// For each preset that suits the teen's age and region: what it would change, and what of it a bound refuses. To apply one, change
/// the settings to its `settings`, with this answer's version.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "The presets that suit", body = PresetOffers,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
#[get("/v1/guardian/teens/{teen_id}/presets")]
pub async fn guardian_presets(
    who: GuardianOfTeen,
    spoken: Spoken,
    presets: Data<Presets>,
) -> Result<HttpResponse, Problem> {
    let guardian = who.proof.guardian();
    who.gate.throttle.count(Limit::Simulate, &guardian.to_string()).await?;
    let (registry, now, presets) = (who.store().registry().clone(), who.store().world().now(), presets.into_inner());
    let settings = who.store().settings(&who.proof).await?.by(&registry, now);
    let version = settings.version;
    let offers =
        move || PresetOffers::of(&settings, &settings.present(&registry, now, true), &presets, guardian, &spoken);
    Ok(versioned(version, who.gate.simulations.take(offers).await??))
}

impl PresetOffers {
    fn of(
        settings: &Settings,
        present: &Present<'_>,
        presets: &Presets,
        guardian: AccountId,
        spoken: &Spoken,
    ) -> Result<Self, Problem> {
        let offers = presets.offers(present, guardian).map_err(|why| Problem::from(&why))?;
        let named = offers.iter().flat_map(|offer| &offer.refused).flat_map(|refused| &refused.rules);
        let rules = RuleInWords::all(present.book, named, present.facts.day(present.now));
        let in_words = |offer: Offer| OfferInWords {
            sentences: spoken.sentences(present.registry, &offer.changes),
            offer: Offer { preset: spoken.0.preset(&offer.preset), ..offer },
        };
        Ok(Self { version: settings.version, presets: offers.into_iter().map(in_words).collect(), rules })
    }
}
