//! The one function that says what holds.

use super::{
    Control, Effective, Layer, Policy, Setting, Situation, Timed, WhoLoosens,
    layers::{Kept, Layers},
};
use crate::domain::{
    ids::AccountId,
    law::{Bound, Effect, Rule, beyond, hard, loosest, right, start},
    value::{Kind, Value},
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
    /// What the teen has set.
    own: Option<&'a Setting>,
}

impl<'a> Deciding<'a> {
    pub(super) fn new(situation: &'a Situation<'a>, control: &'a Control, rules: &'a [&'a Rule]) -> Self {
        let layers = situation.layers;
        Self { situation, layers, control, rules, own: layers.teen.get(&control.id) }
    }

    /// As if the teen had set nothing: a wish is judged against this, so one that is fulfilled anyway adds nothing.
    pub(super) fn without_teen(situation: &'a Situation<'a>, control: &'a Control, rules: &'a [&'a Rule]) -> Self {
        Self { own: None, ..Self::new(situation, control, rules) }
    }

    /// What holds now, and what will when the next grant or hold begins or ends.
    pub(super) fn held(&self) -> Effective {
        self.course(|_| ())
    }

    /// What holds now. Everything that will hold is told on the way, from the last end of a grant or hold back to now.
    pub(super) fn course(&self, mut tell: impl FnMut(&Effective)) -> Effective {
        let (base, now) = (self.base(), self.situation.now);
        let mut next: Option<(Timestamp, Value)> = None;
        for edge in self.edges(now).into_iter().rev() {
            let held = self.at(&base, edge).then(next);
            tell(&held);
            // After several ends, the strictest of what follows: whoever is out of reach then must not be too loose.
            let strictest = match &held.after {
                Some(after) => self.control.kind.meet(&held.value, after),
                None => held.value,
            };
            next = Some((edge, strictest));
        }
        let held = self.at(&base, now).then(next);
        tell(&held);
        held
    }

    /// What holds before anything that lasts for a time.
    pub(super) fn base(&self) -> Effective {
        let base = self.guardians().or_else(|| self.chosen(self.own?)).unwrap_or_else(|| self.start());
        self.tightened(base, self.own)
    }

    /// What holds at an instant.
    pub(super) fn at(&self, base: &Effective, at: Timestamp) -> Effective {
        let timed = self.on_hold(self.granted(base.clone(), at), at);
        // No grant opens what a teen keeps to themself.
        let kept_private = if self.control.privacy { self.tightened(timed, self.own) } else { timed };
        self.bounded(kept_private)
    }

    /// What holds at an instant as far as it lasts: without holds, and without grants unless the teen can close what they open.
    pub(super) fn lasting(&self, base: &Effective, at: Timestamp) -> Effective {
        if self.control.privacy { self.granted_to(base, at) } else { self.bounded(base.clone()) }
    }

    /// What holds at an instant without holds.
    pub(super) fn granted_to(&self, base: &Effective, at: Timestamp) -> Effective {
        self.bounded(self.granted(base.clone(), at))
    }

    /// What a value comes to under the holds that are live now.
    pub(super) fn under_holds(&self, value: Value) -> Value {
        self.bounded(self.on_hold(Effective::fixed(Layer::Default, value), self.situation.now)).value
    }

    /// The loosest that somebody with these powers may set; nothing where there is no bound for them.
    pub(super) fn loosest(&self, powers: &[WhoLoosens]) -> Option<Bound> {
        loosest(&self.control.kind, self.control.floor_for(self.situation.band()), self.rules, powers)
    }

    /// The loosest that guardians who may set this could make it. What the teen keeps to themself they open only as far as a law
    /// gives them a right to it.
    pub(super) fn open_to_guardians(&self, loosest: &Value) -> Value {
        let kind = &self.control.kind;
        let Some(own) = self.own.filter(|_| self.control.privacy) else { return loosest.clone() };
        let closed = kind.meet(loosest, &own.value);
        match right(kind, self.rules) {
            Some(right) => kind.join(&closed, &kind.meet(loosest, &right.value)),
            None => closed,
        }
    }

    /// The grants that are live or ahead.
    pub(super) fn grants(&self) -> impl Iterator<Item = &'a Timed> {
        let now = self.situation.now;
        self.layers.grants.iter().filter(move |grant| grant.control == self.control.id && grant.until > now)
    }

    /// The guardians' value, several of them merged.
    fn guardians(&self) -> Option<Effective> {
        self.each_guardian().map(|(_, set)| set).reduce(|a, b| self.merged(a, b))
    }

    /// What each guardian has set, only as loose as the law lets that guardian be.
    fn each_guardian(&self) -> impl Iterator<Item = (&'a AccountId, Effective)> {
        let settings = self.layers.guardians.iter().filter_map(|(who, own)| Some((who, own.get(&self.control.id)?)));
        let sound = settings.filter(|(_, setting)| self.control.kind.holds(&setting.value));
        sound.map(|(who, setting)| (who, self.of_guardian(who, setting)))
    }

    /// Where a law asks for the teen's yes beside the guardian's, the value counts as far as that yes goes.
    fn of_guardian(&self, who: &AccountId, setting: &Setting) -> Effective {
        let (powers, wanted) = (self.layers.powers_of(who), Effective::set_by(Layer::Guardian, setting));
        let has_yes = |rule: &&Rule| {
            rule.is_firm_for(&powers) && self.own.is_some_and(|own| is_yes(&self.control.kind, rule, &own.value))
        };
        if !self.rules.iter().any(has_yes) {
            return self.within(&powers, wanted);
        }
        let firm: Vec<&Rule> = self.rules.iter().filter(|rule| !has_yes(rule)).copied().collect();
        let agreed = self.tightened(wanted, self.own);
        self.as_strict_as(Layer::Law, beyond(&self.control.kind, &firm, &powers), agreed)
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

    /// Live grants loosen, each as far as the law lets whoever gave it, and no further than what another guardian has set.
    fn granted(&self, set: Effective, at: Timestamp) -> Effective {
        let kind = &self.control.kind;
        self.live(&self.layers.grants, at).fold(set, |held, grant| {
            if kind.at_least_as_strict(&grant.value, &held.value) {
                return held;
            }
            let given = Effective::timed(Layer::Grant, grant, grant.value.clone());
            let given = self.within(&self.layers.powers_of(&grant.by), given).value;
            let others = self.each_guardian().filter(|(who, _)| **who != grant.by);
            let given = others.fold(given, |given, (_, other)| kind.meet(&given, &other.value));
            let value = kind.join(&held.value, &given);
            if value == held.value { held } else { Effective::timed(Layer::Grant, grant, value) }
        })
    }

    /// Live holds tighten.
    fn on_hold(&self, set: Effective, at: Timestamp) -> Effective {
        let kind = &self.control.kind;
        self.live(&self.layers.holds, at).fold(set, |held, hold| {
            match kind.at_least_as_strict(&held.value, &hold.value) {
                true => held,
                false => Effective::timed(Layer::Hold, hold, kind.meet(&held.value, &hold.value)),
            }
        })
    }

    fn live(&self, timed: &'a [Timed], at: Timestamp) -> impl Iterator<Item = &'a Timed> {
        let Control { id, kind, .. } = self.control;
        timed.iter().filter(move |timed| timed.control == *id && timed.is_live(at) && kind.holds(&timed.value))
    }

    /// The instants after `now` at which a grant or hold of this control begins or ends, each once.
    pub(super) fn edges(&self, now: Timestamp) -> Vec<Timestamp> {
        let all = self.layers.grants.iter().chain(&self.layers.holds);
        let mine = all.filter(|timed| timed.control == self.control.id);
        let mut edges: Vec<Timestamp> =
            mine.flat_map(|timed| [timed.from, timed.until]).filter(|at| *at > now).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
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

/// Whether a teen's value is their yes to going beyond a rule: it asks for one, and the value is looser and nowhere stricter.
pub(super) fn is_yes(kind: &Kind, rule: &Rule, value: &Value) -> bool {
    rule.effect == Effect::Default
        && rule.may_loosen.contains(&WhoLoosens::TeenAndGuardian)
        && rule.value != *value
        && kind.at_least_as_strict(&rule.value, value)
}

impl Effective {
    /// With what comes next, and when.
    fn then(self, next: Option<(Timestamp, Value)>) -> Self {
        let (until, after) = next.unzip();
        Self { until, after, ..self }
    }

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
