//! A device against a server that is played by hand.

use std::time::Duration;

use tokio::{sync::watch, task::JoinHandle, time::timeout};
use uuid::Uuid;

use super::{
    Device,
    events::Voice,
    habits::Habits,
    line::{End, session},
};
use crate::client::{
    api::Api,
    keep::{Identity, Keep},
    quit::Quit,
    server_double::{Played, SyncDouble, scratch, signed, teen, world},
};
use crate::domain::{ids::ConnectionId, report::RejectCode, version::Version};
use crate::sync::frame::{AppliedFrame, ClientFrame, Hello, Notice, ServerFrame, Welcome};

fn identity(base: &str) -> Identity {
    Identity {
        base_url: base.to_owned(),
        teen_id: teen(),
        device_id: Uuid::from_u128(2).into(),
        name: "Mia's phone".to_owned(),
        install_id: "i".to_owned(),
        device_token: "fpd_test".to_owned(),
    }
}

fn wake(base: &str, keep: &Keep, habits: Habits) -> Device {
    let api = Api::new(base, world()).unwrap().with_token("fpd_test");
    Device::wake(identity(base), keep.clone(), api, Voice::silent(world()), habits).unwrap()
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

fn welcome() -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        connection_id: ConnectionId::from_uuid(Uuid::from_u128(3)),
        server_time: world().now(),
        heartbeat_seconds: 1,
        desired: None,
        resume: None,
    })
}

async fn greeted(server: &SyncDouble) -> (Played, Hello) {
    let mut socket = server.socket().await;
    let ClientFrame::Hello(hello) = socket.hear().await else { panic!("hello comes first") };
    socket.say(&welcome()).await;
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
