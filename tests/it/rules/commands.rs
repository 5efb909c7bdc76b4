//! The commands: what they print, what they refuse, and who must sign.

use std::process::Command;

use family_pairing::store::law::Refusal;
use serde_json::{Value as Json, json};

use super::{CAP, Folder, Pair, cap_of, done, operator, refused};
use crate::house::{House, admin::text, process::PROGRAM};

fn check(folder: Option<&str>) -> (Option<i32>, String, String) {
    let run = Command::new(PROGRAM).args(["rules", "check"]).args(folder).env_clear().output().expect("it runs");
    (run.status.code(), text(&run.stdout), text(&run.stderr))
}

/// Two rules of which only one can be kept.
fn contradiction() -> String {
    let flag = |id: &str, effect: &str, value: bool| {
        format!(
            "[[rule]]\nid = \"us-ca-cap.{id}\"\ncontrol = \"guardian.visibility.adult_contacts\"\nages = {{ from = 0, to = 18 }}\n\
             effect = \"{effect}\"\nvalue = {value}\nin_force = {{ from = \"2026-01-01\" }}\nstatus = \"in_force\"\nenforce = true\n"
        )
    };
    format!("{CAP}\n{}{}", flag("closed", "bound", false), flag("open", "right", true))
}

/// A set is judged without an installation: 0, 1 if it cannot be read, 2 if it contradicts itself.
#[test]
fn check_tells_the_sound_from_the_unreadable_and_the_contradictory() {
    let (code, said, _) = check(None);
    assert_eq!(code, Some(0), "what ships is sound");
    assert!(said.contains("laws, ") && said.contains("rules, ") && said.contains("of them applied."), "{said}");
    assert!(
        said.contains("  voluntary: us-ca-sb976.notices-night is applied, though its status is enjoined"),
        "{said}"
    );
    let (code, said, _) = check(Some(Folder::of(CAP).path()));
    assert_eq!((code, said.as_str()), (Some(0), "1 law, 1 rule, 1 of them applied.\nNothing to decide.\n"));
    let (code, _, error) = check(Some(Folder::of(&cap_of(5_000)).path()));
    assert!(code == Some(1) && error.contains("us-ca-cap.minutes: its value"), "{error}");
    let (code, _, error) = check(Some("no-such-folder"));
    assert!(code == Some(1) && error.contains("no-such-folder"), "{error}");
    let both = contradiction().replace("enforce = true\n\n", "enforce = false\n\n");
    let (code, said, _) = check(Some(Folder::of(&both).path()));
    let findings: Vec<&str> = said.lines().skip(2).map(|line| line.split(':').next().expect("a word").trim()).collect();
    assert_eq!(
        (code, findings),
        (Some(2), vec!["contradiction", "not applied"]),
        "the contradictions come first: {said}"
    );
}

/// From a folder to the law, by two people; each version stays as it was, and the audit names both.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_law_takes_two_operators() {
    let house = House::empty(&[]).await;
    let (alice, bob) = (house.operator("alice"), house.operator("bob"));
    let (first, other) = (Folder::of(CAP), Folder::of(&cap_of(45)));
    let import = |token: &str, folder: &Folder| {
        house.rules_by(token, &["import", folder.path(), "--note", "The cap of California"])
    };
    assert!(
        refused(&house.command(&["rules", "import", first.path(), "--note", "x"]).output().expect("it runs"))
            .contains("FAMILY_PAIRING_OPERATOR_TOKEN")
    );
    let said = done(&import(&alice, &first));
    assert!(said.contains("Proposed version 2, against version 1.") && said.contains("rules approve 2"), "{said}");
    assert!(
        said.contains(", where 0 teens live.\n0 teens would get other limits.\n"),
        "a dry run is part of it: {said}"
    );
    assert!(refused(&import(&bob, &first)).contains("version 2, which waits"), "nothing is proposed twice");
    assert!(refused(&house.rules_by(&alice, &["approve", "2"])).contains("another operator must"));
    assert!(refused(&house.rules_by(&bob, &["approve", "7"])).contains("there is no version 7"));
    assert!(house.rules(&["list"]).lines().last().is_some_and(|line| line.starts_with("2\twaits\t1\t")));
    let said = done(&house.rules_by(&bob, &["approve", "2"]));
    assert!(said.starts_with("Version 2 holds.\n") && said.ends_with("Nobody's limits changed.\n"), "{said}");
    assert!(refused(&house.rules_by(&bob, &["approve", "2"])).contains("was approved before"));
    assert!(refused(&import(&alice, &first)).contains("version 2, which holds"));

    done(&import(&alice, &other));
    let list = house.rules(&["list"]);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    let of = |column: usize| rows.iter().map(|row| row[column]).collect::<Vec<_>>();
    assert_eq!(of(0), ["version", "1", "2", "3"]);
    assert_eq!(of(1), ["state", "held", "holds", "waits"]);
    assert_eq!((of(4), of(6)), (vec!["by", "-", "alice", "alice"], vec!["by", "-", "bob", "-"]));
    assert_eq!(of(8), ["note", "shipped with the program", "The cap of California", "The cap of California"]);

    let deeds = "select action, o.name, detail::text from audit join operators o on o.id = actor_id where action like 'rules.%' order by audit.id";
    let rows = house.database.client().await.query(deeds, &[]).await.expect("the audit");
    let details: Vec<Json> = rows.iter().map(|row| serde_json::from_str(row.get(2)).expect("json")).collect();
    let deed = |at: usize| (rows[at].get::<_, &str>(0), rows[at].get::<_, &str>(1), &details[at]["version"]);
    assert_eq!(deed(0), ("rules.proposed", "alice", &json!(2)));
    assert_eq!(deed(1), ("rules.approved", "bob", &json!(2)));
    assert_eq!(deed(2), ("rules.proposed", "alice", &json!(3)));
    assert_eq!((&details[1]["instead_of"], &details[1]["teens"], rows.len()), (&json!(1), &json!(0), 3));
}

/// What the program refuses, the database refuses too: one person is not two.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_twice_and_nobody_who_was_revoked() {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    let carol = operator(&pair.store, "carol", Some(&pair.proposer)).await.0;
    let proposed = pair.propose(CAP).await;
    let forge = "update rule_sets set approved_by = proposed_by, approved_at = now() where version = 2";
    let error = house.database.client().await.batch_execute(forge).await.expect_err("one person");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("two_people"));
    pair.store.revoke_operator("bob".to_owned(), None).await.expect("a revocation");
    let late = pair.store.approve_rules(proposed.version, pair.approver.clone()).await.expect("a store");
    assert!(matches!(late, Err(Refusal::Revoked)), "a proof that is older than the revocation signs nothing");
    let edited =
        "update rule_sets set files = jsonb_set(files, '{0,text}', to_jsonb(replace(files->0->>'text', '30', '300')))";
    let forced = format!("alter table rule_sets disable trigger rule_sets_kept; {edited} where version = 2");
    house.database.client().await.batch_execute(&forced).await.expect("an edit");
    let altered = pair.store.approve_rules(proposed.version, carol).await.expect("a store");
    assert!(matches!(altered, Err(Refusal::Altered(2))), "what is approved is what was proposed");
    assert_eq!(house.database.count("select rules_version from installation", &[]).await, 1);
}

/// The database keeps what it was given, lets nobody approve who came after the proposal, and lets only an approved set hold.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_guards_what_holds() {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    let proposed = pair.propose(CAP).await;
    let dan = operator(&pair.store, "dan", Some(&pair.proposer)).await.0;
    let client = house.database.client().await;
    for (forge, why) in [
        ("update rule_sets set files = '[]' where version = 2", "never changed"),
        ("update rule_sets set files = '[]' where version = 1", "never changed"),
        ("update rule_sets set note = 'x', sha256 = 'x' where version = 2", "never changed"),
        ("delete from rule_sets where version = 2", "never removed"),
        ("update installation set rules_version = 2", "only an approved set"),
        ("update installation set rules_version = 7", "only an approved set"),
        ("update installation set rules_version = null", "only an approved set"),
        (
            "update rule_sets set approved_at = now(), approved_by = (select id from operators where name = 'dan') where version = 2",
            "was in office before",
        ),
    ] {
        let error = client.batch_execute(forge).await.expect_err(forge);
        assert!(error.as_db_error().is_some_and(|error| error.message().contains(why)), "{forge}: {error:?}");
    }
    let early = pair.store.approve_rules(2, dan.clone()).await.expect("a store");
    assert!(matches!(early, Err(Refusal::NewerThanProposal(2))), "{early:?}");
    pair.approve(&proposed).await;
    assert_eq!(house.database.count("select rules_version from installation", &[]).await, 2);
}

/// Whoever proposed a set while nobody else was in office proposes it again once somebody is.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_nobody_can_approve_is_proposed_again() {
    let house = House::empty(&[]).await;
    let (alice, folder) = (house.operator("alice"), Folder::of(CAP));
    let import = || house.rules_by(&alice, &["import", folder.path(), "--note", "The cap"]);
    assert!(done(&import()).contains("Proposed version 2"));
    let bob = house.operator("bob");
    assert!(refused(&house.rules_by(&bob, &["approve", "2"])).contains("took office after version 2"));
    assert!(done(&import()).contains("Proposed version 3"));
    assert!(refused(&import()).contains("version 3, which waits"));
    assert!(done(&house.rules_by(&bob, &["approve", "3"])).starts_with("Version 3 holds.\n"));
}

/// A set is a whole: one that was written against rules which hold no more, or before another, is looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_proposal_against_what_holds_can_be_approved() {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    let (second, third) = (pair.propose(CAP).await, pair.propose(&cap_of(45)).await);
    let early = pair.store.approve_rules(second.version, pair.approver.clone()).await.expect("a store");
    assert!(matches!(early, Err(Refusal::NotNewest { version: 2, newest: 3 })));
    pair.approve(&third).await;
    let late = pair.store.approve_rules(second.version, pair.approver.clone()).await.expect("a store");
    assert!(matches!(late, Err(Refusal::Overtaken { version: 2, based_on: 1, holds: 3 })));
    assert_eq!(pair.propose(CAP).await.version, 4, "the same set again, now against version 3");
}

/// A set that contradicts itself is taken only by somebody who says so, and that stays written.
#[tokio::test(flavor = "multi_thread")]
async fn contradictions_are_taken_only_knowingly() {
    let house = House::empty(&[]).await;
    let (alice, folder) = (house.operator("alice"), Folder::of(&contradiction()));
    let import = ["import", folder.path(), "--note", "Counsel said so"];
    let refusal = refused(&house.rules_by(&alice, &import));
    assert!(refusal.contains("us-ca-cap.closed and us-ca-cap.open cannot both hold"), "{refusal}");
    assert!(refusal.contains("--accept-contradictions"), "{refusal}");
    done(&house.rules_by(&alice, &[&import[..], &["--accept-contradictions"]].concat()));
    let note = house.rules(&["list"]).lines().last().expect("a version").to_owned();
    assert!(note.contains("\tCounsel said so (accepted contradiction: us-ca-cap.closed and"), "{note}");
    let accepted =
        "select count(*) from audit where action = 'rules.proposed' and detail->'accepted'->>0 like '%us-ca-cap.open%'";
    assert_eq!(house.database.count(accepted, &[]).await, 1);
}

/// A version can be read, taken out as files, edited and proposed again; a rule can be asked about by the name that policies give.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_can_be_read_and_taken_out() {
    let house = House::empty(&[]).await;
    let alice = house.operator("alice");
    let said = house.rules(&["rule", "us-ca-sb976.feed-minutes"]);
    for words in [
        "us-ca-sb976.feed-minutes, in version 1\nUS-CA, at 0 to 17: ",
        "Looser only by a guardian whose consent was verified.",
        "  cite           Health and Safety Code 27000–27007\n",
        "  source         https://",
        "  status         in force\n  enforce        yes\n",
        "  in_force       from 2025-02-01\n",
    ] {
        assert!(said.contains(words), "{words} is missing in\n{said}");
    }
    let nothing = house.command(&["rules", "rule", "us-ca-sb976.nothing"]).output().expect("it runs");
    assert!(refused(&nothing).contains("there is no rule us-ca-sb976.nothing"));
    assert!(house.rules(&["show", "1"]).contains("# us-ca-sb976.toml\n[law]\nid = \"us-ca-sb976\"\n"));

    let odd = Folder::of(&CAP.replace("in_force\"\nenforce", "enjoined\"\nenforce"));
    let differs = house.rules(&["diff", odd.path()]);
    let new = "\nNew to look at:\n  voluntary: us-ca-cap.minutes is applied, though its status is enjoined\n";
    assert!(differs.contains(new) && differs.contains("\n- us-coppa\n"), "{differs}");

    let folder = Folder::of("");
    let into = format!("{}/out", folder.path());
    assert!(house.rules(&["show", "--into", &into]).contains("files of version 1 are in"));
    assert!(refused(&house.command(&["rules", "show", "--into", &into]).output().expect("it runs")).contains(&into));
    assert!(refused(&house.rules_by(&alice, &["import", &into, "--note", "again"])).contains("version 1, which holds"));
    std::fs::write(format!("{into}/us-ca-cap.toml"), CAP).expect("a file");
    assert!(house.rules(&["diff", &into]).contains("+ us-ca-cap.minutes\n    control        time.daily_minutes\n"));
    assert!(done(&house.rules_by(&alice, &["import", &into, "--note", "one more"])).contains("Proposed version 2"));
    let differs = house.rules(&["diff", "2"]);
    assert!(differs.contains("Version 1 holds. version 2: ") && differs.contains("+ us-ca-cap\n"), "{differs}");
    assert!(refused(&house.command(&["rules", "diff", "9"]).output().expect("it runs")).contains("no version 9"));
}
