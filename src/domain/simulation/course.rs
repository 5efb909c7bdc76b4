//! The way on by itself: from one instant at which something may change to the next.

use std::iter;

use jiff::Timestamp;

use super::Present;
use crate::domain::{
    age::AgeBand,
    policy::{Layers, Policy, at_age, effective},
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
    layers: Layers,
}

impl<'a> Way<'a> {
    fn begin(present: &'a Present<'_>, from: Timestamp) -> Self {
        Self { present, at: from.min(present.now), layers: present.settled() }
    }

    /// Looks at an instant until which nothing is due.
    fn look(&self, at: Timestamp) -> Look {
        let situation = self.present.at(&self.layers, at);
        Look { band: situation.band(), policy: effective(&situation) }
    }

    /// When something is due next. Now counts as well: what birthdays did until then is in the layers, after it is not.
    fn next(&self) -> Option<Timestamp> {
        let due = self.present.facts.next_change(self.present.book, &self.layers, self.at);
        let now = Some(self.present.now).filter(|now| self.at < *now);
        now.into_iter().chain(due).min()
    }

    fn go_to(&mut self, at: Timestamp) {
        while let Some(next) = self.next().filter(|next| *next <= at) {
            self.step(next);
        }
    }

    /// Goes on as the server does: what is over goes, and a birthday keeps what it does not loosen.
    fn step(&mut self, to: Timestamp) {
        let band = self.present.at(&self.layers, self.at).band();
        self.at = to;
        if self.present.now < to {
            let left = self.layers.clone().without_past(to);
            self.layers = at_age(self.present.registry, &left, band, self.present.at(&left, to).band(), to);
        }
    }
}
