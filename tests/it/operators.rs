//! Operators: the commands as real processes, what they leave in the database, and who signed.

use family_pairing::domain::platform::Scope;
use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use crate::house::{House, admin::text};

/// The refusal of a command, which must come.
fn refused(house: &House, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let done = house.admin_with(arguments, environment);
    assert!(!done.status.success() && done.stdout.is_empty(), "{arguments:?} was done");
    text(&done.stderr)
}

async fn one(house: &House, sql: &str) -> Row {
    house.database.client().await.query_one(sql, &[]).await.expect(sql)
}

/// Everything that the tables in question hold, as text.
async fn everything(house: &House) -> String {
    let mut held = String::new();
    for table in ["operators", "platform_keys", "audit"] {
        let sql = format!("select coalesce(string_agg(x::text, ' '), '') from {table} x");
        held.push_str(one(house, &sql).await.get(0));
    }
    held
}

/// A token is on standard output alone, once, and the database keeps only its SHA-256.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_only_its_hash_is_kept() {
    let house = House::empty(&[]).await;
    for (table, prefix, arguments) in [
        ("operators", "fpo_", ["create-operator", "--name", "alice"].as_slice()),
        ("platform_keys", "fpp_", &["create-platform-key", "--name", "chat-servers", "--scope", "decide"]),
    ] {
        let made = house.admin_with(arguments, &[]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let token = text(&made.stdout).trim().to_owned();
        assert!(token.starts_with(prefix) && token.len() == 54, "nothing but the token: {token}");
        assert!(!text(&made.stderr).contains(&token));
        let hash: Vec<u8> = one(&house, &format!("select token_hash from {table}")).await.get(0);
        assert_eq!(hash, Sha256::digest(token.as_bytes()).to_vec());
        assert!(!everything(&house).await.contains(&token));
        assert!(!house.admin(&["platform-keys"]).contains(&token));
    }
}

/// Each command leaves a row that says what was done to what, and by whom if somebody signed.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_in_the_audit_with_who_signed() {
    let house = House::empty(&[]).await;
    let alice = house.operator("alice");
    let sign = [("FAMILY_PAIRING_OPERATOR_TOKEN", alice.as_str())];
    let key = house.platform_key(&[Scope::Decide]);
    for arguments in [
        ["create-platform-key", "--name", "age-gate", "--scope", "age"].as_slice(),
        &["revoke-platform-key", "--id", &key.id],
        &["create-operator", "--name", "bob"],
        &["revoke-operator", "--name", "bob"],
    ] {
        let done = house.admin_with(arguments, &sign);
        assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
    }
    let sql =
        "select action || coalesce(' by ' || o.name, '') || ' ' || coalesce(s.name, k.name) || ' ' || detail::text
               from audit left join operators o on o.id = actor_id left join operators s on s.id = subject_id
               left join platform_keys k on k.id = subject_id order by audit.id";
    let rows = house.database.client().await.query(sql, &[]).await.expect("the audit");
    let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected = [
        "operator.created alice {}",
        r#"platform_key.created chat-servers {"scopes": ["decide"]}"#,
        r#"platform_key.created by alice age-gate {"scopes": ["age"]}"#,
        "platform_key.revoked by alice chat-servers {}",
        "operator.created by alice bob {}",
        "operator.revoked by alice bob {}",
    ];
    assert_eq!(rows, expected);
    let sql = "select count(*) from platform_keys k join operators o on o.id = k.created_by where k.name = 'age-gate' and o.name = 'alice'";
    assert_eq!(house.database.count(sql, &[]).await, 1);
}

/// A name says for good who signed; whoever was revoked signs for nothing; a token of another kind is no signature.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_living_operator_signs_and_a_name_is_given_once() {
    let house = House::empty(&[]).await;
    let (alice, key) = (house.operator("alice"), house.platform_key(&[Scope::Age]));
    let sign = [("FAMILY_PAIRING_OPERATOR_TOKEN", alice.as_str())];
    assert!(refused(&house, &["create-operator", "--name", " alice "], &sign).contains("there is or was an operator"));
    house.admin(&["revoke-operator", "--name", "alice"]);
    assert!(refused(&house, &["revoke-operator", "--name", "alice"], &[]).contains("no operator of this name"));
    assert!(refused(&house, &["create-operator", "--name", "alice"], &[]).contains("there is or was an operator"));
    for token in [alice.as_str(), &key.token, "alice", ""] {
        let sign = [("FAMILY_PAIRING_OPERATOR_TOKEN", token)];
        assert!(
            refused(&house, &["revoke-platform-key", "--id", &key.id], &sign).contains("is not that of an operator")
        );
    }
    assert_eq!(house.database.count("select count(*) from platform_keys where revoked_at is null", &[]).await, 1);
}

/// Two operators are two people: whoever makes one gets an invitation, which signs nothing and makes nobody but its holder an operator.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_an_operator_never_holds_their_token() {
    let house = House::empty(&[]).await;
    let alice = house.operator("alice");
    let unsigned = refused(&house, &["create-operator", "--name", "bob"], &[]);
    assert!(unsigned.contains("this needs an operator's signature"), "{unsigned}");
    let invitation = house.invitation("bob", &alice);
    assert!(invitation.starts_with("fpi_"), "{invitation}");
    let sign = [("FAMILY_PAIRING_OPERATOR_TOKEN", invitation.as_str())];
    assert!(refused(&house, &["create-operator", "--name", "carol"], &sign).contains("is not that of an operator"));
    let take = |invitation: &str| house.admin_with(&["take-office"], &[("FAMILY_PAIRING_INVITATION", invitation)]);
    let bob = text(&take(&invitation).stdout).trim().to_owned();
    assert!(bob.starts_with("fpo_") && bob != alice, "{bob}");
    let no_invitation = |token: &str| text(&take(token).stderr).contains("this is no invitation, or it was taken up");
    assert!(no_invitation(&invitation), "it is good once");
    assert!(no_invitation(&bob) && no_invitation("fpi_"));
    assert!(!everything(&house).await.contains(&invitation) && !everything(&house).await.contains(&bob));

    let late = house.invitation("carol", &bob);
    let client = house.database.client().await;
    let days = "update operators set invited_until = invited_until - interval '7 days' where name = 'carol'";
    client.batch_execute(days).await.expect("seven days later");
    assert!(no_invitation(&late), "it is good for seven days");
    let gone = house.invitation("dan", &bob);
    house.admin(&["revoke-operator", "--name", "dan"]);
    assert!(no_invitation(&gone), "who was revoked does not take office");

    let listed = house.admin(&["operators"]);
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows[0], ["name", "made", "by", "invited until", "in office since", "revoked"]);
    let of = |column: usize| rows.iter().skip(1).map(|row| row[column] != "-").collect::<Vec<_>>();
    assert_eq!(rows.iter().map(|row| row[2]).collect::<Vec<_>>(), ["by", "-", "alice", "bob", "bob"]);
    assert_eq!(
        (of(3), of(4), of(5)),
        (vec![false, false, true, true], vec![true, true, false, false], vec![false, false, false, true])
    );
    let forge = "insert into operators (id, name, token_hash, created_at, took_office_at) \
                 values (gen_random_uuid(), 'eve', sha256('x'), now(), now())";
    let error = client.batch_execute(forge).await.expect_err("a second whom nobody signed for");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("operators_unsigned"));
    let of_bob = "select count(*) from audit join operators o on o.id = actor_id and o.id = subject_id \
                  where action = 'operator.took_office' and o.name = 'bob'";
    assert_eq!(house.database.count(of_bob, &[]).await, 1);
}

/// Where nobody is left who could sign, whoever holds the installation begins again.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_in_office_the_next_one_is_the_first_again() {
    let house = House::empty(&[]).await;
    let alice = house.operator("alice");
    house.invitation("bob", &alice);
    house.admin(&["revoke-operator", "--name", "alice"]);
    assert!(house.admin(&["create-operator", "--name", "carol"]).starts_with("fpo_"));
    assert!(refused(&house, &["create-operator", "--name", "dan"], &[]).contains("needs an operator's signature"));
}

/// What cannot be is refused before anything is written, in words.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_changes_nothing() {
    let house = House::empty(&[]).await;
    let create = ["create-platform-key", "--name", "chat"];
    assert!(refused(&house, &create, &[]).contains("--scope"));
    assert!(refused(&house, &[&create[..], &["--scope", "erase"]].concat(), &[]).contains("decide, age and assure"));
    let nameless = ["create-platform-key", "--name", "", "--scope", "age"];
    assert!(refused(&house, &nameless, &[]).contains("--name must not be empty"));
    let unknown = uuid::Uuid::now_v7().to_string();
    assert!(refused(&house, &["revoke-platform-key", "--id", &unknown], &[]).contains("no platform key of this id"));
    assert_eq!(
        house.database.count("select (select count(*) from platform_keys) + (select count(*) from audit)", &[]).await,
        0
    );
}

/// The list says of each key what it is for, when it was last used and whether it still opens anything.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_keys_tells_the_living_from_the_revoked() {
    let house = House::empty(&[]).await;
    let (old, new) = (house.platform_key(&[Scope::Decide]), house.platform_key(&[Scope::Assure, Scope::Age]));
    house.revokes_key(&old);
    let listed = house.admin(&["platform-keys"]);
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows[0], ["id", "name", "scopes", "created", "last used", "revoked"]);
    assert_eq!((rows[1][0], rows[1][2], rows[1][4]), (old.id.as_str(), "decide", "-"));
    assert_eq!((rows[2][0], rows[2][2], rows[2][5]), (new.id.as_str(), "age,assure", "-"));
    assert!(rows[1][5].ends_with('Z') && rows[2][3].ends_with('Z'), "{listed}");
}
