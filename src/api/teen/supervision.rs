//! The obvious sign: who guards, what they see, what they may set, what nobody ever sees.

use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::pairings::TeenPairing;
use crate::{
    api::shape::ok,
    auth::who::Teen,
    domain::{
        pairing::PairingState,
        supervision::{MAY_SET, NEVER_SEE, Visible, WILL_SEE},
    },
    problem::Problem,
};

/// What guardians see and may set, and who they are.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"supervised": true, "guardians": [], "will_see": [{"id": "devices", "sentence": "…"}],
    "may_set": [{"id": "limits", "sentence": "…"}], "never_see": [{"id": "messages", "sentence": "Your messages."}]}))]
pub struct Supervision {
    /// Whether anybody guards you now.
    supervised: bool,
    /// Who.
    guardians: Vec<TeenPairing>,
    /// What a guardian sees. The same list that guardians are bound to.
    will_see: &'static [Visible],
    /// What a guardian may set.
    may_set: &'static [Visible],
    /// What no guardian can see here.
    never_see: &'static [Visible],
}

/// See who sees what
#[utoipa::path(tag = "teen", responses((status = 200, description = "Everything that a guardian can read or set", body = Supervision)))]
#[get("/v1/teen/supervision")]
pub async fn teen_supervision(who: Teen) -> Result<HttpResponse, Problem> {
    let pairings = who.store().pairings_of_teen(&who.proof).await?;
    let active = pairings.into_iter().filter(|pairing| pairing.state == PairingState::Active);
    let guardians: Vec<TeenPairing> = active.map(TeenPairing::from).collect();
    Ok(ok(Supervision {
        supervised: !guardians.is_empty(),
        guardians,
        will_see: WILL_SEE,
        may_set: MAY_SET,
        never_see: NEVER_SEE,
    }))
}
