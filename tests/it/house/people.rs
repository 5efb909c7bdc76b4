//! The people of a house and what they do, through the public API.

use family_pairing::{
    client::api::Api,
    domain::ids::{AccountId, DeviceId, PairingId, TeenId},
};
use serde_json::{Value as Json, json};

use super::House;

/// A password that nobody guesses, for everybody.
pub const PASSWORD: &str = "tulip-harbour-seven-lamps";

/// Somebody signed in.
#[derive(Clone)]
pub struct Person {
    pub id: AccountId,
    pub email: String,
    pub api: Api,
    pub access: String,
    pub refresh: String,
}

/// A device with its token.
#[derive(Clone)]
pub struct TestDevice {
    pub id: DeviceId,
    pub token: String,
    pub api: Api,
}

/// A guardian, a teen and the teen's phone, paired.
pub struct Family {
    pub guardian: Person,
    pub teen: Person,
    pub phone: TestDevice,
    pub pairing: PairingId,
}

/// A birth date that makes somebody this old today.
pub fn born(house: &House, years: i16) -> String {
    let today = house.world().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_sub(jiff::Span::new().years(years).days(30)).to_string()
}

impl House {
    /// Signs somebody up on the first node.
    pub async fn sign_up(&self, role: &str, name: &str, years: i16) -> Person {
        self.sign_up_in("DE", role, name, years).await
    }

    /// Signs somebody up who lives in a region.
    pub async fn sign_up_in(&self, region: &str, role: &str, name: &str, years: i16) -> Person {
        let email = format!("{name}-{}@example.com", uuid::Uuid::now_v7().simple());
        let body = json!({"role": role, "email": email, "password": PASSWORD, "display_name": name,
            "birth_date": born(self, years), "locale": "en", "time_zone": "Europe/Berlin", "region": region});
        let answer: Json = self.api().post("/v1/accounts", &body).await.expect("a sign-up");
        person(&self.api(), &email, &answer)
    }

    /// A guardian of 41.
    pub async fn guardian(&self, name: &str) -> Person {
        self.sign_up("guardian", name, 41).await
    }

    /// A teen of 14.
    pub async fn teen(&self, name: &str) -> Person {
        self.sign_up("teen", name, 14).await
    }

    /// Dana and Mia with a phone, paired.
    pub async fn family(&self) -> Family {
        self.family_in("DE").await
    }

    /// A family whose teen lives in a region; the guardian lives in Germany.
    pub async fn family_in(&self, region: &str) -> Family {
        let (guardian, teen) = (self.guardian("dana").await, self.sign_up_in(region, "teen", "mia", 14).await);
        let phone = teen.registers("Mia's phone").await;
        let pairing = guardian.pairs_with(&teen).await;
        Family { guardian, teen, phone, pairing }
    }
}

/// Makes a person of a sign-in's answer.
pub fn person(api: &Api, email: &str, answer: &Json) -> Person {
    let text = |name: &str| answer[name].as_str().expect(name).to_owned();
    Person {
        id: answer["account"]["account_id"].as_str().expect("an id").parse().expect("a uuid"),
        email: email.to_owned(),
        api: api.with_token(&text("access_token")),
        access: text("access_token"),
        refresh: text("refresh_token"),
    }
}

impl Person {
    /// Registers a device.
    pub async fn registers(&self, name: &str) -> TestDevice {
        let body = json!({"name": name, "platform": "android-16", "install_id": uuid::Uuid::now_v7().to_string(), "app_version": "1.0"});
        let answer: Json = self.api.post("/v1/teen/devices", &body).await.expect("a device");
        let token = answer["device_token"].as_str().expect("a token").to_owned();
        let id = answer["device_id"].as_str().expect("an id").parse().expect("a uuid");
        TestDevice { id, api: self.api.with_token(&token), token }
    }

    /// Gets new tokens, as a client does whose hour is over.
    pub async fn renews(&mut self) {
        let body = json!({"refresh_token": self.refresh});
        let signed: Json = self.api.post("/v1/sessions/refresh", &body).await.expect("new tokens");
        self.access = signed["access_token"].as_str().expect("a token").to_owned();
        self.refresh = signed["refresh_token"].as_str().expect("a token").to_owned();
        self.api = self.api.with_token(&self.access);
    }

    /// Shows a code.
    pub async fn shows_code(&self) -> Json {
        self.api.post("/v1/teen/pairing-offers", &json!({})).await.expect("an offer")
    }

    /// Gives a code; what comes back is the pairing's id.
    pub async fn claims(&self, code: &str) -> PairingId {
        let body = json!({"code": code, "relationship": "mother"});
        let answer: Json = self.api.post("/v1/guardian/pairing-claims", &body).await.expect("a claim");
        answer["pairing_id"].as_str().expect("an id").parse().expect("a uuid")
    }

    /// The whole pairing: code, claim, confirmation.
    pub async fn pairs_with(&self, teen: &Person) -> PairingId {
        let offer = teen.shows_code().await;
        let pairing = self.claims(offer["code"].as_str().expect("a code")).await;
        let path = format!("/v1/teen/pairings/{pairing}/confirmation");
        let answer: Json = teen.api.post(&path, &json!({})).await.expect("a confirmation");
        assert_eq!(answer["state"], "active");
        pairing
    }

    /// The settings' entity tag.
    pub async fn etag(&self, teen: TeenId) -> String {
        let answer = self.api.get::<Json>(&settings(teen)).await.expect("settings");
        answer.etag.expect("an ETag")
    }

    /// Changes settings on top of whatever they are now; what comes back is the answer.
    pub async fn sets(&self, teen: TeenId, wanted: Json) -> Json {
        let body = json!({ "settings": wanted });
        let etag = self.etag(teen).await;
        self.api.patch(&settings(teen), &etag, &body).await.expect("a change")
    }

    /// How the teen's devices stand.
    pub async fn devices(&self, teen: TeenId) -> Vec<Json> {
        let answer = self.api.get::<Json>(&format!("/v1/guardian/teens/{teen}/devices")).await.expect("devices");
        answer.body["items"].as_array().expect("a list").clone()
    }
}

/// The path of a teen's settings.
pub fn settings(teen: TeenId) -> String {
    format!("/v1/guardian/teens/{teen}/settings")
}
