//! Signing up and signing in, for every command that acts for a person.

use clap::Args;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{
    ClientError,
    api::{Api, ApiError},
    bodies::{Credentials, NewAccount, Role, SignedIn},
};

/// Where the server is.
#[derive(Args, Clone, Debug)]
pub struct Server {
    /// The server's address.
    #[arg(long, global = true, env = "FAMILY_PAIRING_BASE_URL", default_value = "http://127.0.0.1:8080")]
    pub base_url: String,
}

/// Who signs in.
#[derive(Args, Clone, Debug, Default)]
pub struct Login {
    /// The account's e-mail address.
    #[arg(long, global = true, env = "FAMILY_PAIRING_EMAIL")]
    pub email: Option<String>,
    /// The account's password.
    #[arg(long, global = true, env = "FAMILY_PAIRING_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
}

/// What a new account needs besides e-mail and password.
#[derive(Args, Clone, Debug)]
pub struct Newcomer {
    /// Make a new account first.
    #[arg(long, requires = "display_name")]
    pub sign_up: bool,
    /// What others will call this person.
    #[arg(long)]
    pub display_name: Option<String>,
    /// Date of birth, as in 2011-05-30.
    #[arg(long)]
    pub birth_date: Option<String>,
    /// Language.
    #[arg(long, default_value = "en")]
    pub locale: String,
    /// Time zone, as in Europe/Berlin.
    #[arg(long, default_value = "UTC")]
    pub time_zone: String,
    /// Country, or country and state, as in US-CA.
    #[arg(long, default_value = "DE")]
    pub region: String,
}

impl Login {
    /// Both words, or what to do about the missing one.
    pub fn credentials(&self) -> Result<Credentials, ClientError> {
        match (&self.email, &self.password) {
            (Some(email), Some(password)) => Ok(Credentials { email: email.clone(), password: password.clone() }),
            _ => Err(ClientError::told(
                "Please say who signs in: --email and --password, or FAMILY_PAIRING_EMAIL and FAMILY_PAIRING_PASSWORD.",
            )),
        }
    }
}

impl Newcomer {
    fn account(&self, role: Role, credentials: &Credentials) -> NewAccount {
        NewAccount {
            role,
            email: credentials.email.clone(),
            password: credentials.password.clone(),
            display_name: self.display_name.clone().unwrap_or_default(),
            birth_date: self.birth_date.clone(),
            locale: self.locale.clone(),
            time_zone: self.time_zone.clone(),
            region: self.region.clone(),
        }
    }
}

/// Signs in, after signing up if asked to.
pub async fn enter(api: &Api, role: Role, login: &Login, newcomer: &Newcomer) -> Result<SignedIn, ClientError> {
    let credentials = login.credentials()?;
    let signed_in = match newcomer.sign_up {
        true => sign_up(api, &newcomer.account(role, &credentials)).await?,
        false => sign_in(api, &credentials).await?,
    };
    match signed_in.account.role == role {
        true => Ok(signed_in),
        false => {
            Err(ClientError::told("This account is of the other kind: a guardian's and a teen's are two accounts."))
        }
    }
}

/// Makes an account and signs in.
pub async fn sign_up(api: &Api, account: &NewAccount) -> Result<SignedIn, ApiError> {
    api.post("/v1/accounts", account).await
}

/// Signs in.
pub async fn sign_in(api: &Api, credentials: &Credentials) -> Result<SignedIn, ApiError> {
    api.post("/v1/sessions", credentials).await
}

/// The birth date, as the API wants it, of somebody who turned this old a while ago.
pub fn birth_date(now: Timestamp, years: i64) -> String {
    let today = now.to_zoned(TimeZone::UTC).date();
    today.saturating_sub(years.years().days(40)).to_string()
}
