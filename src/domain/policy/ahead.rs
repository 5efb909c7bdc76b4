//! What a band change will do to a teen's limits, said before it comes.

use jiff::Timestamp;

use super::{Change, Facts, Layers, at_age, diff, effective};
use crate::domain::{age::Transition, controls::Registry, law::RuleBook};

/// A band change, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// When, from and to which band.
    pub birthday: Transition,
    /// What is different on that morning from the evening before, as long as nobody sets anything else.
    pub changes: Vec<Change>,
}

/// The band changes of the last days and all those ahead, with what each does.
///
/// Each is the difference between two computations, the last instant before the day and its first, and both are the ordinary
/// ones: so what is announced is what will be, and nothing else that happens until then (a grant that ends, a law) is mistaken
/// for an effect of the birthday.
pub fn ahead(registry: &Registry, book: &RuleBook, facts: &Facts, layers: &Layers, now: Timestamp) -> Vec<Ahead> {
    let mut layers = layers.clone();
    let mut next = |birthday: Transition| {
        let (eve, start) = facts.midnight(birthday.on)?;
        let then = at_age(registry, &layers, birthday.from, birthday.to, start);
        let before = effective(&facts.at(registry, book, &layers, eve));
        let after = effective(&facts.at(registry, book, &then, start));
        layers = then;
        Some(Ahead { birthday, changes: diff(registry, &before, &after) })
    };
    facts.birthdays(now).into_iter().filter_map(&mut next).collect()
}
