//! How much one person may set: a policy travels to every device as one signed frame.
//!
//! Each person has a share of their own. Nobody's change is ever refused for what another one has set: else one side could stop
//! the other from tightening, and a guardian could find out by refusals what a teen keeps to themself.

use serde::Serialize;

use super::{Layers, PatchError, Setting, Timed};
use crate::domain::{ids::AccountId, value::Value};

/// The most bytes of JSON that all that one person has set may come to.
///
/// A frame is at most 64 KiB and carries the controls in base64, a third longer: 48,800 bytes of them. That is room for a teen and two
/// guardians with a full share each, and 8,000 bytes for everything that nobody set.
pub const SHARE: usize = 13_500;
/// A list can come three times: as what holds, as what follows a grant or a hold, and as what a silent device falls back to.
const COPIES: usize = 3;
/// Who, since when, until when and which control.
const CIRCUMSTANCES: usize = 180;

/// Refuses a change by somebody that goes beyond their share; what makes it no longer is always taken.
pub(super) fn within_share(before: &Layers, after: Layers, by: AccountId) -> Result<Layers, PatchError> {
    let bytes = share_of(&after, by);
    match bytes <= SHARE || bytes <= share_of(before, by) {
        true => Ok(after),
        false => Err(PatchError::TooBig),
    }
}

fn share_of(layers: &Layers, by: AccountId) -> usize {
    let own = layers.guardians.get(&by).into_iter().flatten().chain(&layers.teen).map(|(_, setting)| setting);
    let set = own.filter(|setting| setting.by == by).map(|Setting { value, reason, .. }| cost(value, reason));
    let lent = layers.grants.iter().chain(&layers.holds).filter(|timed| timed.by == by);
    let lent = lent.map(|Timed { value, reason, .. }| cost(value, reason));
    let given = layers.time_grants.iter().filter(|grant| grant.by == by).map(bytes_of);
    set.chain(lent).chain(given).fold(0, usize::saturating_add)
}

fn cost(value: &Value, reason: &Option<String>) -> usize {
    bytes_of(value).saturating_mul(COPIES).saturating_add(bytes_of(reason)).saturating_add(CIRCUMSTANCES)
}

fn bytes_of(written: &impl Serialize) -> usize {
    // What cannot be written cannot be sent.
    serde_json::to_vec(written).map_or(usize::MAX, |json| json.len())
}
