//! The key itself, for whoever sets a server up.

use actix_web::{HttpResponse, get};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::shape::ok,
    auth::who::Platform,
    domain::{
        ids::PlatformKeyId,
        platform::{Scope, Scopes},
    },
    problem::Problem,
};

/// A platform key as its server sees it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"key_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "name": "chat-servers", "scopes": ["decide", "age"],
    "created_at": "2026-11-22T13:40:00Z"}))]
pub struct OwnKey {
    /// Names the key, for the operator who revokes it.
    key_id: PlatformKeyId,
    /// What the operator called it.
    name: String,
    /// What it may be used for.
    #[schema(value_type = Vec<Scope>)]
    scopes: Scopes,
    /// When it was made.
    created_at: Timestamp,
}

/// Read one's own key
///
/// Any platform key may ask, whatever its scopes: a server finds out at its start whether its key lives and what it is for.
#[utoipa::path(tag = "platform", responses((status = 200, description = "The key that was shown", body = OwnKey)))]
#[get("/v1/platform/key")]
pub async fn platform_key(who: Platform) -> Result<HttpResponse, Problem> {
    let key = who.proof;
    let (name, scopes) = (key.name().to_owned(), key.scopes().clone());
    Ok(ok(OwnKey { key_id: key.key(), name, scopes, created_at: key.created_at() }))
}
