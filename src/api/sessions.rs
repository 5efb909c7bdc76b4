//! Sessions: sign in, renew, sign out.

use actix_web::{HttpResponse, delete, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    accounts::SignedInAnswer,
    shape::{Body, created, ok},
};
use crate::{
    auth::{
        password::Password,
        throttle::Limit,
        who::{Account, Anyone},
    },
    domain::{
        secret::{Token, TokenKind},
        text::Email,
    },
    problem::{Code, Problem},
    store::sessions::Renewal,
};

/// E-mail and password.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "dana@example.com", "password": "tulip-harbour-seven-lamps"}))]
pub struct SignIn {
    email: String,
    password: String,
}

/// Sign in
///
/// Whether the account exists is never told: an unknown one costs the same time and gets the same answer.
#[utoipa::path(tag = "accounts", request_body = SignIn, security(()),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "Signed in", body = SignedInAnswer)))]
#[post("/v1/sessions")]
pub async fn sign_in(anyone: Anyone, body: Body<SignIn>) -> Result<HttpResponse, Problem> {
    let gate = &anyone.gate;
    gate.throttle.address(Limit::LoginFromAddress, anyone.from).await?;
    // Keyed by the folded address: another spelling of it is not another account.
    let email = Email::parse(&body.value.email).ok();
    let spelled = email.as_ref().map_or(body.value.email.as_str(), Email::as_str);
    gate.throttle.count(Limit::LoginToAccount, &format!("{}\n{spelled}", anyone.from)).await?;
    let once = body.once(gate, "anyone");
    let credentials = match &email {
        Some(email) => gate.store.credentials(email).await?,
        None => None,
    };
    let password = Password::shown(&body.value.password).map_err(|_| Code::WrongCredentials)?;
    let hash = credentials.as_ref().map(|known| known.password_hash.clone());
    let right = gate.hasher.verify(password, hash).await?;
    let known = credentials.filter(|_| right).ok_or(Code::WrongCredentials)?;
    let outdated = gate.hasher.is_outdated(&known.password_hash);
    let welcome = gate.store.sign_in(known.clone(), once).await?;
    if outdated && let Ok(password) = Password::shown(&body.value.password) {
        let hash = gate.hasher.hash(password).await?;
        gate.store.rehash(&known, hash).await?;
    }
    Ok(created(SignedInAnswer::from(welcome)))
}

/// A refresh token.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "fpr_…"}))]
pub struct Refresh {
    refresh_token: String,
}

/// Renew a session
///
/// A refresh token works once. Shown again it ends the session everywhere, because somebody has a copy; only the same request
/// repeated within a minute (same `Idempotency-Key`) gets the same answer again.
#[utoipa::path(tag = "accounts", request_body = Refresh, security(()),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request recognisable")),
    responses((status = 200, description = "New tokens; the old refresh token is used up", body = SignedInAnswer)))]
#[post("/v1/sessions/refresh")]
pub async fn renew(anyone: Anyone, body: Body<Refresh>) -> Result<HttpResponse, Problem> {
    anyone.gate.throttle.address(Limit::Refresh, anyone.from).await?;
    let token = Token::parse(&body.value.refresh_token)
        .filter(|token| token.kind() == TokenKind::Refresh)
        .ok_or(Code::NotSignedIn)?;
    let once = body.once(&anyone.gate, "anyone");
    match anyone.store().renew(token.hash(), once).await? {
        Renewal::Renewed(welcome) => Ok(ok(SignedInAnswer::from(*welcome))),
        Renewal::Invalid => Err(Code::NotSignedIn.into()),
        Renewal::Reused => Err(Code::RefreshReused.into()),
    }
}

/// Sign out
#[utoipa::path(tag = "accounts", responses((status = 204, description = "The session and its sockets have ended")))]
#[delete("/v1/sessions/current")]
pub async fn sign_out(who: Account) -> Result<HttpResponse, Problem> {
    who.store().sign_out(who.proof.clone()).await?;
    Ok(HttpResponse::NoContent().finish())
}
