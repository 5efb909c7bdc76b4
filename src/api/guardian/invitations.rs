//! The other direction of a pairing: a guardian shows a code, the teen uses it and says yes last.

use actix_web::{HttpResponse, delete, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        shape::{Body, created},
        shown_code::ShownCode,
    },
    auth::{throttle::Limit, who::Guardian},
    domain::{ids::InvitationId, text},
    problem::{Code, Problem, in_field},
    store::pairings::{Invitation, Invited},
};

/// Who invites.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"relationship": "mother"}))]
pub struct InvitationRequest {
    /// What you are to the teen, in a word or two: 1–40 characters. The teen sees it.
    #[schema(min_length = 1, max_length = 40)]
    relationship: String,
}

/// A fresh code in its three forms.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"invitation_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "code": "K7QM-2XWD-9TBH",
    "link": "https://family.example/i#K7QM…", "qr_svg": "<svg …/>", "expires_at": "2026-11-22T13:50:00Z"}))]
pub struct InvitationAnswer {
    /// Names the invitation.
    invitation_id: InvitationId,
    #[serde(flatten)]
    shown: ShownCode,
}

/// Invite a teen
///
/// Show the code to your teen. Whoever uses it sees who you are and what you would see and may set: nothing begins without their yes.
#[utoipa::path(tag = "guardian", request_body = InvitationRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "Show it to your teen; it works once, for ten minutes", body = InvitationAnswer)))]
#[post("/v1/guardian/invitations")]
pub async fn guardian_invite(who: Guardian, body: Body<InvitationRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Offer, &who.proof.guardian().to_string()).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let relationship = text::display_name(&body.value.relationship).map_err(in_field("/relationship"))?;
    let Invitation { id, typed, linked, expires_at } =
        match who.store().invite(who.proof.clone(), relationship, once).await? {
            Invited::Made(invitation) => invitation,
            Invited::NotAnAdult => return Err(Code::NotAnAdult.into()),
        };
    let shown = ShownCode::new(&who.gate, "i", typed, &linked, expires_at)?;
    Ok(created(InvitationAnswer { invitation_id: id, shown }))
}

/// Take an invitation back
#[utoipa::path(tag = "guardian", params(("invitation_id" = InvitationId, Path, description = "Which invitation")),
    responses((status = 204, description = "The code does not work any more")))]
#[delete("/v1/guardian/invitations/{invitation_id}")]
pub async fn guardian_cancel_invitation(who: Guardian, path: Path<String>) -> Result<HttpResponse, Problem> {
    let invitation: InvitationId = path.parse().map_err(|_| Code::NotFound)?;
    who.store().cancel_invitation(who.proof.clone(), invitation).await?;
    Ok(HttpResponse::NoContent().finish())
}
