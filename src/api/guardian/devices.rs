//! The guardian's truth: which device really enforces what was set, and when one was silent.

use actix_web::{HttpResponse, get};

use crate::{
    api::{
        devices::{DeviceShown, shown},
        shape::{Page, ok},
    },
    auth::who::GuardianOfTeen,
    domain::ids::TeenId,
    problem::Problem,
    store::silences::SilenceView,
};

/// See whether the limits are really enforced
///
/// `enforced` is said only when that very device reported this very revision with the same hash. Silence is shown as silence.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "Every device", body = Page<DeviceShown>)))]
#[get("/v1/guardian/teens/{teen_id}/devices")]
pub async fn guardian_devices(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    let standings = who.store().device_standings(&who.proof).await?;
    let silences = who.store().silences(&who.proof).await?;
    Ok(ok(Page::whole(shown(&who.gate, standings, silences).await)))
}

/// See when a device was silent for too long
///
/// After as many hours as `devices.quiet_hours` says, or when the teen took a device off the list. Each ends by itself, and is told
/// as a notice when it begins and when it ends.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "The newest hundred since you are paired, newest first", body = Page<SilenceView>)))]
#[get("/v1/guardian/teens/{teen_id}/silences")]
pub async fn guardian_silences(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().silences(&who.proof).await?)))
}
