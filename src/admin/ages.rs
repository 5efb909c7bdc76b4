//! Ages: what birthdays will do, and answers to objections.

use clap::{Args, ValueEnum};
use jiff::{civil::Date, tz::Offset};

use super::{AdminError, Installation, Signed};
use crate::{
    domain::{
        age::{AppealError, Level},
        clock::World,
        ids::{AgeAppealId, AgeSignalId},
        value::Direction,
    },
    store::{
        StoreError,
        ages::{Forecast, Objection, SignalView, WaitingAppeal},
    },
};

/// Counts who gets into another age band on a day. Reads only.
#[derive(Args)]
pub struct Ages {
    #[command(flatten)]
    installation: Installation,
    /// The day, on the calendar of each teen's home
    #[arg(long)]
    on: Date,
}

/// What came of an objection.
#[derive(Clone, Copy, ValueEnum)]
enum Outcome {
    /// The age was wrong.
    Corrected,
    /// The age was right.
    Upheld,
}

/// Answers an objection to an age.
#[derive(Args)]
pub struct AnswerAgeAppeal {
    #[command(flatten)]
    signed: Signed,
    /// Which, as `admin age-appeals` names it
    #[arg(long)]
    appeal: AgeAppealId,
    /// What came of it
    #[arg(long)]
    outcome: Outcome,
    /// Why, in plain words, for the teen and their guardian; never how an age was shown
    #[arg(long)]
    reason: String,
    /// A signal that was wrong, as `admin age-appeals` names it; again for each. Without, all that put the teen on the wrong side of the band that is claimed
    #[arg(long = "signal")]
    signals: Vec<AgeSignalId>,
}

impl Ages {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        // Somewhere on earth it is still this long before midnight.
        let today = world.now().to_zoned(Offset::constant(-12).to_time_zone()).date();
        if self.on < today {
            return Err(AdminError::PastDay);
        }
        let forecast = self.installation.open(world).await?.forecast_ages(self.on).await?;
        lines(&forecast, self.on).iter().for_each(|line| println!("{line}"));
        Ok(())
    }
}

/// The forecast, one count a line.
fn lines(forecast: &Forecast, on: Date) -> Vec<String> {
    let Forecast { teens, failed, moves, changes } = forecast;
    let moved: usize = moves.values().sum();
    let mut lines = vec![format!("{moved} of {teens} teens get into another band on {on}.")];
    lines.extend(moves.iter().map(|((from, to), count)| format!("{count}\t{from}\t{to}")));
    lines.extend(changes.iter().map(|((control, way), count)| format!("{count}\t{control}\t{}", word(*way))));
    if *failed > 0 {
        lines.push(format!("{failed}\tcould not be computed"));
    }
    lines
}

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Tighter => "tighter",
        Direction::Looser => "looser",
        Direction::Mixed => "mixed",
        Direction::Same => "same",
    }
}

impl AnswerAgeAppeal {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open(world).await?;
        // An answer to a family is somebody's: no machine has the last word, and no nameless one.
        let by = by.ok_or(AdminError::NotAnOperator)?;
        let outcome = match self.outcome {
            Outcome::Corrected => Objection::Corrected(self.signals),
            Outcome::Upheld => Objection::Upheld,
        };
        match store.answer_age_appeal(self.appeal, outcome, self.reason, by).await {
            Ok(answered) => eprintln!("Answered: {}.", answered.state.as_str()),
            Err(StoreError::NotFound | StoreError::Appeal(AppealError::Closed)) => {
                return Err(AdminError::NoSuchAppeal);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Lists the objections that wait, one a line, and below each the signals that it may be about, by band and level alone.
pub(super) async fn list(installation: &Installation, world: World) -> Result<(), AdminError> {
    let waiting = installation.open(world).await?.open_age_appeals().await?;
    println!("id\tside\tclaims\topened\tdue\tteen\tband\tlevel");
    for it in waiting {
        println!("{}", objection(&it));
        it.signals.iter().for_each(|signal| println!("{}", said(signal)));
    }
    Ok(())
}

fn objection(it: &WaitingAppeal) -> String {
    let WaitingAppeal { appeal, teen, overdue, age, .. } = it;
    let due = if *overdue { format!("{:.0} overdue", appeal.due_at) } else { format!("{:.0}", appeal.due_at) };
    let level = age.level.map_or("none", Level::as_str);
    let (id, side, claims, opened) = (appeal.appeal_id, appeal.side.as_str(), appeal.claims, appeal.opened_at);
    format!("{id}\t{side}\t{claims}\t{opened:.0}\t{due}\t{teen}\t{}\t{level}", age.band)
}

fn said(signal: &SignalView) -> String {
    let SignalView { signal_id, channel, level, received_at, counts } = signal;
    let counts = if *counts { "counts" } else { "does not count" };
    format!("\tsignal\t{signal_id}\t{}\t{}\t{received_at:.0}\t{counts}", channel.as_str(), level.as_str())
}
