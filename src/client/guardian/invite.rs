//! A guardian shows a code; the teen uses it and answers last.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::sleep;

use super::{
    pair::{Asking, answered, outcome},
    session::Who,
};
use crate::client::{
    ClientError,
    api::{Api, ApiError},
    bodies::{Invitation, Invite, Page, Pairing},
    terminal::{big, say},
    words,
};
use crate::domain::{clock::World, ids::PairingId};

/// Between two looks whether the teen used the code.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(who: &Who, asking: Asking, world: World) -> Result<(), ClientError> {
    let Asking { relationship, no_wait, newcomer } = asking;
    let api = who.enter_or_sign_up(&newcomer, world).await?;
    let before = pairings(&api).await?.into_iter().map(|pairing| pairing.pairing_id).collect();
    let invitation: Invitation = api.post("/v1/guardian/invitations", &Invite { relationship }).await?;
    say("Your code. Show it only to your teen:\n");
    say(&big(&invitation.code));
    let minutes = invitation.expires_at.as_second().saturating_sub(api.now().as_second()) / 60;
    say(&format!("\nOr send them this link: {}", invitation.link));
    say(&format!("It works once, for the next {}.", words::count(usize::try_from(minutes).unwrap_or(0), "minute")));
    if no_wait {
        return Ok(());
    }
    let Some(pairing) = used(&api, &invitation, &before).await? else {
        say("The code has ended and nobody used it. Type the same command again for a new one.");
        return Ok(());
    };
    let name = pairing.teen.as_ref().map_or("The teen", |teen| teen.display_name.as_str()).to_owned();
    say(&format!("{name} used it, and sees what you would see and may set. Your words: {}.", pairing.words));
    say(&outcome(&name, answered(&api, pairing).await?));
    Ok(())
}

async fn pairings(api: &Api) -> Result<Vec<Pairing>, ApiError> {
    Ok(api.get::<Page<Pairing>>("/v1/guardian/pairings").await?.body.items)
}

/// The pairing that came of it; none if time ran out.
async fn used(api: &Api, invitation: &Invitation, before: &BTreeSet<PairingId>) -> Result<Option<Pairing>, ApiError> {
    while api.now() < invitation.expires_at {
        let new = pairings(api).await?.into_iter().find(|pairing| !before.contains(&pairing.pairing_id));
        match new {
            Some(pairing) => return Ok(Some(pairing)),
            None => sleep(LOOK_EVERY).await,
        }
    }
    Ok(None)
}
