//! What an installation of a size needs: sums of unit costs that were measured, and a played reconnect storm. Pure: nothing is asked.

mod storm;

use clap::Args;

use crate::client::{ClientError, terminal::say};

/// What `bench plan` reckons with. The defaults are the measured figures of docs/PERFORMANCE.md and habits that docs/SCALING.md states.
#[derive(Args, Debug, Clone)]
pub struct PlanArgs {
    /// Registered devices, one column for each
    #[arg(long, value_delimiter = ',', default_values_t = [100_000, 1_000_000, 10_000_000])]
    devices: Vec<u64>,
    /// Of a hundred devices so many are connected at the busiest time
    #[arg(long, default_value_t = 33)]
    connected_percent: u64,
    /// Changes of limits at the busiest time, per second and million devices
    #[arg(long, default_value_t = 14)]
    changes_per_million: u64,
    /// Sockets of one node (--most-sockets)
    #[arg(long, default_value_t = 50_000)]
    sockets_per_node: u64,
    /// New sockets per second of one node (--most-connects)
    #[arg(long, default_value_t = 1_000)]
    connects_per_node: u64,
    /// Memory of an idle device on its node, in bytes
    #[arg(long, default_value_t = 9_756)]
    device_bytes: u64,
    /// Time of a core that a connected device takes, heartbeats and all, in microseconds per second
    #[arg(long, default_value_t = 2)]
    device_micros: u64,
    /// Time of a core that a change takes, node and PostgreSQL together, in microseconds
    #[arg(long, default_value_t = 1_270)]
    change_micros: u64,
    /// Connections to PostgreSQL of one node (--database-connections)
    #[arg(long, default_value_t = 16)]
    database_connections: u64,
}

const MILLION: u64 = 1_000_000;
/// Seconds between two heartbeats of a device.
const HEARTBEAT_SECONDS: u64 = 30;
/// A change is found by so many sweeps of each node: every 2 s, looking 30 s back.
const SWEEPS: u64 = 15;
/// Queries per second of a node for heartbeats, which it gathers for 250 ms.
const GATHERED: u64 = 4;
/// Rows of usage per device and day: two hours in slots of five minutes, three items in each.
const USAGE_ROWS: u64 = 72;

/// Prints the table.
pub fn run(args: &PlanArgs) -> Result<(), ClientError> {
    if args.sockets_per_node == 0 || args.connects_per_node == 0 {
        return Err(ClientError::told("a node needs at least one socket and one connect a second".to_owned()));
    }
    let columns: Vec<Vec<(&str, String)>> = args.devices.iter().map(|devices| needs(args, *devices)).collect();
    let names = columns.first().cloned().unwrap_or_default();
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let head = args.devices.iter().map(|devices| format!("{} devices", grouped(*devices)));
    say(&line(std::iter::once("what".to_owned()).chain(head).collect()));
    say(&line(vec!["---".to_owned(); columns.len() + 1]));
    for (at, (name, _)) in names.iter().enumerate() {
        let cells = columns.iter().filter_map(|column| column.get(at)).map(|(_, value)| value.clone());
        say(&line(std::iter::once((*name).to_owned()).chain(cells).collect()));
    }
    Ok(())
}

/// What so many devices need, row by row.
fn needs(args: &PlanArgs, devices: u64) -> Vec<(&'static str, String)> {
    let sockets = devices * args.connected_percent / 100;
    // One more than needed, so that one may be away.
    let nodes = sockets.div_ceil(args.sockets_per_node) + 1;
    let beats = sockets / HEARTBEAT_SECONDS;
    let changes = devices * args.changes_per_million / MILLION;
    // Half of the teens who are concerned have a device connected, which reports.
    let told = changes + changes.div_ceil(2);
    let a_node = sockets.div_ceil(nodes);
    let others = args.connects_per_node * (nodes - 1).max(1);
    vec![
        ("sockets at the busiest time", grouped(sockets)),
        ("nodes, one of them to spare", grouped(nodes)),
        ("memory for a node's sockets", format!("{} MiB", grouped(a_node * args.device_bytes / (1 << 20)))),
        ("cores for idle sockets, all nodes", tenths(sockets * args.device_micros / (MILLION / 10))),
        ("heartbeats: rows rewritten a second", grouped(beats)),
        ("queries for them a second", grouped(nodes * GATHERED)),
        ("changes a second", grouped(changes)),
        ("cores for changes, nodes and PostgreSQL", tenths(changes * args.change_micros / (MILLION / 10))),
        ("hints that Redis hands out a second", grouped(told * nodes)),
        ("rows that sweeps read a second", grouped(changes * nodes * SWEEPS)),
        ("rows of usage a day", format!("{} million", grouped(devices * USAGE_ROWS / MILLION))),
        ("connections to PostgreSQL", grouped(nodes * args.database_connections)),
        ("one node dies: all are back after", format!("{} s", storm::settled(a_node, others))),
        (
            "all nodes start again: all are back after",
            format!("{} s", storm::settled(sockets, args.connects_per_node * nodes)),
        ),
    ]
}

/// `1 234 567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let places = digits.len();
    let spaced = digits.chars().enumerate().flat_map(|(at, digit)| {
        let space = at > 0 && (places - at).is_multiple_of(3);
        space.then_some(' ').into_iter().chain(std::iter::once(digit))
    });
    spaced.collect()
}

/// A number of tenths, with its point.
fn tenths(number: u64) -> String {
    format!("{}.{}", grouped(number / 10), number % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
        assert_eq!([0, 9, 10, 12_345].map(tenths), ["0.0", "0.9", "1.0", "1 234.5"]);
    }
}
