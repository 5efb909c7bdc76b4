//! A device by itself: what time it takes it for, what may be used and what it counts, step after step.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::Fault;
use crate::domain::{
    budget::DeviceBudget,
    device::{
        ClockReading, Device, Kept, Verdict,
        code::{BadCode, CodeKey, Redeemed},
    },
    snapshot::Payload,
};

/// What happens to a device that holds a policy and was never on before.
#[derive(Deserialize)]
pub(super) struct History {
    payload: Payload,
    /// Its key for codes, in hex; absent: none is typed in.
    code_key: Option<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    clock: ClockReading,
    r#do: Happens,
}

/// What happens in a step. Where nothing more is to be said of it, it is `true`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Happens {
    /// A minute went by.
    Tick(bool),
    /// The server answered.
    Heard { server_time: Timestamp, took_ms: u64 },
    /// Another policy is in force.
    Apply(Box<Payload>),
    /// A `budget` frame came.
    Told(DeviceBudget),
    /// Something was used until now.
    Used { item: String, seconds: u32 },
    /// Somebody typed in a code.
    Redeem(String),
    /// The server says how many minutes codes count for.
    CodesTold(Vec<Redeemed>),
    /// The server has answered a hello that said since when the wall clock was wrong.
    ClockTold(Timestamp),
    /// The app starts again, with what was written down.
    Restart(bool),
    /// Whether something may be used now.
    Ask { item: String, in_use: bool },
}

struct Phone {
    core: Device,
    /// The policy in force, which is on its disk.
    payload: Payload,
    key: Option<CodeKey>,
}

pub(super) fn enforce(History { payload, code_key, steps }: History) -> Result<Json, Fault> {
    let key = code_key.as_deref().map(key_of).transpose()?;
    let mut phone = Phone { core: Device::wake(Kept::default(), Some(&payload)), payload, key };
    let steps: Vec<Json> = steps.into_iter().map(|step| phone.live(step)).collect::<Result<_, _>>()?;
    Ok(json!({"steps": steps, "slots": phone.core.ledger().slots()}))
}

impl Phone {
    /// What is said in a step, and how things stand right after it.
    fn live(&mut self, Step { clock, r#do }: Step) -> Result<Json, Fault> {
        let mut told = self.happens(r#do, &clock)?;
        let time = self.core.time(&clock);
        told.insert("least".to_owned(), json!(whole(time.least)?));
        if !time.is_verified() {
            told.insert("most".to_owned(), json!(whole(time.most)?));
        }
        told.insert("tampered".to_owned(), json!(time.tampered));
        told.insert("silence".to_owned(), json!(self.core.silence(time)));
        if let Some(since) = self.core.wrong_since() {
            told.insert("wrong_since".to_owned(), json!(whole(since)?));
        }
        Ok(Json::Object(told))
    }

    fn happens(&mut self, what: Happens, clock: &ClockReading) -> Result<Map<String, Json>, Fault> {
        match what {
            Happens::Tick(true) => self.core.tick(clock),
            Happens::Heard { server_time, took_ms } => self.core.heard(server_time, took_ms, clock),
            Happens::Apply(payload) => {
                self.core.apply(&payload, clock);
                self.payload = *payload;
            }
            Happens::Told(budget) => self.core.told(budget.into(), clock),
            Happens::CodesTold(counted) => self.core.codes_told(&counted),
            Happens::ClockTold(since) => {
                let known = self.core.wrong_since().filter(|known| known.as_second() == since.as_second());
                known.into_iter().for_each(|since| self.core.clock_told(since));
            }
            Happens::Used { item, seconds } => self.core.used(&item, seconds, clock),
            Happens::Redeem(typed) => return self.redeem(&typed, clock),
            Happens::Restart(true) => self.core = Device::wake(self.core.kept().clone(), Some(&self.payload)),
            Happens::Tick(false) | Happens::Restart(false) => {}
            Happens::Ask { item, in_use } => return self.verdict(&item, in_use, clock),
        }
        Ok(Map::new())
    }

    fn redeem(&mut self, typed: &str, clock: &ClockReading) -> Result<Map<String, Json>, Fault> {
        let key = self.key.as_ref().ok_or("a code is typed in where there is no key")?;
        fields(match self.core.redeem(key, typed, clock) {
            Ok(redeemed) => serde_json::to_value(redeemed)?,
            Err(BadCode::Form) => json!({"refused": "form"}),
            Err(BadCode::Wrong) => json!({"refused": "wrong"}),
            Err(BadCode::NoPolicy) => json!({"refused": "no_policy"}),
        })
    }

    fn verdict(&self, item: &str, in_use: bool, clock: &ClockReading) -> Result<Map<String, Json>, Fault> {
        let Verdict { closed, left_seconds, alone } = self.core.may_use(item, in_use, clock);
        let warning = left_seconds.filter(|_| closed.is_none()).and_then(|left| self.core.warning(left));
        fields(json!({"closed": closed, "left_seconds": left_seconds, "alone": alone, "warning": warning}))
    }
}

fn fields(said: Json) -> Result<Map<String, Json>, Fault> {
    Ok(serde_json::from_value(said)?)
}

/// Cut to whole seconds, as all instants of the kit are.
fn whole(at: Timestamp) -> Result<Timestamp, Fault> {
    Ok(Timestamp::from_second(at.as_second())?)
}

fn key_of(hex: &str) -> Result<CodeKey, Fault> {
    let mut key = [0; 32];
    let mut digits = hex.chars().map(|digit| digit.to_digit(16));
    for byte in &mut key {
        let (high, low) = digits.next().flatten().zip(digits.next().flatten()).ok_or("a key has 64 hex digits")?;
        *byte = u8::try_from(high * 16 + low)?;
    }
    Ok(CodeKey::from_bytes(key))
}
