//! The operator's commands: agents, operators, platform keys, rules of law. They speak to the database, not to a server.
//!
//! Who may enter: `main`, for whoever holds the installation's database address and secret. A command may be signed with an
//! operator's token; the audit then names that operator. A new token goes to standard output alone, once, so that it can be
//! caught in a variable or a file; words for people go to standard error. What never happens here: SQL, rules.

mod agents;
mod ages;
mod operators;
mod platform_keys;
mod rules;

use std::{io, path::PathBuf};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::{
    app::{AppError, open_store},
    auth::password::{BadCost, HashError, Weakness},
    config::{DatabaseConfig, SecretConfig},
    domain::{
        clock::World,
        law::{LawError, RuleId},
        secret::{Token, TokenKind},
        text::TextError,
    },
    store::{Store, StoreError, law::Refusal, operators::Operator},
};

pub use self::rules::Rules;

/// What an operator can do at the command line.
#[derive(Subcommand)]
pub enum Admin {
    /// Make a support agent's account; the password is read from FAMILY_PAIRING_PASSWORD
    CreateAgent(Box<agents::CreateAgent>),
    /// Make an operator, who can sign for commands; once there is one, an operator has to sign. Prints the first one's token, or an invitation
    CreateOperator(Box<operators::CreateOperator>),
    /// Take up an invitation, from FAMILY_PAIRING_INVITATION; the token is printed once
    TakeOffice(Box<operators::TakeOffice>),
    /// List the operators, who made them and since when they are in office
    Operators(Box<Installation>),
    /// Revoke an operator; the token signs for nothing any more
    RevokeOperator(Box<operators::RevokeOperator>),
    /// Make a key for the platform's own servers; the token is printed once
    CreatePlatformKey(Box<platform_keys::CreatePlatformKey>),
    /// Revoke a platform key; it opens nothing on any node within 2.5 seconds
    RevokePlatformKey(Box<platform_keys::RevokePlatformKey>),
    /// Answer an objection to an age, with reasons; an operator has to sign
    AnswerAgeAppeal(Box<ages::AnswerAgeAppeal>),
    /// List the objections to ages that wait for an answer
    AgeAppeals(Box<Installation>),
    /// Count who gets into another age band on a day, and what that changes; changes nothing
    Ages(Box<ages::Ages>),
    /// List the platform keys, without their tokens
    PlatformKeys(Box<Installation>),
}

/// Which installation a command is for.
#[derive(Args)]
pub struct Installation {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    secret: SecretConfig,
}

/// Which installation a command changes, and who signs for it.
#[derive(Args)]
pub struct Signed {
    #[command(flatten)]
    installation: Installation,
    /// The token of the operator who signs for this (fpo_…); without it, the audit names nobody
    #[arg(long, env = "FAMILY_PAIRING_OPERATOR_TOKEN", hide_env_values = true)]
    operator_token: Option<SecretString>,
}

/// Why a command was not done.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The store could not be opened.
    #[error(transparent)]
    App(#[from] AppError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A flag's text is refused.
    #[error("--{0} {1}")]
    Text(&'static str, TextError),
    /// The password is too weak.
    #[error("the password {0}")]
    Password(#[from] Weakness),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The cost of password hashes is out of range.
    #[error(transparent)]
    Cost(#[from] BadCost),
    /// The signature is none.
    #[error("the operator token is not that of an operator, or was revoked")]
    NotAnOperator,
    /// The name was given before.
    #[error("there is or was an operator of this name; a name is given once, so that the audit stays readable")]
    NameTaken,
    /// The invitation is none.
    #[error("this is no invitation, or it was taken up, ran out after 7 days, or was revoked")]
    NotInvited,
    /// Nobody to revoke.
    #[error("there is no operator of this name who was not revoked before")]
    NoSuchOperator,
    /// Nothing to revoke.
    #[error("there is no platform key of this id that was not revoked before")]
    NoSuchKey,
    /// A forecast of what has been.
    #[error("--on is past: a forecast is for a day to come")]
    PastDay,
    /// Nothing to answer.
    #[error("there is no open objection of this id, or no signal of this id")]
    NoSuchAppeal,
    /// A key that would open nothing.
    #[error("a platform key needs a --scope at least")]
    NoScope,
    /// A set of rules that cannot be read.
    #[error(transparent)]
    Law(#[from] LawError),
    /// A set of rules that is not taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The law is changed by people who sign for it.
    #[error("this needs an operator's signature: set FAMILY_PAIRING_OPERATOR_TOKEN")]
    Unsigned,
    /// A folder or file that cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A folder that holds no rules: an empty set would lift every law.
    #[error("{0} holds no .toml file")]
    NoFiles(PathBuf),
    /// No such rule holds.
    #[error("there is no rule {0} in the set that holds")]
    NoSuchRule(RuleId),
    /// What was asked for could not be printed as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Does what the command says.
pub async fn run(command: Admin, world: World) -> Result<(), AdminError> {
    match command {
        Admin::CreateAgent(command) => command.run(world).await,
        Admin::CreateOperator(command) => command.run(world).await,
        Admin::TakeOffice(command) => command.run(world).await,
        Admin::Operators(installation) => operators::list(&installation, world).await,
        Admin::RevokeOperator(command) => command.run(world).await,
        Admin::CreatePlatformKey(command) => command.run(world).await,
        Admin::RevokePlatformKey(command) => command.run(world).await,
        Admin::AnswerAgeAppeal(command) => command.run(world).await,
        Admin::AgeAppeals(installation) => ages::list(&installation, world).await,
        Admin::Ages(command) => command.run(world).await,
        Admin::PlatformKeys(installation) => platform_keys::list(&installation, world).await,
    }
}

impl Installation {
    /// Opens the store.
    pub async fn open(&self, world: World) -> Result<Store, AdminError> {
        // No socket waits here for an event.
        let (store, _events) = open_store(&self.database, &self.secret, world).await?;
        Ok(store)
    }
}

impl Signed {
    /// Opens the store and finds out who signs.
    pub async fn open(&self, world: World) -> Result<(Store, Option<Operator>), AdminError> {
        let store = self.installation.open(world).await?;
        let by = match &self.operator_token {
            None => None,
            Some(token) => Some(signer(&store, token).await?),
        };
        Ok((store, by))
    }
}

impl Signed {
    /// Opens the store for what nobody does without a signature.
    async fn open_signed(&self, world: World) -> Result<(Store, Operator), AdminError> {
        let (store, by) = self.open(world).await?;
        Ok((store, by.ok_or(AdminError::Unsigned)?))
    }
}

/// The operator whose token this is.
pub async fn signer(store: &Store, token: &SecretString) -> Result<Operator, AdminError> {
    let token = Token::parse(token.expose_secret()).filter(|token| token.kind() == TokenKind::Operator);
    let token = token.ok_or(AdminError::NotAnOperator)?;
    store.operator(token.hash()).await?.ok_or(AdminError::NotAnOperator)
}

/// Shows a new token, the only time that anybody sees it.
fn show(token: &Token) {
    eprintln!("This is the token. It is shown once and kept nowhere: store it where only its holder can read it.");
    println!("{}", token.reveal());
}
