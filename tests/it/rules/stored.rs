//! Stored sets that are not what this program expects: of a newer program, broken, or from a backup.

use std::process::Command;

use family_pairing::domain::account::Role;
use serde_json::{Value as Json, json};

use super::{CAP, Folder, cap_of, done, kills::signs_up};
use crate::house::{House, admin::text, process::PROGRAM, raw};

/// Puts another set in place of version 1, as a restored backup or a newer program may have it.
async fn stored_instead(house: &House, law: &str) {
    let files = json!([{"name": "law.toml", "text": law}]);
    let sql = "update rule_sets set files = $1::text::jsonb, sha256 = encode(sha256(convert_to($1::text, 'UTF8')), 'hex') where version = 1";
    let client = house.database.client().await;
    client.batch_execute("alter table rule_sets disable trigger rule_sets_kept").await.expect("an owner");
    client.execute(sql, &[&files.to_string()]).await.expect("another set");
    client.batch_execute("alter table rule_sets enable trigger rule_sets_kept").await.expect("an owner");
}

/// The cap and a rule of a control that only a newer program has.
fn of_a_newer_program() -> String {
    let (_, rule) = CAP.split_once("[[rule]]").expect("a rule");
    let newer =
        rule.replace("us-ca-cap.minutes", "us-ca-cap.newer").replace("time.daily_minutes", "time.not_built_yet");
    format!("{CAP}\n[[rule]]{newer}")
}

/// While nodes are replaced one by one, an older one goes by all rules that it has controls for, and says which it leaves out.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_program_leaves_out_what_it_has_no_control_for() {
    let mut house = House::empty(&[]).await;
    let store = house.store().await;
    stored_instead(&house, &of_a_newer_program()).await;
    house.add_node(&[]).await;
    let family = house.family_in("US-CA").await;
    let path = format!("/v1/guardian/teens/{}/policy", family.teen.id);
    let policy: Json = family.guardian.api.get(&path).await.expect("a policy").body;
    assert_eq!(policy["controls"]["time.daily_minutes"]["rules"], json!(["us-ca-cap.minutes"]));
    let metrics = raw::send("GET", &format!("{}/metrics", house.url()), None, &[], None).await.text;
    assert!(metrics.contains("family_pairing_rules_left_out 1"), "{metrics}");
    let listed = house.command(&["rules", "list"]).output().expect("it runs");
    let said = "Version 1 is applied without us-ca-cap.newer: this program has no control time.not_built_yet.";
    assert!(done(&listed).contains("\n1\tholds\t") && text(&listed.stderr).contains(said), "{}", text(&listed.stderr));
    assert_eq!(store.rules().await.expect("rules").left_out.len(), 1);
}

/// A set that nobody can read stops a server with words that help, and none of the commands that help.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_set_stops_the_server_and_can_be_replaced() {
    let mut house = House::empty(&[]).await;
    let store = house.store().await;
    signs_up(&house, &store, Role::Teen, "US-CA", 14).await;
    stored_instead(&house, "what is this").await;
    let serving =
        Command::new(PROGRAM).arg("serve").args(house.command_line(&[])).env_clear().output().expect("it ends");
    let said = text(&serving.stderr);
    assert!(
        !serving.status.success() && said.contains("version 1, cannot be read") && said.contains("rules import"),
        "{said}"
    );
    let listed = house.command(&["rules", "list"]).output().expect("it runs");
    assert!(done(&listed).contains("\n1\tholds\t") && text(&listed.stderr).contains("cannot be read"));
    assert!(house.rules(&["show"]).contains("what is this"));

    let (alice, bob, folder) = (house.operator("alice"), house.operator("bob"), Folder::of(CAP));
    let said = done(&house.rules_by(&alice, &["import", folder.path(), "--note", "Repaired"]));
    assert!(said.contains("everybody is computed anew"), "{said}");
    let said = done(&house.rules_by(&bob, &["approve", "2"]));
    assert!(said.contains("Computing 1 teen anew, in *."), "{said}");
    house.add_node(&[]).await;
    assert_eq!(store.rules().await.expect("rules").version, 2);
}

/// After a restore the same number may be given to other rules: whoever remembers the number must not go by the old ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_came_back_with_other_rules_is_another_set() {
    let house = House::empty(&[]).await;
    let store = house.store().await;
    stored_instead(&house, &cap_of(30)).await;
    assert!(store.rules().await.expect("rules").rules.rule(&"us-ca-cap.minutes".into()).is_some());
    signs_up(&house, &store, Role::Teen, "US-CA", 14).await;
    stored_instead(&house, &cap_of(20)).await;
    signs_up(&house, &store, Role::Teen, "US-CA", 14).await;
    let of = "select count(*) from policy_revisions where controls::jsonb->'time.daily_minutes'->>'value' = $1";
    assert_eq!(house.database.count(of, &[&"30"]).await, 1);
    assert_eq!(house.database.count(of, &[&"20"]).await, 1, "the same store, without a start in between");
    assert!(
        store
            .rules()
            .await
            .expect("rules")
            .rules
            .rule(&"us-ca-cap.minutes".into())
            .is_some_and(|rule| { serde_json::to_value(&rule.value).is_ok_and(|value| value == json!(20)) })
    );
}
