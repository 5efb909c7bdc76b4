//! Usage over HTTP, for devices without a socket: the same slots and the same rules as the `usage` frame.

use actix_web::{HttpResponse, get, post, web::Query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        guardian::usage::UsageQuery,
        shape::{Body, ok},
    },
    auth::{
        throttle::Limit,
        who::{Teen, TeenDevice},
    },
    domain::{
        budget::DeviceBudget,
        usage::{MOST_SLOTS, SlotFault, UsageSlot},
    },
    problem::Problem,
    store::{usage::Usage, usage_report::UsageDays},
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
#[schema(example = json!({"server_time": "2026-11-27T14:50:00Z", "taken": 1, "left_out": [], "budget": {"day": "2026-11-27", "items": [
    {"item": "day", "limit_seconds": 3600, "granted_seconds": 0, "used_seconds": 212, "remaining_seconds": 3388, "own_seconds": 212},
    {"item": "week", "limit_seconds": null, "granted_seconds": 0, "used_seconds": 212, "remaining_seconds": null, "own_seconds": 0}],
    "lease": {"up_to_seconds": 812, "until": "2026-11-27T15:00:00Z"}}}))]
pub struct UsageAnswer {
    /// The server's clock, for a device without a socket.
    server_time: Timestamp,
    /// How many count.
    taken: usize,
    /// Which do not, and why.
    left_out: Vec<LeftOut>,
    /// What is left, by what all devices of the teen have told; null where it could not be worked out.
    budget: Option<DeviceBudget>,
}

/// A slot that does not count.
#[derive(Serialize, ToSchema)]
pub struct LeftOut {
    /// Its place in the report, from 0.
    index: usize,
    /// Why.
    code: SlotFault,
}

/// See how your days were used
///
/// The very numbers that a guardian sees where your limits show them. A day of which no device told anything is a gap.
#[utoipa::path(tag = "teen", params(UsageQuery), responses((status = 200, description = "Day by day, and in sum", body = UsageDays,
    example = json!({"as_of": "2026-11-27T14:00:00Z", "days": [], "summary": {"days_told": 0, "gaps": 0, "seconds": 0,
        "days_kept": 0, "days_over": 0, "quiet_nights": 0, "disturbed_nights": 0},
            "requests": {"asked": 2, "granted": 1, "denied": 0, "expired": 0}}))))]
#[get("/v1/teen/usage")]
pub async fn teen_own_usage(who: Teen, query: Query<UsageQuery>) -> Result<HttpResponse, Problem> {
    let (from, to) = query.checked()?;
    Ok(ok(who.store().own_usage(&who.proof, from, to).await?))
}

/// Report usage
///
/// Absolute values: sending the same again, late or in another order, changes nothing. Send it also without slots, to learn what is left.
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
    who.gate.devices.note_heard(who.proof.clone());
    let budget = who.gate.devices.told(who.proof.clone()).await?.map(DeviceBudget::from);
    let server_time = who.store().world().now();
    Ok(ok(UsageAnswer { server_time, taken, left_out, budget }))
}
