//! Platform keys: made, revoked and listed.

use clap::Args;
use jiff::Timestamp;

use super::{AdminError, Installation, Signed, show};
use crate::{
    domain::{
        clock::World,
        ids::PlatformKeyId,
        platform::{Scope, Scopes},
        text,
    },
    store::{StoreError, platform::ListedKey},
};

/// Makes a platform key.
#[derive(Args)]
pub struct CreatePlatformKey {
    #[command(flatten)]
    signed: Signed,
    /// Which servers will use it
    #[arg(long)]
    name: String,
    /// What it may be used for: decide, age or assure; again for each
    #[arg(long = "scope", required = true)]
    scopes: Vec<Scope>,
}

/// Revokes a platform key.
#[derive(Args)]
pub struct RevokePlatformKey {
    #[command(flatten)]
    signed: Signed,
    /// Which, as `admin platform-keys` names it
    #[arg(long)]
    id: PlatformKeyId,
}

impl CreatePlatformKey {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open(world).await?;
        let name = text::key_name(&self.name).map_err(|error| AdminError::Text("name", error))?;
        let scopes = Scopes::of(&self.scopes).ok_or(AdminError::NoScope)?;
        let (key, token) = store.create_platform_key(name.clone(), scopes.clone(), by).await?;
        eprintln!("Made platform key {key} for {name}: {scopes}.");
        show(&token);
        Ok(())
    }
}

impl RevokePlatformKey {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open(world).await?;
        match store.revoke_platform_key(self.id, by).await {
            Ok(()) => eprintln!("Revoked platform key {}. It opens nothing on any node within 2.5 seconds.", self.id),
            Err(StoreError::NotFound) => return Err(AdminError::NoSuchKey),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Lists every key on standard output, one a line, for people and for `column` and `cut`.
pub(super) async fn list(installation: &Installation, world: World) -> Result<(), AdminError> {
    let keys = installation.open(world).await?.platform_keys().await?;
    println!("id\tname\tscopes\tcreated\tlast used\trevoked");
    keys.iter().for_each(|key| println!("{}", line(key)));
    Ok(())
}

fn line(key: &ListedKey) -> String {
    let at = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| format!("{time:.0}"));
    let scopes = key.scopes.join(",");
    let times = [at(Some(key.created_at)), at(key.last_used_at), at(key.revoked_at)].join("\t");
    format!("{}\t{}\t{scopes}\t{times}", key.key_id, key.name)
}
