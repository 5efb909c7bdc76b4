//! Everybody who might knock: the dead, the forged, the strangers, and those who belong.

use crate::house::{
    House,
    people::{Family, PASSWORD, Person, TestDevice, person},
};
use family_pairing::domain::platform::Scope;
use serde_json::{Value as Json, json};

/// What a caller shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Nothing, or nothing that is a token of the sorts below.
    NoKey,
    /// A session token.
    Session(Role),
    /// A device token.
    Device,
    /// A platform key with these scopes.
    Platform(&'static [Scope]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Guardian,
    Teen,
    Agent,
}

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    pub name: &'static str,
    pub token: Option<String>,
    pub shows: Shows,
    /// Whether the token still counts.
    pub alive: bool,
    /// Whether the caller belongs to the family whose ids are asked for.
    pub kin: bool,
}

/// A family and everybody else.
pub struct Town {
    pub family: Family,
    /// A second phone of the teen, so that one can be revoked.
    pub tablet: TestDevice,
    /// An open offer of the teen.
    pub offer: String,
    /// An open invitation of the guardian.
    pub invitation: String,
    /// A hold that the guardian put on the teen.
    pub hold: String,
    /// An open objection of the teen, and one of the guardian.
    pub appeals: [String; 2],
    /// A grant that the guardian gave the teen.
    pub grant: String,
    /// Minutes that the guardian gave the teen.
    pub minutes: String,
    /// What the teen asks for.
    pub request: String,
    pub other: Family,
    pub callers: Vec<Caller>,
}

impl Town {
    /// Populates a house.
    pub async fn of(house: &House) -> Self {
        let (family, other) = (house.family().await, house.family().await);
        let tablet = family.teen.registers("tablet").await;
        let offer = family.teen.shows_code().await["offer_id"].as_str().expect("an id").to_owned();
        let invited: Json = family
            .guardian
            .api
            .post("/v1/guardian/invitations", &json!({"relationship": "mother"}))
            .await
            .expect("an invitation");
        let invitation = invited["invitation_id"].as_str().expect("an id").to_owned();
        let until = house.world().now() + jiff::SignedDuration::from_mins(30);
        let lent = async |what: &str, body: Json| {
            let path = format!("/v1/guardian/teens/{}/{what}", family.teen.id);
            let lent: Json = family.guardian.api.post(&path, &body).await.expect("something lent");
            lent["id"].as_str().expect("an id").to_owned()
        };
        let hold = lent("holds", json!({"control": "time.daily_minutes", "value": 20, "until": until})).await;
        let grant = lent("grants", json!({"control": "feed.autoplay", "value": true, "until": until})).await;
        let minutes = lent("time-grants", json!({"minutes": 5})).await;
        let asked: Json = family
            .teen
            .api
            .post("/v1/teen/requests", &json!({"asks_for": "time", "minutes": 30}))
            .await
            .expect("a request");
        let request = asked["request_id"].as_str().expect("an id").to_owned();
        let appeals = [teen_appeals(&family).await, guardian_appeals(&family).await];
        let mut callers = no_keys(house, &family).await;
        callers.extend(the_dead(house, &family).await);
        let live = |name, token: &str, shows, kin| Caller { name, token: Some(token.into()), shows, alive: true, kin };
        let alone = house.guardian("alone").await;
        let agent = agent(house).await;
        let key = |scopes| house.platform_key(scopes).token;
        callers.extend([
            live("agent", &agent.access, Shows::Session(Role::Agent), false),
            live("guardian without kin", &alone.access, Shows::Session(Role::Guardian), false),
            live("guardian of another family", &other.guardian.access, Shows::Session(Role::Guardian), false),
            live("teen of another family", &other.teen.access, Shows::Session(Role::Teen), false),
            live("device of another family", &other.phone.token, Shows::Device, false),
            live("platform key", &key(&Scope::ALL), Shows::Platform(&Scope::ALL), false),
            live("platform key for ages alone", &key(&[Scope::Age]), Shows::Platform(&[Scope::Age]), false),
            live("guardian", &family.guardian.access, Shows::Session(Role::Guardian), true),
            live("teen", &family.teen.access, Shows::Session(Role::Teen), true),
            live("device", &family.phone.token, Shows::Device, true),
        ]);
        Self { family, tablet, offer, invitation, hold, grant, minutes, request, appeals, other, callers }
    }

    /// A path with the family's own ids.
    pub fn path(&self, template: &str) -> String {
        let [own, guardians] = &self.appeals;
        template
            .replace("{appeal_id}", if template.starts_with("/v1/teen/") { own } else { guardians })
            .replace("{teen_id}", &self.family.teen.id.to_string())
            .replace("{device_id}", &self.tablet.id.to_string())
            .replace("{offer_id}", &self.offer)
            .replace("{invitation_id}", &self.invitation)
            .replace("{pairing_id}", &self.family.pairing.to_string())
            .replace("{revision}", "1")
            .replace("/teen/grants/{grant_id}", &format!("/teen/grants/{}", self.grant))
            .replace("{request_id}", &self.request)
            .replace("/time-grants/{grant_id}", &format!("/time-grants/{}", self.minutes))
            .replace("{grant_id}", &self.hold)
    }
}

/// The teen objects to their age.
pub async fn teen_appeals(family: &Family) -> String {
    appeals(&family.teen, "/v1/teen/age-appeals").await
}

/// The guardian objects to the teen's age.
pub async fn guardian_appeals(family: &Family) -> String {
    appeals(&family.guardian, &format!("/v1/guardian/teens/{}/age-appeals", family.teen.id)).await
}

async fn appeals(who: &Person, path: &str) -> String {
    let opened: Json = who.api.post(path, &json!({"claims": "16_17"})).await.expect("an objection");
    opened["appeal_id"].as_str().expect("an id").to_owned()
}

/// Callers without a token of the right sort.
async fn no_keys(house: &House, family: &Family) -> Vec<Caller> {
    let ticket: Json = family.phone.api.post("/v1/sync-tickets", &json!({})).await.expect("a ticket");
    let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
    // {"alg":"none"} with a teen's id as subject: what a forger of tokens tries first.
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIwMTkzMmMwNyIsInJvbGUiOiJndWFyZGlhbiJ9.".to_owned();
    // A sound token with one character changed.
    let bent = family.guardian.access.replace("fps_", "fpd_");
    let shown = [
        ("nobody", None),
        ("garbage", Some("canary-in-the-token".to_owned())),
        ("JWT", Some(jwt)),
        ("token of a bent kind", Some(bent)),
        ("refresh token", Some(family.guardian.refresh.clone())),
        ("ticket", Some(ticket)),
        ("operator token", Some(house.operator("olga"))),
    ];
    shown.map(|(name, token)| Caller { name, token, shows: Shows::NoKey, alive: false, kin: true }).into()
}

/// Callers whose token was good once.
async fn the_dead(house: &House, family: &Family) -> Vec<Caller> {
    let credentials = json!({"email": family.guardian.email, "password": PASSWORD});
    let again: Json = house.api().post("/v1/sessions", &credentials).await.expect("a session");
    let ended = person(&house.api(), &family.guardian.email, &again);
    ended.api.delete("/v1/sessions/current").await.expect("a sign-out");
    let stolen = family.teen.registers("stolen").await;
    family.teen.api.delete(&format!("/v1/teen/devices/{}", stolen.id)).await.expect("a revocation");
    let spent = house.platform_key(&Scope::ALL);
    house.revokes_key(&spent);
    let dead = |name, token, shows| Caller { name, token: Some(token), shows, alive: false, kin: true };
    vec![
        dead("ended session", ended.access, Shows::Session(Role::Guardian)),
        dead("revoked device", stolen.token, Shows::Device),
        dead("revoked platform key", spent.token, Shows::Platform(&Scope::ALL)),
    ]
}

/// A support agent, made as an operator makes one.
pub async fn agent(house: &House) -> Person {
    let email = "ines@support.example";
    let made = house
        .admin_with(&["create-agent", "--name", "Ines", "--email", email], &[("FAMILY_PAIRING_PASSWORD", PASSWORD)]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let credentials = json!({"email": email, "password": PASSWORD});
    let answer: Json = house.api().post("/v1/sessions", &credentials).await.expect("a session");
    person(&house.api(), email, &answer)
}
