//! The figures of one run beside its floors and targets, as a table for people.

use std::{collections::BTreeMap, fs, path::PathBuf};

use clap::Args;
use serde_json::Value as Json;

use crate::client::{ClientError, terminal::say};

/// What `bench table` needs.
#[derive(Args, Debug)]
pub struct TableArgs {
    /// The lines that the measurements of one run printed
    figures: PathBuf,
}

/// All lines of a run, by the measurement that printed them.
pub struct Run(BTreeMap<String, Json>);

/// One row: what, how good it is to be, and how good it is.
struct Row {
    what: &'static str,
    target: &'static str,
    unit: &'static str,
    floor: Option<f64>,
    ours: Option<f64>,
    /// Whether the target is met.
    met: fn(floor: f64, ours: f64) -> bool,
}

/// Prints the table.
pub fn run(args: &TableArgs) -> Result<(), ClientError> {
    let unusable = |error: &dyn std::error::Error| {
        ClientError::told(format!("{} cannot be used: {error}", args.figures.display()))
    };
    let text = fs::read_to_string(&args.figures).map_err(|error| unusable(&error))?;
    let run = Run::read(&text).map_err(|error| unusable(&error))?;
    run.table().iter().for_each(|line| say(line));
    Ok(())
}

impl Run {
    /// Reads the lines.
    fn read(text: &str) -> Result<Self, serde_json::Error> {
        let lines: Vec<Json> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let named = |line: Json| Some((line.get("bench")?.as_str()?.to_owned(), line));
        Ok(Self(lines.into_iter().filter_map(named).collect()))
    }

    /// A number at a place such as `changes/change_to_device/p50_ms`.
    fn at(&self, place: &str) -> Option<f64> {
        let (bench, rest) = place.split_once('/')?;
        self.0.get(bench)?.pointer(&format!("/{rest}"))?.as_f64()
    }

    /// The least time in which a change can be committed and pushed here: both floors, one after the other.
    fn commit_and_push(&self, quantile: &str) -> Option<f64> {
        let push = self.at(&format!("floor/push/{quantile}"))?;
        Some(self.at(&format!("pgbench_one/{quantile}"))? + push)
    }

    fn rows(&self) -> Vec<Row> {
        let at = |place: &str| self.at(place);
        vec![
            Row {
                what: "memory of an idle device",
                target: "≤ 1.1 × floor",
                unit: "bytes",
                floor: at("floor/bytes_per_device"),
                ours: at("idle/bytes_per_device"),
                met: |floor, ours| ours <= 1.1 * floor,
            },
            Row {
                what: "change → device, p50",
                target: "≤ 2 × floor",
                unit: "ms",
                floor: self.commit_and_push("p50_ms"),
                ours: at("changes/change_to_device/p50_ms"),
                met: |floor, ours| ours <= 2.0 * floor,
            },
            Row {
                what: "change → device, p99",
                target: "≤ 3 × floor",
                unit: "ms",
                floor: self.commit_and_push("p99_ms"),
                ours: at("changes/change_to_device/p99_ms"),
                met: |floor, ours| ours <= 3.0 * floor,
            },
            Row {
                what: "change → guardian reads \"enforced\", p50",
                target: "–",
                unit: "ms",
                floor: None,
                ours: at("changes/change_to_enforced/p50_ms"),
                met: |_, _| true,
            },
            Row {
                what: "durable changes",
                target: "≥ 0.7 × floor",
                unit: "a second",
                floor: at("pgbench_many/tps"),
                ours: at("throughput/changes_per_second"),
                met: |floor, ours| ours >= 0.7 * floor,
            },
            Row {
                what: "connects: upgrade, token, hello, \"current\"",
                target: "≥ 5,000",
                unit: "a second",
                floor: at("floor/connects_per_second"),
                ours: at("storm/connects_per_second"),
                met: |_, ours| ours >= 5_000.0,
            },
            Row {
                what: "a storm: errors other than \"come later\"",
                target: "0",
                unit: "",
                floor: None,
                ours: at("storm/failed"),
                met: |_, ours| ours == 0.0,
            },
            Row {
                what: "a storm: until all are back",
                target: "–",
                unit: "s",
                floor: None,
                ours: at("storm/storm_seconds"),
                met: |_, _| true,
            },
            Row {
                what: "10,000 idle devices",
                target: "≤ 3",
                unit: "% of a core",
                floor: None,
                ours: at("idle/core_percent_per_10000"),
                met: |_, ours| ours <= 3.0,
            },
            Row {
                what: "1,000 devices that report their minutes each minute",
                target: "≤ 20",
                unit: "% of a core",
                floor: None,
                ours: at("usage/core_percent_per_1000"),
                met: |_, ours| ours <= 20.0,
            },
            Row {
                what: "reading a policy over HTTP",
                target: "≥ 0.5 × floor",
                unit: "a second",
                floor: at("floor/reads/reads_per_second"),
                ours: at("reads/reads_per_second"),
                met: |floor, ours| ours >= 0.5 * floor,
            },
            Row {
                what: "ten decisions for the platform, p99",
                target: "–",
                unit: "ms",
                floor: None,
                ours: at("decisions/warm/p99_ms"),
                met: |_, _| true,
            },
        ]
    }

    fn table(&self) -> Vec<String> {
        let head = ["| what | target | floor | ours | ratio | |".to_owned(), "|---|---|---|---|---|---|".to_owned()];
        head.into_iter().chain(self.rows().iter().map(Row::line)).collect()
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { what, target, unit, floor, ours, met } = self;
        let figure =
            |figure: &Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{} {unit}", short(figure)));
        let ratio = floor.zip(*ours).map_or("–".to_owned(), |(floor, ours)| format!("{:.2}", ours / floor));
        let verdict = match (ours, *target) {
            (None, _) => "not measured",
            (_, "–") => "",
            (Some(ours), _) if met(floor.unwrap_or_default(), *ours) => "✓",
            _ => "✗",
        };
        format!("| {what} | {target} | {} | {} | {ratio} | {verdict} |", figure(floor), figure(ours))
    }
}

/// Three digits are enough for anybody.
fn short(figure: f64) -> String {
    match figure.abs() {
        large if large >= 100.0 => format!("{figure:.0}"),
        middle if middle >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_floor_ratio_and_verdict() {
        let run = Run::read(
            "{\"bench\": \"floor\", \"bytes_per_device\": 13700, \"push\": {\"p50_ms\": 0.2}}\n\
             {\"bench\": \"idle\", \"bytes_per_device\": 6850, \"core_percent_per_10000\": 4.5}\n\
             {\"bench\": \"pgbench_one\", \"p50_ms\": 0.3}\n\
             {\"bench\": \"changes\", \"change_to_device\": {\"p50_ms\": 1.25}}",
        );
        let table = run.unwrap().table();
        assert!(table.contains(
            &"| memory of an idle device | ≤ 1.1 × floor | 13700 bytes | 6850 bytes | 0.50 | ✓ |".to_owned()
        ));
        assert!(table.contains(&"| change → device, p50 | ≤ 2 × floor | 0.50 ms | 1.25 ms | 2.50 | ✗ |".to_owned()));
        assert!(table.contains(&"| 10,000 idle devices | ≤ 3 | – | 4.50 % of a core | – | ✗ |".to_owned()));
        assert!(table.iter().any(|line| line.ends_with("| – | – | – | not measured |")));
    }
}
