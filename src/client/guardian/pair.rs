//! A guardian gives the teen's code. That only asks: the teen answers last.

use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use super::session::Who;
use crate::client::{
    ClientError,
    api::{Api, ApiError},
    bodies::{Claim, Page, Pairing},
    people::Newcomer,
    terminal::say,
};
use crate::domain::{clock::World, pairing::PairingState};

/// Between two looks whether the teen answered.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What `guardian pair` needs.
#[derive(Args, Debug)]
pub(super) struct PairArgs {
    /// The code, or the link.
    #[arg(long)]
    code: String,
    #[command(flatten)]
    asking: Asking,
}

/// How a teen is asked, by either side's code.
#[derive(Args, Debug)]
pub(super) struct Asking {
    /// What you are to the teen.
    #[arg(long, default_value = "parent")]
    pub(super) relationship: String,
    /// Do not wait for the answer.
    #[arg(long)]
    pub(super) no_wait: bool,
    #[command(flatten)]
    pub(super) newcomer: Newcomer,
}

pub(super) async fn run(who: &Who, args: PairArgs, world: World) -> Result<(), ClientError> {
    let Asking { relationship, no_wait, newcomer } = args.asking;
    let api = who.enter_or_sign_up(&newcomer, world).await?;
    let claim = Claim { code: args.code, relationship };
    let pairing: Pairing = api.post("/v1/guardian/pairing-claims", &claim).await?;
    let name = pairing.teen.as_ref().map_or("The teen", |teen| teen.display_name.as_str()).to_owned();
    say(&format!("{name} sees your request now, with what you would see and may set."));
    if no_wait {
        return Ok(());
    }
    say(&format!("Waiting for the answer… You both see the same three words: {}.", pairing.words));
    say(&outcome(&name, answered(&api, pairing).await?));
    Ok(())
}

/// What the teen's answer means.
pub(super) fn outcome(name: &str, state: PairingState) -> String {
    match state {
        PairingState::Active => format!("{name} said yes. You are paired."),
        PairingState::Refused => format!(
            "{name} said no this time. Talk about it; you can ask again in a day, or in thirty after a second no."
        ),
        _ => "The request ended without an answer. You can ask again with a new code.".to_owned(),
    }
}

/// Waits for the teen.
pub(super) async fn answered(api: &Api, mut pairing: Pairing) -> Result<PairingState, ApiError> {
    while pairing.state == PairingState::Claimed && pairing.answer_by.is_none_or(|until| api.now() < until) {
        sleep(LOOK_EVERY).await;
        let all: Page<Pairing> = api.get("/v1/guardian/pairings").await?.body;
        match all.items.into_iter().find(|other| other.pairing_id == pairing.pairing_id) {
            Some(now) => pairing.state = now.state,
            None => return Ok(PairingState::Expired),
        }
    }
    Ok(pairing.state)
}
