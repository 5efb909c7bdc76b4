//! How long a policy may be: it travels to every device as one signed frame.

use serde::Serialize;

use super::{Control, Effective, Layers, PatchError, Situation, effective::Deciding};
use crate::domain::snapshot::fallback;

/// The most bytes of JSON that the controls of a policy may take.
///
/// A frame is at most 64 KiB and carries them in base64, a third longer. What is left is for what comes without anybody's
/// doing: a birthday or a law that adds to a list.
pub const MOST_BYTES: usize = 40_000;
/// What `,"safe":` takes.
const SAFE: usize = 8;

/// Takes a change that devices can be sent, now and whenever a grant or hold begins or ends; and one that makes what is too long
/// already no longer.
pub fn sendable(situation: &Situation<'_>, after: Layers) -> Result<Layers, PatchError> {
    let bytes = most_bytes(&situation.with(&after));
    match bytes <= MOST_BYTES || bytes <= most_bytes(situation) {
        true => Ok(after),
        false => Err(PatchError::TooBig),
    }
}

/// What the controls take as JSON: each at its longest, be it now or at a later end of a grant or hold.
pub fn most_bytes(situation: &Situation<'_>) -> usize {
    let live = situation.live();
    let of = |control: &Control| {
        let (mut most, default) = (0, control.default_for(situation.band()));
        let bytes = |held: &Effective| {
            let safe = fallback(&control.kind, default, &held.value, held.after.as_ref());
            bytes_of(held).saturating_add(safe.map_or(0, |safe| bytes_of(&safe).saturating_add(SAFE)))
        };
        Deciding::new(situation, control, live.on(control)).course(|held| most = most.max(bytes(held)));
        // With the quotes around its id, a colon and a comma.
        most.saturating_add(control.id.as_str().len()).saturating_add(4)
    };
    // Two braces instead of the last comma.
    situation.registry.iter().map(of).fold(1, usize::saturating_add)
}

fn bytes_of(written: &impl Serialize) -> usize {
    // What cannot be written cannot be sent.
    serde_json::to_vec(written).map_or(usize::MAX, |json| json.len())
}
