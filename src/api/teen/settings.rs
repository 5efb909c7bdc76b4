//! The teen's own limits: they can always add, never take away what others set.

use actix_web::{HttpResponse, get, patch};

use crate::{
    api::{
        guardian::settings::{SettingsAnswer, SettingsPatch, change},
        shape::{Body, IfMatch, versioned},
    },
    auth::{throttle::Limit, who::Teen},
    problem::Problem,
    store::settings::Changed,
};

/// Read your own limits
#[utoipa::path(tag = "teen", responses((status = 200, description = "What you set yourself, and what counts", body = SettingsAnswer,
    headers(("ETag" = String, description = "The version, for If-Match")))))]
#[get("/v1/teen/settings")]
pub async fn teen_settings(who: Teen) -> Result<HttpResponse, Problem> {
    let settings = who.store().own_settings(&who.proof).await?;
    Ok(versioned(settings.version, SettingsAnswer::of_teen(&settings)))
}

/// Tighten your own limits
///
/// A value must add strictness to what is set; null takes your own back.
#[utoipa::path(tag = "teen", request_body = SettingsPatch,
    params(("If-Match" = String, Header, description = "The ETag of the settings that you read"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "What changed, and in which direction", body = Changed,
        example = json!({"epoch": 1, "revision": 5, "changed": [{"control": "time.daily_minutes", "from": 60, "to": 30,
            "direction": "tighter", "effective": "now"}]}))))]
#[patch("/v1/teen/settings")]
pub async fn teen_change_settings(
    who: Teen,
    seen: IfMatch,
    body: Body<SettingsPatch>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.teen().to_string()).await?;
    let once = body.once(&who.gate, who.proof.teen());
    let wish = body.value.wish(seen, once)?;
    let changed = who.store().change_own_settings(who.proof.clone(), wish).await;
    change(changed, async || {
        let settings = who.store().own_settings(&who.proof).await?;
        Ok(SettingsAnswer::of_teen(&settings))
    })
    .await
}
