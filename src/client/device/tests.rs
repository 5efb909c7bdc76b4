//! A device against a server that is played by hand.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::json;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use uuid::Uuid;

use super::{
    Device,
    boot::Boot,
    events::Voice,
    habits::Habits,
    line::{End, session},
};
use crate::client::{
    api::Api,
    keep::{Identity, Keep},
    quit::Quit,
    server_double::{HandClock, Played, SyncDouble, scratch, signed, signed_with, teen, world},
};
use crate::domain::{clock::World, ids::ConnectionId, report::RejectCode, version::Version};
use crate::sync::frame::{AppliedFrame, ClientFrame, Hello, Notice, ServerFrame, Welcome};

fn identity(base: &str) -> Identity {
    Identity {
        base_url: base.to_owned(),
        teen_id: teen(),
        device_id: Uuid::from_u128(2).into(),
        name: "Mia's phone".to_owned(),
        install_id: "i".to_owned(),
        device_token: "fpd_test".to_owned(),
        code_key: None,
    }
}

fn wake(base: &str, keep: &Keep, habits: Habits) -> Device {
    wake_in(world(), base, keep, habits)
}

fn wake_in(world: World, base: &str, keep: &Keep, habits: Habits) -> Device {
    let api = Api::new(base, world.clone()).unwrap().with_token("fpd_test");
    let mut device = Device::wake(identity(base), keep.clone(), api, Voice::silent(world.clone()), habits).unwrap();
    device.goes_by(Boot::by_hand(world));
    device
}

struct Running {
    task: JoinHandle<(Device, End)>,
    quit: watch::Sender<bool>,
}

fn run(mut device: Device) -> Running {
    let (quit, mut asked) = Quit::by_hand();
    let task = tokio::spawn(async move {
        let end = session(&mut device, &mut asked).await;
        (device, end)
    });
    Running { task, quit }
}

fn welcome(server_time: Timestamp) -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        connection_id: ConnectionId::from_uuid(Uuid::from_u128(3)),
        server_time,
        heartbeat_seconds: 1,
        desired: None,
        resume: None,
    })
}

async fn greeted(server: &SyncDouble) -> (Played, Hello) {
    greeted_at(server, world().now()).await
}

async fn greeted_at(server: &SyncDouble, server_time: Timestamp) -> (Played, Hello) {
    let mut socket = server.socket().await;
    let ClientFrame::Hello(hello) = socket.hear().await else { panic!("hello comes first") };
    socket.say(&welcome(server_time)).await;
    (socket, *hello)
}

async fn reported(socket: &mut Played) -> AppliedFrame {
    loop {
        match timeout(Duration::from_secs(5), socket.hear()).await.unwrap() {
            ClientFrame::Applied(report) => return report,
            ClientFrame::Heartbeat(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_policy_is_kept_before_it_is_reported_and_survives_a_restart() {
    let (server, keep) = (SyncDouble::open().await, Keep::at(scratch()));
    let running = run(wake(&server.base, &keep, Habits::default()));
    let (mut socket, hello) = greeted(&server).await;
    assert!(hello.applied.is_none() && hello.protocol == 1);
    socket.say(&ServerFrame::Notice(Notice::Unknown)).await;
    socket.say(&ServerFrame::Policy(signed(4, 45))).await;
    server.answer_keys().await;
    let report = reported(&mut socket).await;
    assert_eq!((report.version, report.issues.len()), (Version { epoch: 1, revision: 4 }, 0));
    assert_eq!(keep.policy().unwrap().unwrap().sha256, report.sha256);
    socket.say(&ServerFrame::Ack { r#ref: report.id }).await;
    socket.close(4005).await;
    let (_, end) = running.task.await.unwrap();
    assert!(matches!(end, End::Closed(info) if info.code == 4005));

    let lacking = Habits { unsupported: vec![super::habits::word("time.daily_minutes").unwrap()], ..Habits::default() };
    let running = run(wake(&server.base, &keep, lacking));
    let (mut socket, hello) = greeted(&server).await;
    assert_eq!(hello.applied.unwrap().version.revision, 4);
    let report = reported(&mut socket).await;
    assert_eq!(report.issues.len(), 1, "after a restart it says again what it can do");
    running.quit.send_replace(true);
    assert!(matches!(running.task.await.unwrap().1, End::Quit));
    std::fs::remove_dir_all(keep.dir()).unwrap();
}

#[tokio::test]
async fn under_rapid_change_only_the_newest_is_reported() {
    let (server, keep) = (SyncDouble::open().await, Keep::at(scratch()));
    keep.keep_policy(&signed(1, 60)).unwrap();
    let running = run(wake(&server.base, &keep, Habits::default()));
    let (mut socket, _) = greeted(&server).await;
    assert_eq!(reported(&mut socket).await.version.revision, 1);
    for revision in 2..9 {
        socket.say(&ServerFrame::Policy(signed(revision, 60))).await;
        if revision == 2 {
            server.answer_keys().await;
        }
    }
    assert_eq!(reported(&mut socket).await.version.revision, 8);
    socket.say(&ServerFrame::Drain { reconnect_after_ms: 7 }).await;
    assert!(matches!(running.task.await.unwrap().1, End::Drained(pause) if pause.as_millis() == 7));
    std::fs::remove_dir_all(keep.dir()).unwrap();
}

#[tokio::test]
async fn a_forged_policy_is_refused_and_nothing_is_kept() {
    let (server, keep) = (SyncDouble::open().await, Keep::at(scratch()));
    let running = run(wake(&server.base, &keep, Habits::default()));
    let (mut socket, _) = greeted(&server).await;
    let mut forged = signed(2, 999);
    forged.signature = signed(2, 60).signature;
    socket.say(&ServerFrame::Policy(forged)).await;
    server.answer_keys().await;
    let code = loop {
        match socket.hear().await {
            ClientFrame::Rejected(refusal) => break refusal.code,
            ClientFrame::Heartbeat(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, RejectCode::BadSignature);
    running.quit.send_replace(true);
    let (device, _) = running.task.await.unwrap();
    assert!(device.version().is_none() && keep.policy().unwrap().is_none());
}

#[tokio::test]
async fn a_silent_server_is_a_dead_line() {
    let (server, keep) = (SyncDouble::open().await, Keep::at(scratch()));
    let mut device = wake(&server.base, &keep, Habits::default());
    device.patience = Duration::from_millis(100);
    let running = run(device);
    let mut socket = server.socket().await;
    let ClientFrame::Hello(_) = socket.hear().await else { panic!("hello comes first") };
    assert!(matches!(running.task.await.unwrap().1, End::Zombie));
}

#[tokio::test]
async fn after_long_silence_the_stricter_side_counts_until_the_server_is_heard() {
    let (server, keep, clock) = (SyncDouble::open().await, Keep::at(scratch()), Arc::new(HandClock::default()));
    let woken = || wake_in(clock.world(), &server.base, &keep, Habits::default());
    let loose = json!({"value": 120, "source": "guardian", "safe": 60});
    keep.keep_policy(&signed_with(1, json!({"time.daily_minutes": loose}))).unwrap();
    keep.keep_contact(clock.world().now()).unwrap();
    let minutes = |device: &Device| device.value("time.daily_minutes").unwrap().as_u64().unwrap();
    let mut device = woken();
    clock.pass_hours(71);
    device.look();
    assert_eq!(minutes(&device), 120);
    clock.pass_hours(1);
    device.look();
    assert_eq!(minutes(&device), 60);
    drop(device);

    let mut device = woken();
    device.look();
    assert_eq!(minutes(&device), 60, "a restart is no contact");
    let running = run(device);
    let (mut socket, _) = greeted_at(&server, clock.world().now()).await;
    assert_eq!(reported(&mut socket).await.version.revision, 1);
    running.quit.send_replace(true);
    let (device, _) = running.task.await.unwrap();
    assert_eq!(minutes(&device), 120, "what was set counts again");
    assert_eq!(keep.contact().unwrap(), Some(clock.world().now()));
    std::fs::remove_dir_all(keep.dir()).unwrap();
}

#[tokio::test]
async fn what_was_granted_ends_without_the_server() {
    let (keep, clock) = (Keep::at(scratch()), Arc::new(HandClock::default()));
    let until = clock.world().now() + jiff::SignedDuration::from_hours(2);
    let granted = json!({"value": true, "source": "grant", "until": until, "after": false});
    keep.keep_policy(&signed_with(1, json!({"search.enabled": granted}))).unwrap();
    keep.keep_contact(clock.world().now()).unwrap();
    let mut device = wake_in(clock.world(), "http://127.0.0.1:1", &keep, Habits::default());
    assert_eq!(device.value("search.enabled"), Some(&json!(true)));
    clock.pass_hours(2);
    device.look();
    assert_eq!(device.value("search.enabled"), Some(&json!(false)));
    std::fs::remove_dir_all(keep.dir()).unwrap();
}

/// Edge case 50: an old answer that somebody plays again, and whatever else nobody asked for, ends no silence.
#[tokio::test]
async fn what_was_not_asked_for_is_no_contact() {
    let (server, keep, clock) = (SyncDouble::open().await, Keep::at(scratch()), Arc::new(HandClock::default()));
    let loose = json!({"time.daily_minutes": {"value": 120, "source": "guardian", "safe": 60}});
    keep.keep_policy(&signed_with(1, loose.clone())).unwrap();
    let running = run(wake_in(clock.world(), &server.base, &keep, Habits::default()));
    let (mut socket, _) = greeted(&server).await;
    assert_eq!(reported(&mut socket).await.version.revision, 1);
    clock.pass_hours(72);
    let server_time = clock.world().now();
    for n in [0, 77] {
        socket.say(&ServerFrame::Heartbeat { n, server_time, desired: None }).await;
    }
    socket.say(&ServerFrame::Notice(Notice::Unknown)).await;
    // Once this one is reported, all before it was read.
    socket.say(&ServerFrame::Policy(signed_with(2, loose))).await;
    server.answer_keys().await;
    assert_eq!(reported(&mut socket).await.version.revision, 2);
    running.quit.send_replace(true);
    let (mut device, _) = running.task.await.unwrap();
    device.look();
    assert_eq!(device.value("time.daily_minutes"), Some(&json!(60)), "nothing was heard for 72 hours");
    std::fs::remove_dir_all(keep.dir()).unwrap();
}

/// Edge case 42: no room for a new policy. The old one stays in force, the server hears why, and the next try is taken.
#[tokio::test]
async fn without_room_the_old_policy_stays() {
    let (server, keep) = (SyncDouble::open().await, Keep::at(scratch()));
    keep.keep_policy(&signed(1, 60)).unwrap();
    let blocked = keep.dir().join("policy.draft");
    std::fs::create_dir(&blocked).unwrap();
    let running = run(wake(&server.base, &keep, Habits::default()));
    let (mut socket, _) = greeted(&server).await;
    assert_eq!(reported(&mut socket).await.version.revision, 1);
    socket.say(&ServerFrame::Policy(signed(2, 45))).await;
    server.answer_keys().await;
    let refusal = loop {
        match socket.hear().await {
            ClientFrame::Rejected(refusal) => break refusal,
            ClientFrame::Heartbeat(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((refusal.version.revision, refusal.code), (2, RejectCode::Storage));
    assert_eq!(keep.policy().unwrap().unwrap().revision, 1);
    std::fs::remove_dir(&blocked).unwrap();
    socket.say(&ServerFrame::Policy(signed(2, 45))).await;
    assert_eq!(reported(&mut socket).await.version.revision, 2);
    running.quit.send_replace(true);
    let (device, _) = running.task.await.unwrap();
    assert_eq!(device.value("time.daily_minutes"), Some(&json!(45)));
    std::fs::remove_dir_all(keep.dir()).unwrap();
}

/// The wall clock was a year ahead for one answer, and right again: neither a silence nor a grant goes by it.
#[tokio::test]
async fn a_wall_clock_moves_no_silence_and_no_grant() {
    let (server, keep, clock) = (SyncDouble::open().await, Keep::at(scratch()), Arc::new(HandClock::default()));
    let until = clock.world().now() + jiff::SignedDuration::from_hours(2);
    let controls = json!({"search.enabled": {"value": true, "source": "grant", "until": until, "after": false},
        "time.daily_minutes": {"value": 120, "source": "guardian", "safe": 60}});
    keep.keep_policy(&signed_with(1, controls)).unwrap();
    let running =
        run(wake_in(clock.world(), &server.base, &keep, Habits { clock_skew: 31_536_000, ..Habits::default() }));
    let (mut socket, _) = greeted_at(&server, clock.world().now()).await;
    assert_eq!(reported(&mut socket).await.version.revision, 1);
    running.quit.send_replace(true);
    let (mut device, _) = running.task.await.unwrap();
    device.look();
    assert_eq!(device.value("search.enabled"), Some(&json!(true)), "it is not a year later");
    device.habits.clock_skew = -7_200;
    clock.pass_hours(3);
    device.look();
    assert_eq!(device.value("search.enabled"), Some(&json!(false)), "the grant is over, whatever the wall clock shows");
    clock.pass_hours(69);
    device.look();
    assert_eq!(device.value("time.daily_minutes"), Some(&json!(60)), "and three days are three days");
    std::fs::remove_dir_all(keep.dir()).unwrap();
}
