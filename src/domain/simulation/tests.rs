//! The same as a server that looks every minute; and the same by example.

mod asking;
mod drafts;
mod examples;
mod privacy;
mod scan;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};
use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};
use uuid::Uuid;

use super::*;
use crate::domain::{
    age::{AgeSpan, Birth, Reading},
    controls::{Control, ControlId},
    ids::AccountId,
    ids::AgeSignalId,
    law::{Effect, ForAges, InForce, LegalStatus, Rule, WhoLoosens},
    policy::{Setting, Timed, at_age, effective},
    timeline::Span,
    value::{Given, Value, tests::any_value},
};

/// One control of each sort that time or age does something to.
const CATALOGUE: &str = r#"
[[control]]
id = "time.daily_minutes"
label = "Daily screen time"
group = "time"
kind = "minutes"
enforced_by = "device"
if_unsupported = "report"
since = 1
decides = { action = "use", how = "budget" }
defaults = { under_13 = 60, 13_15 = 60, 16_17 = 60, adult = 1440 }

[[control]]
id = "time.sleep_windows"
label = "Sleep hours"
group = "time"
kind = "windows"
enforced_by = "device"
if_unsupported = "report"
since = 1
at_birthday = "follows"
decides = { action = "use", how = "hours" }
[control.defaults]
under_13 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "21:00", to = "06:00" }]
13_15 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "00:00", to = "06:00" }]
16_17 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "00:00", to = "06:00" }]
adult = []

[[control]]
id = "quiet.notifications"
label = "Quiet hours"
group = "time"
kind = "windows"
enforced_by = "both"
if_unsupported = "report"
since = 1
teen_loosens = ["16_17"]
decides = { action = "notify", how = "hours" }
[control.defaults]
under_13 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "20:00", to = "08:00" }]
13_15 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "21:00", to = "08:00" }]
16_17 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "22:00", to = "08:00" }]
adult = []
[control.floors]
under_13 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "00:00", to = "06:00" }]
13_15 = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "00:00", to = "06:00" }]

[[control]]
id = "dm.from"
label = "Who may send direct messages"
group = "contact"
kind = { choice = { values = ["everyone", "friends", "no_one"] } }
enforced_by = "platform"
if_unsupported = "safe_mode"
since = 1
teen_loosens = ["16_17"]
decides = { action = "message", how = "audience" }
defaults = { under_13 = "no_one", 13_15 = "no_one", 16_17 = "friends", adult = "everyone" }
floors = { under_13 = "no_one", 13_15 = "friends" }

[[control]]
id = "account.private"
label = "Private account"
group = "visibility"
kind = { flag = { strict = true } }
enforced_by = "platform"
if_unsupported = "report"
since = 1
defaults = { under_13 = true, 13_15 = true, 16_17 = false, adult = false }

[[control]]
id = "guardian.link"
label = "A guardian is needed"
group = "guardians"
kind = { choice = { values = ["optional", "needed"] } }
enforced_by = "platform"
if_unsupported = "report"
since = 1
set_by = "law"
at_birthday = "follows"
decides = { action = "use", how = "guardian" }
defaults = { under_13 = "needed", 13_15 = "optional", 16_17 = "optional", adult = "optional" }
"#;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::parse(CATALOGUE).unwrap());

/// A teen and all that is known of them.
#[derive(Debug, Clone)]
struct Teen {
    book: RuleBook,
    facts: Facts,
    layers: Layers,
    policy: Policy,
    computed_for: Option<AgeBand>,
    guarded: bool,
    calendar: Calendar,
    now: Timestamp,
}

impl Teen {
    /// Somebody born on this day, in Berlin, without laws or settings; the stored policy is up to date.
    fn born(birth: Date, now: &str) -> Self {
        Self::of(facts(Birth::on(birth), "Europe/Berlin"), RuleBook::default(), Layers::default(), at(now))
    }

    fn of(facts: Facts, book: RuleBook, layers: Layers, now: Timestamp) -> Self {
        let band = facts.at(&REGISTRY, &book, &layers, now).band();
        // Nothing but their own is stored for an adult.
        let layers = at_age(&REGISTRY, &layers, band, band, now);
        let policy = effective(&facts.at(&REGISTRY, &book, &layers, now));
        let calendar = Calendar::new(facts.zone.clone(), 0);
        Self { policy, computed_for: Some(band), book, facts, layers, guarded: true, calendar, now }
    }

    fn present(&self) -> Present<'_> {
        Present {
            registry: &REGISTRY,
            book: &self.book,
            facts: &self.facts,
            calendar: &self.calendar,
            guarded: self.guarded,
            layers: self.layers.clone(),
            computed_for: self.computed_for,
            policy: &self.policy,
            now: self.now,
        }
    }

    fn with(self, layers: Layers) -> Self {
        Self::of(self.facts, self.book, layers, self.now)
    }
}

fn timeline(present: &Present<'_>, span: Span, usage: Option<&Usage>) -> Timeline {
    super::timeline(present, span, usage).unwrap()
}

fn moment(present: &Present<'_>, at: Timestamp, usage: Option<&Usage>) -> Moment {
    super::moment(present, at, usage).unwrap()
}

fn facts(birth: Birth, zone: &str) -> Facts {
    let joined = at("2026-01-01T00:00:00Z");
    let zone = TimeZone::get(zone).unwrap();
    if birth.earliest() == birth.latest() {
        return Facts::declared(birth.latest(), "DE", joined, zone);
    }
    let ages = birth.ages_on(joined.to_zoned(zone.clone()).date());
    let said = Reading::attested(AgeSpan::new(ages.from, Some(ages.to)).unwrap());
    let signals = vec![said.signal(AgeSignalId::from_uuid(Uuid::nil()), joined)];
    Facts { signals, region: "DE".to_owned(), joined, zone }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span { from: at(from), to: at(to) }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn days_after(day: Date, days: i64) -> Date {
    day.saturating_add(SignedDuration::from_hours(24 * days))
}

fn person(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn value(control: &str, json: serde_json::Value) -> Value {
    REGISTRY.get(control).unwrap().kind.parse(serde_json::from_value(json).unwrap()).unwrap()
}

/// A guardian's setting.
fn set(control: &str, json: serde_json::Value) -> Layers {
    let setting =
        Setting { value: value(control, json), by: person(1), since: at("2026-01-02T00:00:00Z"), reason: None };
    let own = BTreeMap::from([(ControlId::from(control), setting)]);
    Layers { guardians: BTreeMap::from([(person(1), own)]), ..Layers::default() }
}

fn timed(control: &str, json: serde_json::Value, from: Timestamp, until: Timestamp) -> Timed {
    let control = ControlId::from(control);
    let value = value(control.as_str(), json);
    Timed { id: Uuid::from_u128(7), control, value, by: person(1), from, until, reason: None }
}

fn any_control() -> impl Strategy<Value = &'static Control> {
    select(REGISTRY.iter().collect::<Vec<_>>())
}

fn any_layer(by: AccountId) -> impl Strategy<Value = BTreeMap<ControlId, Setting>> {
    let setting = any_control().prop_flat_map(|control| (Just(control.id.clone()), any_value(&control.kind)));
    let since = at("2026-01-02T00:00:00Z");
    vec(setting, 0..4).prop_map(move |set| {
        set.into_iter().map(|(id, value)| (id, Setting { value, by, since, reason: None })).collect()
    })
}

/// Grants or holds that begin and end within some hours of `near`, each on a whole minute.
fn any_timed(near: Timestamp) -> impl Strategy<Value = Vec<Timed>> {
    let one = any_control().prop_flat_map(move |control| {
        (any_value(&control.kind), -600_i64..1800, 1_i64..900).prop_map(move |(value, from, length)| {
            let (from, id, control) = (near + minutes(from), Uuid::from_u128(7), control.id.clone());
            Timed { id, control, value, by: person(1), from, until: from + minutes(length), reason: None }
        })
    });
    vec(one, 0..4)
}

fn any_layers(near: Timestamp) -> impl Strategy<Value = Layers> {
    let verified = any::<bool>().prop_map(|yes| if yes { BTreeSet::from([person(1)]) } else { BTreeSet::new() });
    let people = (any_layer(person(1)), any_layer(person(2)), any_layer(person(9)), verified);
    (people, any_timed(near), any_timed(near)).prop_map(|((one, two, teen, verified), grants, holds)| {
        let guardians = [(person(1), one), (person(2), two)].into_iter().filter(|(_, own)| !own.is_empty());
        Layers { guardians: guardians.collect(), verified, teen, grants, holds, ..Layers::default() }
    })
}

/// Rules whose days and months begin and end around `near`.
fn any_book(near: Date) -> impl Strategy<Value = RuleBook> {
    let loosens = vec![WhoLoosens::Guardian, WhoLoosens::GuardianVerified, WhoLoosens::Teen];
    let rule = any_control().prop_flat_map(move |control| {
        let ages = (0_i16..18, 1_i16..10).prop_map(|(from, years)| ForAges { from, to: from + years });
        let day = move || (-3_i64..4).prop_map(move |ahead| days_after(near, ahead));
        let binds = (
            select(vec![Effect::Default, Effect::Bound, Effect::Right]),
            subsequence(loosens.clone(), 0..=3),
            option::of(subsequence((1_i8..=12).collect::<Vec<_>>(), 1..=12)),
        );
        (any_value(&control.kind), ages, binds, day(), option::of(day())).prop_map(
            move |(value, ages, (effect, may_loosen, months), from, until)| Rule {
                id: "xx.rule".into(),
                law: "xx".to_owned(),
                jurisdiction: "*".to_owned(),
                control: control.id.clone(),
                ages,
                effect,
                value,
                months: months.into_iter().flatten().collect(),
                accounts_from: None,
                may_loosen: may_loosen.into_iter().collect(),
                in_force: InForce { from, until },
                status: LegalStatus::InForce,
                enforce: true,
                note: None,
            },
        )
    });
    vec(rule, 0..5).prop_map(|mut rules| {
        for (number, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("xx.rule-{number}").into();
        }
        RuleBook { laws: vec![], rules }
    })
}

/// Somebody whose birthday, grants and laws all come within some hours, near a turn of the clock or the end of a month.
fn any_teen() -> impl Strategy<Value = Teen> {
    let zones = vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"];
    let nights = vec!["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "2026-11-01T03:00:00Z", "2026-12-31T05:00:00Z"];
    (select(nights), select(zones), 0_i64..720).prop_flat_map(|(night, zone, shift)| {
        let now = at(night) + minutes(shift);
        let today = now.to_zoned(TimeZone::get(zone).unwrap()).date();
        // Most of them have a birthday today or tomorrow; of some nobody knows the exact day.
        let days = (prop_oneof![3 => 0_i64..2, 1 => 2_i64..300], prop_oneof![2 => Just(0_i64), 1 => 0_i64..900]);
        let birth = (11_i16..19, days).prop_map(move |(age, (ahead, unsure))| {
            let latest = days_after(today, ahead).saturating_sub(jiff::Span::new().years(age));
            Birth::between(days_after(latest, -unsure), latest).unwrap()
        });
        let home = (any::<bool>(), prop_oneof![Just(0_i16), 0_i16..1440]);
        (birth, any_book(today), any_layers(now), home).prop_map(move |(birth, book, layers, (guarded, start))| {
            let teen = Teen::of(facts(birth, zone), book, layers, now);
            let calendar = Calendar::new(teen.facts.zone.clone(), start);
            Teen { guarded, calendar, ..teen }
        })
    })
}
