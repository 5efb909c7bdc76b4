//! What another set of rules, or another day, would change: rule by rule, and for how many teens.

use clap::Args;
use jiff::{civil::Date, tz::TimeZone};
use serde_json::json;

use super::{Source, check::summary, counted, progress::Progress, tally_line};
use crate::{
    admin::{AdminError, Installation},
    client::terminal::say,
    domain::{
        clock::World,
        law::{Comparison, Edit, Edited, Reach, RuleBook, check, compare},
    },
    store::{
        Store, StoreError,
        law::{DryRun, Foreseen, Question},
    },
};

/// Compares a set of rules with the one that holds.
#[derive(Args)]
pub struct Diff {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    source: Source,
    /// Count as if it were this day: 2027-01-01
    #[arg(long)]
    on: Option<Date>,
    /// Print JSON, for machines
    #[arg(long)]
    json: bool,
}

/// Counts whom the law reaches by itself until a day.
#[derive(Args)]
pub struct Ahead {
    #[command(flatten)]
    installation: Installation,
    /// Until which day: 2027-01-01
    until: Date,
    /// Print JSON, for machines
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let store = self.installation.open(world).await?;
        let holding = store.rules().await?;
        let rules = RuleBook::parse(store.registry(), &self.source.read(&store).await?)?;
        let comparison = compare(store.registry(), &holding.rules, &rules);
        let findings = new_findings(&store, &holding.rules, &rules);
        if !self.json {
            say(&format!("Version {} holds. {}: {}", holding.version, self.source.name(), summary(&rules)));
            tell_edits(&comparison);
            tell_new(&findings);
        }
        let question = Question::Instead { rules, on: self.on };
        let run = DryRun::new(holding.clone(), question, comparison.reach());
        let foreseen = foresee(&store, run, &comparison.reach()).await?;
        if self.json {
            let answer = json!({"holding": holding.version, "on": self.on, "differences": comparison,
                "new_to_look_at": findings, "foreseen": foreseen});
            println!("{}", serde_json::to_string_pretty(&answer)?);
        } else {
            let places: Vec<&str> = comparison.touched.iter().map(String::as_str).collect();
            tell_foreseen(&store, &places, &foreseen);
        }
        Ok(())
    }
}

impl Ahead {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let store = self.installation.open(world).await?;
        let holding = store.rules().await?;
        // Somewhere it is still yesterday.
        let today = store.world().now().to_zoned(TimeZone::UTC).date();
        let turning = holding.rules.turning(today.yesterday().unwrap_or(today), self.until);
        let reach = Reach::of(turning.iter().copied());
        let run = DryRun::new(holding.clone(), Question::Until(self.until), reach.clone());
        let foreseen = foresee(&store, run, &reach).await?;
        if self.json {
            let answer =
                json!({"holding": holding.version, "until": self.until, "turning": turning, "foreseen": foreseen});
            println!("{}", serde_json::to_string_pretty(&answer)?);
        } else {
            say(&format!("Version {} holds. What its own dates change by {}:", holding.version, self.until));
            tell_foreseen(&store, &turning.into_iter().collect::<Vec<_>>(), &foreseen);
        }
        Ok(())
    }
}

/// Whom a set would affect, for whoever proposes it. Nothing, where nobody can read what holds.
pub(super) struct Outlook(Option<(Comparison, Foreseen)>);

impl Outlook {
    /// Counts, and changes nothing.
    pub(super) async fn of(store: &Store, rules: RuleBook) -> Result<Self, AdminError> {
        let holding = match store.rules().await {
            Err(StoreError::UnreadableRules { .. }) => return Ok(Self(None)),
            holding => holding?,
        };
        let comparison = compare(store.registry(), &holding.rules, &rules);
        let run = DryRun::new(holding, Question::Instead { rules, on: None }, comparison.reach());
        let foreseen = foresee(store, run, &comparison.reach()).await?;
        Ok(Self(Some((comparison, foreseen))))
    }

    /// Says so.
    pub(super) fn tell(&self, store: &Store) {
        match &self.0 {
            Some((comparison, foreseen)) => {
                tell_foreseen(store, &comparison.touched.iter().map(String::as_str).collect::<Vec<_>>(), foreseen);
            }
            None => say(
                "\nThe set that holds cannot be read, so nobody can say whom this affects: everybody is computed anew.",
            ),
        }
    }
}

/// Computes everybody whom the answer can be about.
async fn foresee(store: &Store, mut run: DryRun, reach: &Reach) -> Result<Foreseen, AdminError> {
    if !reach.is_nowhere() {
        let mut progress = Progress::of(store.count_within(reach).await?, "dry run");
        while store.go_on(&mut run).await? {
            progress.at(run.foreseen.teens);
        }
    }
    Ok(run.foreseen)
}

fn tell_edits(comparison: &Comparison) {
    let Comparison { laws, rules, .. } = comparison;
    if laws.is_empty() && rules.is_empty() {
        say("No law or rule differs.");
    }
    for Edit { id, what, fields } in laws.iter().chain(rules) {
        let sign = match what {
            Edited::Added => '+',
            Edited::Removed => '-',
            Edited::Changed => '~',
        };
        say(&format!("\n{sign} {id}"));
        for edit in fields {
            let words = match (&edit.from, &edit.to, what) {
                (Some(words), None, Edited::Removed) | (None, Some(words), Edited::Added) => words.clone(),
                (from, to, _) => {
                    let [from, to] = [from, to].map(|words| words.as_deref().unwrap_or("nothing"));
                    format!("{from} → {to}")
                }
            };
            say(&format!("    {:<14} {words}", edit.field));
        }
    }
}

/// What a person must decide on for another set that needs no deciding for the one that holds.
fn new_findings(store: &Store, holding: &RuleBook, rules: &RuleBook) -> Vec<String> {
    let today = store.world().now().to_zoned(TimeZone::UTC).date();
    let [known, found] = [holding, rules].map(|book| check(store.registry(), book, today));
    found.iter().filter(|finding| !known.contains(finding)).map(ToString::to_string).collect()
}

fn tell_new(findings: &[String]) {
    if !findings.is_empty() {
        say("\nNew to look at:");
    }
    findings.iter().for_each(|finding| say(&format!("  {finding}")));
}

fn tell_foreseen(store: &Store, places: &[&str], foreseen: &Foreseen) {
    if places.is_empty() {
        return say("\nNo policy can change: nothing that is applied differs.");
    }
    let Foreseen { teens, affected, explained_anew, unreadable, controls, regions } = foreseen;
    say(&format!("\nIt can matter in {}, where {} live.", places.join(", "), counted(*teens, "teen")));
    say(&format!("{} would get other limits.", counted(*affected, "teen")));
    controls.iter().for_each(|(control, counted)| say(&tally_line(store, control, counted)));
    if *explained_anew > 0 {
        say(&format!("{} would keep theirs for another reason.", counted(*explained_anew, "teen")));
    }
    if *unreadable > 0 {
        say(&format!("{} could not be computed: see the log.", counted(*unreadable, "teen")));
    }
    if *affected > 0 {
        say("By region:");
    }
    for (region, here) in regions.iter().filter(|(_, here)| here.affected > 0) {
        say(&format!("  {region:<8} {} of {}", here.affected, counted(here.teens, "teen")));
    }
}
