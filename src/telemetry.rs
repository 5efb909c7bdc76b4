//! Logs and metrics: how they are set up, and every metric's name, once.
//!
//! Logs are JSON lines on standard error, a message that reads alone plus fields; no personal data ever, ids only.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt};

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution, in seconds.
    Seconds,
}

/// One metric.
pub struct Metric {
    /// As exposed.
    pub name: &'static str,
    /// What it counts.
    pub shape: Shape,
    /// For the operator.
    pub about: &'static str,
}

/// Every metric of the server. A test checks that no other name is used and none is forgotten.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "family_pairing_http_requests_total",
        shape: Shape::Counter,
        about: "Requests, by route pattern, method and status",
    },
    Metric {
        name: "family_pairing_http_seconds",
        shape: Shape::Seconds,
        about: "Time from request to answer, by route pattern",
    },
    Metric { name: "family_pairing_sockets", shape: Shape::Gauge, about: "Open sockets on this node, by kind" },
    Metric {
        name: "family_pairing_socket_closes_total",
        shape: Shape::Counter,
        about: "Sockets that this node closed, by reason",
    },
    Metric {
        name: "family_pairing_upgrades_refused_total",
        shape: Shape::Counter,
        about: "Upgrades answered 503 by admission control",
    },
    Metric { name: "family_pairing_frames_in_total", shape: Shape::Counter, about: "Frames from clients, by kind" },
    Metric {
        name: "family_pairing_frames_refused_total",
        shape: Shape::Counter,
        about: "Frames answered with an error, by code",
    },
    Metric { name: "family_pairing_policies_sent_total", shape: Shape::Counter, about: "Snapshots written to sockets" },
    Metric {
        name: "family_pairing_change_to_sent_seconds",
        shape: Shape::Seconds,
        about: "From a change's commit to its snapshot on a socket, live changes only",
    },
    Metric {
        name: "family_pairing_change_to_enforced_seconds",
        shape: Shape::Seconds,
        about: "From a change's commit to a device's report about it",
    },
    Metric {
        name: "family_pairing_hints_dropped_total",
        shape: Shape::Counter,
        about: "Hints lost because a channel was full or Redis did not answer; the sweep repairs",
    },
    Metric {
        name: "family_pairing_repairs_total",
        shape: Shape::Counter,
        about: "Snapshots that another net than a hint found missing, by net",
    },
    Metric {
        name: "family_pairing_sweep_failures_total",
        shape: Shape::Counter,
        about: "Sweeps that the database did not answer",
    },
    Metric {
        name: "family_pairing_lost_revisions_total",
        shape: Shape::Counter,
        about: "Devices to which a node had sent revisions that a restored or promoted database lost",
    },
    Metric { name: "family_pairing_bus_up", shape: Shape::Gauge, about: "1 while the subscription to Redis is up" },
    Metric {
        name: "family_pairing_throttled_total",
        shape: Shape::Counter,
        about: "Requests refused by a throttle, by limit",
    },
    Metric {
        name: "family_pairing_throttle_fallback_total",
        shape: Shape::Counter,
        about: "Throttle decisions made in process because Redis did not answer",
    },
    Metric {
        name: "family_pairing_rules_version",
        shape: Shape::Gauge,
        about: "The set of rules of law that this node goes by",
    },
    Metric {
        name: "family_pairing_rules_left_out",
        shape: Shape::Gauge,
        about: "Rules of that set that this node leaves out, for it has no such control",
    },
    Metric {
        name: "family_pairing_due_total",
        shape: Shape::Counter,
        about: "Policies looked at because they may have changed by themselves: a grant's end, a birthday, a law",
    },
    Metric {
        name: "family_pairing_due_failures_total",
        shape: Shape::Counter,
        about: "Policies that could not be computed when they were due; looked at again after ten minutes",
    },
    Metric {
        name: "family_pairing_decisions_total",
        shape: Shape::Counter,
        about: "Questions of the platform's servers that were answered, by outcome",
    },
    Metric {
        name: "family_pairing_decision_policies_total",
        shape: Shape::Counter,
        about: "Policies that decisions needed, by where they came from",
    },
    Metric { name: "family_pairing_hash_queue", shape: Shape::Gauge, about: "Password hashes waiting or running" },
    Metric {
        name: "family_pairing_simulation_queue",
        shape: Shape::Gauge,
        about: "Simulations and preset offers waiting or running",
    },
    Metric {
        name: "family_pairing_database_connections",
        shape: Shape::Gauge,
        about: "Database connections, by state",
    },
];

/// Sets up logging for the whole process. `filter` is a `tracing` directive such as `info`.
pub fn start_logging(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call (several servers in one test process) keeps the first.
    let _ = fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}

/// Installs the recorder for the whole process and describes every metric.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    for metric in METRICS {
        match metric.shape {
            Shape::Counter => describe_counter!(metric.name, metric.about),
            Shape::Gauge => describe_gauge!(metric.name, metric.about),
            Shape::Seconds => describe_histogram!(metric.name, Unit::Seconds, metric.about),
        }
    }
    Ok(handle)
}
