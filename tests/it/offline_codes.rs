//! Codes that a guardian reads out: good on one device, once, without the server, and a gift like any other once it is told of.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use family_pairing::domain::device::code::CodeKey;
use serde_json::{Value as Json, json};

use crate::house::{House, people::Family, raw, raw::Raw};

struct Home {
    house: House,
    family: Family,
    /// A second device, whose registration the test has seen.
    device: Json,
}

async fn home() -> Home {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 60})).await;
    let body = json!({"name": "tablet", "platform": "android-16", "install_id": "i", "app_version": "1"});
    let device: Json = family.teen.api.post("/v1/teen/devices", &body).await.expect("a device");
    Home { house, family, device }
}

impl Home {
    fn id(&self) -> &str {
        self.device["device_id"].as_str().expect("an id")
    }

    fn key(&self) -> CodeKey {
        let key = STANDARD.decode(self.device["code_key"].as_str().expect("a key")).expect("base64");
        CodeKey::from_bytes(key.try_into().expect("32 bytes"))
    }

    async fn makes(&self, minutes: u16) -> Raw {
        let path = format!("guardian/teens/{}/devices/{}/offline-codes", self.family.teen.id, self.id());
        let url = format!("{}/v1/{path}", self.house.url());
        let body = json!({"minutes": minutes, "reason": "the train is late"});
        raw::send("POST", &url, Some(&self.family.guardian.access), &[], Some(body)).await
    }

    async fn tells(&self, codes: Json) -> Raw {
        let url = format!("{}/v1/teen/offline-codes", self.house.url());
        let token = self.device["device_token"].as_str().expect("a token");
        raw::send("POST", &url, Some(token), &[], Some(json!({"codes": codes}))).await
    }

    async fn codes(&self) -> Vec<Json> {
        let guardian = format!("{}/v1/guardian/teens/{}/offline-codes", self.house.url(), self.family.teen.id);
        let seen = raw::send("GET", &guardian, Some(&self.family.guardian.access), &[], None).await;
        let own = format!("{}/v1/teen/offline-codes", self.house.url());
        let own = raw::send("GET", &own, Some(&self.family.phone.token), &[], None).await;
        assert_eq!(seen.body["items"], own.body["items"], "both sides see the same");
        seen.body["items"].as_array().expect("a list").clone()
    }

    /// Seconds given beyond the limit today, by the server.
    async fn granted(&self) -> Json {
        let url = format!("{}/v1/teen/usage", self.house.url());
        let token = self.device["device_token"].as_str().expect("a token");
        let answer = raw::send("POST", &url, Some(token), &[], Some(json!({"slots": []}))).await;
        answer.body["budget"]["items"][0]["granted_seconds"].clone()
    }

    fn today(&self) -> String {
        self.house.world().now().in_tz("Europe/Berlin").expect("a zone").date().to_string()
    }
}

/// Made by the guardian, read on the device with nothing but its key, told of later: then it is a gift, once, however often it is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_without_the_server_and_is_reconciled_once() {
    let home = home().await;
    let made = home.makes(30).await;
    assert_eq!((made.status, &made.body["number"]), (201, &json!(1)), "{}", made.text);
    let code = made.body["code"].as_str().expect("a code");
    let redeemed = home.key().redeem(code, 0).expect("good on this device");
    assert_eq!((redeemed.number, redeemed.minutes), (1, 30));
    assert!(CodeKey::from_bytes([1; 32]).redeem(code, 0).is_err(), "and on no other");
    assert_eq!(home.granted().await, 0, "nothing is given before it is typed in");
    let typed = json!([{"number": 1, "minutes": 30, "day": home.today()}]);
    for _ in 0..3 {
        let told = home.tells(typed.clone()).await;
        assert_eq!((told.status, &told.body), (200, &json!({"told": [{"number": 1, "minutes": 30}]})), "{}", told.text);
        assert_eq!(home.granted().await, 1_800);
    }
    // The device finds its own code among the gifts of the policy.
    let grants = format!("{}/v1/teen/time-grants", home.house.url());
    let grants = raw::send("GET", &grants, Some(&home.family.phone.token), &[], None).await;
    let gift = &grants.body["items"][0];
    assert_eq!(gift["id"], json!(home.key().grant_id(1)), "{}", grants.text);
    assert_eq!((&gift["by"], &gift["reason"]), (&json!(home.family.guardian.id), &json!("the train is late")));
    let [listed] = home.codes().await.try_into().expect("one code");
    assert_eq!((&listed["typed_on"], &listed["by_name"]), (&json!(home.today()), &json!("dana")));
    assert!(listed.get("code").is_none() && listed["told_at"].is_string());
}

/// Told of when its day is long over: nothing is given now, and the report of that day has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_day_that_is_over_counts_for_that_day() {
    let mut home = home().await;
    assert_eq!(home.makes(30).await.status, 201);
    let day = home.today();
    home.house.pass(Duration::from_secs(2 * 86_400));
    home.family.guardian.renews().await;
    for _ in 0..2 {
        assert_eq!(home.tells(json!([{"number": 1, "minutes": 30, "day": day}])).await.status, 200);
    }
    assert_eq!(home.granted().await, 0);
    assert_eq!(home.codes().await[0]["typed_on"], json!(day));
    let ledger = home.house.database.count("select count(*) from time_grants where minutes = 30", &[]).await;
    assert_eq!(ledger, 1);
}

/// A device that tells of a code which nobody made gives itself nothing, and both sides see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_made_gives_nothing_and_shows() {
    let home = home().await;
    assert_eq!(home.makes(5).await.status, 201);
    let more =
        json!([{"number": 1, "minutes": 120, "day": home.today()}, {"number": 2, "minutes": 60, "day": home.today()}]);
    let nothing = json!([{"number": 1, "minutes": 0}, {"number": 2, "minutes": 0}]);
    assert_eq!(home.tells(more).await.body["told"], nothing, "and the device is told so");
    assert_eq!(home.granted().await, 0);
    let codes = home.codes().await;
    let forged: Vec<&Json> = codes.iter().filter(|code| code["made_at"].is_null()).collect();
    assert_eq!((codes.len(), forged.len(), &forged[0]["number"]), (2, 1, &json!(2)));
    let wrong = home.tells(json!([{"number": 0, "minutes": 5, "day": home.today()}])).await;
    assert_eq!((wrong.status, wrong.code()), (422, "invalid"), "{}", wrong.text);
    // A number that is taken is not made again, and the true one is still good.
    assert_eq!(home.makes(5).await.body["number"], json!(3));
    assert_eq!(home.tells(json!([{"number": 1, "minutes": 5, "day": home.today()}])).await.status, 200);
    assert_eq!(home.granted().await, 300);
}

/// What a code may be: minutes that one can be read for, of a device of the family, and no more than a device could still read.
#[tokio::test(flavor = "multi_thread")]
async fn codes_have_bounds() {
    let home = home().await;
    let wrong = home.makes(31).await;
    assert_eq!((wrong.status, wrong.code()), (422, "invalid"), "{}", wrong.text);
    for number in 1..=50 {
        assert_eq!(home.makes(5).await.body["number"], json!(number));
    }
    assert_eq!(home.makes(5).await.code(), "too_many_untold");
    assert_eq!(home.tells(json!([{"number": 50, "minutes": 5, "day": home.today()}])).await.status, 200);
    assert_eq!(home.makes(5).await.body["number"], json!(51));
    let strangers = home.house.family().await;
    let path = format!("guardian/teens/{}/devices/{}/offline-codes", strangers.teen.id, home.id());
    let url = format!("{}/v1/{path}", home.house.url());
    let body = Some(json!({"minutes": 5}));
    assert_eq!(raw::send("POST", &url, Some(&strangers.guardian.access), &[], body).await.status, 404);
}
