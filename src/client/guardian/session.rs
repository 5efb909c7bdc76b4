//! A guardian stays signed in between two commands: the session lies in a file that only its owner reads.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::client::{
    ClientError,
    api::{Api, ApiError},
    bodies::{Renewal, Role, SignedIn},
    keep::Keep,
    people::{self, Login, Newcomer, Server},
};
use crate::domain::clock::World;

const FILE: &str = "guardian.json";

/// Which guardian, at which server.
#[derive(Args, Clone, Debug)]
pub(super) struct Who {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    login: Login,
    /// Where the session is kept.
    #[arg(long, global = true, value_name = "DIR", env = "FAMILY_PAIRING_SESSION_DIR")]
    session_dir: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    base_url: String,
    email: Option<String>,
    session: SignedIn,
}

impl Who {
    /// The API as this guardian: with the kept session, a renewed one, or a new one.
    pub(super) async fn enter(&self, world: World) -> Result<Api, ClientError> {
        let api = Api::new(&self.server.base_url, world)?;
        let session = match self.kept(&api)? {
            Some(kept) => match still_good(&api, kept).await? {
                Some(session) => session,
                None => self.sign_in(&api).await?,
            },
            None => self.sign_in(&api).await?,
        };
        self.keep(&api, &session)?;
        Ok(api.with_token(&session.access_token))
    }

    /// The same for somebody who may be new.
    pub(super) async fn enter_or_sign_up(&self, newcomer: &Newcomer, world: World) -> Result<Api, ClientError> {
        if !newcomer.sign_up {
            return self.enter(world).await;
        }
        let api = Api::new(&self.server.base_url, world)?;
        let session = people::enter(&api, Role::Guardian, &self.login, newcomer).await?;
        self.keep(&api, &session)?;
        Ok(api.with_token(&session.access_token))
    }

    async fn sign_in(&self, api: &Api) -> Result<SignedIn, ClientError> {
        Ok(people::sign_in(api, &self.login.credentials()?).await?)
    }

    fn kept(&self, api: &Api) -> Result<Option<SignedIn>, ClientError> {
        let kept: Option<Kept> = self.files().get(FILE)?;
        let same =
            |kept: &Kept| kept.base_url == api.base() && (self.login.email.is_none() || self.login.email == kept.email);
        Ok(kept.filter(same).map(|kept| kept.session))
    }

    fn keep(&self, api: &Api, session: &SignedIn) -> Result<(), ClientError> {
        let earlier: Option<Kept> = self.files().get(FILE).ok().flatten();
        let email = self.login.email.clone().or_else(|| earlier.and_then(|kept| kept.email));
        let kept = Kept { base_url: api.base().to_owned(), email, session: session.clone() };
        Ok(self.files().put(FILE, &kept)?)
    }

    fn files(&self) -> Keep {
        let home = || std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default().join(".family-pairing");
        Keep::at(self.session_dir.clone().unwrap_or_else(home))
    }
}

/// The session if the server still takes it, renewed where needed.
async fn still_good(api: &Api, session: SignedIn) -> Result<Option<SignedIn>, ApiError> {
    let mine = api.with_token(&session.access_token);
    match mine.get::<serde_json::Value>("/v1/account").await {
        Ok(_) => return Ok(Some(session)),
        Err(error) if error.status() != Some(401) => return Err(error),
        Err(_) => {}
    }
    let renewal = Renewal { refresh_token: session.refresh_token };
    match api.post("/v1/sessions/refresh", &renewal).await {
        Ok(session) => Ok(Some(session)),
        Err(error) if error.status().is_some_and(|status| status < 500) => Ok(None),
        Err(error) => Err(error),
    }
}
