//! How Mia and Dana meet: accounts, devices, a code, a question, a yes.

use std::path::Path;

use super::{
    cast::{Cast, Gear, Thing},
    score::{Step, must},
};
use crate::client::{
    ClientError,
    api::Api,
    bodies::{Claim, NewAccount, Nothing, Offer, Page, Pairing, Role, SignedIn, Teen},
    device::{Registration, register as register_device},
    keep::Keep,
    people,
    terminal::big,
};
use crate::domain::{ids::PairingId, pairing::PairingState};

/// Fresh accounts, so that the story can be played any number of times on one server.
pub(super) async fn sign_up(api: &Api) -> Step<Cast> {
    let unique: String = api.world().uuid().simple().to_string().chars().skip(20).collect();
    let mia = people::sign_up(api, &account(api, Role::Teen, "Mia", 14, &unique)).await?;
    let dana = people::sign_up(api, &account(api, Role::Guardian, "Dana", 41, &unique)).await?;
    let told = format!("mia-{unique}@story.example, dana-{unique}@story.example");
    let cast = Cast {
        mia: api.with_token(&mia.access_token),
        dana: api.with_token(&dana.access_token),
        teen: mia.account.account_id,
        signed_in: mia,
    };
    Ok((cast, told))
}

fn account(api: &Api, role: Role, name: &str, age: i64, unique: &str) -> NewAccount {
    NewAccount {
        role,
        email: format!("{}-{unique}@story.example", name.to_lowercase()),
        password: api.world().uuid().to_string(),
        display_name: name.to_owned(),
        birth_date: Some(people::birth_date(api.now(), age)),
        locale: "en".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        region: "DE".to_owned(),
    }
}

pub(super) async fn register(cast: &Cast, stage: &Path) -> Step<Gear> {
    let phone = thing(cast, "Mia's phone", stage.join("phone")).await?;
    let tablet = thing(cast, "Mia's tablet", stage.join("tablet")).await?;
    Ok((Gear { phone, tablet }, String::new()))
}

async fn thing(cast: &Cast, name: &str, dir: std::path::PathBuf) -> Result<Thing, ClientError> {
    let keep = Keep::at(dir);
    let mia: &SignedIn = &cast.signed_in;
    let identity = register_device(&cast.mia, mia, Registration { name, keep: &keep }).await?;
    Ok(Thing { identity, keep })
}

pub(super) async fn offer(gear: &Gear, api: &Api) -> Step<Offer> {
    let offer: Offer = gear.phone.api(api).post("/v1/teen/pairing-offers", &Nothing {}).await?;
    let told = format!("{}\n{}", big(&offer.code), offer.link);
    Ok((offer, told))
}

pub(super) async fn claim(cast: &Cast, offer: &Offer) -> Step<PairingId> {
    let claim = Claim { code: offer.code.to_lowercase(), relationship: "parent".to_owned() };
    let pairing: Pairing = cast.dana.post("/v1/guardian/pairing-claims", &claim).await?;
    must(pairing.state == PairingState::Claimed, || format!("The pairing is {} already.", pairing.state.as_str()))?;
    let teens: Page<Teen> = cast.dana.get("/v1/guardian/teens").await?.body;
    must(teens.items.is_empty(), || "Dana sees Mia before Mia said yes.".to_owned())?;
    Ok((pairing.pairing_id, "Dana sees nothing of Mia yet.".to_owned()))
}

pub(super) async fn consent(gear: &Gear, api: &Api, claim: PairingId) -> Step<()> {
    let all: Page<Pairing> = gear.phone.api(api).get("/v1/teen/pairings").await?.body;
    let pairing = all.items.into_iter().find(|pairing| pairing.pairing_id == claim);
    let pairing = pairing.ok_or_else(|| ClientError::told("Mia does not see the request."))?;
    let asker = pairing.guardian.as_ref().map(|guardian| guardian.display_name.as_str()).unwrap_or_default();
    must(asker == "Dana", || "Mia does not see who asks.".to_owned())?;
    must(!pairing.will_see.is_empty() && !pairing.may_set.is_empty(), || {
        "Mia does not see what she would agree to.".to_owned()
    })?;
    let list = |title: &str, lines: &[crate::client::bodies::Sentence]| {
        lines.iter().fold(title.to_owned(), |text, line| format!("{text}\n  • {}", line.sentence))
    };
    let told = format!(
        "{asker} asks.\n{}\n{}",
        list("She will see:", &pairing.will_see),
        list("She may set:", &pairing.may_set)
    );
    Ok(((), told))
}

pub(super) async fn confirm(cast: &Cast, gear: &Gear, api: &Api, claim: PairingId) -> Step<()> {
    let path = format!("/v1/teen/pairings/{claim}/confirmation");
    let pairing: Pairing = gear.phone.api(api).post(&path, &Nothing {}).await?;
    must(pairing.state == PairingState::Active, || format!("The pairing is {}.", pairing.state.as_str()))?;
    let teens: Page<Teen> = cast.dana.get("/v1/guardian/teens").await?.body;
    must(teens.items.iter().any(|teen| teen.teen_id == cast.teen), || "Dana does not see Mia.".to_owned())?;
    Ok(((), String::new()))
}
