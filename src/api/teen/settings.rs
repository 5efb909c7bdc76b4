//! The teen's own limits: they can always add, never take away what others set, and choose where their age leaves it to them.

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
#[utoipa::path(tag = "teen", responses((status = 200, description = "What you set yourself", body = SettingsAnswer,
    headers(("ETag" = String, description = "The version, for If-Match")))))]
#[get("/v1/teen/settings")]
pub async fn teen_settings(who: Teen) -> Result<HttpResponse, Problem> {
    let settings = who.store().own_settings(&who.proof).await?;
    Ok(versioned(settings.version, SettingsAnswer::of_teen(&settings)))
}

/// Set your own limits
///
/// You can always add to what is set. Where a control is yours at your age (`teen_loosens` in the catalogue), your value also
/// stands instead of the first one, looser or stricter, while no guardian has set one. Null takes your own back.
///
/// Your guardian sees what you set and the reason that you give. Of your block list (`guardian_sees` is `count` in the catalogue)
/// they see only how many entries you added; a reason in a change that names such a list is only for you.
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
