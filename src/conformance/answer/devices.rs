//! Devices: what to believe, what to apply, what to leave, what people type.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::{
    domain::{
        code::{Code, Entry as Way},
        controls::ControlId,
        ids::TeenId,
        receiver::{Entry, Held, Receiver, Verdict, entries},
        secret::{Token, TokenKind},
        snapshot::{Disbelief, KeyRing, Payload, PublicKey, SignedSnapshot, Staleness, fallback},
        usage::{UsageSlot, merged},
        value::{Given, Kind},
    },
    sync::frame::{Notice, ServerFrame},
};

#[derive(Deserialize)]
pub(super) struct Signed {
    keys: Vec<PublicKey>,
    snapshot: SignedSnapshot,
    teen_id: TeenId,
}

#[derive(Deserialize)]
pub(super) struct Arrivals {
    teen_id: TeenId,
    keys: Vec<PublicKey>,
    /// What asking for the keys again would bring; absent: nobody can be asked.
    fetched: Option<Vec<PublicKey>>,
    held: Option<Held>,
    #[serde(default)]
    capabilities: BTreeMap<ControlId, u32>,
    arrivals: Vec<SignedSnapshot>,
}

#[derive(Deserialize)]
pub(super) struct Frame {
    frame: ServerFrame,
}

#[derive(Deserialize)]
pub(super) struct Alone {
    entry: Entry,
    staleness: Staleness,
    heard_at: Timestamp,
    at: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Told {
    kind: Kind,
    default: Given,
    value: Given,
    after: Option<Given>,
}

#[derive(Deserialize)]
pub(super) struct Slot {
    slot: UsageSlot,
    now: Timestamp,
}

/// One report of one device, as it arrives.
#[derive(Deserialize)]
pub(super) struct Report {
    device: String,
    slots: Vec<UsageSlot>,
}

#[derive(Deserialize)]
pub(super) struct Reports {
    reports: Vec<Report>,
}

#[derive(Deserialize)]
pub(super) struct Typed {
    text: String,
}

pub(super) fn verify(Signed { keys, snapshot, teen_id }: Signed) -> Result<Json, Fault> {
    Ok(match KeyRing::new(&keys).open(&snapshot, teen_id) {
        Ok(Payload { epoch, revision, .. }) => json!({"epoch": epoch, "revision": revision}),
        Err(Disbelief::BadSignature) => json!({"refused": "bad_signature"}),
        Err(Disbelief::WrongTeen) => json!({"refused": "wrong_teen"}),
        Err(Disbelief::Unreadable) => json!({"refused": "unreadable"}),
    })
}

pub(super) fn receive(given: Arrivals) -> Result<Json, Fault> {
    let Arrivals { teen_id, keys, fetched, held, capabilities, arrivals } = given;
    let mut receiver = Receiver::new(teen_id, KeyRing::new(&keys), capabilities, held);
    let mut verdicts = Vec::new();
    for snapshot in &arrivals {
        let mut verdict = receiver.receive(snapshot);
        if let (Verdict::UnknownKey, Some(keys)) = (&verdict, &fetched) {
            receiver.trust(KeyRing::new(keys));
            verdict = receiver.receive(snapshot);
        }
        verdicts.push(obeyed(&mut receiver, snapshot, verdict)?);
    }
    Ok(json!({"verdicts": verdicts, "held": receiver.held()}))
}

/// Does what a verdict asks for, and tells it.
fn obeyed(receiver: &mut Receiver, snapshot: &SignedSnapshot, verdict: Verdict) -> Result<Json, Fault> {
    Ok(match verdict {
        Verdict::Apply(payload) => {
            receiver.applied(snapshot.version(), snapshot.sha256.clone());
            let entries = entries(&payload)?;
            let values: BTreeMap<_, _> = entries.iter().map(|(id, entry)| (id, &entry.value)).collect();
            json!({"verdict": "apply", "controls": values, "issues": receiver.issues(&entries)})
        }
        Verdict::AlreadyHeld => json!({"verdict": "already_held"}),
        Verdict::NotNewer => json!({"verdict": "not_newer"}),
        Verdict::UnknownKey => json!({"verdict": "unknown_key"}),
        Verdict::Refuse(code) => json!({"verdict": "refuse", "code": code}),
    })
}

/// A frame, written again: what was not understood is gone.
pub(super) fn hear(Frame { frame }: Frame) -> Result<Json, Fault> {
    Ok(match frame {
        ServerFrame::Unknown | ServerFrame::Notice(Notice::Unknown) => json!({"ignored": true}),
        known => serde_json::to_value(known)?,
    })
}

pub(super) fn alone(Alone { entry, staleness, heard_at, at }: Alone) -> Result<Json, Fault> {
    let silence = staleness.silence(heard_at, at);
    Ok(json!({"silence": silence, "value": entry.value_at(at, silence)}))
}

pub(super) fn safe(Told { kind, default, value, after }: Told) -> Result<Json, Fault> {
    let after = after.map(|after| kind.restore(after)).transpose()?;
    let safe = fallback(&kind, &kind.restore(default)?, &kind.restore(value)?, after.as_ref());
    Ok(safe.map_or_else(|| json!({}), |safe| json!({"safe": safe})))
}

pub(super) fn count_slot(Slot { slot, now }: Slot) -> Result<Json, Fault> {
    Ok(match slot.check(now) {
        Ok(()) => json!({"counts": true}),
        Err(fault) => json!({"refused": fault}),
    })
}

pub(super) fn merge_usage(Reports { reports }: Reports) -> Result<Json, Fault> {
    let slots = reports
        .into_iter()
        .flat_map(|Report { device, slots }| slots.into_iter().map(move |slot| (device.clone(), slot)));
    let told =
        |((device, slot, item), seconds)| json!({"device": device, "slot": slot, "item": item, "seconds": seconds});
    Ok(json!({"slots": merged(slots).into_iter().map(told).collect::<Vec<_>>()}))
}

pub(super) fn read_code(Typed { text }: Typed) -> Result<Json, Fault> {
    Ok(match Code::parse(&text) {
        Ok(Code { locator, secret, entry }) => {
            let entry = match entry {
                Way::Typed => "typed",
                Way::Linked => "linked",
            };
            json!({"locator": locator, "secret": secret, "entry": entry})
        }
        Err(_) => json!({"refused": true}),
    })
}

pub(super) fn read_token(Typed { text }: Typed) -> Result<Json, Fault> {
    let kind = Token::parse(&text).map(|token| match token.kind() {
        TokenKind::Session => "session",
        TokenKind::Refresh => "refresh",
        TokenKind::Device => "device",
        TokenKind::Ticket => "ticket",
        TokenKind::Platform => "platform",
        TokenKind::Operator => "operator",
        TokenKind::Invitation => "invitation",
    });
    Ok(kind.map_or_else(|| json!({"refused": true}), |kind| json!({"kind": kind})))
}
