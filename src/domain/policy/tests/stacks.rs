//! A hundred thousand random stacks of layers: guardians with and without a verified consent, the teen, grants, holds, what
//! birthdays kept, and laws of every sort. Values and rules come from pools, so that they meet each other often.

use jiff::{SignedDuration, civil::date};
use proptest::{
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::domain::controls::SetBy;
use crate::domain::law::{Effect, ForAges, InForce, LegalStatus, Rule, hard};

/// How many controls a stack is about. Taken together, the stacks are about all of them.
const OF_ONE_STACK: usize = 4;

/// How many stacks the two great properties look at.
const STACKS: u64 = 100_000;

/// A small generator, so that a hundred thousand cases cost seconds; a failure prints its seed.
struct Dice(u64);

impl Dice {
    /// SplitMix64.
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.roll().is_multiple_of(many)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A part of the catalogue, with values and rules for it.
struct Pool {
    registry: Registry,
    ids: Vec<ControlId>,
    values: BTreeMap<ControlId, Vec<Value>>,
    rules: Vec<Rule>,
}

static POOLS: LazyLock<Vec<Pool>> = LazyLock::new(|| {
    let rows: Vec<&str> = include_str!("../../controls.toml").split("[[control]]").skip(1).collect();
    let pools: Vec<Pool> = rows.chunks(OF_ONE_STACK).map(Pool::of).collect();
    assert_eq!(
        pools.iter().map(|pool| pool.ids.len()).sum::<usize>(),
        REGISTRY.iter().len(),
        "every control is in one"
    );
    pools
});

impl Pool {
    fn of(rows: &[&str]) -> Self {
        let registry =
            Registry::parse(&rows.iter().map(|row| format!("[[control]]{row}")).collect::<String>()).unwrap();
        let mut runner = TestRunner::new_with_rng(
            Config::default(),
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let mut value = |kind| any_value(kind).new_tree(&mut runner).unwrap().current();
        let values: BTreeMap<_, Vec<Value>> = registry
            .iter()
            .map(|control| (control.id.clone(), (0..12).map(|_| value(&control.kind)).collect()))
            .collect();
        let ids: Vec<ControlId> = values.keys().cloned().collect();
        let mut dice = Dice(1);
        let rules = (0..80).map(|n| any_rule(&mut dice, &ids, &values, n)).collect();
        Self { registry, ids, values, rules }
    }
}

fn any_rule(dice: &mut Dice, ids: &[ControlId], values: &BTreeMap<ControlId, Vec<Value>>, number: usize) -> Rule {
    use WhoLoosens::{Guardian, GuardianVerified, Teen, TeenAndGuardian};
    let control = dice.pick(ids).clone();
    let effect = *dice.pick(&[Effect::Default, Effect::Default, Effect::Bound, Effect::Right]);
    let who = [Guardian, GuardianVerified, Teen, TeenAndGuardian];
    let mut may_loosen = vec![*dice.pick(&who)];
    if dice.one_in(2) {
        may_loosen.push(*dice.pick(&who));
    }
    if effect != Effect::Default {
        may_loosen.clear();
    }
    Rule {
        id: format!("law.{number}").as_str().into(),
        law: "law".into(),
        jurisdiction: (*dice.pick(&["*", "*", "US", "DE"])).into(),
        value: dice.pick(&values[&control]).clone(),
        control,
        ages: ForAges { from: 0, to: *dice.pick(&[13, 16, 18, 18]) },
        effect,
        months: Default::default(),
        accounts_from: None,
        may_loosen: may_loosen.into_iter().collect(),
        in_force: InForce { from: date(2026, 1, 1), until: None },
        status: LegalStatus::InForce,
        enforce: true,
        note: None,
    }
}

/// A situation's parts, made from one number.
struct Stack {
    pool: &'static Pool,
    book: RuleBook,
    layers: Layers,
    region: &'static str,
    ages: Ages,
}

impl Stack {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let pool = dice.pick(&POOLS);
        let mut rules: Vec<Rule> = (0..dice.below(6)).map(|_| dice.pick(&pool.rules).clone()).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules.dedup_by(|a, b| a.id == b.id);
        let age = i16::try_from(10 + dice.below(9)).unwrap();
        let ages = Ages { from: age, to: age + i16::from(dice.one_in(8)) * 2 };
        let region = dice.pick(&["US-CA", "US", "DE", "ZZ"]);
        Self { pool, book: RuleBook { laws: vec![], rules }, layers: pool.layers(&mut dice), region, ages }
    }

    fn situation(&self) -> Situation<'_> {
        let (registry, book, region, ages, layers) =
            (&self.pool.registry, &self.book, self.region, self.ages, &self.layers);
        let day = date(2026, 11, 22);
        Situation { registry, book, region, ages, joined: day, today: day, now: second(10), layers }
    }
}

impl Pool {
    fn layers(&self, dice: &mut Dice) -> Layers {
        let mut layers = Layers::default();
        for guardian in 1..=dice.below(3) {
            let who = person(guardian.try_into().unwrap());
            layers.guardians.insert(who, self.settings(dice, who));
            if dice.one_in(2) {
                layers.verified.insert(who);
            }
        }
        layers.teen = self.settings(dice, person(9));
        for control in self.registry.iter().filter(|_| dice.one_in(4)) {
            let value = control.default_for(AgeBand::Under13).clone();
            layers.kept.insert(control.id.clone(), Kept { value, from_band: AgeBand::Under13, since: second(1) });
        }
        layers.grants = (0..dice.below(4)).map(|_| self.timed(dice)).collect();
        layers.holds = (0..dice.below(3)).map(|_| self.timed(dice)).collect();
        layers
    }

    fn settings(&self, dice: &mut Dice, by: AccountId) -> BTreeMap<ControlId, Setting> {
        let mut settings = BTreeMap::new();
        for (id, values) in &self.values {
            if dice.one_in(2) {
                let (value, since) = (dice.pick(values).clone(), second(i64::try_from(dice.below(5)).unwrap()));
                settings.insert(id.clone(), Setting { value, by, since, reason: None });
            }
        }
        settings
    }

    fn timed(&self, dice: &mut Dice) -> Timed {
        let control = dice.pick(&self.ids).clone();
        let from = second(i64::try_from(dice.below(20)).unwrap());
        let until = from + SignedDuration::from_secs(i64::try_from(1 + dice.below(20)).unwrap());
        let by = person(u128::try_from(1 + dice.below(2)).unwrap());
        Timed {
            id: Uuid::from_u128(dice.roll().into()),
            value: dice.pick(&self.values[&control]).clone(),
            control,
            by,
            from,
            until,
            reason: None,
        }
    }
}

/// Promise 9: whatever people set, grant or hold, nothing that holds is looser than a bound of platform or law, and what a grant
/// or hold leaves behind is not either.
#[test]
fn no_stack_of_layers_is_looser_than_any_bound() {
    for seed in 0..STACKS {
        let stack = Stack::of(seed);
        let situation = stack.situation();
        let (live, band) = (situation.live(), situation.band());
        for (id, held) in effective(&situation).iter() {
            let control = stack.pool.registry.get(id).unwrap();
            let law = hard(&control.kind, live.on(control)).map(|bound| bound.value);
            for bound in control.floor_for(band).into_iter().chain(&law) {
                for value in [&held.value].into_iter().chain(&held.after) {
                    assert!(control.kind.at_least_as_strict(value, bound), "seed {seed}: {id} {value:?} {bound:?}");
                }
            }
        }
    }
}

/// What holds after the next end is the strictest of all that follows, looked at from each end by itself.
#[test]
fn what_follows_is_the_strictest_of_every_later_end() {
    for seed in 0..STACKS / 100 {
        let stack = Stack::of(seed);
        let situation = stack.situation();
        for (id, held) in effective(&situation).iter() {
            let kind = &stack.pool.registry.get(id).unwrap().kind;
            let all = stack.layers.grants.iter().chain(&stack.layers.holds).filter(|timed| timed.control == *id);
            let later = all.flat_map(|timed| [timed.from, timed.until]).filter(|at| *at > situation.now);
            let edges: std::collections::BTreeSet<Timestamp> = later.collect();
            let then = |at: &Timestamp| effective(&Situation { now: *at, ..situation }).get(id).unwrap().value.clone();
            let strictest = edges.iter().map(then).reduce(|a, b| kind.meet(&a, &b));
            assert_eq!((held.until, &held.after), (edges.first().copied(), &strictest), "seed {seed}: {id}");
        }
    }
}

/// The values of those who may let a rule go: of guardians and grants with the power it names, of the teen where it is theirs to
/// choose, and of both together as far as both.
fn let_go_by(stack: &Stack, control: &Control, rule: &Rule) -> Vec<Value> {
    let (layers, kind) = (&stack.layers, &control.kind);
    let may = |power| rule.may_loosen.contains(&power);
    let alone = |who: &AccountId| {
        may(WhoLoosens::Guardian) || may(WhoLoosens::GuardianVerified) && layers.verified.contains(who)
    };
    let own = layers.teen.get(&control.id).map(|own| &own.value);
    let yes = own.filter(|own| may(WhoLoosens::TeenAndGuardian) && kind.at_least_as_strict(&rule.value, own));
    let set = layers.guardians.iter().filter_map(|(who, own)| Some((who, &own.get(&control.id)?.value)));
    let by_guardians = set.clone().filter_map(|(who, value)| match (alone(who), yes) {
        (true, _) => Some(value.clone()),
        (false, Some(yes)) => Some(kind.meet(value, yes)),
        (false, None) => None,
    });
    let grants = layers.grants.iter().filter(|grant| grant.control == control.id && alone(&grant.by));
    let is_chosen = may(WhoLoosens::Teen) && control.is_teens_own(stack.situation().band()) && set.count() == 0;
    let chosen = own.filter(|_| is_chosen).cloned();
    by_guardians.chain(grants.map(|grant| grant.value.clone())).chain(chosen).collect()
}

/// Loosening never without authority: what is looser than a law's default is not looser than what those have set whom it names,
/// be it a guardian, one with a verified consent, the teen, or a guardian and the teen together.
#[test]
fn nobody_goes_beyond_a_laws_default_without_the_power_it_names() {
    let mut beyond = BTreeMap::new();
    for seed in 0..STACKS {
        let stack = Stack::of(seed);
        let situation = stack.situation();
        let live = situation.live();
        for (id, held) in effective(&situation).iter() {
            let control = stack.pool.registry.get(id).unwrap();
            // A right that a law gives guardians may contradict another law's default; the check of rules reports it.
            if live.on(control).iter().any(|rule| rule.effect == Effect::Right) {
                continue;
            }
            for rule in live.on(control).iter().filter(|rule| rule.effect == Effect::Default) {
                let allowed = let_go_by(&stack, control, rule);
                let loosest = allowed.iter().fold(rule.value.clone(), |bound, value| control.kind.join(&bound, value));
                let is_within = control.kind.at_least_as_strict(&held.value, &loosest);
                assert!(is_within, "seed {seed}: {id} {held:?} {rule:?} {allowed:?}");
                if !control.kind.at_least_as_strict(&held.value, &rule.value) {
                    for power in rule.may_loosen.iter().filter(|_| rule.may_loosen.len() == 1) {
                        *beyond.entry(*power).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    assert!(beyond.len() == 4 && beyond.values().all(|times| *times > 20), "every power was used: {beyond:?}");
}

/// Whatever the law decides names the rules that decided it, also where a right of guardians kept something open.
#[test]
fn what_the_law_decides_names_its_rules() {
    let (mut bound, mut opened) = (0, 0);
    for seed in 0..STACKS / 20 {
        let stack = Stack::of(seed);
        let situation = stack.situation();
        let live = situation.live();
        for (id, held) in effective(&situation).iter().filter(|(_, held)| held.source == Layer::Law) {
            assert!(!held.rules.is_empty(), "seed {seed}: {id} {held:?}");
            let on = live.on(stack.pool.registry.get(id).unwrap());
            let is_right = |rule: &&Rule| rule.effect == Effect::Right && held.rules.contains(&rule.id);
            let is_opened = on.iter().copied().any(|rule| is_right(&rule));
            *if is_opened { &mut opened } else { &mut bound } += 1;
        }
    }
    assert!(bound > 100 && opened > 20, "both were there: {bound}, {opened}");
}

/// Tightening is always taken, from a guardian and from the teen for themself: as a setting, or where only grants are looser, by
/// giving them back. And what a guardian sets is never looser than they may.
#[test]
fn tightening_is_always_taken_and_loosening_only_within_ones_powers() {
    let mut given_back = 0;
    for seed in 0..STACKS / 5 {
        let stack = Stack::of(seed);
        let situation = stack.situation();
        let live = situation.live();
        let mut dice = Dice(seed ^ 0xABCD);
        let no_own = Layers { teen: BTreeMap::new(), ..stack.layers.clone() };
        let free = effective(&situation.with(&no_own));
        for control in stack.pool.registry.iter().filter(|control| control.set_by == SetBy::Family) {
            let wish = dice.pick(&stack.pool.values[&control.id]);
            let patch = Patch::from([(control.id.clone(), Some(Given::from(wish)))]);
            let right = live.on(control).iter().any(|rule| rule.effect == Effect::Right);
            let by_guardian = patch_guardian(&situation, person(1), &patch, None);
            let deciding = Deciding::new(&situation, control, live.on(control));
            let powers = [stack.layers.powers_of(&person(1)), vec![WhoLoosens::TeenAndGuardian]].concat();
            let bound = deciding.loosest(&powers);
            let within = bound.is_none_or(|bound| control.kind.at_least_as_strict(wish, &bound.value));
            let lasting = deciding.lasting(&deciding.base(), situation.now).value;
            let tighter = control.kind.at_least_as_strict(wish, &lasting);
            assert_eq!(by_guardian.is_ok(), within || tighter, "seed {seed}: {} {wish:?}", control.id);
            let by_teen = patch_teen(&situation, person(9), &patch, None);
            let adds = control.kind.direction(&free.get(&control.id).unwrap().value, wish) == Direction::Tighter;
            if let Err(PatchError::AddsNothing { grants, .. }) = &by_teen
                && adds
            {
                given_back += 1;
                let back = |layers: Layers, id: &Uuid| give_back(&layers, *id, situation.now).unwrap();
                let left = grants.iter().fold(no_own.clone(), back);
                let then = effective(&situation.with(&left));
                let fulfilled = control.kind.at_least_as_strict(&then.get(&control.id).unwrap().value, wish);
                assert!(fulfilled, "seed {seed}: {} {wish:?} {grants:?}", control.id);
            } else {
                assert!(!adds || right || by_teen.is_ok(), "seed {seed}: {} {wish:?} {by_teen:?}", control.id);
            }
        }
    }
    assert!(given_back > 20, "grants were in the way {given_back} times");
}

/// What differs, applied to the one, gives the other.
#[test]
fn a_difference_applied_gives_the_other_policy() {
    for seed in 0..STACKS / 20 {
        let (stack, mut dice) = (Stack::of(seed), Dice(seed ^ 0xABCD));
        let other = stack.pool.layers(&mut dice);
        let (a, b) = (effective(&stack.situation()), effective(&stack.situation().with(&other)));
        let mut patched: BTreeMap<_, _> = a.iter().map(|(id, held)| (id.clone(), held.value.clone())).collect();
        for change in diff(&stack.pool.registry, &a, &b) {
            assert_eq!(patched.insert(change.control, change.to), Some(change.from));
        }
        let other: BTreeMap<_, _> = b.iter().map(|(id, held)| (id.clone(), held.value.clone())).collect();
        assert_eq!(patched, other, "seed {seed}");
    }
}

/// A birthday loosens nothing but what follows ages by its own rule; and at 18 nothing of a guardian lingers.
#[test]
fn a_birthday_loosens_nothing_by_itself() {
    for seed in 0..STACKS / 100 {
        let stack = Stack::of(seed);
        let layers = Layers { grants: vec![], holds: vec![], ..stack.layers.clone() };
        for pair in AgeBand::ALL.windows(2) {
            let (before, after) = (situation(pair[0], &layers).band(), situation(pair[1], &layers).band());
            let next = at_age(&REGISTRY, &layers, before, after, second(10));
            if after == AgeBand::Adult {
                assert_eq!(next, Layers { teen: layers.teen.clone(), ..Layers::default() });
                continue;
            }
            let unset = |id: &ControlId| {
                !layers.guardians.values().any(|own| own.contains_key(id)) && !layers.teen.contains_key(id)
            };
            for change in diff(&REGISTRY, &policy_in(before, &layers), &policy_in(after, &next)) {
                let control = REGISTRY.get(&change.control).unwrap();
                let follows = control.at_birthday == crate::domain::controls::AtBirthday::Follows;
                let looser = matches!(change.direction, Direction::Looser | Direction::Mixed);
                assert!(!looser || follows || !unset(&change.control), "seed {seed}: {change:?}");
            }
        }
    }
}
