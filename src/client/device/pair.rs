//! Shows a code, waits for a guardian, and lets the teen answer with everything in view.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use tokio::time::sleep;

use crate::client::{
    ClientError,
    api::{Api, ApiError},
    bodies::{InvitationClaim, Nothing, Offer, Page, Pairing},
    keep::Keep,
    terminal::{big, confirm, has_person, qr, say},
    words,
};
use crate::domain::{clock::World, ids::PairingId, pairing::PairingState, supervision::NEVER_SEE};

/// Between two looks whether somebody used the code.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What `device pair` needs.
#[derive(Args, Debug)]
pub(super) struct PairArgs {
    /// Where the device keeps its token and its limits.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Say yes without asking, for demonstrations.
    #[arg(long)]
    yes: bool,
    /// Leave out the picture to scan.
    #[arg(long)]
    no_qr: bool,
    /// The code or link that a guardian shows, instead of showing one
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn run(args: PairArgs, world: World) -> Result<(), ClientError> {
    let api = at(&Keep::at(&args.state), world)?;
    let pairing = match args.code {
        Some(code) => api.post("/v1/teen/invitation-claims", &InvitationClaim { code }).await?,
        None => {
            let offer: Offer = api.post("/v1/teen/pairing-offers", &Nothing {}).await?;
            show(&offer, &api, args.no_qr);
            let Some(pairing) = claimed(&api, &offer).await? else {
                say("The code has ended and nobody used it. Type the same command again for a new one.");
                return Ok(());
            };
            pairing
        }
    };
    consent_screen(&pairing, &api);
    let yes = args.yes || (has_person() && confirm("Do you agree?").await);
    say(answer(&api, pairing.pairing_id, yes).await?);
    Ok(())
}

/// The API as the device that lives in this directory.
pub(super) fn at(keep: &Keep, world: World) -> Result<Api, ClientError> {
    let identity = keep.identity()?.ok_or_else(|| {
        let dir = keep.dir().display();
        ClientError::told(format!(
            "No device lives in {dir} yet. First: family-pairing device register --state {dir} …"
        ))
    })?;
    Ok(Api::new(&identity.base_url, world)?.with_token(&identity.device_token))
}

fn show(offer: &Offer, api: &Api, no_qr: bool) {
    say("Your pairing code. Show it only to the adult who takes care of you:\n");
    say(&big(&offer.code));
    if let Some(picture) = qr(&offer.link).filter(|_| !no_qr) {
        say(&format!("\n{picture}"));
    }
    say(&format!("Or send them this link: {}", offer.link));
    let minutes = offer.expires_at.as_second().saturating_sub(api.now().as_second()) / 60;
    say(&format!("It works once, for the next {}.", words::count(usize::try_from(minutes).unwrap_or(0), "minute")));
    say("Waiting…");
}

/// The pairing once somebody gave the right code; none if time ran out.
async fn claimed(api: &Api, offer: &Offer) -> Result<Option<Pairing>, ApiError> {
    while api.now() < offer.expires_at {
        let pairings: Page<Pairing> = api.get("/v1/teen/pairings").await?.body;
        match pairings.items.into_iter().find(|pairing| pairing.pairing_id == offer.offer_id) {
            Some(pairing) if pairing.state == PairingState::Claimed => return Ok(Some(pairing)),
            Some(pairing) if pairing.state.is_final() => return Ok(None),
            _ => sleep(LOOK_EVERY).await,
        }
    }
    Ok(None)
}

/// Who asks, what they will see, what they may set. Nobody agrees to less than all of it.
fn consent_screen(pairing: &Pairing, api: &Api) {
    if let Some(guardian) = &pairing.guardian {
        let relation =
            guardian.relationship.as_ref().map(|word| format!(" ({})", word.replace('_', " "))).unwrap_or_default();
        say(&format!("\n{}{relation} would like to pair with you.", guardian.display_name));
        if let Some(since) = guardian.account_since {
            say(&format!("They made their account {}.", words::ago(since, api.now())));
        }
    }
    say(&format!("You both see the same three words: {}. Read them to each other.", pairing.words));
    say("\nThey will see:");
    pairing.will_see.iter().for_each(|line| say(&format!("  • {}", line.sentence)));
    say("They may set:");
    pairing.may_set.iter().for_each(|line| say(&format!("  • {}", line.sentence)));
    say("They never see:");
    NEVER_SEE.iter().for_each(|line| say(&format!("  • {}", line.sentence)));
    say("You can end the pairing at any time.\n");
}

/// Gives the teen's answer and says what it did.
async fn answer(api: &Api, pairing: PairingId, yes: bool) -> Result<&'static str, ApiError> {
    let verb = if yes { "confirmation" } else { "refusal" };
    let after: Pairing = api.post(&format!("/v1/teen/pairings/{pairing}/{verb}"), &Nothing {}).await?;
    Ok(match after.state {
        PairingState::Active => "You are paired now. You see every change of your limits, and why.",
        PairingState::Refused => "You said no. Nothing changed, and they see nothing of yours.",
        _ => "The request had already ended. Nothing changed.",
    })
}
