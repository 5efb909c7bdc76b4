//! Operators: made and revoked.

use clap::Args;

use super::{AdminError, Signed, show};
use crate::{
    domain::{clock::World, text},
    store::StoreError,
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
        let token = store.create_operator(name.clone(), by).await?.ok_or(AdminError::NameTaken)?;
        eprintln!("Made operator {name}.");
        show(&token);
        Ok(())
    }
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
