//! Codes that a guardian read out, told of once the server is reached again.

use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, Page, ok},
    auth::{
        throttle::Limit,
        who::{Teen, TeenDevice},
    },
    domain::device::code::{MINUTES, MOST_TOLD, Redeemed},
    problem::Problem,
    store::offline_codes::{CodeView, Typed},
};

/// Codes that this device took.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"codes": [{"number": 1, "minutes": 30, "day": "2026-11-27"}]}))]
pub struct TypedCodes {
    /// At most 20.
    #[schema(max_items = 20)]
    codes: Vec<Typed>,
}

/// What the server knows of by now.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"told": [{"number": 1, "minutes": 30}]}))]
pub struct ToldCodes {
    /// All that were told, and how many minutes each gives: none needs to be told again.
    told: Vec<Redeemed>,
}

/// Tell which codes were typed in
///
/// The minutes of each become a gift for that day, once. Telling again changes nothing. The answer says how many minutes each gives: none,
/// where nobody made it or it was taken back, and fewer, where the law leaves no more. Your guardians see it, also where a device tells
/// of a code that nobody made.
#[utoipa::path(tag = "teen", request_body = TypedCodes, responses((status = 200, description = "Kept", body = ToldCodes)))]
#[post("/v1/teen/offline-codes")]
pub async fn teen_codes_typed(who: TeenDevice, body: Body<TypedCodes>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.device().to_string()).await?;
    let codes = body.value.codes;
    if codes.len() > MOST_TOLD {
        return Err(Problem::field("/codes", format!("must have at most {MOST_TOLD} entries")));
    }
    for (index, code) in codes.iter().enumerate() {
        let at = |field: &str, must: &str| Err(Problem::field(&format!("/codes/{index}/{field}"), must.to_owned()));
        if code.number == 0 {
            return at("number", "must be 1 or more");
        }
        if !MINUTES.contains(&code.minutes) {
            return at("minutes", "must be what a code can be good for: 5, 15, 30, 45, 60 or 120");
        }
        if !(2000..=2200).contains(&code.day.year()) {
            return at("day", "must be a day of this century or the next");
        }
    }
    let told = who.store().codes_typed(who.proof.clone(), codes).await?;
    who.gate.devices.note_heard(who.proof);
    Ok(ok(ToldCodes { told }))
}

/// List codes that were made for you
#[utoipa::path(tag = "teen",
    responses((status = 200, description = "The newest hundred, and whether they were typed in; not the codes themselves", body = Page<CodeView>)))]
#[get("/v1/teen/offline-codes")]
pub async fn teen_codes(who: Teen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().own_codes(&who.proof).await?)))
}
