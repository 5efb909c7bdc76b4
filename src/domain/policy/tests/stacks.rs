//! A hundred thousand random stacks of layers: guardians with and without a verified consent, the teen, grants, holds, what
//! birthdays kept, and laws of every sort. Values and rules come from pools, so that they meet each other often.

use jiff::{SignedDuration, civil::date};
use proptest::{
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::domain::law::{Effect, ForAges, InForce, LegalStatus, Rule, beyond, hard};

/// One control of every kind, private ones and those that are a teen's own among them.
const STACKED: [&str; 8] = [
    "account.private",
    "blocked.subjects",
    "dm.from",
    "guardian.visibility.topics",
    "quiet.notifications",
    "search.enabled",
    "time.break_every_minutes",
    "time.daily_minutes",
];

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

struct Pools {
    registry: Registry,
    values: BTreeMap<ControlId, Vec<Value>>,
    rules: Vec<Rule>,
}

static POOLS: LazyLock<Pools> = LazyLock::new(|| {
    let all = include_str!("../../controls.toml");
    let rows: Vec<&str> = all.split("[[control]]").skip(1).collect();
    let kept = rows.iter().filter(|row| STACKED.iter().any(|id| row.contains(&format!("id = \"{id}\""))));
    let registry = Registry::parse(&kept.map(|row| format!("[[control]]{row}")).collect::<String>()).unwrap();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let mut value = |kind| any_value(kind).new_tree(&mut runner).unwrap().current();
    let values: BTreeMap<_, Vec<Value>> =
        registry.iter().map(|control| (control.id.clone(), (0..12).map(|_| value(&control.kind)).collect())).collect();
    let mut dice = Dice(1);
    let rules = (0..80).map(|n| any_rule(&mut dice, &values, n)).collect();
    Pools { registry, values, rules }
});

fn any_rule(dice: &mut Dice, values: &BTreeMap<ControlId, Vec<Value>>, number: usize) -> Rule {
    use WhoLoosens::{Guardian, GuardianVerified, Teen, TeenAndGuardian};
    let control = ControlId::from(*dice.pick(&STACKED));
    let effect = *dice.pick(&[Effect::Default, Effect::Default, Effect::Bound, Effect::Right]);
    let who = [Guardian, GuardianVerified, Teen, TeenAndGuardian];
    let may_loosen = if effect == Effect::Default { vec![*dice.pick(&who), *dice.pick(&who)] } else { vec![] };
    Rule {
        id: format!("law.{number}").as_str().into(),
        law: "law".into(),
        jurisdiction: (*dice.pick(&["*", "US", "US-CA", "DE"])).into(),
        value: dice.pick(&values[&control]).clone(),
        control,
        ages: ForAges { from: 0, to: *dice.pick(&[13, 14, 16, 18]) },
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
    book: RuleBook,
    layers: Layers,
    region: &'static str,
    ages: Ages,
}

impl Stack {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut rules: Vec<Rule> = (0..dice.below(6)).map(|_| dice.pick(&POOLS.rules).clone()).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules.dedup_by(|a, b| a.id == b.id);
        let age = i16::try_from(10 + dice.below(9)).unwrap();
        let ages = Ages { from: age, to: age + i16::from(dice.one_in(8)) * 2 };
        let region = dice.pick(&["US-CA", "US", "DE", "ZZ"]);
        Self { book: RuleBook { laws: vec![], rules }, layers: Self::layers(&mut dice), region, ages }
    }

    fn layers(dice: &mut Dice) -> Layers {
        let mut layers = Layers::default();
        for guardian in 1..=dice.below(3) {
            let who = person(guardian.try_into().unwrap());
            layers.guardians.insert(who, Self::settings(dice, who));
            if dice.one_in(2) {
                layers.verified.insert(who);
            }
        }
        layers.teen = Self::settings(dice, person(9));
        for (id, setting) in Self::settings(dice, person(9)) {
            if dice.one_in(2) {
                let kept = Kept { value: setting.value, from_band: AgeBand::Under13, since: setting.since };
                layers.kept.insert(id, kept);
            }
        }
        layers.grants = (0..dice.below(3)).map(|_| Self::timed(dice)).collect();
        layers.holds = (0..dice.below(3)).map(|_| Self::timed(dice)).collect();
        layers
    }

    fn settings(dice: &mut Dice, by: AccountId) -> BTreeMap<ControlId, Setting> {
        let mut settings = BTreeMap::new();
        for (id, values) in &POOLS.values {
            if dice.one_in(2) {
                let (value, since) = (dice.pick(values).clone(), second(i64::try_from(dice.below(5)).unwrap()));
                settings.insert(id.clone(), Setting { value, by, since, reason: None });
            }
        }
        settings
    }

    fn timed(dice: &mut Dice) -> Timed {
        let control = ControlId::from(*dice.pick(&STACKED));
        let from = second(i64::try_from(dice.below(20)).unwrap());
        let until = from + SignedDuration::from_secs(i64::try_from(1 + dice.below(20)).unwrap());
        let by = person(u128::try_from(1 + dice.below(2)).unwrap());
        Timed {
            id: Uuid::from_u128(dice.roll().into()),
            value: dice.pick(&POOLS.values[&control]).clone(),
            control,
            by,
            from,
            until,
            reason: None,
        }
    }

    fn situation(&self) -> Situation<'_> {
        let (registry, book, region, ages, layers) =
            (&POOLS.registry, &self.book, self.region, self.ages, &self.layers);
        let day = date(2026, 11, 22);
        Situation { registry, book, region, ages, joined: day, today: day, now: second(10), layers }
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
            let control = POOLS.registry.get(id).unwrap();
            let law = hard(&control.kind, live.on(control)).map(|bound| bound.value);
            for bound in control.floor_for(band).into_iter().chain(&law) {
                for value in [&held.value].into_iter().chain(&held.after) {
                    assert!(control.kind.at_least_as_strict(value, bound), "seed {seed}: {id} {value:?} {bound:?}");
                }
            }
        }
    }
}

/// Loosening never without authority: without any guardian's and teen's settings a law's default holds; with those of people whom
/// no rule lets loosen it, it still does.
#[test]
fn nobody_goes_beyond_a_laws_default_without_the_power_it_names() {
    for seed in 0..STACKS {
        let mut stack = Stack::of(seed);
        stack.layers.verified.clear();
        stack.layers.teen.clear();
        let situation = stack.situation();
        let live = situation.live();
        for (id, held) in effective(&situation).iter() {
            let control = POOLS.registry.get(id).unwrap();
            let Some(bound) = beyond(&control.kind, live.on(control), &[WhoLoosens::Guardian]) else { continue };
            // A right that a law gives guardians may contradict another law's default; the check of rules reports it.
            if live.on(control).iter().any(|rule| rule.effect == Effect::Right) {
                continue;
            }
            assert!(control.kind.at_least_as_strict(&held.value, &bound.value), "seed {seed}: {id} {held:?} {bound:?}");
        }
    }
}

/// Tightening is always taken, from a guardian and from the teen for themself; and what is taken is never looser than they may.
#[test]
fn tightening_is_always_taken_and_loosening_only_within_ones_powers() {
    for seed in 0..STACKS / 10 {
        let stack = Stack::of(seed);
        let situation = stack.situation();
        let held = effective(&situation);
        let live = situation.live();
        let mut dice = Dice(seed ^ 0xABCD);
        for control in POOLS.registry.iter() {
            let now = &held.get(&control.id).unwrap().value;
            let wish = dice.pick(&POOLS.values[&control.id]);
            let patch = Patch::from([(control.id.clone(), Some(Given::from(wish)))]);
            let tighter = control.kind.direction(now, wish) == Direction::Tighter;
            let by_guardian = patch_guardian(&situation, person(1), &patch, None);
            let deciding = Deciding::new(&situation, control, live.on(control));
            let bound = deciding.loosest(&stack.layers.powers_of(&person(1), &control.id));
            let within = bound.is_none_or(|bound| control.kind.at_least_as_strict(wish, &bound.value));
            assert_eq!(by_guardian.is_ok(), within, "seed {seed}: {} {wish:?}", control.id);
            let right = live.on(control).iter().any(|rule| rule.effect == Effect::Right);
            assert!(!tighter || right || by_guardian.is_ok(), "seed {seed}: {} {wish:?}", control.id);
            let by_teen = patch_teen(&situation, person(9), &patch, None);
            let without_own =
                Stack { layers: Layers { teen: BTreeMap::new(), ..stack.layers.clone() }, ..Stack::of(seed) };
            let free = effective(&without_own.situation());
            let adds = control.kind.direction(&free.get(&control.id).unwrap().value, wish) == Direction::Tighter;
            let granted = stack.layers.grants.iter().any(|grant| grant.control == control.id);
            assert!(!adds || granted || by_teen.is_ok(), "seed {seed}: {} {wish:?} {by_teen:?}", control.id);
        }
    }
}

/// What differs, applied to the one, gives the other.
#[test]
fn a_difference_applied_gives_the_other_policy() {
    for seed in 0..STACKS / 20 {
        let (a, b) = (Stack::of(seed), Stack::of(seed + 1));
        let (a, b) = (effective(&a.situation()), effective(&b.situation()));
        let mut patched: BTreeMap<_, _> = a.iter().map(|(id, held)| (id.clone(), held.value.clone())).collect();
        for change in diff(&POOLS.registry, &a, &b) {
            assert_eq!(patched.insert(change.control, change.to), Some(change.from));
        }
        let other: BTreeMap<_, _> = b.iter().map(|(id, held)| (id.clone(), held.value.clone())).collect();
        assert_eq!(patched, other, "seed {seed}");
    }
}

/// A birthday loosens nothing but what follows ages by its own rule; and at 18 nothing of a guardian lingers.
#[test]
fn a_birthday_loosens_nothing_by_itself() {
    for seed in 0..STACKS / 20 {
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
