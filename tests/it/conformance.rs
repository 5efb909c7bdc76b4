//! Promise 10: the published cases say who is right. Served to everybody, and asked of clients as real processes.

mod clients;

use std::{
    collections::BTreeSet,
    process::{Command, Output},
};

use serde_json::Value as Json;

use self::clients::{Script, python};
use crate::house::{House, admin::text, process::PROGRAM, raw};

/// Runs the command against a client.
fn certify(client: &str, more: &[&str]) -> Output {
    Command::new(PROGRAM).args(["conformance", "--cmd", client]).args(more).output().expect("it runs")
}

/// The certificate as JSON, and whether the command was content.
fn certificate(client: &str, more: &[&str]) -> (Json, bool) {
    let done = certify(client, &[more, &["--json"]].concat());
    let read = serde_json::from_slice(&done.stdout);
    (read.unwrap_or_else(|_| panic!("{}", text(&done.stderr))), done.status.success())
}

fn sum(certificate: &Json, of: &str) -> u64 {
    certificate["groups"].as_array().expect("groups").iter().map(|group| group[of].as_u64().expect("a count")).sum()
}

fn ids(certificate: &Json) -> BTreeSet<String> {
    let differences = certificate["differences"].as_array().expect("differences");
    differences.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
}

/// The whole way: a process that is asked every case over a pipe, and a certificate that says what it is about.
#[test]
fn this_program_is_certified_as_a_client() {
    let (certificate, content) = certificate(&format!("{PROGRAM} conformance client"), &[]);
    assert_eq!(ids(&certificate), BTreeSet::new());
    assert_eq!((&certificate["conforms"], content), (&Json::Bool(true), true));
    assert!(sum(&certificate, "passed") >= 600);
    assert_eq!((sum(&certificate, "unsupported"), sum(&certificate, "not_asked")), (0, 0));
    assert_eq!(certificate["vectors"], "v1");
    assert_eq!(certificate["sha256"].as_str().map(str::len), Some(64));
    assert!(certificate["date"].as_str().is_some_and(|date| date.ends_with('Z')));
}

/// A client in another language, written from the prose alone, passes everything.
#[test]
fn the_oracle_is_certified_as_a_foreign_client() {
    // Right or wrong is what is asked here, and a busy machine is slow.
    let patience = ["--answer-seconds", "60", "--total-seconds", "1200"];
    let (certificate, content) = certificate(&format!("{} conformance/oracle/client.py", python()), &patience);
    assert_eq!(ids(&certificate), BTreeSet::new());
    assert!(content && certificate["conforms"] == true, "{certificate:#}");
}

/// The cases are what the oracle makes of them, so that nobody edits an expectation by hand.
#[test]
fn the_cases_are_what_the_oracle_makes_of_them() {
    let check = Command::new(python()).args(["conformance/oracle/generate.py", "--check"]).output().expect("it runs");
    assert!(check.status.success(), "{}{}", text(&check.stdout), text(&check.stderr));
}

/// One wrong word in one kind of answer: the certificate names the cases, the rule and the place.
#[test]
fn a_client_that_lies_does_not_conform() {
    let liar = Script::piping(r#"s/"direction":"tighter"/"direction":"looser"/"#);
    let done = certify(&liar.command(), &["--group", "lattice"]);
    let (said, complaint) = (text(&done.stdout), text(&done.stderr));
    assert!(!done.status.success() && complaint.contains("the client does not conform"), "{complaint}");
    for words in [
        "lattice/choice-tighter (direction): From everyone to friends is tighter.",
        r#"at .direction: expected "tighter", got "looser""#,
        "The client does not conform in the groups that were chosen",
    ] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
    let (certificate, _) = certificate(&liar.command(), &["--group", "lattice"]);
    let faults = certificate["differences"].as_array().expect("differences");
    assert!(
        !faults.is_empty() && faults.iter().all(|it| it["op"] == "direction" || it["op"] == "diff"),
        "{certificate:#}"
    );
    assert_eq!(faults[0]["got"]["direction"], "looser");
    assert_eq!(sum(&certificate, "failed"), u64::try_from(faults.len()).expect("few"));
}

/// Whatever a client does instead of answering, the run ends soon, and says what happened in words.
#[test]
fn a_client_that_does_not_answer_is_given_up_in_words() {
    for (script, words) in [
        (Script::of("exec sleep 60"), "the client did not answer within 0.3 s"),
        (Script::of("exit 3"), "the client ended (exit status: 3) instead of answering"),
        (Script::of("exec 1>&-; sleep 0.2"), "instead of answering"),
        (Script::of("while read -r line; do echo 'hello \u{1b}[31m'; done"), r#"no answer: "hello \u{1b}[31m""#),
        (Script::of("while read -r line; do echo '[]'; done"), r#"no answer: "[]""#),
        (Script::of(r#"while read -r line; do echo '{"id": "x"}'; done"#), r#"the client answered another case: "x""#),
        (Script::of("read -r line; head -c 2000000 /dev/zero | tr '\\0' x; sleep 60"), "more than a mebibyte"),
    ] {
        let begun = std::time::Instant::now();
        let patience = ["--answer-seconds", "0.3", "--start-seconds", "0.3", "--group", "usage"];
        let done = certify(&script.command(), &patience);
        let said = text(&done.stdout);
        assert!(!done.status.success() && said.contains(words), "{words}:\n{said}\n{}", text(&done.stderr));
        assert!(said.contains("Not all cases were asked: the client failed to answer 5 times"), "{said}");
        assert!(begun.elapsed().as_secs() < 10, "{words}");
    }
}

/// A client that dies once is started again and goes on; the case is lost and no other.
#[test]
fn a_client_that_dies_is_started_again() {
    let mortal = Script::of(&format!(
        r#"while read -r line; do
             case $line in *usage/too-old*) exit 7 ;; esac
             printf '%s\n' "$line" | {PROGRAM} conformance client
           done"#
    ));
    let (certificate, content) = certificate(&mortal.command(), &["--group", "usage"]);
    assert_eq!(ids(&certificate), ["usage/too-old".to_owned()].into());
    assert!(!content && sum(&certificate, "not_asked") == 0 && sum(&certificate, "passed") >= 10, "{certificate:#}");
}

/// What a client does not support is said so, and is no conformity.
#[test]
fn a_client_that_supports_nothing_does_not_conform() {
    let humble = Script::of(r#"while read -r line; do echo "$line" | sed 's/"op".*/"unsupported": true}/'; done"#);
    let (certificate, content) = certificate(&humble.command(), &["--group", "usage"]);
    assert!(!content && certificate["conforms"] == false);
    assert_eq!((sum(&certificate, "passed"), sum(&certificate, "failed")), (0, 0));
    assert!(sum(&certificate, "unsupported") >= 10);
}

/// All answers together have an end too.
#[test]
fn a_run_ends_when_its_time_is_over() {
    let slow = Script::of(&format!(
        "while read -r line; do sleep 0.2; printf '%s\\n' \"$line\" | {PROGRAM} conformance client; done"
    ));
    let (certificate, content) = certificate(&slow.command(), &["--group", "usage", "--total-seconds", "0.9"]);
    assert!(!content && sum(&certificate, "not_asked") > 0, "{certificate:#}");
}

#[test]
fn a_command_that_cannot_be_meant_is_refused() {
    for (client, more, words) in [
        ("/no/such/program", [].as_slice(), "the client cannot be started"),
        ("", &[], "the client cannot be started"),
        ("true", &["--group", "weather"], r#"there is no group "weather"; there are: age"#),
        ("true", &["--answer-seconds", "0"], "must be from 0.01 to 86400 seconds"),
    ] {
        let done = certify(client, more);
        assert!(!done.status.success() && text(&done.stderr).contains(words), "{words}: {}", text(&done.stderr));
    }
}

/// Anybody can read the cases, keep them, and see by their tag which ones a certificate is about.
#[tokio::test(flavor = "multi_thread")]
async fn the_cases_are_served_with_a_tag() {
    let house = House::new().await;
    let url = format!("{}/conformance/v1.json", house.url());
    let served = raw::send("GET", &url, None, &[], None).await;
    assert_eq!((served.status, &served.body["version"]), (200, &Json::from("v1")));
    assert!(served.body["groups"].as_array().is_some_and(|groups| groups.len() >= 15));
    let tag = served.header("etag").to_owned();
    assert!(served.header("cache-control").contains("public"));
    let again = raw::send("GET", &url, None, &[("if-none-match", &tag)], None).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let (certificate, _) = certificate(&format!("{PROGRAM} conformance client"), &["--group", "usage"]);
    assert_eq!(Json::from(tag.trim_matches('"')), certificate["sha256"]);
}
