//! Whatever rules come and go: what an import computes is what a fresh computation gives.

use std::fmt::Write as _;

use family_pairing::domain::account::Role;

use super::{CAP, Pair, everybody_is_computed_by, kills::signs_up};
use crate::house::{House, people::born};

const PLACES: [&str; 6] = ["*", "US", "US-CA", "EU", "EEA", "DE"];
/// Controls with values that they take, as TOML.
const ASKED: [(&str, [&str; 3]); 5] = [
    ("time.daily_minutes", ["20", "45", "90"]),
    ("dm.from", ["\"no_one\"", "\"friends\"", "\"everyone\""]),
    ("feed.autoplay", ["false", "true", "false"]),
    ("guardian.visibility.adult_contacts", ["true", "false", "true"]),
    ("retention.usage_days", ["10", "35", "60"]),
];

/// Numbers without a pattern, the same for one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    /// A law of some rules; about half of them are applied to somebody of 14 today.
    fn law(&mut self) -> String {
        let (mut law, _) = CAP.split_once("[[rule]]").map(|(law, rule)| (law.to_owned(), rule)).expect("a law");
        for number in 0..2 + self.below(6) {
            let (control, values) = ASKED[self.below(ASKED.len())];
            let (value, place) = (self.one(&values), self.one(&PLACES));
            let ages = self.one(&["{ from = 0, to = 18 }", "{ from = 14, to = 15 }", "{ from = 16, to = 18 }"]);
            let effect = self.one(&[
                "effect = \"bound\"",
                "effect = \"default\"\nmay_loosen = [\"guardian\"]",
                "effect = \"default\"\nmay_loosen = [\"guardian\", \"teen\"]",
            ]);
            let days = self.one(&["{ from = \"2020-01-01\" }", "{ from = \"2031-01-01\" }"]);
            let months = self.one(&["", "months = [1, 2, 3, 4, 5, 6]\n", "accounts_from = \"2026-01-01\"\n"]);
            let enforce = self.one(&["true", "true", "false"]);
            write!(
                law,
                "\n[[rule]]\nid = \"us-ca-cap.r{number}\"\ncontrol = \"{control}\"\njurisdiction = \"{place}\"\nages = {ages}\n\
                 {effect}\nvalue = {value}\nin_force = {days}\n{months}status = \"voluntary\"\nenforce = {enforce}\n"
            )
            .expect("text");
        }
        law
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_rules_change_an_import_computes_what_a_fresh_look_gives() {
    const ROUNDS: u64 = 24;
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    for region in ["US-CA", "US-VA", "DE", "FR", "NO", "BR"] {
        signs_up(&house, &pair.store, Role::Teen, region, 14).await;
    }
    for seed in 0..ROUNDS {
        let law = Dice(seed).law();
        pair.enact(&law).await;
        pair.works_through().await;
        assert_eq!(everybody_is_computed_by(&house, &law, &born(&house, 14)).await, 6, "seed {seed}:\n{law}");
    }
    let computed = house.database.count("select count(*) from policy_revisions where kind = 'law'", &[]).await;
    assert!(computed >= 12, "the rules are felt: {computed} revisions");
}
