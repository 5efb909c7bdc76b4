//! The teen's side of a pairing: show a code, see who asks and what they would see and may set, answer last, leave.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        shape::{Body, Nothing, Page, created, ok},
        shown_code::ShownCode,
    },
    auth::{throttle::Limit, who::Teen},
    domain::{
        code::Code as PairingCode,
        ids::PairingId,
        pairing::{EndReason, PairingState},
        supervision::{MAY_SET, NEVER_SEE, Visible, WILL_SEE},
    },
    problem::{Code, Problem},
    store::pairings::{Answer, Offer, PairingView},
};

/// A fresh code in its three forms.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"offer_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "code": "K7QM-2XWD-9TBH",
    "link": "https://family.example/p#K7QM…", "qr_svg": "<svg …/>", "expires_at": "2026-11-22T13:50:00Z"}))]
pub struct OfferAnswer {
    /// Names the offer, and the pairing that may come of it.
    offer_id: PairingId,
    #[serde(flatten)]
    shown: ShownCode,
}

/// A guardian who asks or guards, as the teen sees them.
#[derive(Serialize, ToSchema)]
pub struct AskingGuardian {
    /// Their account, as it appears in history and limits.
    account_id: crate::domain::ids::GuardianId,
    /// What they are called.
    display_name: String,
    /// What they say they are to you.
    relationship: String,
    /// Since when they have an account. Somebody you know may well be new; so may a stranger.
    account_since: Timestamp,
    /// How sure it is that they are an adult: `declared` is their own word.
    assurance: &'static str,
}

/// A pairing as the teen sees it: who, and what they will see and may set.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"pairing_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "state": "claimed", "words": "amber river tiger",
    "guardian": {"account_id": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "display_name": "Dana", "relationship": "mother",
        "account_since": "2026-11-20T08:00:00Z", "assurance": "declared"},
    "claimed_at": "2026-11-22T13:41:00Z", "answer_by": "2026-11-23T13:41:00Z", "answered_at": null, "ended_at": null, "end_reason": null,
    "will_see": [{"id": "devices", "sentence": "…"}], "may_set": [{"id": "limits", "sentence": "…"}],
    "never_see": [{"id": "messages", "sentence": "Your messages."}]}))]
pub struct TeenPairing {
    pairing_id: PairingId,
    state: PairingState,
    /// Three words that the other side sees too: read them to each other before you say yes.
    words: String,
    guardian: AskingGuardian,
    claimed_at: Option<Timestamp>,
    /// Until when you can answer.
    answer_by: Timestamp,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// Why it ended; `came_of_age`: at 18, by itself.
    end_reason: Option<EndReason>,
    will_see: &'static [Visible],
    may_set: &'static [Visible],
    never_see: &'static [Visible],
}

impl From<PairingView> for TeenPairing {
    fn from(view: PairingView) -> Self {
        Self {
            pairing_id: view.pairing_id,
            state: view.state,
            words: view.words,
            guardian: AskingGuardian {
                account_id: view.guardian_id,
                display_name: view.guardian_name,
                relationship: view.relationship,
                account_since: view.guardian_since,
                assurance: "declared",
            },
            claimed_at: view.claimed_at,
            answer_by: view.answer_by,
            answered_at: view.answered_at,
            ended_at: view.ended_at,
            end_reason: view.end_reason,
            will_see: WILL_SEE,
            may_set: MAY_SET,
            never_see: NEVER_SEE,
        }
    }
}

/// Show a pairing code
#[utoipa::path(tag = "teen", request_body = Nothing,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "Show it to your guardian; it works once, for ten minutes", body = OfferAnswer)))]
#[post("/v1/teen/pairing-offers")]
pub async fn teen_offer_pairing(who: Teen, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Offer, &who.proof.teen().to_string()).await?;
    let once = body.once(&who.gate, who.proof.teen());
    let Offer { id, typed, linked, expires_at } = who.store().offer_pairing(who.proof.clone(), once).await?;
    let shown = ShownCode::new(&who.gate, "p", typed, &linked, expires_at)?;
    Ok(created(OfferAnswer { offer_id: id, shown }))
}

/// Take a code back
#[utoipa::path(tag = "teen", params(("offer_id" = PairingId, Path, description = "Which offer")),
    responses((status = 204, description = "The code does not work any more")))]
#[delete("/v1/teen/pairing-offers/{offer_id}")]
pub async fn teen_cancel_offer(who: Teen, path: Path<String>) -> Result<HttpResponse, Problem> {
    let offer: PairingId = path.parse().map_err(|_| Code::NotFound)?;
    who.store().cancel_offer(who.proof.clone(), offer).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List who asks and who guards
#[utoipa::path(tag = "teen", responses((status = 200, description = "Newest first", body = Page<TeenPairing>)))]
#[get("/v1/teen/pairings")]
pub async fn teen_pairings(who: Teen) -> Result<HttpResponse, Problem> {
    let views = who.store().pairings_of_teen(&who.proof).await?;
    Ok(ok(Page::whole(views.into_iter().map(TeenPairing::from).collect())))
}

/// A guardian's code.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K7QM-2XWD-9TBH"}))]
pub struct InvitationClaim {
    /// As typed, or the whole link as scanned.
    code: String,
}

/// Use a guardian's code
///
/// Nobody is paired by it: you see who it is and what they would see and may set, and say yes or no as to any other guardian. Who made
/// the code learns your name, and that you used it; nothing more before your yes.
#[utoipa::path(tag = "teen", request_body = InvitationClaim,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "It waits for your answer", body = TeenPairing)))]
#[post("/v1/teen/invitation-claims")]
pub async fn teen_use_invitation(who: Teen, body: Body<InvitationClaim>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.claim(who.proof.teen(), who.from).await?;
    let once = body.once(&who.gate, who.proof.teen());
    let code = PairingCode::parse(&body.value.code).map_err(|_| Code::InvitationNotValid)?;
    match who.store().use_invitation(who.proof.clone(), code, once).await? {
        Some(view) => Ok(created(TeenPairing::from(view))),
        None => Err(Code::InvitationNotValid.into()),
    }
}

/// Agree to a guardian
#[utoipa::path(tag = "teen", request_body = Nothing, params(("pairing_id" = PairingId, Path, description = "Which pairing"),
    ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "Paired; both sides are told", body = TeenPairing)))]
#[post("/v1/teen/pairings/{pairing_id}/confirmation")]
pub async fn teen_confirm_pairing(who: Teen, path: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    answer(&who, &path, &body, Answer::Confirm).await
}

/// Refuse a guardian
#[utoipa::path(tag = "teen", request_body = Nothing, params(("pairing_id" = PairingId, Path, description = "Which pairing"),
    ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "Not paired; both sides are told", body = TeenPairing)))]
#[post("/v1/teen/pairings/{pairing_id}/refusal")]
pub async fn teen_refuse_pairing(who: Teen, path: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    answer(&who, &path, &body, Answer::Refuse).await
}

async fn answer(who: &Teen, path: &str, body: &Body<Nothing>, answer: Answer) -> Result<HttpResponse, Problem> {
    let pairing: PairingId = path.parse().map_err(|_| Code::NotFound)?;
    let once = body.once(&who.gate, who.proof.teen());
    let view = who.store().answer_claim(who.proof.clone(), pairing, answer, once).await?;
    Ok(ok(TeenPairing::from(view)))
}

/// Which pairing to end.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pairing_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e"}))]
pub struct TeenUnlink {
    /// Absent: the only active one.
    pairing_id: Option<PairingId>,
}

/// Leave a pairing
///
/// At once, for now. Your devices stay signed in and get the limits of your age as their next revision.
#[utoipa::path(tag = "teen", request_body = TeenUnlink,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "Ended; both sides are told", body = TeenPairing)))]
#[post("/v1/teen/unlink-requests")]
pub async fn teen_unlink(who: Teen, body: Body<TeenUnlink>) -> Result<HttpResponse, Problem> {
    let once = body.once(&who.gate, who.proof.teen());
    let view = who.store().unlink_by_teen(who.proof.clone(), body.value.pairing_id, once).await?;
    Ok(ok(TeenPairing::from(view)))
}
