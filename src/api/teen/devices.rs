//! The teen's devices: registered and revoked with the teen's own session, never by another device.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        devices::{DeviceShown, shown},
        shape::{Body, Page, created, ok},
    },
    auth::{
        throttle::Limit,
        who::{Teen, TeenSession},
    },
    domain::{ids::DeviceId, text},
    problem::{Code, Problem, in_field},
    store::{
        devices::{NewDevice, Registered},
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

/// A device of one's own: what guardians see of it, and since when it is registered.
#[derive(Serialize, ToSchema)]
struct OwnDevice {
    #[serde(flatten)]
    device: DeviceShown,
    /// When it was registered.
    created_at: Option<Timestamp>,
}

/// List your devices
///
/// With what your guardians see of each.
#[utoipa::path(tag = "teen", responses((status = 200, description = "Yours, oldest first", body = Page<OwnDevice>,
    example = json!({"items": [{"device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "name": "Mia's phone", "platform": "android-16",
        "app_version": "3.2.1", "state": "enforced", "summary": "Mia's phone applies your limits. It confirmed them 12 seconds ago.",
        "desired_epoch": 1, "desired_revision": 5, "epoch": 1, "revision": 5, "confirmed_at": "2026-11-22T13:41:07Z", "took_ms": 38,
        "online": true, "last_seen_at": "2026-11-22T13:55:00Z", "issues": [], "lost": null, "clock": null, "silence": null,
        "went_back": null, "created_at": "2026-11-22T13:40:00Z"}], "next_cursor": null}))))]
#[get("/v1/teen/devices")]
pub async fn teen_devices(who: Teen) -> Result<HttpResponse, Problem> {
    let registered = who.store().devices(&who.proof).await?;
    let standings = who.store().own_standings(&who.proof).await?;
    let silences = who.store().own_silences(&who.proof).await?;
    let own = |device: DeviceShown| {
        let created_at = registered.iter().find(|it| it.device_id == device.device_id).map(|it| it.created_at);
        OwnDevice { device, created_at }
    };
    Ok(ok(Page::whole(shown(&who.gate, standings, silences).await.into_iter().map(own).collect())))
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
