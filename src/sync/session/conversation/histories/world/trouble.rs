//! What goes wrong, and what can be broken on purpose.

use std::collections::BTreeMap;

/// What can be broken on purpose, to see whether it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// A report is acknowledged and not written.
    AckWithoutWriting,
    /// A device reports what it has not persisted.
    ReportBeforePersisting,
    /// A text that was forgotten is not made again.
    TextsStayForgotten,
    /// A hello that says that everything was lost takes nothing back.
    LossIgnored,
    /// Neither sweeps nor heartbeats find what a lost hint was about.
    NoNets,
    /// The epoch does not grow when the database comes back from its backup.
    SameEpoch,
    /// A policy goes to the other teen's devices.
    WrongSocket,
}

impl Break {
    pub const ALL: [Self; 7] = [
        Self::AckWithoutWriting,
        Self::ReportBeforePersisting,
        Self::TextsStayForgotten,
        Self::LossIgnored,
        Self::NoNets,
        Self::SameEpoch,
        Self::WrongSocket,
    ];
}

/// What went wrong, counted.
#[derive(Clone, Debug, Default)]
pub struct Faults(BTreeMap<&'static str, u64>);

impl Faults {
    const KINDS: [&str; 10] = [
        "cut",
        "frames lost",
        "late frames",
        "hint lost",
        "hint repeated",
        "hint out of order",
        "crash",
        "reinstall",
        "node killed",
        "restore",
    ];

    pub fn count(&mut self, kind: &'static str, times: usize) {
        *self.0.entry(kind).or_default() += u64::try_from(times).unwrap();
    }

    pub fn add(&mut self, other: &Self) {
        for (kind, times) in &other.0 {
            *self.0.entry(kind).or_default() += times;
        }
    }

    pub fn none_is_missing(&self) -> bool {
        Self::KINDS.iter().all(|kind| self.0.get(kind).is_some_and(|times| *times > 0))
    }
}
