//! Usage over HTTP, for devices without a socket: the same slots and the same rules as the `usage` frame.

use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, ok},
    auth::{throttle::Limit, who::TeenDevice},
    domain::usage::{MOST_SLOTS, SlotFault, UsageSlot},
    problem::Problem,
    store::usage::Usage,
};

/// What was used, in absolute seconds per slot.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slots": [{"item": "app:org.example.video", "slot": 5934512, "seconds": 212}]}))]
pub struct UsageReport {
    /// At most 300.
    #[schema(max_items = 300)]
    slots: Vec<UsageSlot>,
}

/// What became of the slots.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"taken": 1, "left_out": []}))]
pub struct UsageAnswer {
    /// How many count.
    taken: usize,
    /// Which do not, and why.
    left_out: Vec<LeftOut>,
}

/// A slot that does not count.
#[derive(Serialize, ToSchema)]
pub struct LeftOut {
    /// Its place in the report, from 0.
    index: usize,
    /// Why.
    code: SlotFault,
}

/// Report usage
///
/// Absolute values: sending the same again, late or in another order, changes nothing.
#[utoipa::path(tag = "teen", request_body = UsageReport, responses((status = 200, description = "Kept", body = UsageAnswer)))]
#[post("/v1/teen/usage")]
pub async fn teen_usage(who: TeenDevice, body: Body<UsageReport>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.device().to_string()).await?;
    if body.value.slots.len() > MOST_SLOTS {
        return Err(Problem::field("/slots", format!("must have at most {MOST_SLOTS} entries")));
    }
    let now = who.store().world().now();
    let mut slots = Vec::new();
    let mut left_out = Vec::new();
    for (index, slot) in body.value.slots.into_iter().enumerate() {
        match slot.check(now) {
            Ok(()) => slots.push(slot),
            Err(code) => left_out.push(LeftOut { index, code }),
        }
    }
    let taken = slots.len();
    who.gate.devices.use_up(Usage { device: who.proof.clone(), slots }).await?;
    Ok(ok(UsageAnswer { taken, left_out }))
}
