//! At rest: a copy of the database tells nobody who these people are, and opens nothing.

use serde_json::{Value as Json, json};

use crate::house::{
    House,
    people::{PASSWORD, born},
    raw,
};

/// Neither addresses nor birth dates, passwords, tokens or codes can be read from a dump.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_nothing_readable() {
    let house = House::new().await;
    let family = house.family().await;
    let offer = family.teen.shows_code().await;
    let code = offer["code"].as_str().expect("a code").to_owned();
    let link = offer["link"].as_str().and_then(|link| link.split_once('#')).expect("a link").1.to_owned();
    let ticket: Json = family.phone.api.post("/v1/sync-tickets", &json!({})).await.expect("a ticket");
    // An answer with tokens, kept for its key.
    let body = json!({"email": family.guardian.email, "password": PASSWORD});
    let key = [("idempotency-key", "canary-key")];
    let kept = raw::send("POST", &format!("{}/v1/sessions", house.url()), None, &key, Some(body)).await;
    let mut secrets = vec![
        family.guardian.email.clone(),
        family.teen.email.clone(),
        born(&house, 14),
        born(&house, 41),
        PASSWORD.to_owned(),
        code.replace('-', ""),
        code[5..].to_owned(),
        link[4..].to_owned(),
        "canary-key".to_owned(),
    ];
    for token in [
        &family.guardian.access,
        &family.guardian.refresh,
        &family.phone.token,
        &ticket["ticket"].as_str().expect("a ticket").to_owned(),
        &kept.body["access_token"].as_str().expect("a token").to_owned(),
    ] {
        secrets.push(token[4..47].to_owned());
    }
    let dump = dump(&house).await;
    assert!(dump.contains(&family.teen.id.to_string()), "the dump holds the rows");
    assert!(dump.contains("Europe/Berlin"), "and their texts");
    for secret in secrets {
        let plain = dump.contains(&secret);
        let bytes: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!plain && !dump.contains(&bytes), "{secret} can be read");
    }
}

/// Every row of every table as text; bytes as hex.
async fn dump(house: &House) -> String {
    let client = house.database.client().await;
    let tables =
        client.query("select tablename from pg_tables where schemaname = 'public'", &[]).await.expect("tables");
    let mut text = String::new();
    for table in tables {
        let name: String = table.get(0);
        let rows = client.query(&format!("select t::text from {name} t"), &[]).await.expect("rows");
        for row in rows {
            text.push_str(&row.get::<_, String>(0));
            text.push('\n');
        }
    }
    text
}
