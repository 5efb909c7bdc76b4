//! The signed snapshot, verified by a program that shares no code with ours.

use std::{fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

use crate::house::House;

/// What comes before the 32 bytes of an Ed25519 key in its standard wrapping (RFC 8410).
const WRAPPING: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// OpenSSL accepts the signature over the exact bytes, and refuses it when one bit of them is another.
#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_what_we_sign() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"content.blocked_words": ["zoë", "\"quoted\""]})).await;
    let policy: Json = family.phone.api.get("/v1/teen/policy").await.expect("a policy").body;
    let keys: Json = house.api().get("/v1/keys").await.expect("keys").body;
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["key_id"] == policy["key_id"]);
    let bytes = |value: &Json| STANDARD.decode(value.as_str().expect("text")).expect("base64");
    let (payload, signature) = (bytes(&policy["payload"]), bytes(&policy["signature"]));
    let key = [WRAPPING.as_slice(), &bytes(&key.expect("the key that signed")["public_key"])].concat();

    let folder = std::env::temp_dir().join(&house.database.name);
    fs::create_dir_all(&folder).expect("a folder");
    assert!(verifies(&folder, &key, &payload, &signature), "the signature must verify");
    let mut other = payload.clone();
    other[10] ^= 1;
    assert!(!verifies(&folder, &key, &other, &signature), "a changed byte must not verify");
    fs::remove_dir_all(&folder).expect("a clean end");

    let read: Json = serde_json::from_slice(&payload).expect("JSON inside");
    assert_eq!(read["teen_id"], family.teen.id.to_string());
    assert_eq!(read["controls"]["content.blocked_words"]["value"], json!(["\"quoted\"", "zoë"]));
}

fn verifies(folder: &Path, key: &[u8], payload: &[u8], signature: &[u8]) -> bool {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(key));
    for (name, bytes) in [("key", pem.as_bytes()), ("payload", payload), ("signature", signature)] {
        fs::write(folder.join(name), bytes).expect("a file");
    }
    let verified = Command::new("openssl")
        .current_dir(folder)
        .args(["pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "payload", "-sigfile", "signature"])
        .output()
        .expect("openssl runs: bin/setup installs it");
    verified.status.success()
}
