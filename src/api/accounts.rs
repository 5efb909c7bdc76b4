//! Accounts: sign-up, and what an owner sees and changes of their own.

use actix_web::{HttpResponse, get, patch, post};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shape::{Body, created, ok};
use crate::{
    auth::{
        password::Password,
        throttle::Limit,
        who::{Account, Anyone},
    },
    domain::{
        account::{ADULT_AGE, Role, local_date},
        age::{OLDEST, age_on},
        region,
        text::{self, Email},
    },
    problem::{Code, Problem, in_field},
    store::accounts::{NewAccount, Profile, ProfilePatch, Welcome},
    store::sessions::Tokens,
};

/// Who may sign up by themselves. Agents are made by an operator.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignUpRole {
    /// An adult who may pair with teens.
    Guardian,
    /// Somebody under 18.
    Teen,
}

/// A new account.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "guardian", "email": "dana@example.com", "password": "tulip-harbour-seven-lamps",
    "display_name": "Dana", "birth_date": "1984-05-03", "locale": "en", "time_zone": "Europe/Berlin", "region": "DE"}))]
pub struct SignUp {
    role: SignUpRole,
    /// Folded to one form; never shown to anybody else.
    #[schema(max_length = 254)]
    email: String,
    /// 15–256 characters.
    #[schema(min_length = 15, max_length = 256)]
    password: String,
    /// What others see: 1–40 characters.
    #[schema(min_length = 1, max_length = 40)]
    display_name: String,
    /// Needed for both: a guardian must be an adult, a teen's limits depend on the age. Kept sealed, never returned.
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Date>,
    /// Language tag.
    locale: String,
    /// IANA zone.
    time_zone: String,
    /// ISO 3166: `DE`, or `US-CA` where states make the law.
    region: String,
}

/// A signed-in account: who it is, and its tokens, shown once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"account": {"account_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "role": "guardian",
    "email": "dana@example.com", "display_name": "Dana", "age_band": "adult", "locale": "en", "time_zone": "Europe/Berlin",
    "region": "DE", "created_at": "2026-11-22T13:40:00Z"},
    "access_token": "fps_…", "refresh_token": "fpr_…", "expires_at": "2026-11-22T14:40:00Z", "refresh_expires_at": "2026-12-22T13:40:00Z"}))]
pub struct SignedInAnswer {
    account: Profile,
    #[serde(flatten)]
    tokens: Tokens,
}

impl From<Welcome> for SignedInAnswer {
    fn from(Welcome { account, tokens }: Welcome) -> Self {
        Self { account, tokens }
    }
}

/// Make an account
#[utoipa::path(tag = "accounts", request_body = SignUp, security(()),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "Made, and signed in", body = SignedInAnswer)))]
#[post("/v1/accounts")]
pub async fn sign_up(anyone: Anyone, body: Body<SignUp>) -> Result<HttpResponse, Problem> {
    anyone.gate.throttle.address(Limit::SignUp, anyone.from).await?;
    let once = body.once(&anyone.gate, "anyone");
    let wanted = &body.value;
    let email = Email::parse(&wanted.email).map_err(in_field("/email"))?;
    let display_name = text::display_name(&wanted.display_name).map_err(in_field("/display_name"))?;
    let password = Password::chosen(&wanted.password, &[email.as_str(), &display_name])
        .map_err(|weakness| Problem::field("/password", weakness))?;
    let time_zone = text::zone(&wanted.time_zone).map_err(in_field("/time_zone"))?;
    let today = local_date(&time_zone, anyone.store().world().now());
    let (role, birth_date) = checked_age(wanted, today)?;
    let new = NewAccount {
        role,
        email,
        display_name,
        birth_date: Some(birth_date),
        locale: text::locale(&wanted.locale).map_err(in_field("/locale"))?,
        region: region::parse(&wanted.region).map_err(in_field("/region"))?,
        time_zone,
        password_hash: anyone.gate.hasher.hash(password).await?,
    };
    let welcome = anyone.store().create_account(new, once).await?;
    Ok(created(SignedInAnswer::from(welcome)))
}

/// Guardians are adults and teens are not. The age is what they say; proofs of age come on top of this.
fn checked_age(wanted: &SignUp, today: Date) -> Result<(Role, Date), Problem> {
    let refused = |reason: &str| Err(Problem::field("/birth_date", reason));
    let Some(birth) = wanted.birth_date else { return refused("is needed") };
    let Some(age) = age_on(birth, today).filter(|age| *age <= OLDEST) else { return refused("is not possible") };
    match wanted.role {
        SignUpRole::Guardian if age < ADULT_AGE => Err(Code::NotAnAdult.into()),
        SignUpRole::Teen if age >= ADULT_AGE => refused("is of an adult; a teen's account is for people under 18"),
        SignUpRole::Guardian => Ok((Role::Guardian, birth)),
        SignUpRole::Teen => Ok((Role::Teen, birth)),
    }
}

/// Read your account
#[utoipa::path(tag = "accounts", responses((status = 200, description = "Yours", body = Profile)))]
#[get("/v1/account")]
pub async fn read_account(who: Account) -> Result<HttpResponse, Problem> {
    Ok(ok(who.store().profile(&who.proof).await?))
}

/// A change of an account. Absent fields stay as they are.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "Dana K."}))]
pub struct AccountPatch {
    /// 1–40 characters.
    display_name: Option<String>,
    /// Language tag.
    locale: Option<String>,
    /// IANA zone. A teen's limits keep their home zone, which guardians set.
    time_zone: Option<String>,
}

/// Change your account
#[utoipa::path(tag = "accounts", request_body = AccountPatch, responses((status = 200, description = "Changed", body = Profile)))]
#[patch("/v1/account")]
pub async fn change_account(who: Account, body: Body<AccountPatch>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.account().to_string()).await?;
    let AccountPatch { display_name, locale, time_zone } = body.value;
    let patch = ProfilePatch {
        display_name: display_name
            .map(|name| text::display_name(&name))
            .transpose()
            .map_err(in_field("/display_name"))?,
        locale: locale.map(|tag| text::locale(&tag)).transpose().map_err(in_field("/locale"))?,
        time_zone: time_zone.map(|zone| text::zone(&zone)).transpose().map_err(in_field("/time_zone"))?,
    };
    if patch.is_empty() {
        return Ok(ok(who.store().profile(&who.proof).await?));
    }
    Ok(ok(who.store().change_profile(who.proof.clone(), patch).await?))
}

/// A new password.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "tulip-harbour-seven-lamps", "new_password": "nine-quiet-rivers-of-tin"}))]
pub struct PasswordChange {
    /// The one that works now.
    current_password: String,
    /// 15–256 characters.
    #[schema(min_length = 15, max_length = 256)]
    new_password: String,
}

/// Change your password
///
/// Ends every session of the account, this one too. Devices of a teen stay signed in: they have tokens of their own.
#[utoipa::path(tag = "accounts", request_body = PasswordChange, responses((status = 204, description = "Changed; sign in again")))]
#[post("/v1/account/password")]
pub async fn change_password(who: Account, body: Body<PasswordChange>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::PasswordChange, &who.proof.account().to_string()).await?;
    let PasswordChange { current_password, new_password } = body.value;
    let profile = who.store().profile(&who.proof).await?;
    let new = Password::chosen(&new_password, &[&profile.email, &profile.display_name])
        .map_err(|weakness| Problem::field("/new_password", weakness))?;
    let current = Password::shown(&current_password).map_err(|_| Code::WrongCredentials)?;
    let known = who.store().own_credentials(&who.proof).await?;
    if !who.gate.hasher.verify(current, Some(known.password_hash.clone())).await? {
        return Err(Code::WrongCredentials.into());
    }
    let hash = who.gate.hasher.hash(new).await?;
    who.store().change_password(known, hash).await?;
    Ok(HttpResponse::NoContent().finish())
}
