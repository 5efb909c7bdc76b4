//! The public keys that snapshots are signed with.

use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::shape::ok;
use crate::{auth::who::Anyone, domain::snapshot::PublicKey, problem::Problem};

/// The keys that this installation signs with.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"keys": [{"key_id": "9f86d081884c7d65", "algorithm": "ed25519",
    "public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "not_before": "2026-11-22T00:00:00Z"}]}))]
pub struct Keys {
    /// Newest first.
    keys: Vec<PublicKey>,
}

/// Read the public keys
///
/// A device keeps them and asks again when a snapshot names a key that it does not know.
#[utoipa::path(tag = "sync", security(()), responses((status = 200, description = "The keys", body = Keys)))]
#[get("/v1/keys")]
pub async fn read_keys(anyone: Anyone) -> Result<HttpResponse, Problem> {
    Ok(ok(Keys { keys: anyone.store().public_keys().await? }))
}
