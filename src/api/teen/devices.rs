//! The teen's devices: registered and revoked with the teen's own session, never by another device.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, Page, created, ok},
    auth::{
        throttle::Limit,
        who::{Teen, TeenSession},
    },
    domain::{ids::DeviceId, report::Standing, text},
    problem::{Code, Problem, in_field},
    store::{
        devices::{Device, NewDevice, Registered},
        reports::{ClockInWords, DeviceStanding, WentBack},
        silences::SilenceView,
    },
};

/// A device that introduces itself.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mia's phone", "platform": "android-16", "install_id": "8d1f6a", "app_version": "3.2.1"}))]
pub struct DeviceRegistration {
    /// What the family will call it: 1–60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// `android-16`, `ios-26`, …
    platform: String,
    /// Changes with each installation of the app.
    install_id: String,
    /// The app's own version.
    app_version: Option<String>,
}

/// Register a device
#[utoipa::path(tag = "teen", request_body = DeviceRegistration,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "Its token is shown once", body = Registered,
        example = json!({"device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "device_token": "fpd_…",
            "code_key": "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "name": "Mia's phone",
            "created_at": "2026-11-22T13:40:00Z"}))))]
#[post("/v1/teen/devices")]
pub async fn teen_register_device(who: TeenSession, body: Body<DeviceRegistration>) -> Result<HttpResponse, Problem> {
    let (_, teen) = &who.proof;
    who.gate.throttle.count(Limit::Change, &teen.teen().to_string()).await?;
    let once = body.once(&who.gate, teen.teen());
    let DeviceRegistration { name, platform, install_id, app_version } = body.value;
    let new = NewDevice {
        name: text::device_name(&name).map_err(in_field("/name"))?,
        platform: text::word(&platform).map_err(in_field("/platform"))?,
        install_id: text::word(&install_id).map_err(in_field("/install_id"))?,
        app_version: text::word(app_version.as_deref().unwrap_or("unknown")).map_err(in_field("/app_version"))?,
    };
    Ok(created(who.store().register_device(teen.clone(), new, once).await?))
}

/// A device, with what its guardians see of it.
#[derive(Serialize, ToSchema)]
struct OwnDevice {
    #[serde(flatten)]
    device: Device,
    /// How it stands to the newest limits, concluded from its own reports.
    state: Option<Standing>,
    /// When it last confirmed limits.
    confirmed_at: Option<Timestamp>,
    /// What is wrong with its clock; null: nothing.
    clock: Option<ClockInWords>,
    /// It came back without limits that it had, within the last week; null: it did not.
    went_back: Option<WentBack>,
}

/// List your devices
///
/// With what your guardians see of each.
#[utoipa::path(tag = "teen", responses((status = 200, description = "Yours, oldest first", body = Page<OwnDevice>,
    example = json!({"items": [{"device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "name": "Mia's phone", "platform": "android-16",
        "app_version": "3.2.1", "created_at": "2026-11-22T13:40:00Z", "last_seen_at": "2026-11-22T13:55:00Z", "state": "enforced",
        "confirmed_at": "2026-11-22T13:41:07Z", "clock": null, "went_back": null}], "next_cursor": null}))))]
#[get("/v1/teen/devices")]
pub async fn teen_devices(who: Teen) -> Result<HttpResponse, Problem> {
    let devices = who.store().devices(&who.proof).await?;
    let standings = who.store().own_standings(&who.proof).await?;
    let own = |device: Device| {
        let standing = standings.iter().find(|standing| standing.device == device.device_id);
        OwnDevice {
            state: standing.map(DeviceStanding::standing),
            confirmed_at: standing.and_then(|it| it.reports.applied.as_ref()).map(|applied| applied.confirmed_at),
            clock: standing.and_then(|standing| ClockInWords::of(&standing.name, &standing.clock)),
            went_back: standing.and_then(DeviceStanding::went_back),
            device,
        }
    };
    Ok(ok(Page::whole(devices.into_iter().map(own).collect())))
}

/// Revoke a device
#[utoipa::path(tag = "teen", params(("device_id" = DeviceId, Path, description = "Which device")),
    responses((status = 204, description = "Its token is dead and its socket is being closed")))]
#[delete("/v1/teen/devices/{device_id}")]
pub async fn teen_revoke_device(who: TeenSession, path: Path<String>) -> Result<HttpResponse, Problem> {
    let device: DeviceId = path.parse().map_err(|_| Code::NotFound)?;
    who.store().revoke_device(who.proof.1.clone(), device).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// See when one of your devices was silent for too long
///
/// The very list that your guardians see.
#[utoipa::path(tag = "teen",
    responses((status = 200, description = "The newest hundred, newest first", body = Page<SilenceView>)))]
#[get("/v1/teen/silences")]
pub async fn teen_silences(who: Teen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().own_silences(&who.proof).await?)))
}
