//! What could be set instead, and by whom: the other half of an explanation.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Effective, RuleId, Situation, WhoLoosens, effective::Deciding};
use crate::domain::{
    controls::{Control, SetBy},
    law::{Bound, Live, Rule},
    value::{Given, Value},
};

/// What people could set for a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Allowed {
    /// The loosest that a guardian may set alone; null: no bound.
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
    /// A guardian and the teen together, where a law asks for both: each sets it, in any order.
    TeenAndGuardian,
}

/// What people could set for a control instead of what holds.
pub fn allowed(situation: &Situation<'_>, live: &Live<'_>, control: &Control, held: &Effective) -> Allowed {
    let rules = live.on(control);
    let deciding = Deciding::new(situation, control, rules);
    let guardian = deciding.loosest(&[WhoLoosens::Guardian]);
    let verified = deciding.loosest(&[WhoLoosens::Guardian, WhoLoosens::GuardianVerified]);
    let unset = !situation.layers.guardians.values().any(|own| own.contains_key(&control.id));
    let teen = match control.is_teens_own(situation.band()) && unset {
        true => deciding.loosest(&[WhoLoosens::Teen]),
        false => Some(Bound { value: without_teen(situation, control, rules), rules: vec![] }),
    };
    let mut named: Vec<RuleId> =
        [&guardian, &verified, &teen].into_iter().flatten().flat_map(|b| b.rules.clone()).collect();
    named.sort();
    named.dedup();
    let family = control.set_by == SetBy::Family;
    let may_loosen = match family {
        true => who_loosens(&deciding, held, [&guardian, &verified, &teen]),
        false => vec![],
    };
    let value = |bound: Option<Bound>| bound.map(|bound| bound.value);
    Allowed {
        guardian: value(guardian),
        guardian_verified: value(verified),
        teen: value(teen),
        rules: named,
        may_loosen,
        may_tighten: family,
    }
}

/// What holds without what the teen has set.
fn without_teen(situation: &Situation<'_>, control: &Control, rules: &[&Rule]) -> Value {
    let deciding = Deciding::without_teen(situation, control, rules);
    let open = deciding.lasting(&deciding.base(), situation.now);
    deciding.under_holds(open.value)
}

/// Those who could really make looser what holds, from the bounds of any guardian, a verified one, and the teen.
fn who_loosens(deciding: &Deciding<'_>, held: &Effective, bounds: [&Option<Bound>; 3]) -> Vec<MayLoosen> {
    let kind = &deciding.control.kind;
    let loosest = |bound: &Option<Bound>| bound.as_ref().map_or_else(|| kind.loosest(), |bound| bound.value.clone());
    let [guardian, verified, teen] = bounds.map(loosest);
    let together = loosest(&deciding.loosest(&[WhoLoosens::Guardian, WhoLoosens::TeenAndGuardian]));
    let looser = |value: &Value| !kind.at_least_as_strict(value, &held.value);
    let by_guardian = looser(&deciding.open_to_guardians(&guardian));
    let by_verified = looser(&deciding.open_to_guardians(&verified));
    let by_teen = looser(&deciding.under_holds(teen));
    [
        (by_guardian, MayLoosen::Guardian),
        (by_verified && !by_guardian, MayLoosen::GuardianVerified),
        (by_teen, MayLoosen::Teen),
        // Where the law is what keeps a guardian from it.
        (looser(&together) && !looser(&guardian) && !by_teen, MayLoosen::TeenAndGuardian),
    ]
    .into_iter()
    .filter_map(|(may, who)| may.then_some(who))
    .collect()
}
