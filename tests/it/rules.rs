//! Law without a deploy: sets of rules as files, the commands about them, and what they do to families.

mod commands;
mod dry_run;
mod effects;
mod kills;
mod races;
mod random;
mod rounds;
mod stored;

use std::{fs, path::PathBuf, process::Output};

use family_pairing::{
    domain::{
        controls::Registry,
        law::{LawFile, RuleBook},
        policy::{Facts, Layers, Policy, renewed},
        secret::Token,
    },
    store::{
        Store,
        law::{Approved, Proposal, Proposed},
        operators::Operator,
    },
};
use jiff::{Timestamp, tz::TimeZone};
use tokio_postgres::Row;

use crate::house::{House, admin::text};

/// A law of California that caps the screen time of a teen of 14, unless it is not applied.
const CAP: &str = r#"
[law]
id = "us-ca-cap"
name = "A cap"
jurisdiction = "US-CA"
cite = "Section 1"
source = "https://example.org/cap"
reviewed_on = "2026-11-22"
reviewed_by = "a test"

[[rule]]
id = "us-ca-cap.minutes"
control = "time.daily_minutes"
ages = { from = 13, to = 18 }
effect = "bound"
value = 30
in_force = { from = "2020-01-01" }
status = "in_force"
enforce = true
"#;

/// The cap with another number of minutes.
fn cap_of(minutes: u32) -> String {
    CAP.replace("value = 30", &format!("value = {minutes}"))
}

/// The cap, not applied.
fn no_cap() -> String {
    CAP.replace("enforce = true", "enforce = false")
}

/// A folder with one file of rules. Gone with it.
struct Folder(PathBuf);

impl Folder {
    fn of(text: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rules-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("law.toml"), text).expect("a file");
        fs::write(folder.join("README.md"), "no rules").expect("a file");
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl House {
    /// Runs `family-pairing rules …`, signed or not.
    fn rules_by(&self, token: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(&[&["rules"], arguments].concat());
        command.env("FAMILY_PAIRING_OPERATOR_TOKEN", token).output().expect("it runs")
    }

    /// Runs `family-pairing rules …`, which must go well; what comes back is its standard output.
    fn rules(&self, arguments: &[&str]) -> String {
        done(&self.command(&[&["rules"], arguments].concat()).output().expect("it runs"))
    }
}

/// What a command printed that went well.
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The refusal of a command, which must come.
fn refused(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{}", text(&output.stdout));
    text(&output.stderr)
}

/// Two operators, who can change the law together.
struct Pair {
    store: Store,
    proposer: Operator,
    approver: Operator,
}

impl Pair {
    async fn of(house: &House) -> Self {
        let store = house.store().await;
        let proposer = operator(&store, "alice", None).await.0;
        let approver = operator(&store, "bob", Some(&proposer)).await.0;
        Self { store, proposer, approver }
    }

    async fn propose(&self, law: &str) -> Proposed {
        let proposal = Proposal { files: files(law), note: "a test".to_owned(), accept_contradictions: false };
        self.store.propose_rules(proposal, self.proposer.clone()).await.expect("a store").expect("a proposal")
    }

    async fn approve(&self, proposed: &Proposed) -> Approved {
        let approval = self.store.approve_rules(proposed.version, self.approver.clone());
        approval.await.expect("a store").expect("an approval")
    }

    /// Computes along with whichever nodes do, until nobody is due.
    async fn works_through(&self) {
        while self.store.count_due().await.expect("a count") > 0 {
            self.store.work_due(100).await.expect("work");
        }
    }

    async fn enact(&self, law: &str) -> Approved {
        self.approve(&self.propose(law).await).await
    }
}

/// An operator who is in office, made by another one unless they are the first.
async fn operator(store: &Store, name: &str, by: Option<&Operator>) -> (Operator, Token) {
    let shown = store.create_operator(name.to_owned(), by.cloned()).await.expect("a store").expect("a new name");
    let token = match by {
        None => shown,
        Some(_) => store.take_office(shown.hash()).await.expect("a store").expect("an invitation").1,
    };
    (store.operator(token.hash()).await.expect("a store").expect("an operator"), token)
}

fn files(law: &str) -> Vec<LawFile> {
    vec![LawFile { name: "law.toml".to_owned(), text: law.to_owned() }]
}

const STANDINGS: &str = "select t.account_id::text, t.settings::text, t.home_zone, t.due_at::text due_at, t.age_band, a.region, a.created_at::text joined, \
    r.controls from teens t join accounts a on a.id = t.account_id join policy_revisions r on r.teen_id = t.account_id and r.revision = t.revision";

/// Every teen's stored policy, layers and next look are those of a fresh computation by these rules. All were born on `birth`.
async fn everybody_is_computed_by(house: &House, law: &str, birth: &str) -> usize {
    let registry = Registry::load().expect("the catalogue");
    let book = RuleBook::parse(&registry, &files(law)).expect("rules");
    let rows = house.database.client().await.query(STANDINGS, &[]).await.expect("teens");
    for row in &rows {
        is_computed_by(&registry, &book, row, birth, house.world().now());
    }
    rows.len()
}

fn is_computed_by(registry: &Registry, book: &RuleBook, row: &Row, birth: &str, now: Timestamp) {
    let instant = |column: &str| row.get::<_, Option<&str>>(column).map(|text| text.parse::<Timestamp>().expect(text));
    let (joined, zone) = (instant("joined").expect("a time"), TimeZone::get(row.get("home_zone")).expect("a zone"));
    let facts = Facts::declared(birth.parse().expect("a day"), row.get("region"), joined, zone);
    let (layers, _) =
        Layers::from_json(registry, serde_json::from_str(row.get("settings")).expect("json")).expect("layers");
    let band = row.get::<_, &str>("age_band").parse().expect("a band");
    let fresh = renewed(&facts.at(registry, book, &layers, now), Some(band));
    let stored = Policy::from_json(registry, row.get("controls")).expect("a policy");
    let teen: &str = row.get("account_id");
    assert_eq!((&stored, &layers, band), (&fresh.policy, &fresh.layers, fresh.band), "{teen}");
    assert_eq!(instant("due_at"), facts.next_change(book, &layers, now), "{teen}");
}
