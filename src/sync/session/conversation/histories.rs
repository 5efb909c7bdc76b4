//! Random histories of a family's devices, nodes and database, played with the real halves of the protocol: [`Conversation`] and
//! [`Hub`] and [`Offers`] on the server's side, [`Receiver`] on the device's. Around them everything goes wrong: lines are cut with
//! frames still under way, hints are lost, repeated and late, devices crash and are set up anew, nodes die, a database comes
//! back from its backup.
//!
//! After each step, and when everybody has come to rest:
//!
//! - **truth**: what a guardian is shown as enforced was persisted on that device before, byte for byte;
//! - **never backwards**: what a device persists only grows, until it is set up anew;
//! - **walls**: nothing of one teen comes on a socket of another;
//! - **certain**: once nothing goes wrong any more, every device holds the newest and has said so within 34 seconds.
//!
//! `HISTORIES=100000 cargo test --lib histories` plays more; a failure is shrunk to the few steps that matter.

mod world;

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use self::world::{Break, Faults, World};

/// What happens next. Numbers pick one of what there is.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A guardian changes a teen's limit on a node.
    Write { teen: usize, node: usize },
    /// A device connects to a node.
    Connect { device: usize, node: usize },
    /// Its line is cut; what it had sent may still arrive.
    Cut { device: usize },
    /// Frames under way arrive.
    Deliver { device: usize, frames: usize },
    /// The server reads what came on lines that are cut already.
    DeliverLate { device: usize },
    /// A hint arrives, is lost, or arrives and comes again later. Not in the order in which they were sent.
    Hint { which: usize, fate: usize },
    /// A node looks at what changed lately.
    Sweep { node: usize },
    /// A device sends its heartbeat.
    Beat { device: usize },
    /// A device loses everything that it had not persisted.
    Crash { device: usize },
    /// A device is set up anew.
    Reinstall { device: usize },
    /// A node dies and starts again.
    Kill { node: usize },
    /// A node forgets the texts of its policies.
    Forget { node: usize },
    /// The database is kept as it is, for later.
    Backup,
    /// It comes back as it was kept.
    Restore,
    /// Time passes.
    Wait { milliseconds: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let (teen, node, device) = (0usize..world::TEENS, 0usize..world::NODES, 0usize..world::DEVICES);
    prop_oneof![
        6 => (teen, node.clone()).prop_map(|(teen, node)| Event::Write { teen, node }),
        6 => (device.clone(), node.clone()).prop_map(|(device, node)| Event::Connect { device, node }),
        3 => device.clone().prop_map(|device| Event::Cut { device }),
        12 => (device.clone(), 1usize..4).prop_map(|(device, frames)| Event::Deliver { device, frames }),
        2 => device.clone().prop_map(|device| Event::DeliverLate { device }),
        6 => (any::<usize>(), 0usize..3).prop_map(|(which, fate)| Event::Hint { which, fate }),
        2 => node.clone().prop_map(|node| Event::Sweep { node }),
        3 => device.clone().prop_map(|device| Event::Beat { device }),
        2 => device.clone().prop_map(|device| Event::Crash { device }),
        1 => device.prop_map(|device| Event::Reinstall { device }),
        1 => node.clone().prop_map(|node| Event::Kill { node }),
        1 => node.prop_map(|node| Event::Forget { node }),
        1 => Just(Event::Backup),
        1 => Just(Event::Restore),
        4 => (0u64..3_000).prop_map(|milliseconds| Event::Wait { milliseconds }),
    ]
}

/// Plays a history to its end and to rest.
fn play(history: &[Event], broken: Option<Break>) -> Result<Faults, String> {
    let mut world = World::new(broken);
    for event in history {
        world.happens(*event)?;
    }
    world.comes_to_rest()?;
    Ok(world.faults)
}

fn histories(most: u32, broken: Option<Break>) -> (Result<(), String>, Faults) {
    let config = Config { cases: most, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let faults = std::cell::RefCell::new(Faults::default());
    let played = TestRunner::new(config).run(&proptest::collection::vec(event(), 1..80), |history| {
        let seen = play(&history, broken).map_err(TestCaseError::fail)?;
        faults.borrow_mut().add(&seen);
        Ok(())
    });
    (played.map_err(|error| error.to_string()), faults.into_inner())
}

#[test]
fn no_history_breaks_a_promise() {
    let most = std::env::var("HISTORIES").ok().and_then(|most| most.parse().ok()).unwrap_or(2_000);
    let (played, faults) = histories(most, None);
    println!("{most} histories: {faults:?}");
    assert_eq!(played, Ok(()));
    assert!(faults.none_is_missing(), "a fault was never there: {faults:?}");
}

/// The histories can fail: each of these breaks is found.
#[test]
fn every_break_is_found() {
    for broken in Break::ALL {
        let (played, _) = histories(3_000, Some(broken));
        let found = played.expect_err(&format!("{broken:?} was not found"));
        println!("{broken:?}: {}", found.lines().next().unwrap_or_default());
    }
}
