//! Operators: made, in office, revoked and listed.

use clap::Args;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{AdminError, Installation, Signed, show};
use crate::{
    domain::{
        clock::World,
        secret::{Token, TokenKind},
        text,
    },
    store::{
        StoreError,
        operators::{ListedOperator, NotMade},
    },
};

/// Makes an operator.
#[derive(Args)]
pub struct CreateOperator {
    #[command(flatten)]
    signed: Signed,
    /// What the operator is called; given once for good
    #[arg(long)]
    name: String,
}

/// Takes up an invitation.
#[derive(Args)]
pub struct TakeOffice {
    #[command(flatten)]
    installation: Installation,
    /// What `admin create-operator` printed (fpi_…)
    #[arg(long, env = "FAMILY_PAIRING_INVITATION", hide_env_values = true)]
    invitation: SecretString,
}

/// Revokes an operator.
#[derive(Args)]
pub struct RevokeOperator {
    #[command(flatten)]
    signed: Signed,
    /// Whom
    #[arg(long)]
    name: String,
}

impl CreateOperator {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open(world).await?;
        let name = name(&self.name)?;
        let shown = store.create_operator(name.clone(), by).await?.map_err(|why| match why {
            NotMade::NameTaken => AdminError::NameTaken,
            NotMade::Unsigned => AdminError::Unsigned,
        })?;
        eprintln!("Made operator {name}.");
        match shown.kind() {
            TokenKind::Invitation => {
                eprintln!(
                    "This is the invitation, good once and for 7 days. Give it to {name}, who takes office with it:"
                );
                eprintln!("  FAMILY_PAIRING_INVITATION=… family-pairing admin take-office");
                println!("{}", shown.reveal());
            }
            _ => show(&shown),
        }
        Ok(())
    }
}

impl TakeOffice {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let store = self.installation.open(world).await?;
        let invitation = Token::parse(self.invitation.expose_secret().trim());
        let invitation = invitation.filter(|token| token.kind() == TokenKind::Invitation);
        let invitation = invitation.ok_or(AdminError::NotInvited)?;
        let (operator, token) = store.take_office(invitation.hash()).await?.ok_or(AdminError::NotInvited)?;
        eprintln!("Operator {} is in office.", operator.name());
        show(&token);
        Ok(())
    }
}

/// Lists every operator on standard output, one a line, for people and for `column` and `cut`.
pub(super) async fn list(installation: &Installation, world: World) -> Result<(), AdminError> {
    let operators = installation.open(world).await?.operators().await?;
    println!("name\tmade\tby\tinvited until\tin office since\trevoked");
    operators.iter().for_each(|operator| println!("{}", line(operator)));
    Ok(())
}

fn line(operator: &ListedOperator) -> String {
    let at = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| format!("{time:.0}"));
    let by = operator.created_by.as_deref().unwrap_or("-");
    let times = [operator.invited_until, operator.took_office_at, operator.revoked_at].map(at).join("\t");
    format!("{}\t{:.0}\t{by}\t{times}", operator.name, operator.created_at)
}

impl RevokeOperator {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open(world).await?;
        let name = name(&self.name)?;
        match store.revoke_operator(name.clone(), by).await {
            Ok(()) => eprintln!("Revoked operator {name}. Platform keys that they made go on: revoke each by its id."),
            Err(StoreError::NotFound) => return Err(AdminError::NoSuchOperator),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn name(given: &str) -> Result<String, AdminError> {
    text::display_name(given).map_err(|error| AdminError::Text("name", error))
}
