//! Support agents: accounts that nobody can sign up for.

use clap::Args;

use super::{AdminError, Installation};
use crate::{
    auth::password::{Hasher, Password},
    domain::{account::Role, clock::World, text, text::Email},
    store::accounts::NewAccount,
};

/// Makes a support agent's account.
#[derive(Args)]
pub struct CreateAgent {
    #[command(flatten)]
    installation: Installation,
    /// The agent's address
    #[arg(long)]
    email: String,
    /// What the agent is called
    #[arg(long)]
    name: String,
    /// At least 15 characters
    #[arg(long, env = "FAMILY_PAIRING_PASSWORD", hide_env_values = true)]
    password: String,
}

impl CreateAgent {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let store = self.installation.open(world).await?;
        let email = Email::parse(&self.email).map_err(|error| AdminError::Text("email", error))?;
        let display_name = text::display_name(&self.name).map_err(|error| AdminError::Text("name", error))?;
        let password = Password::chosen(&self.password, &[email.as_str(), &display_name])?;
        let hasher = Hasher::new(19_456, 2)?;
        let agent = NewAccount {
            role: Role::Agent,
            email,
            display_name,
            password_hash: hasher.hash(password).await?,
            birth_date: None,
            locale: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            region: "ZZ".to_owned(),
        };
        let made = store.create_account(agent, None).await?;
        println!("Made agent {}.", made.account.account_id);
        Ok(())
    }
}
