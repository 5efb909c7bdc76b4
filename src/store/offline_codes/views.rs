//! Codes as both sides see them: what they were for and what became of them, never the digits.

use diesel::Queryable;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::ids::{AccountId, DeviceId};

/// A code, as both sides see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "device_name": "Mia's phone", "number": 1, "minutes": 30,
    "by": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "by_name": "Dana", "made_at": "2026-11-27T17:00:00Z", "reason": "train is late",
    "typed_on": "2026-11-27", "told_at": "2026-11-27T19:12:00Z"}))]
pub struct CodeView {
    /// Good on this device.
    pub device_id: DeviceId,
    /// What it is called.
    pub device_name: String,
    /// Counted on this device, from 1.
    pub number: u32,
    /// How many minutes it gives.
    pub minutes: u16,
    /// Who made it.
    pub by: Option<AccountId>,
    /// What they are called.
    pub by_name: Option<String>,
    /// When it was made; null: nobody here did, yet the device took it.
    pub made_at: Option<Timestamp>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The local day on which it was typed in, once the device has told of it.
    #[schema(value_type = Option<String>, format = Date)]
    pub typed_on: Option<Date>,
    /// When the device told of it.
    pub told_at: Option<Timestamp>,
}

#[derive(Queryable)]
pub(super) struct Row {
    device_id: Uuid,
    device_name: String,
    number: i32,
    minutes: i16,
    given_by: Option<Uuid>,
    by_name: Option<String>,
    made_at: Option<jiff_diesel::Timestamp>,
    reason: Option<String>,
    typed_on: Option<jiff_diesel::Date>,
    told_at: Option<jiff_diesel::Timestamp>,
}

impl Row {
    pub(super) fn view(self) -> CodeView {
        CodeView {
            device_id: self.device_id.into(),
            device_name: self.device_name,
            number: u32::try_from(self.number).unwrap_or_default(),
            minutes: u16::try_from(self.minutes).unwrap_or_default(),
            by: self.given_by.map(AccountId::from),
            by_name: self.by_name,
            made_at: self.made_at.map(|at| at.to_jiff()),
            reason: self.reason,
            typed_on: self.typed_on.map(|day| day.to_jiff()),
            told_at: self.told_at.map(|at| at.to_jiff()),
        }
    }
}
