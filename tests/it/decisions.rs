//! What the platform's servers are answered: by the teen's newest policy, for everybody the same, and nothing is kept of it.

mod freshness;
mod trouble;

use std::time::Duration;

use family_pairing::domain::platform::Scope;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value as Json, json};

use crate::{
    edges::assert_problem,
    house::{
        House,
        people::{Family, PASSWORD, Person, born, person},
        raw::{self, Raw},
        until,
    },
};

/// A hint takes milliseconds; where it is lost, the sweep is in time.
const SOON: Duration = Duration::from_secs(3);

/// One of the platform's servers, at one node.
pub struct Server {
    pub url: String,
    pub token: String,
}

impl Server {
    /// With a key that may decide.
    pub fn of(house: &House) -> Self {
        Self { url: house.url().to_owned(), token: house.platform_key(&[Scope::Decide]).token }
    }

    /// The same at another node.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), token: self.token.clone() }
    }

    /// Asks, whatever comes of it.
    pub async fn tries(&self, items: Json) -> Raw {
        let url = format!("{}/v1/platform/decisions", self.url);
        raw::send("POST", &url, Some(&self.token), &[], Some(json!({ "items": items }))).await
    }

    /// Asks one thing about a teen; what comes back is the answer's item.
    pub async fn asks(&self, teen: &Person, action: &str, more: Json) -> Json {
        let mut item = json!({"teen_id": teen.id, "action": action});
        item.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = self.tries(json!([item])).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["items"][0].clone()
    }
}

/// What decided: the outcome and the first reason's control and code.
fn decided(item: &Json) -> (&str, &str, &str) {
    let reason = &item["reasons"][0];
    (text(&item["outcome"]), text(&reason["control"]), text(&reason["code"]))
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

/// A guardian and a teen of sixteen, paired.
async fn sixteen(house: &House) -> (Person, Person) {
    let (guardian, teen) = (house.guardian("dana").await, house.sign_up("teen", "leo", 16).await);
    guardian.pairs_with(&teen).await;
    (guardian, teen)
}

/// May A message B? By what A is to B, and not if either of the family has blocked A.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_decided_by_who_writes() {
    let house = House::new().await;
    let (guardian, teen) = sixteen(&house).await;
    let server = Server::of(&house);
    let answer = server.asks(&teen, "message", json!({"relationship": "friend"})).await;
    assert_eq!(decided(&answer), ("deny", "dm.from", "not_in_audience"), "off until somebody chooses");
    assert_eq!((&answer["reasons"][0]["source"], &answer["version"]["revision"]), (&json!("default"), &json!(1)));
    let version = guardian.sets(teen.id, json!({"dm.from": "friends", "blocked.subjects": ["acct:7"]})).await;
    for (relationship, outcome) in [
        ("self", "allow"),
        ("guardian", "allow"),
        ("friend", "allow"),
        ("suggested_friend", "deny"),
        ("stranger", "deny"),
    ] {
        let answer = server.asks(&teen, "message", json!({"relationship": relationship, "actor": "acct:8"})).await;
        assert_eq!(decided(&answer).0, outcome, "{relationship}: {answer}");
        assert_eq!(answer["version"], json!({"epoch": version["epoch"], "revision": version["revision"]}));
    }
    assert_eq!(
        decided(&server.asks(&teen, "message", json!({})).await).0,
        "deny",
        "whoever is not known is a stranger"
    );
    let blocked = server.asks(&teen, "message", json!({"relationship": "friend", "actor": "acct:7"})).await;
    assert_eq!(decided(&blocked), ("deny", "blocked.subjects", "blocked"));
    let shared = server.asks(&teen, "use", json!({"subjects": ["sound:1", "acct:7"]})).await;
    assert_eq!(decided(&shared), ("deny", "blocked.subjects", "blocked"), "in whatever they take part");
    let call = json!({"relationship": "guardian", "actor": "acct:7"});
    assert_eq!(decided(&server.asks(&teen, "call", call).await).0, "allow", "a guardian may always call");
}

/// May A write to B, both teens? The platform asks for each in one request, and one no is enough.
#[tokio::test(flavor = "multi_thread")]
async fn between_two_teens_both_have_a_say() {
    let house = House::new().await;
    let (one, two) = (house.family().await, house.family().await);
    let server = Server::of(&house);
    let account = |family: &Family| format!("acct:{}", family.teen.id);
    let outcomes = async || {
        let side = |me: &Family, other: &Family| json!({"teen_id": me.teen.id, "action": "comment", "relationship": "friend", "actor": account(other)});
        let answer = server.tries(json!([side(&one, &two), side(&two, &one)])).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let items = answer.body["items"].as_array().expect("a list").clone();
        assert_eq!((&items[0]["teen_id"], &items[1]["teen_id"]), (&json!(one.teen.id), &json!(two.teen.id)));
        items.iter().map(|item| text(&item["outcome"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes().await, ["allow", "allow"]);
    two.guardian.sets(two.teen.id, json!({"comments.from": "no_one"})).await;
    until(SOON, "the stricter side counts", async || outcomes().await == ["allow", "deny"]).await;
    one.guardian.sets(one.teen.id, json!({"blocked.subjects": [account(&two)]})).await;
    until(SOON, "and who is blocked", async || outcomes().await == ["deny", "deny"]).await;
}

/// What the teen sets for themself counts for the platform too.
#[tokio::test(flavor = "multi_thread")]
async fn the_teens_own_list_counts() {
    let house = House::new().await;
    let teen = house.teen("mia").await;
    let server = Server::of(&house);
    let wanted = json!({"settings": {"content.blocked_words": ["diet"]}});
    let etag = teen.api.get::<Json>("/v1/teen/settings").await.expect("settings").etag.expect("an ETag");
    let _: Json = teen.api.patch("/v1/teen/settings", &etag, &wanted).await.expect("a change");
    let post = |words: Json| json!({"words": words, "level": "younger_teens", "relationship": "friend"});
    let answer = server.asks(&teen, "view_content", post(json!(["My", "DIET"]))).await;
    assert_eq!(decided(&answer), ("deny", "content.blocked_words", "blocked_word"));
    assert_eq!(answer["reasons"][0]["source"], "teen");
    let sentence = server.asks(&teen, "view_content", post(json!(["This is my diet!"]))).await;
    assert_eq!(decided(&sentence), ("deny", "content.blocked_words", "blocked_word"), "a whole text is read as well");
    assert_eq!(decided(&server.asks(&teen, "view_content", post(json!(["lunch"]))).await).0, "allow");
    let forgotten = server.asks(&teen, "view_content", json!({"level": "younger_teens"})).await;
    assert_eq!(decided(&forgotten), ("allow", "content.blocked_words", "not_asked"), "no silent yes");
}

/// In a window it is a no, and the answer says until when.
#[tokio::test(flavor = "multi_thread")]
async fn off_hours_say_when_they_end() {
    let house = House::new().await;
    let family = house.family().await;
    let server = Server::of(&house);
    let now = house.world().now().to_zoned(TimeZone::get("Europe/Berlin").expect("a zone"));
    let (from, to) = (now.saturating_sub(1.hour()), now.saturating_add(2.hours()));
    let window = json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "from": from.strftime("%H:%M").to_string(), "to": to.strftime("%H:%M").to_string()}]);
    family.guardian.sets(family.teen.id, json!({"time.sleep_windows": [], "time.away_windows": window})).await;
    let answer = server.asks(&family.teen, "use", json!({"used_minutes": 1})).await;
    assert_eq!(decided(&answer), ("deny", "time.away_windows", "off_hours"));
    let end: Timestamp = text(&answer["until"]).parse().expect("a time");
    let left = end.duration_since(now.timestamp());
    // A clock that turns within the next two hours may add or take one.
    assert!(left > SignedDuration::from_mins(58) && left <= SignedDuration::from_hours(3), "{answer}");
    assert_eq!(end.as_second() % 60, 0);
}

/// A grant ends for the platform in the very second, whether or not anybody has written the next revision by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_ends_by_itself() {
    let house = House::new().await;
    let (guardian, teen) = (house.guardian("dana").await, house.sign_up("teen", "kim", 11).await);
    guardian.pairs_with(&teen).await;
    let server = Server::of(&house);
    assert_eq!(decided(&server.asks(&teen, "search", json!({})).await), ("deny", "search.enabled", "not_allowed"));
    let end = house.world().now() + SignedDuration::from_secs(60);
    let grant = json!({"control": "search.enabled", "value": true, "until": end});
    let _: Json = guardian.api.post(&format!("/v1/guardian/teens/{}/grants", teen.id), &grant).await.expect("a grant");
    until(SOON, "the grant counts", async || decided(&server.asks(&teen, "search", json!({})).await).0 == "allow")
        .await;
    let lent = server.asks(&teen, "search", json!({})).await;
    assert_eq!(lent["until"], json!(end));
    house.pass(Duration::from_secs(60));
    assert_eq!(decided(&server.asks(&teen, "search", json!({})).await).0, "deny");
}

/// Where the law wants a guardian, the platform is told to ask for one, and a pairing is enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_answers_the_law() {
    let house = House::new().await;
    // Wherever it is day: by night it is a no anyway.
    let hour = house.world().now().to_zoned(TimeZone::UTC).hour();
    let zone = if (2..10).contains(&hour) { "Asia/Tokyo" } else { "America/Sao_Paulo" };
    let body = json!({"role": "teen", "email": "bia@example.com", "password": PASSWORD, "display_name": "Bia",
        "birth_date": born(&house, 14), "locale": "pt-BR", "time_zone": zone, "region": "BR"});
    let made: Json = house.api().post("/v1/accounts", &body).await.expect("a sign-up");
    let (bia, guardian) = (person(&house.api(), "bia@example.com", &made), house.guardian("ana").await);
    let server = Server::of(&house);
    let alone = server.asks(&bia, "use", json!({"used_minutes": 0})).await;
    assert_eq!(decided(&alone), ("ask", "guardian.link", "guardian_needed"));
    assert_eq!(alone["reasons"][0]["rules"], json!(["br-eca-digital.link"]));
    guardian.pairs_with(&bia).await;
    until(SOON, "the pairing counts", async || {
        server.asks(&bia, "use", json!({"used_minutes": 0})).await["outcome"] == "allow"
    })
    .await;
}

/// Under 13 an account needs a guardian's consent: asked for until the platform has verified it, and again once it has not.
#[tokio::test(flavor = "multi_thread")]
async fn a_verified_consent_counts_as_soon_as_it_is_told() {
    let house = House::new().await;
    let (guardian, kim) = (house.guardian("dana").await, house.sign_up("teen", "kim", 11).await);
    let server = Server::of(&house);
    let assures = house.platform_key(&[Scope::Assure]).token;
    assert_eq!(
        decided(&server.asks(&kim, "have_account", json!({})).await),
        ("ask", "account.create", "consent_needed")
    );
    guardian.pairs_with(&kim).await;
    for (verified, outcome) in [(true, "allow"), (false, "ask")] {
        let body = json!({"teen_id": kim.id, "guardian_id": guardian.id, "verified": verified, "method": "payment"});
        let url = format!("{}/v1/platform/guardian-assurances", house.url());
        assert_eq!(raw::send("POST", &url, Some(&assures), &[], Some(body)).await.status, 200);
        until(SOON, "it counts", async || server.asks(&kim, "have_account", json!({})).await["outcome"] == outcome)
            .await;
    }
}

/// A hundred questions at once, answered in their order; somebody who is no teen costs nobody else the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_in_its_order() {
    let house = House::new().await;
    let server = Server::of(&house);
    let (mut people, actions) = (vec![], ["comment", "search", "host_live", "report"]);
    for n in 0..5 {
        people.push(house.teen(&format!("teen-{n}")).await.id);
    }
    people.push(house.guardian("dana").await.id);
    people.push(uuid::Uuid::now_v7().into());
    let item = |n: usize| json!({"id": format!("q{n}"), "teen_id": people[n % people.len()], "action": actions[n % actions.len()], "relationship": "friend"});
    let answer = server.tries((0..100).map(item).collect()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.body["items"].as_array().expect("a list");
    assert_eq!(items.len(), 100);
    assert!(answer.body["as_of"].as_str().is_some_and(|at| at.parse::<Timestamp>().is_ok()));
    for (n, item) in items.iter().enumerate() {
        let (who, action) = (n % people.len(), actions[n % actions.len()]);
        assert_eq!((&item["id"], &item["teen_id"]), (&json!(format!("q{n}")), &json!(people[who])));
        let expected = match (action, who) {
            ("report", _) => ("allow", ""),
            (_, 5..) => ("deny", "unknown_teen"),
            ("host_live", _) => ("deny", "not_allowed"),
            _ => ("allow", ""),
        };
        let (outcome, control, code) = decided(item);
        assert_eq!((outcome, code), expected, "{item}");
        let looked_at = action != "report" && who < 5;
        assert_eq!(item["version"].is_object(), looked_at, "{item}");
        assert_eq!(control == "live.host", action == "host_live" && looked_at);
    }
}

/// A mistake in the platform's program is loud, and says where.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_an_answer_is_refused() {
    let house = House::new().await;
    let server = Server::of(&house);
    let good = json!({"teen_id": uuid::Uuid::now_v7(), "action": "view_content"});
    let with = |name: &str, value: Json| {
        let mut item = good.clone();
        item[name] = value;
        item
    };
    for (bad, code, pointer) in [
        (with("action", json!("canary")), "unknown_action", "/items/1/action"),
        (with("action", json!("any")), "unknown_action", "/items/1/action"),
        (with("level", json!("canary")), "invalid", "/items/1/level"),
        (with("actor", json!("can ary")), "invalid", "/items/1/actor"),
        (with("id", json!("can ary")), "invalid", "/items/1/id"),
        (with("subjects", json!(["a", "can ary"])), "invalid", "/items/1/subjects/1"),
        (with("subjects", json!(vec!["a"; 51])), "invalid", "/items/1/subjects"),
        (with("words", json!(vec!["a"; 201])), "invalid", "/items/1/words"),
        (with("words", json!(["can ".repeat(201)])), "invalid", "/items/1/words"),
        (with("relationship", json!("canary")), "bad_json", ""),
        (with("teen_id", json!("canary")), "bad_json", ""),
        (with("canary", json!(1)), "bad_json", ""),
    ] {
        let answer = server.tries(json!([good, bad])).await;
        assert_eq!(answer.code(), code, "{bad}: {}", answer.text);
        assert_problem(&answer);
        let told = answer.body["pointer"].as_str().or(answer.body["errors"][0]["pointer"].as_str());
        assert_eq!(told.unwrap_or_default(), pointer, "{bad}");
        assert!(!answer.text.contains("can"), "no answer repeats what was sent: {}", answer.text);
    }
    for count in [0, 101] {
        let answer = server.tries(json!(vec![&good; count])).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid"), "{count} questions");
    }
}

/// Who wants what with whom, and which words, are the platform's: no row and no metric holds them.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_question_is_kept() {
    let house = House::new().await;
    let teen = house.teen("mia").await;
    let server = Server::of(&house);
    let asked = json!({"id": "canary-id", "relationship": "friend", "actor": "canary-actor",
        "subjects": ["canary-subject"], "words": ["canary-word"]});
    assert_eq!(server.asks(&teen, "comment", asked).await["outcome"], "allow");
    let database = house.database.client().await;
    let tables = "select table_name from information_schema.tables where table_schema = 'public'";
    for row in database.query(tables, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let holding = format!("select count(*) from \"{table}\" as row where row::text like '%canary%'");
        assert_eq!(house.database.count(&holding, &[]).await, 0, "{table}");
    }
    let metrics = raw::send("GET", &format!("{}/metrics", house.url()), None, &[], None).await.text;
    assert!(metrics.contains("family_pairing_decisions_total{outcome=\"allow\"}"), "it is counted");
    assert!(!metrics.contains("canary"));
}
