//! The way on by itself: from one instant at which something may change to the next.

use std::iter;

use jiff::Timestamp;
use thiserror::Error;

use super::Present;
use crate::domain::{
    age::AgeBand,
    policy::{Policy, Renewed, effective, renewed},
    timeline::Span,
};

/// Most instants that one way may come to. A teen with every grant and hold there can be, and five years of laws, has fewer than half as many.
const MOST_STEPS: usize = 1_000;

/// More lies ahead than anybody should make a server compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "so many changes lie ahead that they cannot all be looked at: ask about an earlier time, or with fewer grants and holds"
)]
pub struct TooMuchAhead;

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
pub(super) fn course(present: &Present<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Stretch>, TooMuchAhead> {
    let mut way = Way::to(present, from)?;
    let stretches = iter::from_fn(|| {
        let begin = way.at.max(from);
        (begin < to).then(|| {
            let end = way.next().map_or(to, |next| next.min(to));
            let look = way.look(begin);
            way.step(end).map(|()| Stretch { span: Span { from: begin, to: end }, look })
        })
    });
    stretches.collect()
}

/// What a look at an instant will find.
pub(super) fn then(present: &Present<'_>, at: Timestamp) -> Result<Look, TooMuchAhead> {
    Ok(Way::to(present, at)?.look(at))
}

/// Goes from one look at a teen's policy to the next, each exactly when it is due.
struct Way<'a> {
    present: &'a Present<'a>,
    at: Timestamp,
    /// What the last look made of the policy; before now: what a look now makes of it.
    last: Renewed,
    steps: usize,
}

impl<'a> Way<'a> {
    /// The way up to an instant.
    fn to(present: &'a Present<'_>, at: Timestamp) -> Result<Self, TooMuchAhead> {
        let mut way = Self { present, at: at.min(present.now), last: present.renewed(), steps: 0 };
        while let Some(next) = way.next().filter(|next| *next <= at) {
            way.step(next)?;
        }
        Ok(way)
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

    /// Goes on as the server does: what is over goes, and the policy is computed anew.
    fn step(&mut self, to: Timestamp) -> Result<(), TooMuchAhead> {
        self.at = to;
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(TooMuchAhead);
        }
        if self.present.now < to {
            let left = self.last.layers.clone().without_past(to);
            self.last = renewed(&self.present.at(&left, to), Some(self.last.band));
        }
        Ok(())
    }
}
