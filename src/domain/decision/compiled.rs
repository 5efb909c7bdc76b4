//! A teen's newest policy, made ready to decide: no reading, no looking up, no waiting.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{
    Outcome, Question, Reason, ReasonCode, Standing, Verdict,
    stance::{Home, Moment, Said, Stance},
};
use crate::domain::{
    controls::{Action, Control, ControlId, How, Registry},
    law::RuleId,
    policy::{Effective, Layer, Policy},
    timeline::Calendar,
    value::Kind,
    version::Version,
};

/// How far ahead an answer looks for another: whatever the week brings has come round by then.
const AHEAD: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A control that has a say.
#[derive(Debug)]
struct Decider {
    control: ControlId,
    action: Action,
    how: How,
    kind: Kind,
}

/// Every control that has a say, ordered by id. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Deciders(Arc<[Arc<Decider>]>);

/// What decisions about a teen are made on, as it is stored.
#[derive(Debug, Clone)]
pub struct Grounds {
    /// The newest revision.
    pub revision: i64,
    /// What it says; `None` if this program cannot read it.
    pub policy: Option<Policy>,
    /// Which day it is for the teen, and in which zone they live.
    pub calendar: Calendar,
    /// Minutes that were given for whole days; none: the rest of that day.
    pub gifts: Vec<(Date, Option<u16>)>,
    /// Whether a guardian is paired.
    pub paired: bool,
    /// Whether the consent of one was verified.
    pub consented: bool,
}

/// One teen's newest policy, ready to decide. Some 3 KB, more with long lists.
#[derive(Debug)]
pub struct Compiled {
    version: Version,
    home: Home,
    says: Box<[Say]>,
}

/// One control's say.
#[derive(Debug)]
struct Say {
    decider: Arc<Decider>,
    stance: Stance,
    source: Layer,
    rules: Box<[RuleId]>,
    later: Option<Box<Later>>,
}

/// What a control says once a grant or hold has begun or ended, until the next revision says it too.
#[derive(Debug)]
struct Later {
    from: Timestamp,
    stance: Stance,
}

impl Deciders {
    /// Reads them off the catalogue.
    pub fn of(registry: &Registry) -> Self {
        let decider = |control: &Control| {
            let decides = control.decides.clone()?;
            let (control, kind) = (control.id.clone(), control.kind.clone());
            Some(Arc::new(Decider { control, action: decides.action, how: decides.how, kind }))
        };
        Self(registry.iter().filter_map(decider).collect())
    }

    /// Whether a control decides this action in particular.
    pub fn know(&self, action: &Action) -> bool {
        action.0 != Action::ANY && self.of_action(action).next().is_some()
    }

    /// The levels that the action tells apart, from loose to strict; `None` if it tells none apart.
    pub fn levels(&self, action: &Action) -> Option<&[String]> {
        self.of_action(action).find_map(|decider| match (&decider.how, &decider.kind) {
            (How::Level, Kind::Choice { values }) => Some(values.as_slice()),
            _ => None,
        })
    }

    /// Makes a teen's policy ready.
    pub fn compile(&self, epoch: i64, grounds: Grounds) -> Compiled {
        let Grounds { revision, policy, calendar, gifts, paired, consented } = grounds;
        let say = |decider: &Arc<Decider>| Say::of(decider, policy.as_ref()?.get(&decider.control)?);
        Compiled {
            version: Version { epoch, revision },
            home: Home { calendar, gifts: gifts.into(), paired, consented },
            says: self.0.iter().filter_map(say).collect(),
        }
    }

    fn of_action(&self, action: &Action) -> impl Iterator<Item = &Arc<Decider>> {
        self.0.iter().filter(move |decider| decider.action == *action)
    }
}

impl Compiled {
    /// Which policy it is.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Answers a question as of an instant. The question must have passed [`Question::check`].
    pub fn decide(&self, question: &Question, now: Timestamp) -> Verdict {
        if question.is_never_limited() {
            return Verdict::unlimited();
        }
        match self.heard(question, now) {
            Some(heard) => {
                let outcome = strictest(&heard);
                let reasons = reasons(&heard, outcome);
                Verdict { outcome, reasons, until: self.changes_at(heard, question, now) }
            }
            None => Verdict::not_known(),
        }
    }

    /// What stands at an instant, and why, for somebody who goes through a stretch of time: the minutes used are those of the
    /// instant's day.
    pub fn stands(&self, question: &Question, at: Timestamp) -> Standing {
        match self.heard(question, at).filter(|_| !question.is_never_limited()) {
            Some(heard) => {
                let outcome = strictest(&heard);
                let next = heard.iter().filter_map(|heard| heard.said.next).min();
                Standing { outcome, reasons: reasons(&heard, outcome), next }
            }
            None => {
                let Verdict { outcome, reasons, until: next } = self.decide(question, at);
                Standing { outcome, reasons, next }
            }
        }
    }

    /// What each control that has a say says; nothing where none knows the action.
    fn heard(&self, question: &Question, now: Timestamp) -> Option<Vec<Heard<'_>>> {
        let concerned = |action: &Action| *action == question.action || action.0 == Action::ANY;
        let moment = Moment::of(question, &self.home, now);
        let says = self.says.iter().filter(|say| concerned(&say.decider.action));
        let heard: Vec<Heard<'_>> = says.map(|say| say.asked(moment)).collect();
        heard.iter().any(|heard| heard.say.decider.action == question.action).then_some(heard)
    }

    /// The first instant at which the outcome is another by itself; nothing where that is too far ahead to see.
    fn changes_at(&self, mut heard: Vec<Heard<'_>>, question: &Question, now: Timestamp) -> Option<Timestamp> {
        let outcome = strictest(&heard);
        let (moment, horizon) = (Moment::of(question, &self.home, now), now.saturating_add(AHEAD).ok()?);
        let mut at = lasts_until(&heard, outcome)?;
        while at < horizon {
            let then = moment.later(at);
            let over = |heard: &&mut Heard<'_>| heard.said.next.is_some_and(|next| next <= at);
            heard.iter_mut().filter(over).for_each(|heard| *heard = heard.say.asked(then));
            if strictest(&heard) != outcome {
                return Some(at);
            }
            at = lasts_until(&heard, outcome)?;
        }
        None
    }
}

/// What a control said, and with which value.
struct Heard<'a> {
    say: &'a Say,
    said: Said,
    is_later: bool,
}

impl Heard<'_> {
    fn outcome(&self) -> Outcome {
        self.said.code.map_or(Outcome::Allow, ReasonCode::outcome)
    }

    fn reason(&self) -> Option<Reason> {
        let (source, rules) = match self.is_later {
            true => (None, vec![]),
            false => (Some(self.say.source), self.say.rules.to_vec()),
        };
        Some(Reason { control: Some(self.say.decider.control.clone()), code: self.said.code?, source, rules })
    }
}

impl Say {
    fn of(decider: &Arc<Decider>, held: &Effective) -> Option<Self> {
        let stance = |value| Stance::of(decider.how, &decider.kind, value);
        let later = match (held.until, &held.after) {
            (Some(from), Some(after)) => Some(Box::new(Later { from, stance: stance(after)? })),
            _ => None,
        };
        Some(Self {
            decider: decider.clone(),
            stance: stance(&held.value)?,
            source: held.source,
            rules: held.rules.clone().into(),
            later,
        })
    }

    fn asked(&self, moment: Moment<'_>) -> Heard<'_> {
        let ask = |stance: &Stance| stance.asked(&self.decider.kind, moment);
        match &self.later {
            Some(later) if later.from <= moment.now => Heard { say: self, said: ask(&later.stance), is_later: true },
            Some(later) => {
                let said = ask(&self.stance);
                let next = said.next.map_or(later.from, |next| next.min(later.from));
                Heard { say: self, said: Said { next: Some(next), ..said }, is_later: false }
            }
            None => Heard { say: self, said: ask(&self.stance), is_later: false },
        }
    }
}

/// The strictest of what all said.
fn strictest(heard: &[Heard<'_>]) -> Outcome {
    heard.iter().map(Heard::outcome).max().unwrap_or(Outcome::Allow)
}

/// Until when it stays so at least. A no lasts until the last of those who say it may say something else; anything else may get
/// stricter at any change.
fn lasts_until(heard: &[Heard<'_>], outcome: Outcome) -> Option<Timestamp> {
    match outcome {
        Outcome::Deny => {
            let ends: Option<Vec<Timestamp>> =
                heard.iter().filter(|heard| heard.outcome() == outcome).map(|heard| heard.said.next).collect();
            ends.and_then(|ends| ends.into_iter().max())
        }
        Outcome::Allow | Outcome::Ask => heard.iter().filter_map(|heard| heard.said.next).min(),
    }
}

/// The controls that made it so, and those that could not say.
fn reasons(heard: &[Heard<'_>], outcome: Outcome) -> Vec<Reason> {
    let told = heard.iter().filter(|heard| heard.outcome() == outcome || heard.outcome() == Outcome::Allow);
    told.filter_map(Heard::reason).collect()
}
