//! Whole conversations: what a device says and does, event after event.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::{
    domain::{
        controls::ControlId,
        ids::TeenId,
        receiver::{Entry, Held, Receiver, Verdict, entries},
        report::RejectCode,
        snapshot::{KeyRing, PublicKey, SignedSnapshot},
        version::Version,
    },
    sync::frame::{Next, ServerFrame},
};

#[derive(Deserialize)]
pub(super) struct Conversation {
    teen_id: TeenId,
    keys: Vec<PublicKey>,
    held: Option<Held>,
    #[serde(default)]
    capabilities: BTreeMap<ControlId, u32>,
    events: Vec<Event>,
}

/// Something that happens, by a clock that only grows. Without any of the three, only time has passed.
#[derive(Deserialize)]
struct Event {
    at_ms: u64,
    /// A socket is open.
    #[serde(default)]
    opened: bool,
    /// A frame came.
    frame: Option<Box<ServerFrame>>,
    /// The socket was closed with this code.
    closed: Option<u16>,
}

pub(super) fn converse(given: Conversation) -> Result<Json, Fault> {
    let Conversation { teen_id, keys, held, capabilities, events } = given;
    let receiver = Receiver::new(teen_id, KeyRing::new(&keys), capabilities, held);
    let mut device = Device { receiver, controls: BTreeMap::new(), welcome: false };
    let steps: Vec<Json> = events.into_iter().map(|event| device.live(event)).collect::<Result<_, _>>()?;
    Ok(json!({"steps": steps, "held": device.receiver.held()}))
}

struct Device {
    receiver: Receiver,
    controls: BTreeMap<ControlId, Entry>,
    /// Whether the server has answered the hello of this socket: reports come after that.
    welcome: bool,
}

impl Device {
    fn live(&mut self, Event { at_ms, opened, frame, closed }: Event) -> Result<Json, Fault> {
        let (mut says, mut then) = (vec![], closed.map(|code| self.left(Next::after(code))));
        if opened {
            says.push(json!({"t": "hello", "protocol": 1, "applied": self.receiver.held()}));
        }
        match frame.map(|frame| *frame) {
            Some(ServerFrame::Welcome(_)) => self.welcome = true,
            Some(ServerFrame::Policy(snapshot)) => says.extend(self.take(&snapshot)?),
            Some(ServerFrame::Ack { r#ref: Some(id) }) => self.acknowledged(&id),
            Some(ServerFrame::Drain { .. }) => then = Some(self.left(Next::Now)),
            _ => {}
        }
        if self.welcome
            && let Some(Held { version: Version { epoch, revision }, sha256 }) = self.receiver.report_due(at_ms)
        {
            let (id, issues) = (format!("applied-{epoch}.{revision}"), self.receiver.issues(&self.controls));
            says.push(json!({"t": "applied", "id": id, "epoch": epoch, "revision": revision, "sha256": sha256, "issues": issues}));
        }
        Ok(match then {
            Some(then) => json!({"says": says, "then": then}),
            None => json!({"says": says}),
        })
    }

    fn take(&mut self, snapshot: &SignedSnapshot) -> Result<Option<Json>, Fault> {
        Ok(match self.receiver.receive(snapshot) {
            Verdict::Apply(payload) => {
                self.controls = entries(&payload)?;
                self.receiver.applied(snapshot.version(), snapshot.sha256.clone());
                None
            }
            Verdict::Refuse(code) => Some(refusal(snapshot.version(), code)),
            Verdict::AlreadyHeld | Verdict::NotNewer | Verdict::UnknownKey => None,
        })
    }

    fn acknowledged(&mut self, id: &str) {
        if let Some(Ok(version)) = id.strip_prefix("applied-").map(str::parse) {
            self.receiver.confirmed(version);
        }
    }

    fn left(&mut self, next: Next) -> &'static str {
        self.welcome = false;
        self.receiver.disconnected();
        match next {
            Next::Stop => "stop",
            Next::BackOff => "back_off",
            Next::Now => "now",
        }
    }
}

fn refusal(Version { epoch, revision }: Version, code: RejectCode) -> Json {
    json!({"t": "rejected", "id": format!("rejected-{epoch}.{revision}"), "epoch": epoch, "revision": revision, "code": code})
}
