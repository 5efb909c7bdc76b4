//! Makes a directory a device of a teen.

use std::path::PathBuf;

use clap::Args;

use crate::client::{
    ClientError,
    api::Api,
    bodies::{NewDevice, RegisteredDevice, Role, SignedIn},
    keep::{Identity, Keep},
    people::{self, Login, Newcomer, Server},
    terminal::say,
};
use crate::domain::clock::World;

/// What `device register` needs.
#[derive(Args, Debug)]
pub(super) struct RegisterArgs {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    login: Login,
    #[command(flatten)]
    newcomer: Newcomer,
    /// What the device is called.
    #[arg(long, default_value = "My phone")]
    name: String,
    /// Where the device keeps its token and its limits.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

pub(super) async fn run(args: RegisterArgs, world: World) -> Result<(), ClientError> {
    let api = Api::new(&args.server.base_url, world)?;
    let teen = people::enter(&api, Role::Teen, &args.login, &args.newcomer).await?;
    let keep = Keep::at(&args.state);
    register(&api, &teen, Registration { name: &args.name, keep: &keep }).await?;
    say(&format!("“{}” is now a device of {}.", args.name, teen.account.display_name));
    say(&format!("Next: family-pairing device pair --state {}", args.state.display()));
    Ok(())
}

/// A device to be.
pub struct Registration<'a> {
    /// What it will be called.
    pub name: &'a str,
    /// Where it will live.
    pub keep: &'a Keep,
}

/// Registers a device with the teen's session and lets it move into its directory.
pub async fn register(api: &Api, teen: &SignedIn, new: Registration<'_>) -> Result<Identity, ClientError> {
    let install_id = api.world().uuid().to_string();
    let body = NewDevice {
        name: new.name.to_owned(),
        platform: std::env::consts::OS.to_owned(),
        install_id: install_id.clone(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let session = api.with_token(&teen.access_token);
    let registered: RegisteredDevice = session.post("/v1/teen/devices", &body).await?;
    let identity = Identity {
        base_url: api.base().to_owned(),
        teen_id: teen.account.account_id,
        device_id: registered.device_id,
        name: new.name.to_owned(),
        install_id,
        device_token: registered.device_token,
        code_key: registered.code_key,
    };
    new.keep.move_in(&identity)?;
    Ok(identity)
}
