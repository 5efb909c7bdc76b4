//! Three server processes behind a proxy, a fleet of devices, guardians who keep changing limits, and things that go wrong meanwhile.
//!
//! `bin/test` runs a bounded share. `bin/chaos` runs the same for longer and with more devices: `CHAOS_ROUNDS`, `CHAOS_DEVICES`.

use std::{net::TcpListener, process::Stdio, sync::atomic::Ordering, time::Duration};

use family_pairing::{client::api::Api, domain::version::Version};
use indicatif::ProgressBar;
use serde_json::Value as Json;
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    house::{
        House,
        database::Database,
        fleet::FleetDevice,
        link::{Faults, FaultyLink},
        people::{Family, TestDevice},
        process::ServerProcess,
        services::PrivateService,
        until,
    },
    knob::{Knob, told},
};

/// Promise 4, with room for a machine that is busy: whatever happened, by its next heartbeat a device has the newest.
const CERTAIN: Duration = Duration::from_secs(40);
/// Devices of one teen.
const DEVICES: usize = 10;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect(name))
}

/// The nodes, what leads to them, and who is there.
struct Town {
    house: House,
    nodes: Vec<ServerProcess>,
    proxy: Proxy,
    families: Vec<(Family, Vec<TestDevice>)>,
}

struct Proxy {
    url: String,
    _child: Child,
}

impl Proxy {
    /// HAProxy as `deploy/` has it.
    async fn start(nodes: &[ServerProcess]) -> Self {
        // Free when we looked.
        let listen = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
        let place = |node: usize| nodes[node].url.strip_prefix("http://").expect("an address");
        let child = Command::new("haproxy")
            .args(["-db", "-f", concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/haproxy.cfg")])
            .env("PROXY_LISTEN", &listen)
            .envs([("NODE_ONE", place(0)), ("NODE_TWO", place(1)), ("NODE_THREE", place(2))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("haproxy is installed by bin/setup --tests");
        let url = format!("http://{listen}");
        let ready = format!("{url}/readyz");
        until(Duration::from_secs(10), "the proxy leads to a node", async || {
            tokio::net::TcpStream::connect(&listen).await.is_ok()
                && crate::house::raw::send("GET", &ready, None, &[], None).await.status == 200
        })
        .await;
        Self { url, _child: child }
    }
}

const NODE: [&str; 6] = ["--workers", "1", "--trusted-proxies", "127.0.0.1", "--drain-ms", "1000"];

impl Town {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Whose nodes get more arguments.
    async fn with(arguments: &[&str]) -> Self {
        let mut house = House::empty(arguments).await;
        house.add_node(&[]).await;
        let mut families = vec![];
        for _ in 0..number("CHAOS_DEVICES", 60).div_ceil(DEVICES) {
            let family = house.family().await;
            let mut devices = vec![family.phone.clone()];
            for n in 1..DEVICES {
                devices.push(family.teen.registers(&format!("device {n}")).await);
            }
            families.push((family, devices));
        }
        // The node that they signed up at goes; the three stay.
        house.nodes.remove(0).stop().await;
        let mut nodes = vec![];
        for _ in 0..3 {
            nodes.push(house.process(&NODE).await);
        }
        let proxy = Proxy::start(&nodes).await;
        Self { house, nodes, proxy, families }
    }

    /// Every device connects through this address.
    async fn fleet(&self, url: &str) -> Vec<Vec<FleetDevice>> {
        let one = |device| FleetDevice::start(url, device);
        let fleet: Vec<Vec<FleetDevice>> =
            self.families.iter().map(|(_, devices)| devices.iter().map(one).collect()).collect();
        let all = async || fleet.iter().flatten().all(|device| device.version().is_some());
        until(CERTAIN, "everybody is there", all).await;
        fleet
    }

    /// The guardians of every family change limits through the proxy until they are told to stop; what was taken, and when.
    async fn changing(&self, stop: &CancellationToken) -> Vec<JoinHandle<Changes>> {
        let mut changing = vec![];
        for (family, _) in &self.families {
            changing.push(tokio::spawn(keep_changing(self.knob(family).await, stop.clone())));
        }
        changing
    }

    /// What a node has counted.
    async fn count(&self, node: &ServerProcess, metric: &str) -> u64 {
        let answer = crate::house::raw::send("GET", &format!("{}/metrics", node.url), None, &[], None).await;
        let line = answer.text.lines().find_map(|line| line.strip_prefix(metric)?.trim().parse().ok());
        line.unwrap_or_default()
    }

    /// A family's limit, as its guardian turns it through the proxy.
    async fn knob(&self, family: &Family) -> Knob {
        let api = Api::new(&self.proxy.url, self.house.world()).expect("a client");
        Knob::at(&api.with_token(&family.guardian.access), family.teen.id).await
    }

    /// Puts another process in a node's place, at its address.
    async fn replace(&mut self, node: usize) {
        let listen = self.nodes[node].url.strip_prefix("http://").expect("an address").to_owned();
        self.nodes[node].child.wait().await.expect("it has ended");
        let arguments: Vec<&str> = NODE.into_iter().chain(["--listen", &listen]).collect();
        self.nodes[node] = self.house.process(&arguments).await;
        let ready = format!("{}/readyz", self.nodes[node].url);
        until(Duration::from_secs(10), "it is ready", async || {
            crate::house::raw::send("GET", &ready, None, &[], None).await.status == 200
        })
        .await;
        // The proxy looks twice a second.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
}

/// What a guardian's clicks came to.
#[derive(Default)]
struct Changes {
    taken: Vec<(Version, Instant)>,
    /// What was set last; none where its answer was not a yes.
    set: Option<u64>,
    /// Answers other than yes: the guardian looked again and went on.
    unsure: u32,
}

async fn keep_changing(mut knob: Knob, stop: CancellationToken) -> Changes {
    let mut changes = Changes::default();
    for minutes in (1..600).cycle() {
        if stop.is_cancelled() {
            break;
        }
        match knob.tries(minutes).await {
            Ok(version) => {
                let newest = changes.taken.last().map(|(newest, _)| *newest);
                assert!(newest < Some(version), "{version:?} was taken after {newest:?}");
                changes.taken.push((version, Instant::now()));
                changes.set = Some(minutes);
            }
            Err(_) => {
                (changes.unsure, changes.set) = (changes.unsure + 1, None);
                knob.finds_its_place(CERTAIN).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    changes
}

/// Ends the changing and holds the fleet to the promises: nothing taken is lost, nobody goes backwards, all come to the newest, and
/// the guardians see it. How long each change took.
async fn reckon(
    name: &str,
    faults: u64,
    town: &Town,
    fleet: &[Vec<FleetDevice>],
    changing: Vec<JoinHandle<Changes>>,
) -> Vec<Duration> {
    assert!(faults > 0, "{name}: nothing went wrong, so nothing is shown");
    let (mut delays, mut changes, mut unsure) = (vec![], 0, 0);
    for ((changed, devices), (family, _)) in changing.into_iter().zip(fleet).zip(&town.families) {
        let changed = changed.await.expect("a guardian");
        let knob = town.knob(family).await;
        let (newest, _) = changed.taken.last().copied().expect("something was changed");
        assert!(knob.at >= newest, "{name}: an acknowledged change was lost");
        if let Some(minutes) = changed.set {
            assert_eq!((knob.at, knob.reads().await), (newest, Some(minutes)), "{name}: the last word counts");
        }
        let all = async || devices.iter().all(|device| device.version() == Some(knob.at));
        until(CERTAIN, "every device holds the newest", all).await;
        let seen = async || {
            let path = format!("/v1/guardian/teens/{}/devices", family.teen.id);
            let answer = knob.api.get::<Json>(&path).await;
            answer.is_ok_and(|answer| {
                answer.body["items"].as_array().expect("a list").iter().all(|device| device["state"] == "enforced")
            })
        };
        until(CERTAIN, "the guardian sees it enforced everywhere", seen).await;
        (changes, unsure) = (changes + changed.taken.len(), unsure + changed.unsure);
        for device in devices {
            let diary = device.diary();
            assert_eq!(diary.backwards, 0, "{name}: never backwards");
            delays.extend(changed.taken.iter().filter_map(|(version, at)| {
                let (_, took) = diary.took.iter().find(|(held, _)| held >= version)?;
                Some(took.saturating_duration_since(*at))
            }));
        }
    }
    let devices = || fleet.iter().flatten().map(FleetDevice::diary);
    let mut gaps: Vec<Duration> = devices().flat_map(|diary| diary.gaps.clone()).collect();
    let ends = ended(fleet);
    println!("{name}: faults {faults}, sockets that ended {ends}; changes taken {changes}, unsure {unsure}");
    if !gaps.is_empty() {
        println!("{name}: from a socket's end to being current again: {}", told(&mut gaps));
    }
    println!("{name}: from a change to a device that has it or a newer one: {}", told(&mut delays));
    assert!(delays.iter().all(|delay| *delay < CERTAIN), "{name}: {}", told(&mut delays));
    delays
}

/// How many sockets ended.
fn ended(fleet: &[Vec<FleetDevice>]) -> usize {
    fleet.iter().flatten().map(|device| device.diary().ends.len()).sum()
}

/// So many rounds, shown on a terminal.
fn rounds(otherwise: usize) -> impl Iterator<Item = usize> {
    let rounds = number("CHAOS_ROUNDS", otherwise);
    let bar = ProgressBar::new(u64::try_from(rounds).expect("a number"));
    (0..rounds).inspect(move |_| bar.inc(1))
}

/// Each node in turn is drained, ends and is replaced, while families go on: what an update of the program is.
#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_are_replaced_in_turn() {
    let mut town = Town::new().await;
    let fleet = town.fleet(&town.proxy.url).await;
    let stop = CancellationToken::new();
    let changing = town.changing(&stop).await;
    let mut faults = 0;
    for round in rounds(3) {
        town.nodes[round % 3].terminate();
        town.replace(round % 3).await;
        faults += 1;
    }
    stop.cancel();
    let ends = fleet.iter().flatten().flat_map(|device| device.diary().ends.clone()).collect::<Vec<_>>();
    assert!(ends.iter().all(|code| *code == 4200), "everybody was told to come back: {ends:?}");
    reckon("drain", faults, &town, &fleet, changing).await;
}

/// Nodes are killed with all their sockets.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_killed_under_their_sockets() {
    let mut town = Town::new().await;
    let fleet = town.fleet(&town.proxy.url).await;
    let stop = CancellationToken::new();
    let changing = town.changing(&stop).await;
    let mut faults = 0;
    for round in rounds(2) {
        town.nodes[round % 3].kill().await;
        town.replace(round % 3).await;
        faults += 1;
    }
    stop.cancel();
    assert!(ended(&fleet) > 0, "nobody lost a socket");
    reckon("kill", faults, &town, &fleet, changing).await;
}

/// Every device's line delays, splits, stalls and breaks; on some nothing arrives any more, and nobody is told.
#[tokio::test(flavor = "multi_thread")]
async fn lines_are_bad() {
    let town = Town::new().await;
    let link = FaultyLink::to(&town.proxy.url).await;
    let fleet = town.fleet(&link.url).await;
    let stop = CancellationToken::new();
    let changing = town.changing(&stop).await;
    for _ in rounds(5) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    stop.cancel();
    link.heal();
    let Faults { cuts, deaf, .. } = &*link.faults;
    assert!(cuts.load(Ordering::Relaxed) > 0 && deaf.load(Ordering::Relaxed) > 0, "{:?}", link.faults);
    reckon("bad lines", link.faults.count(), &town, &fleet, changing).await;
    println!("bad lines: {:?}", link.faults);
}

/// One hint of ten goes nowhere, between nodes and on each of them: the sweep finds what it was about.
#[tokio::test(flavor = "multi_thread")]
async fn hints_are_lost() {
    let town = Town::with(&["--lose-hints", "10"]).await;
    let fleet = town.fleet(&town.proxy.url).await;
    let stop = CancellationToken::new();
    let changing = town.changing(&stop).await;
    for _ in rounds(5) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    stop.cancel();
    let mut lost = 0;
    for node in &town.nodes {
        lost += town.count(node, "family_pairing_hints_dropped_total").await;
    }
    let mut slowest = reckon("lost hints", lost, &town, &fleet, changing).await;
    let mut found = 0;
    for node in &town.nodes {
        found += town.count(node, "family_pairing_repairs_total{net=\"sweep\"}").await;
    }
    println!("lost hints: {found} found by sweeps");
    assert!(found > 0, "the sweep finds what they were about");
    slowest.sort();
    assert!(slowest.last() < Some(&Duration::from_millis(3_500)), "{slowest:?}");
}

/// PostgreSQL and Redis of a whole town are restarted, killed and frozen in turn.
#[tokio::test(flavor = "multi_thread")]
async fn services_fail_under_the_fleet() {
    /// For as long as a service is away.
    const AWAY: Duration = Duration::from_millis(1_000);
    let (postgres, redis) = tokio::task::block_in_place(|| (PrivateService::postgres(), PrivateService::redis()));
    let database = Database::fresh(&postgres.url()).await;
    let town = Town::with(&["--database-url", &database.url, "--redis-url", &redis.url()]).await;
    let fleet = town.fleet(&town.proxy.url).await;
    let stop = CancellationToken::new();
    let changing = town.changing(&stop).await;
    let mut faults = 0;
    for round in rounds(6) {
        let (service, breaks, mends) = match round % 6 {
            0 => (&redis, "kill", "start"),
            1 => (&postgres, "restart", ""),
            2 => (&redis, "freeze", "thaw"),
            3 => (&postgres, "freeze", "thaw"),
            4 => (&redis, "restart", ""),
            _ => (&postgres, "kill", "start"),
        };
        tokio::task::block_in_place(|| service.run(breaks));
        tokio::time::sleep(AWAY).await;
        if !mends.is_empty() {
            tokio::task::block_in_place(|| service.run(mends));
        }
        faults += 1;
        tokio::time::sleep(AWAY).await;
    }
    stop.cancel();
    let ends = fleet.iter().flatten().flat_map(|device| device.diary().ends.clone()).collect::<Vec<_>>();
    assert!(ends.is_empty(), "sockets outlive both: {ends:?}");
    reckon("services", faults, &town, &fleet, changing).await;
}
