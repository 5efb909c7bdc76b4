//! Ages: what was said of one, and what follows.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::domain::{
    age::{
        self, AgeBand, AgeDecision, AgeSignal, AgeSpan, AppleAnswer, Birth, Channel, GoogleAgeSignals, Level, NotAges,
        ProviderOutcome, Reading, Stage, Stated, Transition, age_on, next_transition,
    },
    ids::{AccountId, AgeSignalId},
};

#[derive(Deserialize)]
pub(super) struct BornOn {
    birth: Date,
    today: Date,
}

#[derive(Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub(super) enum Heard {
    Apple { answer: AppleAnswer, attested: bool },
    Google { answer: GoogleAgeSignals, attested: bool },
    Provider { answer: ProviderOutcome },
    Guardian { answer: GivenSpan, verified: bool },
}

#[derive(Deserialize)]
pub(super) struct Signals {
    signals: Vec<GivenSignal>,
    zone: String,
    now: Timestamp,
}

#[derive(Deserialize)]
struct GivenSignal {
    id: AgeSignalId,
    received_at: Timestamp,
    channel: Channel,
    level: Level,
    stated: GivenStated,
    said_by: Option<AccountId>,
    valid_until: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum GivenStated {
    Born(Date),
    Ages(GivenSpan),
}

#[derive(Deserialize)]
pub(super) struct GivenSpan {
    from: i16,
    to: Option<i16>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    on: Date,
    today: Date,
    made: Vec<Stage>,
}

pub(super) fn age(BornOn { birth, today }: BornOn) -> Result<Json, Fault> {
    let (age, band) = (age_on(birth, today), AgeBand::on(birth, today));
    Ok(json!({"age": age, "band": band, "next_transition": next_transition(birth, today)}))
}

pub(super) fn read_age(heard: Heard) -> Result<Json, Fault> {
    let (reading, sure) = match heard {
        Heard::Apple { answer, attested } => (answer.read(), attested),
        Heard::Google { answer, attested } => (answer.read(), attested),
        Heard::Provider { answer } => (answer.read().map(Some), true),
        Heard::Guardian { answer: GivenSpan { from, to }, verified } => {
            (AgeSpan::new(from, to).map(|ages| Some(Reading::attested(ages))), verified)
        }
    };
    Ok(match reading {
        Ok(None) => json!({"says": null}),
        Ok(Some(reading)) => json!({"says": said(if sure { reading } else { reading.asserted() })}),
        Err(NotAges) => json!({"refused": true}),
    })
}

fn said(Reading { level, stated, source, .. }: Reading) -> Json {
    match stated {
        Stated::Born(date) => json!({"born": date, "level": level, "source": source}),
        Stated::Aged(ages) => {
            json!({"ages": {"from": ages.lo(), "to": ages.hi()}, "level": level, "source": source})
        }
    }
}

pub(super) fn decide_age(Signals { signals, zone, now }: Signals) -> Result<Json, Fault> {
    let zone = TimeZone::get(&zone)?;
    let signals = signals.into_iter().map(AgeSignal::try_from).collect::<Result<Vec<_>, _>>()?;
    let today = now.to_zoned(zone.clone()).date();
    let decision = age::decide(&signals, now, &zone);
    Ok(json!({"decision": decision.map(|decision| told(&decision, today))}))
}

fn told(decision: &AgeDecision, today: Date) -> Json {
    let AgeDecision { birth, level, basis, reason, effective_at, waiting, majority } = decision;
    let ages = decision.ages_on(today);
    let ahead = decision.transitions(today);
    json!({
        "birth": days(*birth),
        "ages": {"from": ages.from, "to": ages.to},
        "band": decision.band_on(today),
        "level": level,
        "basis": basis,
        "reason": reason,
        "effective_at": effective_at,
        "waiting": waiting.map(|waiting| json!({"until": waiting.until, "birth": days(waiting.birth)})),
        "majority": majority,
        "ahead": ahead.iter().map(|it| json!({"on": it.on, "from": it.from, "to": it.to})).collect::<Vec<_>>(),
    })
}

fn days(birth: Birth) -> Json {
    json!({"earliest": birth.earliest(), "latest": birth.latest()})
}

/// What is announced of a change is the same whichever bands it is between.
pub(super) fn announce(Change { on, today, made }: Change) -> Result<Json, Fault> {
    let change = Transition { on, from: AgeBand::From13To15, to: AgeBand::From16To17 };
    let due = change.due(today, &made).map(|due| json!({"stage": due.stage, "on": due.on}));
    Ok(json!({"announcement": due}))
}

impl TryFrom<GivenSignal> for AgeSignal {
    type Error = NotAges;

    fn try_from(given: GivenSignal) -> Result<Self, NotAges> {
        let GivenSignal { id, received_at, channel, level, stated, said_by, valid_until, withdrawn_at } = given;
        let stated = match stated {
            GivenStated::Born(date) => Stated::Born(date),
            GivenStated::Ages(GivenSpan { from, to }) => Stated::Aged(AgeSpan::new(from, to)?),
        };
        let reading = Reading { channel, level, stated, source: "case".to_owned() };
        Ok(Self { said_by, valid_until, withdrawn_at, ..reading.signal(id, received_at) })
    }
}
