//! What another age band does to what people have set.
//!
//! Nothing loosens by itself: where the next band's default is looser and the control does not say that it follows, the old
//! default goes on as "kept" until a guardian, or the teen where it is theirs, sets something. At 18 supervision ends, and
//! nothing of it may linger.

use jiff::Timestamp;

use super::{Kept, Layers, Policy, Situation, effective};
use crate::domain::{
    age::AgeBand,
    controls::{AtBirthday, Control, Registry},
};

/// What a policy is once everything has been taken into account that happened by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The band that it is for.
    pub band: AgeBand,
    /// What people have set, and what birthdays made of it.
    pub layers: Layers,
    /// What holds.
    pub policy: Policy,
}

/// Computes a policy anew. `computed_for` is the band that it was last computed for; nothing: no birthday has come since.
///
/// What it was before has no say, so however many rules, grants and birthdays came and went in between, whoever computes
/// last gets what somebody gets who computes for the first time.
pub fn renewed(situation: &Situation<'_>, computed_for: Option<AgeBand>) -> Renewed {
    let (band, Situation { registry, layers, now, .. }) = (situation.band(), *situation);
    let layers = at_age(registry, layers, computed_for.unwrap_or(band), band, now);
    Renewed { band, policy: effective(&situation.with(&layers)), layers }
}

/// The layers in the band that somebody is in from `now` on, having been in `before`.
pub fn at_age(registry: &Registry, layers: &Layers, before: AgeBand, after: AgeBand, now: Timestamp) -> Layers {
    if after == AgeBand::Adult {
        return Layers { teen: layers.teen.clone(), ..Layers::default() };
    }
    let mut next = layers.clone();
    if before != after {
        for control in registry.iter() {
            match kept(control, layers, before, after, now) {
                Some(kept) => next.kept.insert(control.id.clone(), kept),
                None => next.kept.remove(&control.id),
            };
        }
    }
    next
}

fn kept(control: &Control, layers: &Layers, before: AgeBand, after: AgeBand, now: Timestamp) -> Option<Kept> {
    let held = match layers.kept.get(&control.id) {
        Some(kept) => kept.clone(),
        None => Kept { value: control.default_for(before).clone(), from_band: before, since: now },
    };
    let loosens = !control.kind.at_least_as_strict(control.default_for(after), &held.value);
    (control.at_birthday == AtBirthday::Stays && loosens).then_some(held)
}
