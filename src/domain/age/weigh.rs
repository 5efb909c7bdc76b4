//! Several signals, weighed against each other into one birth.
//!
//! The surest level speaks first, and within a level whoever says younger. Each signal narrows what is known, or is set aside
//! where it contradicts. From this follows all that is promised: signals that agree are intersected; of two that do not, the
//! higher level wins, and of two equals the younger; and what a lower level adds never leaves what the higher ones allow, so
//! it never raises the oldest age that somebody can be of.
//!
//! **Coming of age** is more than an age, because it ends supervision. It counts where the strict signals alone say so, or where
//! it comes as the birthday of a date that was declared before it, and no signal says that the person is younger than that
//! date. Not even one that a surer signal has set aside: else an estimate could clear the way for a lie. Anybody else stays 17 for
//! all rules, whoever calls them an adult.

use std::cmp::Reverse;

use jiff::{civil::Date, tz::TimeZone};

use super::{AgeBand, AgeSignal, Birth, Level, Stated, birthday::birthday, signal::day_in, word::worded};
use crate::domain::{account::ADULT_AGE, ids::AgeSignalId};

worded! {
    /// Why a decision is as it is.
    pub enum Reason {
        /// All signals agree, and this is what they have in common.
        Interval = "interval",
        /// Some contradicted a surer one and were set aside.
        HigherLevel = "higher_level",
        /// Two were equally sure and contradicted each other; the younger age counts.
        YoungerOnTie = "younger_on_tie",
        /// Nothing is known but what the person said.
        DeclaredOnly = "declared_only",
    }
}

/// A signal with the birth that it says, so that this is computed once.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub signal: &'a AgeSignal,
    pub birth: Birth,
}

/// What several signals say together, before anybody asks who is an adult.
#[derive(Default)]
pub(super) struct Common {
    /// What is known down to each level, surest first: each interval lies within the one before it.
    pub levels: Vec<(Level, Birth)>,
    basis: Vec<AgeSignalId>,
    contradiction: Option<Reason>,
}

/// What several signals say together, as it counts.
#[derive(Clone)]
pub(super) struct Weighed {
    /// What they have in common.
    known: Birth,
    /// The same, but no older than 17 while being 18 does not count.
    pub birth: Birth,
    /// The surest level that puts the person into this band without help from the levels below it.
    pub level: Level,
    /// The signals that agree, surest first.
    pub basis: Vec<AgeSignalId>,
    pub reason: Reason,
    /// The day from which being 18 counts.
    pub majority: Option<Date>,
}

impl<'a> Heard<'a> {
    pub fn new(signal: &'a AgeSignal, zone: &TimeZone) -> Self {
        Self { signal, birth: signal.birth(zone) }
    }
}

impl Weighed {
    /// Orders outcomes by how young the person is taken to be. Of two who both are held at 17, by what is known of them.
    pub fn youth(&self) -> impl Ord + use<> {
        (self.birth.youth(), self.known.youth())
    }

    /// Whether two outcomes say the same of the person.
    pub fn agrees_with(&self, other: &Self) -> bool {
        (self.known, self.majority) == (other.known, other.majority)
    }
}

/// Weighs signals, in whatever order they are given; none says nothing.
pub(super) fn weigh(heard: &[Heard<'_>], today: Date, zone: &TimeZone) -> Option<Weighed> {
    let Common { levels, basis, contradiction } = in_common(heard);
    let known = levels.last()?.1;
    let majority = majority(heard, &levels, zone);
    let birth = if majority.is_some_and(|on| on <= today) { known } else { known.held_under_18(today) };
    let band = birth.band_on(today);
    let stands = |(_, birth): &&(Level, Birth)| counted(birth.band_on(today), majority, today) == band;
    let level = levels.iter().find(stands).map_or(Level::Asserted, |(level, _)| *level);
    let reason = contradiction.unwrap_or_else(|| agreement(heard));
    Some(Weighed { known, birth, level, basis, reason, majority })
}

/// Lets each signal narrow what is known, or sets it aside.
pub(super) fn in_common(heard: &[Heard<'_>]) -> Common {
    let mut order = heard.to_vec();
    order.sort_by_key(|it| Reverse((it.signal.level, it.birth.youth(), it.signal.id)));
    let mut common = Common::default();
    for equals in order.chunk_by(|a, b| a.signal.level == b.signal.level) {
        let above = common.levels.last().map(|(_, birth)| *birth);
        let mut held = above;
        for it in equals {
            match held.map_or(Some(it.birth), |held| held.meet(it.birth)) {
                Some(both) => {
                    held = Some(both);
                    common.basis.push(it.signal.id);
                }
                None => {
                    common.contradiction.get_or_insert(against(it.birth, above));
                }
            }
        }
        common.levels.extend(equals.first().map(|it| it.signal.level).zip(held));
    }
    common
}

/// A band as it counts on a day: nobody is an adult before their majority does.
pub(super) fn counted(band: AgeBand, majority: Option<Date>, day: Date) -> AgeBand {
    if majority.is_none_or(|on| day < on) { band.min(AgeBand::From16To17) } else { band }
}

/// Why a signal is set aside: because of what surer ones say, or because of its equals.
fn against(birth: Birth, above: Option<Birth>) -> Reason {
    match above {
        Some(above) if above.meet(birth).is_none() => Reason::HigherLevel,
        _ => Reason::YoungerOnTie,
    }
}

fn agreement(heard: &[Heard<'_>]) -> Reason {
    let declared = heard.iter().all(|it| matches!(it.signal.stated, Stated::Born(_)));
    if declared { Reason::DeclaredOnly } else { Reason::Interval }
}

fn majority(heard: &[Heard<'_>], levels: &[(Level, Birth)], zone: &TimeZone) -> Option<Date> {
    let strict = levels.iter().find(|(level, _)| *level == Level::Strict);
    let proven = strict.and_then(|(_, birth)| birthday(birth.latest(), ADULT_AGE));
    let grown = heard.iter().filter_map(|it| grown_into(*it, heard, zone));
    proven.into_iter().chain(grown).min()
}

/// The 18th birthday of a declared date that was declared before it and that nobody says is too old.
fn grown_into(declared: Heard<'_>, heard: &[Heard<'_>], zone: &TimeZone) -> Option<Date> {
    let Stated::Born(date) = declared.signal.stated else { return None };
    let comes = birthday(date, ADULT_AGE)?;
    let was_a_minor = day_in(zone, declared.signal.received_at) < comes;
    let undisputed = heard.iter().all(|it| it.birth.earliest() <= date);
    (was_a_minor && undisputed).then_some(comes)
}
