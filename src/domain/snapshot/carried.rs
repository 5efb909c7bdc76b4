//! The controls of a policy as they travel: what holds, and what a device falls back to that hears nothing for long.
//!
//! A device has neither the defaults of a band nor the order between values, so the stricter side comes along as a value. It is
//! computed once, when a revision is made, and stored with it: another program version must not change bytes that were signed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{
    age::AgeBand,
    controls::{Control, ControlId, EnforcedBy, IfUnsupported, Registry},
    policy::{Effective, Policy},
    value::{Kind, Value},
};

/// One control as a snapshot has it.
#[derive(Serialize)]
struct Carried<'a> {
    #[serde(flatten)]
    held: &'a Effective,
    /// See [`fallback`].
    #[serde(skip_serializing_if = "Option::is_none")]
    safe: Option<Value>,
    /// What a device does that cannot enforce it, where that is more than to say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    if_unsupported: Option<IfUnsupported>,
}

/// The text of [`Payload::controls`](super::Payload::controls), for a teen of this band.
pub fn carried(registry: &Registry, band: AgeBand, policy: &Policy) -> Result<String, serde_json::Error> {
    let safe = |id: &ControlId, held: &Effective| safe_of(registry.get(id)?, band, held);
    // What only the platform or this server enforces asks nothing of a device.
    let by_device = |control: &Control| matches!(control.enforced_by, EnforcedBy::Device | EnforcedBy::Both);
    let if_unsupported = |id: &ControlId| {
        let control = registry.get(id).filter(|control| by_device(control))?;
        (control.if_unsupported == IfUnsupported::SafeMode).then_some(IfUnsupported::SafeMode)
    };
    let carry = |held, id| Carried { held, safe: safe(id, held), if_unsupported: if_unsupported(id) };
    let controls: BTreeMap<&ControlId, Carried<'_>> = policy.iter().map(|(id, held)| (id, carry(held, id))).collect();
    serde_json::to_string(&controls)
}

/// What a device of a teen of this band falls back to; see [`fallback`].
pub(super) fn safe_of(control: &Control, band: AgeBand, held: &Effective) -> Option<Value> {
    // What a family lists as always allowed is for when everything else is closed.
    if control.id == ControlId::from("time.always_allowed") {
        return None;
    }
    fallback(&control.kind, control.default_for(band), &held.value, held.after.as_ref())
}

/// What a device falls back to after long silence: as strict as all that it was told, and as the default of the band. Nothing
/// where that is what holds at any time anyway, which keeps snapshots small.
pub fn fallback(kind: &Kind, default: &Value, value: &Value, after: Option<&Value>) -> Option<Value> {
    let told = after.map_or_else(|| value.clone(), |after| kind.meet(value, after));
    let safe = kind.meet(&told, default);
    (safe != *value || after.is_some_and(|after| safe != *after)).then_some(safe)
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*, sample::select};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::domain::value::tests::{any_value, kinds};

    fn told() -> impl Strategy<Value = (Kind, Value, Value, Option<Value>)> {
        select(kinds()).prop_flat_map(|kind| {
            let value = any_value(&kind);
            (Just(kind), value.clone(), value.clone(), option::of(value))
        })
    }

    proptest! {
        /// Silence never loosens: not the value, nor what follows it, nor the default.
        #[test]
        fn silence_only_tightens((kind, default, value, after) in told()) {
            let safe = fallback(&kind, &default, &value, after.as_ref());
            let told = || [&default, &value].into_iter().chain(&after);
            match &safe {
                Some(safe) => prop_assert!(told().all(|it| kind.at_least_as_strict(safe, it))),
                None => prop_assert!(after.is_none_or(|after| after == value) && kind.at_least_as_strict(&value, &default)),
            }
        }
    }

    #[test]
    fn only_what_differs_travels_and_reads_back() {
        let registry = Registry::load().unwrap();
        let held = json!({
            "time.daily_minutes": {"value": 120, "source": "guardian"},
            "dm.from": {"value": "no_one", "source": "guardian"},
            "search.enabled": {"value": true, "source": "grant", "until": "2026-03-01T17:00:00Z", "after": false},
        });
        let policy = Policy::from_json(&registry, &held.to_string()).unwrap();
        let text = carried(&registry, AgeBand::From13To15, &policy).unwrap();
        let sent: Json = serde_json::from_str(&text).unwrap();
        assert_eq!((&sent["time.daily_minutes"]["safe"], &sent["search.enabled"]["safe"]), (&json!(60), &json!(false)));
        assert_eq!(sent["dm.from"], held["dm.from"], "stricter than the default already");
        assert_eq!(Policy::from_json(&registry, &text).unwrap(), policy, "what is stored is the same policy");
    }
}
