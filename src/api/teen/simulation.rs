//! The teen's own look ahead: the very answer that a guardian gets, and their own drafts.

use actix_web::{HttpResponse, post};

use crate::{
    api::{
        guardian::simulation::{Simulation, SimulationRequest},
        shape::Body,
        spoken::Spoken,
    },
    auth::{throttle::Limit, who::Teen},
    domain::{pairing::PairingState, simulation::Drafter},
    problem::Problem,
};

/// See how your limits will be, or would be
///
/// At one instant (`at`), or over some days (`from`, `to`; without either: this week), with the settings as they are or with
/// limits of your own that you have not saved. Nothing is changed, and nobody is told that you asked.
#[utoipa::path(tag = "teen", request_body = SimulationRequest,
    responses((status = 200, description = "What holds then, why, and until when", body = Simulation)))]
#[post("/v1/teen/policy/simulations")]
pub async fn teen_simulate(who: Teen, spoken: Spoken, body: Body<SimulationRequest>) -> Result<HttpResponse, Problem> {
    let teen = who.proof.teen();
    who.gate.throttle.count(Limit::Simulate, &teen.to_string()).await?;
    if let Some(field) = body.value.guardians_field() {
        return Err(Problem::field(field, "only guardians give grants and put holds"));
    }
    let (registry, world) = (who.store().registry(), who.store().world());
    let now = world.now();
    let settings = who.store().own_settings(&who.proof).await?.by(registry, now);
    let pairings = who.store().pairings_of_teen(&who.proof).await?;
    let guarded = pairings.iter().any(|pairing| pairing.state == PairingState::Active);
    body.value.answered(&who.gate, settings, guarded, Drafter::Teen(teen), spoken).await
}
