//! The one function that says what holds.

use super::{
    Control, Effective, Layer, Policy, Setting, Situation, Timed, WhoLoosens,
    layers::{Kept, Layers},
};
use crate::domain::{
    law::{Bound, Rule, beyond, hard, right, start},
    value::Value,
};
use jiff::Timestamp;

/// What holds for a teen in a situation.
pub fn effective(situation: &Situation<'_>) -> Policy {
    let live = situation.live();
    let decide = |control: &Control| (control.id.clone(), Deciding::new(situation, control, live.on(control)).held());
    Policy(situation.registry.iter().map(decide).collect())
}

/// One control on its way through the layers.
pub(super) struct Deciding<'a> {
    situation: &'a Situation<'a>,
    layers: &'a Layers,
    pub(super) control: &'a Control,
    rules: &'a [&'a Rule],
}

impl<'a> Deciding<'a> {
    pub(super) fn new(situation: &'a Situation<'a>, control: &'a Control, rules: &'a [&'a Rule]) -> Self {
        Self { situation, layers: situation.layers, control, rules }
    }

    /// What holds now, and what will when the next grant or hold begins or ends.
    pub(super) fn held(&self) -> Effective {
        let now = self.situation.now;
        let held = self.at(now);
        let mut edges = self.edges(now).peekable();
        let Some(first) = edges.peek().copied() else { return held };
        // After several ends, the strictest of what follows: whoever is out of reach then must not be too loose.
        let after = edges.map(|edge| self.at(edge).value).reduce(|a, b| self.control.kind.meet(&a, &b));
        Effective { until: Some(first), after, ..held }
    }

    /// What would hold without what the teen has set: a wish is judged against this, so one that is fulfilled anyway adds nothing.
    pub(super) fn without_teen(&self) -> Value {
        let base = self.guardians().unwrap_or_else(|| self.start());
        self.bounded(self.timed(base, self.situation.now, false)).value
    }

    /// The loosest that somebody with these powers may set; nothing where there is no bound for them.
    pub(super) fn loosest(&self, powers: &[WhoLoosens]) -> Option<Bound> {
        let kind = &self.control.kind;
        let floor = self.control.floor_for(self.situation.band());
        let floor = floor.map(|floor| Bound { value: floor.clone(), rules: vec![] });
        [hard(kind, self.rules), beyond(kind, self.rules, powers)].into_iter().flatten().fold(floor, |bound, law| {
            let Some(bound) = bound else { return Some(law) };
            let both = kind.meet(&bound.value, &law.value);
            let mut rules = if both == law.value { vec![] } else { bound.rules };
            if both != bound.value || both == law.value {
                rules.extend(law.rules);
            }
            Some(Bound { value: both, rules })
        })
    }

    fn at(&self, now: Timestamp) -> Effective {
        let own = self.layers.teen.get(&self.control.id);
        let base = self.guardians().or_else(|| self.chosen(own?)).unwrap_or_else(|| self.start());
        let tightened = self.tightened(base, own);
        let timed = self.timed(tightened, now, true);
        // No grant opens what a teen keeps to themself.
        let kept_private = if self.control.is_teens_to_keep() { self.tightened(timed, own) } else { timed };
        self.bounded(kept_private)
    }

    /// The guardians' value, several of them merged; each only as loose as the law lets that guardian be.
    fn guardians(&self) -> Option<Effective> {
        let settings = self.layers.guardians.iter().filter_map(|(who, own)| Some((who, own.get(&self.control.id)?)));
        settings
            .filter(|(_, setting)| self.control.kind.holds(&setting.value))
            .map(|(who, setting)| {
                let powers = self.layers.powers_of(who, &self.control.id);
                self.within(&powers, Effective::set_by(Layer::Guardian, setting))
            })
            .reduce(|a, b| self.merged(a, b))
    }

    /// What the teen chose instead of the default, where that is theirs.
    fn chosen(&self, own: &Setting) -> Option<Effective> {
        let theirs = self.control.is_teens_own(self.situation.band()) && self.control.kind.holds(&own.value);
        theirs.then(|| self.within(&[WhoLoosens::Teen], Effective::set_by(Layer::Teen, own)))
    }

    /// Where things start: the band's default or what a birthday kept, as strict as the law's defaults ask.
    fn start(&self) -> Effective {
        let start_of_band = match self.layers.kept.get(&self.control.id) {
            Some(kept) => Effective::kept(kept),
            None => Effective::fixed(Layer::Default, self.control.default_for(self.situation.band()).clone()),
        };
        let by_law = start(&self.control.kind, self.rules);
        match by_law.map(|law| (self.control.kind.meet(&start_of_band.value, &law.value), law.rules)) {
            Some((value, rules)) if value != start_of_band.value => {
                Effective { rules, ..Effective::fixed(Layer::Default, value) }
            }
            _ => start_of_band,
        }
    }

    fn within(&self, powers: &[WhoLoosens], wanted: Effective) -> Effective {
        self.as_strict_as(Layer::Law, beyond(&self.control.kind, self.rules, powers), wanted)
    }

    /// Several guardians: the stricter of both values. Where one of them alone already says that, it stays theirs, and
    /// where both say it, it is that of whoever said it first.
    fn merged(&self, a: Effective, b: Effective) -> Effective {
        let both = self.control.kind.meet(&a.value, &b.value);
        match (both == a.value, both == b.value) {
            (true, true) if b.since < a.since => b,
            (true, _) => a,
            (false, true) => b,
            (false, false) => Effective { since: a.since.max(b.since), ..Effective::fixed(Layer::Guardian, both) },
        }
    }

    fn tightened(&self, set: Effective, own: Option<&Setting>) -> Effective {
        let Some(own) = own else { return set };
        let both = self.control.kind.meet(&set.value, &own.value);
        match both == set.value {
            true => set,
            false => Effective { value: both, ..Effective::set_by(Layer::Teen, own) },
        }
    }

    fn timed(&self, set: Effective, now: Timestamp, grants: bool) -> Effective {
        let kind = &self.control.kind;
        let live = |timed: &&Timed| timed.control == self.control.id && timed.is_live(now) && kind.holds(&timed.value);
        let granted = self.layers.grants.iter().filter(live).filter(|_| grants).fold(set, |held, grant| {
            let powers = self.layers.powers_of(&grant.by, &self.control.id);
            let given = self.within(&powers, Effective::timed(Layer::Grant, grant, grant.value.clone())).value;
            let value = kind.join(&held.value, &given);
            if value == held.value { held } else { Effective::timed(Layer::Grant, grant, value) }
        });
        self.layers.holds.iter().filter(live).fold(granted, |held, hold| {
            let value = kind.meet(&held.value, &hold.value);
            if value == held.value { held } else { Effective::timed(Layer::Hold, hold, value) }
        })
    }

    /// The instants after `now` at which a grant or hold of this control begins or ends.
    fn edges(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let all = self.layers.grants.iter().chain(&self.layers.holds);
        let mine = all.filter(|timed| timed.control == self.control.id);
        let mut edges: Vec<Timestamp> =
            mine.flat_map(|timed| [timed.from, timed.until]).filter(|at| *at > now).collect();
        edges.sort_unstable();
        edges.into_iter()
    }

    /// The bounds of platform and law. Where a law forbids what another demands, the stricter one counts (and `law::check`
    /// has told whoever imported them).
    fn bounded(&self, wanted: Effective) -> Effective {
        let kind = &self.control.kind;
        let opened = self.opened(wanted);
        let floor = self.control.floor_for(self.situation.band());
        let floor = floor.map(|floor| Bound { value: floor.clone(), rules: vec![] });
        let within_platform = self.as_strict_as(Layer::Platform, floor, opened);
        self.as_strict_as(Layer::Law, hard(kind, self.rules), within_platform)
    }

    /// What a guardian opened stays open as far as a law gives them a right to it.
    fn opened(&self, wanted: Effective) -> Effective {
        let kind = &self.control.kind;
        let Some((right, guardian)) = right(kind, self.rules).zip(self.guardians()) else { return wanted };
        let value = kind.join(&wanted.value, &kind.meet(&guardian.value, &right.value));
        match value == wanted.value {
            true => wanted,
            false => Effective { rules: right.rules, ..Effective::fixed(Layer::Law, value) },
        }
    }

    fn as_strict_as(&self, layer: Layer, bound: Option<Bound>, wanted: Effective) -> Effective {
        let Some(bound) = bound else { return wanted };
        let value = self.control.kind.meet(&wanted.value, &bound.value);
        match value == wanted.value {
            true => wanted,
            false => Effective { rules: bound.rules, ..Effective::fixed(layer, value) },
        }
    }
}

impl Effective {
    fn set_by(source: Layer, setting: &Setting) -> Self {
        let Setting { value, by, since, reason } = setting.clone();
        Self { by: Some(by), since: Some(since), reason, ..Self::fixed(source, value) }
    }

    fn timed(source: Layer, timed: &Timed, value: Value) -> Self {
        let Timed { by, from, reason, .. } = timed.clone();
        Self { by: Some(by), since: Some(from), reason, ..Self::fixed(source, value) }
    }

    fn kept(kept: &Kept) -> Self {
        Self { since: Some(kept.since), ..Self::fixed(Layer::Kept, kept.value.clone()) }
    }

    const fn fixed(source: Layer, value: Value) -> Self {
        Self { value, source, by: None, since: None, reason: None, rules: vec![], until: None, after: None }
    }
}
