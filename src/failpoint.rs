//! Named places on the way of a change and of a report, at which a test has the program die: promise 1 is about every one of them.
//!
//! Only with the feature `failpoints`, which `bin/test` builds with and nothing that is installed has. The environment then says where:
//! `FAILPOINTS="change.committed=2*off->return"` lets two pass and dies at the third, as by `kill -9`: nothing is put in order first.

/// Every place, in the order in which a change and the report about it come by.
pub const ALL: [&str; 15] = [
    "change.begun",
    "change.read",
    "change.planned",
    "change.committed",
    "change.posted",
    "policy.signed",
    "policy.offered",
    "hint.leaving",
    "hint.left",
    "policy.leaving",
    "policy.sent",
    "report.judged",
    "report.written",
    "report.acking",
    "report.acked",
];

/// Passes such a place, or dies there.
#[cfg(feature = "failpoints")]
pub fn pass(place: &str) {
    fail::fail_point!(place, |_| std::process::abort());
}

/// Passes such a place.
#[cfg(not(feature = "failpoints"))]
pub const fn pass(_: &str) {}

/// Reads from the environment where to die. Counts for as long as it is kept.
#[cfg(feature = "failpoints")]
pub fn arm() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}
