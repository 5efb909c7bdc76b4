//! Grants and holds: given, put, and taken back.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    Deciding, Layers, PatchError, Situation, Timed,
    layers::{MOST_OF_ONE, MOST_TIMED},
    patch::{settable, within},
    size::within_share,
};
use crate::domain::{
    controls::{Control, GuardianSees},
    ids::AccountId,
    law::Live,
};

/// The longest that a grant or a hold may last, and the furthest ahead that it may end: 31 days. Longer is a setting.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Gives a grant: a guardian loosens something for a time. A law that asks for the teen's yes as well is not let go for a time.
pub fn grant(situation: &Situation<'_>, given: Timed) -> Result<Layers, PatchError> {
    let (mut after, live) = (situation.layers.clone().without_past(situation.now), situation.live());
    let control = timed(situation, &given, &after, after.grants.len())?;
    within(situation, &live, control, &situation.layers.powers_of(&given.by), &given.value)?;
    after.grants.push(given.clone());
    changes(situation, &live, control, &after, &given)?;
    within_share(situation.layers, after, given.by)
}

/// Puts a hold: somebody tightens something for a time.
pub fn hold(situation: &Situation<'_>, put: Timed) -> Result<Layers, PatchError> {
    let mut after = situation.layers.clone().without_past(situation.now);
    let control = timed(situation, &put, &after, after.holds.len())?;
    after.holds.push(put.clone());
    changes(situation, &situation.live(), control, &after, &put)?;
    within_share(situation.layers, after, put.by)
}

/// Takes a grant or hold back before its time. Only whoever gave it can; nothing: there is none of theirs.
pub fn take_back(layers: &Layers, by: AccountId, id: Uuid, now: Timestamp) -> Option<Layers> {
    without(layers, now, |layers| {
        layers.grants.retain(|grant| (grant.id, grant.by) != (id, by));
        layers.holds.retain(|hold| (hold.id, hold.by) != (id, by));
    })
}

/// Gives a grant back: the teen would rather be without it. A hold is not theirs to lift.
pub fn give_back(layers: &Layers, id: Uuid, now: Timestamp) -> Option<Layers> {
    without(layers, now, |layers| layers.grants.retain(|grant| grant.id != id))
}

fn without(layers: &Layers, now: Timestamp, remove: impl FnOnce(&mut Layers)) -> Option<Layers> {
    let before = layers.clone().without_past(now);
    let mut after = before.clone();
    remove(&mut after);
    (after != before).then_some(after)
}

fn timed<'a>(
    situation: &Situation<'a>,
    timed: &Timed,
    ahead: &Layers,
    of_its_kind: usize,
) -> Result<&'a Control, PatchError> {
    let control = settable(situation, &timed.control)?;
    let now = situation.now;
    if timed.until <= timed.from.max(now) || timed.until.duration_since(now) > LONGEST {
        return Err(PatchError::NotNow);
    }
    let of_this = ahead.grants.iter().chain(&ahead.holds).filter(|other| other.control == control.id).count();
    match of_its_kind < MOST_TIMED && of_this < MOST_OF_ONE {
        true => Ok(control),
        false => Err(PatchError::TooManyTimed(control.id.clone())),
    }
}

/// Refuses a grant or hold that changes nothing at any time while it lasts.
fn changes(
    situation: &Situation<'_>,
    live: &Live<'_>,
    control: &Control,
    after: &Layers,
    timed: &Timed,
) -> Result<(), PatchError> {
    // Where a guardian sees only how many entries the teen has, they must not find out which by what is refused.
    let judged = match control.guardian_sees {
        GuardianSees::Value => Deciding::new,
        GuardianSees::Count => Deciding::without_teen,
    };
    let with = situation.with(after);
    let (without, with) = (judged(situation, control, live.on(control)), judged(&with, control, live.on(control)));
    let (base, begin) = (without.base(), timed.from.max(situation.now));
    let differs = |at| without.at(&base, at).value != with.at(&base, at).value;
    let while_it_lasts = with.edges(begin).into_iter().filter(|at| *at < timed.until);
    match [begin].into_iter().chain(while_it_lasts).any(differs) {
        true => Ok(()),
        false => Err(PatchError::AddsNothing { control: control.id.clone(), grants: vec![] }),
    }
}
