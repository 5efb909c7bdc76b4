//! What could be set instead, and by whom: the other half of an explanation.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Effective, RuleId, Situation, WhoLoosens, effective::Deciding};
use crate::domain::{
    controls::{Control, SetBy},
    law::{Bound, Live},
    value::{Given, Value},
};

/// What people could set for a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Allowed {
    /// The loosest that a guardian may set; null: no bound.
    #[schema(value_type = Option<Given>)]
    pub guardian: Option<Value>,
    /// The loosest that a guardian whose consent was verified may set; null: no bound.
    #[schema(value_type = Option<Given>)]
    pub guardian_verified: Option<Value>,
    /// The loosest that the teen may choose while no guardian has set a value; null: no bound. The default where it is not theirs.
    #[schema(value_type = Option<Given>)]
    pub teen: Option<Value>,
    /// The rules of law that these bounds come from.
    pub rules: Vec<RuleId>,
    /// Who could make it looser than it is now.
    pub may_loosen: Vec<MayLoosen>,
    /// Whether guardian and teen can make it stricter.
    pub may_tighten: bool,
}

/// Somebody who could make a value looser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MayLoosen {
    /// Any guardian.
    Guardian,
    /// Only a guardian whose consent was verified.
    GuardianVerified,
    /// The teen.
    Teen,
}

/// What people could set for a control instead of what holds.
pub fn allowed(situation: &Situation<'_>, live: &Live<'_>, control: &Control, held: &Effective) -> Allowed {
    let deciding = Deciding::new(situation, control, live.on(control));
    let guardian = deciding.loosest(&[WhoLoosens::Guardian]);
    let verified = deciding.loosest(&[WhoLoosens::Guardian, WhoLoosens::GuardianVerified]);
    let unset = !situation.layers.guardians.values().any(|own| own.contains_key(&control.id));
    let teen = match control.is_teens_own(situation.band()) && unset {
        true => deciding.loosest(&[WhoLoosens::Teen]),
        false => Some(Bound { value: deciding.without_teen(), rules: vec![] }),
    };
    let family = control.set_by == SetBy::Family;
    let looser = |bound: &Option<Bound>| {
        family && bound.as_ref().is_none_or(|bound| !control.kind.at_least_as_strict(&bound.value, &held.value))
    };
    let (by_any, by_verified, by_teen) = (looser(&guardian), looser(&verified), looser(&teen));
    let may_loosen = [
        (by_any, MayLoosen::Guardian),
        (by_verified && !by_any, MayLoosen::GuardianVerified),
        (by_teen, MayLoosen::Teen),
    ];
    let mut rules: Vec<RuleId> =
        [&guardian, &verified, &teen].into_iter().flatten().flat_map(|b| b.rules.clone()).collect();
    rules.sort();
    rules.dedup();
    let value = |bound: Option<Bound>| bound.map(|bound| bound.value);
    Allowed {
        guardian: value(guardian),
        guardian_verified: value(verified),
        teen: value(teen),
        rules,
        may_loosen: may_loosen.into_iter().filter(|(may, _)| *may).map(|(_, who)| who).collect(),
        may_tighten: family,
    }
}
