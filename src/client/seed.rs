//! A demo family through the public API: Dana, her daughter Mia, a phone and a tablet. Seeding twice changes nothing.

use std::path::PathBuf;

use clap::Args;
use reqwest::Url;

use super::{
    ClientError,
    api::{Api, ApiError},
    bodies::{Claim, Credentials, NewAccount, Nothing, Offer, Page, Pairing, Role, SignedIn, Teen},
    device::{Registration, register},
    keep::{Identity, Keep},
    people::{self, Server},
    terminal::say,
};
use crate::domain::clock::World;

/// The passwords are in the source for everyone to read, which is why only a server on this machine is seeded.
const DANA: Person = Person {
    role: Role::Guardian,
    name: "Dana",
    email: "dana@demo.example",
    password: "seven-quiet-otters-swim",
    age: 41,
};
const MIA: Person =
    Person { role: Role::Teen, name: "Mia", email: "mia@demo.example", password: "blue-bicycle-rings-twice", age: 14 };

struct Person {
    role: Role,
    name: &'static str,
    email: &'static str,
    password: &'static str,
    age: i64,
}

/// What `demo seed` needs.
#[derive(Args, Clone, Debug)]
pub struct SeedArgs {
    #[command(flatten)]
    server: Server,
    /// Where the demo devices live.
    #[arg(long, value_name = "DIR", default_value = ".demo/devices")]
    state: PathBuf,
    /// Leave the pairing to you.
    #[arg(long)]
    unpaired: bool,
}

/// Seeds the family and says what to open and to type.
pub async fn run(args: SeedArgs, world: World) -> Result<(), ClientError> {
    let api = Api::new(&args.server.base_url, world)?;
    if !is_this_machine(api.base()) {
        return Err(ClientError::told(
            "The demo family has known passwords, so it is made only on a server on this machine (a loopback address).",
        ));
    }
    let mia = come_in(&api, &MIA).await?;
    let dana = come_in(&api, &DANA).await?;
    let phone = move_in(&api, &mia, "Mia's phone", Keep::at(args.state.join("phone"))).await?;
    move_in(&api, &mia, "Mia's tablet", Keep::at(args.state.join("tablet"))).await?;
    if !args.unpaired {
        pair(&api, &dana, &phone).await?;
    }
    tell(&api, &args);
    Ok(())
}

fn is_this_machine(base: &str) -> bool {
    let Ok(url) = Url::parse(base) else { return false };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Signs up, or in if that was done before.
async fn come_in(api: &Api, person: &Person) -> Result<SignedIn, ApiError> {
    let account = NewAccount {
        role: person.role,
        email: person.email.to_owned(),
        password: person.password.to_owned(),
        display_name: person.name.to_owned(),
        birth_date: Some(people::birth_date(api.now(), person.age)),
        locale: "en".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        region: "DE".to_owned(),
    };
    match people::sign_up(api, &account).await {
        Err(error) if error.code() == Some("email_taken") => {
            let credentials = Credentials { email: account.email, password: account.password };
            people::sign_in(api, &credentials).await
        }
        other => other,
    }
}

/// Registers a device, unless the one that lives there still works at this server.
async fn move_in(api: &Api, mia: &SignedIn, name: &str, keep: Keep) -> Result<Identity, ClientError> {
    if let Some(old) = keep.identity()?.filter(|old| old.base_url == api.base()) {
        let known = api.with_token(&old.device_token).get::<serde_json::Value>("/v1/teen/supervision").await;
        match known {
            Ok(_) => return Ok(old),
            Err(error) if error.status() == Some(401) => {}
            Err(error) => return Err(error.into()),
        }
    }
    register(api, mia, Registration { name, keep: &keep }).await
}

/// Pairs the two, unless they are.
async fn pair(api: &Api, dana: &SignedIn, phone: &Identity) -> Result<(), ApiError> {
    let dana = api.with_token(&dana.access_token);
    let teens: Page<Teen> = dana.get("/v1/guardian/teens").await?.body;
    if teens.items.iter().any(|teen| teen.teen_id == phone.teen_id) {
        return Ok(());
    }
    let mia = api.with_token(&phone.device_token);
    let offer: Offer = mia.post("/v1/teen/pairing-offers", &Nothing {}).await?;
    let claim = Claim { code: offer.code, relationship: "parent".to_owned() };
    let pairing: Pairing = dana.post("/v1/guardian/pairing-claims", &claim).await?;
    let path = format!("/v1/teen/pairings/{}/confirmation", pairing.pairing_id);
    mia.post::<Pairing>(&path, &Nothing {}).await.map(|_| ())
}

fn tell(api: &Api, args: &SeedArgs) {
    let base = api.base();
    let phone = args.state.join("phone");
    let phone = phone.display();
    // As it was called just now, so that the lines can be typed as they stand.
    let program = std::env::args().next().unwrap_or_else(|| "family-pairing".to_owned());
    let dana = format!("{program} guardian --base-url {base} --email {} --password {}", DANA.email, DANA.password);
    say("The demo family is there:");
    for person in [&DANA, &MIA] {
        say(&format!("  {:<5} {:<18} password {}", person.name, person.email, person.password));
    }
    say(&format!("\nOpen {base}/docs\n\nType, in three terminals:"));
    say(&format!("  1. {program} device run --state {phone}"));
    if args.unpaired {
        say(&format!("  2. {program} device pair --state {phone}"));
        say(&format!("  3. {dana} pair --code THE-CODE"));
    } else {
        say(&format!("  2. {dana} watch"));
        say(&format!("  3. {dana} set time.daily_minutes=45 --reason \"School night\""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_seeded() {
        for here in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9", "http://127.9.9.9"] {
            assert!(is_this_machine(here), "{here}");
        }
        for there in
            ["http://192.168.1.5", "https://example.org", "http://localhost.example.org", "nonsense", "http://0.0.0.0"]
        {
            assert!(!is_this_machine(there), "{there}");
        }
        assert!([DANA.password, MIA.password].iter().all(|password| password.len() >= 15));
    }
}
