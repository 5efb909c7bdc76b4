//! The guardian's side of a pairing: give the code that the teen shows, wait for the teen's answer, end it.

use actix_web::{HttpResponse, get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, Nothing, Page, created, ok},
    auth::who::{Guardian, GuardianOfTeen},
    domain::{
        code::Code as PairingCode,
        ids::{PairingId, TeenId},
        pairing::{EndReason, PairingState},
        text,
    },
    problem::{Code, Problem, in_field},
    store::pairings::{Claim, PairingView},
};

/// A code, and who gives it.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K7QM-2XWD-9TBH", "relationship": "mother"}))]
pub struct PairingClaim {
    /// As typed, or the whole link as scanned.
    code: String,
    /// What you are to the teen, in a word or two: 1–40 characters. The teen sees it.
    #[schema(min_length = 1, max_length = 40)]
    relationship: String,
}

/// A pairing as the guardian sees it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"pairing_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "state": "claimed", "words": "amber river tiger",
    "teen": {"teen_id": "01932c07-1111-7c3a-9a1e-3f1d2b4c5d6e", "display_name": "Mia"}, "relationship": "mother",
    "claimed_at": "2026-11-22T13:41:00Z", "answer_by": "2026-11-23T13:41:00Z", "answered_at": null, "ended_at": null, "end_reason": null}))]
pub struct GuardianPairing {
    pairing_id: PairingId,
    /// `claimed`: the teen has not answered yet.
    state: PairingState,
    /// Three words that the teen sees too: read them to each other.
    words: String,
    teen: PairedTeen,
    relationship: String,
    claimed_at: Option<Timestamp>,
    /// Until when the teen can answer.
    answer_by: Timestamp,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// Why it ended; `came_of_age`: at 18, by itself.
    end_reason: Option<EndReason>,
}

/// The teen of a pairing.
#[derive(Serialize, ToSchema)]
pub struct PairedTeen {
    teen_id: TeenId,
    display_name: String,
}

impl From<PairingView> for GuardianPairing {
    fn from(view: PairingView) -> Self {
        Self {
            pairing_id: view.pairing_id,
            state: view.state,
            words: view.words,
            teen: PairedTeen { teen_id: view.teen_id, display_name: view.teen_name },
            relationship: view.relationship,
            claimed_at: view.claimed_at,
            answer_by: view.answer_by,
            answered_at: view.answered_at,
            ended_at: view.ended_at,
            end_reason: view.end_reason,
        }
    }
}

/// Give a pairing code
///
/// A right code asks the teen, who answers last. Every code that does not work gets the same answer, whatever the reason.
#[utoipa::path(tag = "guardian", request_body = PairingClaim,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "The teen is being asked", body = GuardianPairing)))]
#[post("/v1/guardian/pairing-claims")]
pub async fn guardian_claim_pairing(who: Guardian, body: Body<PairingClaim>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.claim(who.proof.guardian(), who.from).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let relationship = text::display_name(&body.value.relationship).map_err(in_field("/relationship"))?;
    let code = PairingCode::parse(&body.value.code).map_err(|_| Code::CodeNotValid)?;
    match who.store().claim_pairing(who.proof.clone(), code, relationship, once).await? {
        Claim::Asked(view) => Ok(created(GuardianPairing::from(*view))),
        Claim::NoSuchCode => Err(Code::CodeNotValid.into()),
        Claim::NotAnAdult => Err(Code::NotAnAdult.into()),
    }
}

/// List your claims and pairings
#[utoipa::path(tag = "guardian", responses((status = 200, description = "Newest first", body = Page<GuardianPairing>)))]
#[get("/v1/guardian/pairings")]
pub async fn guardian_pairings(who: Guardian) -> Result<HttpResponse, Problem> {
    let views = who.store().pairings_of_guardian(&who.proof).await?;
    Ok(ok(Page::whole(views.into_iter().map(GuardianPairing::from).collect())))
}

/// End a pairing
///
/// At once: you see and set nothing any more, and the teen's devices get the limits of their age.
#[utoipa::path(tag = "guardian", request_body = Nothing,
    params(("teen_id" = TeenId, Path, description = "Which teen"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "Ended; both sides are told", body = GuardianPairing)))]
#[post("/v1/guardian/teens/{teen_id}/unlink-requests")]
pub async fn guardian_unlink(who: GuardianOfTeen, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let once = body.once(&who.gate, who.proof.guardian());
    Ok(ok(GuardianPairing::from(who.store().unlink_by_guardian(who.proof.clone(), once).await?)))
}
