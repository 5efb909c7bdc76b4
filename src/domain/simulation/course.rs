//! The way on by itself: from one instant at which something may change to the next.

use std::iter;

use jiff::Timestamp;

use super::Present;
use crate::domain::{
    age::AgeBand,
    policy::{Policy, Renewed, effective, renewed},
    timeline::Span,
};

/// A stretch of time in which nothing changes by itself. Two that follow each other may hold the same.
pub(super) struct Stretch {
    pub(super) span: Span,
    pub(super) look: Look,
}

/// What a look at a teen's limits finds.
pub(super) struct Look {
    pub(super) band: AgeBand,
    pub(super) policy: Policy,
}

/// The stretches of `[from, to)`, in order and without a hole.
pub(super) fn course(present: &Present<'_>, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Stretch> {
    let mut way = Way::begin(present, from);
    way.go_to(from);
    iter::from_fn(move || {
        let begin = way.at.max(from);
        let end = way.next().map_or(to, |next| next.min(to));
        (begin < to).then(|| {
            let look = way.look(begin);
            way.step(end);
            Stretch { span: Span { from: begin, to: end }, look }
        })
    })
}

/// What a look at an instant will find.
pub(super) fn then(present: &Present<'_>, at: Timestamp) -> Look {
    let mut way = Way::begin(present, at);
    way.go_to(at);
    way.look(at)
}

/// Goes from one look at a teen's policy to the next, each exactly when it is due.
struct Way<'a> {
    present: &'a Present<'a>,
    at: Timestamp,
    /// What the last look made of the policy; before now: what a look now makes of it.
    last: Renewed,
}

impl<'a> Way<'a> {
    fn begin(present: &'a Present<'_>, from: Timestamp) -> Self {
        Self { present, at: from.min(present.now), last: present.renewed() }
    }

    /// What holds at an instant until which nothing is due.
    fn look(&self, at: Timestamp) -> Look {
        if self.present.now <= at {
            return Look { band: self.last.band, policy: self.last.policy.clone() };
        }
        let back_then = self.present.at(&self.last.layers, at);
        Look { band: back_then.band(), policy: effective(&back_then) }
    }

    /// When something is due next. Now counts as well: what birthdays did until then is in the layers, after it is not.
    fn next(&self) -> Option<Timestamp> {
        let due = self.present.facts.next_change(self.present.book, &self.last.layers, self.at);
        let now = Some(self.present.now).filter(|now| self.at < *now);
        now.into_iter().chain(due).min()
    }

    fn go_to(&mut self, at: Timestamp) {
        while let Some(next) = self.next().filter(|next| *next <= at) {
            self.step(next);
        }
    }

    /// Goes on as the server does: what is over goes, and the policy is computed anew.
    fn step(&mut self, to: Timestamp) {
        self.at = to;
        if self.present.now < to {
            let left = self.last.layers.clone().without_past(to);
            self.last = renewed(&self.present.at(&left, to), Some(self.last.band));
        }
    }
}
