//! How a teen stands at this instant: the answer to whoever gives minutes, pauses or resumes.

use jiff::Timestamp;

use crate::{
    domain::{
        budget::{Budget, DAY, WEEK},
        decision::{Outcome, Reason, ReasonCode, Verdict},
        policy::Policy,
        simulation::{Usage, Used, moment},
        value::Value,
    },
    store::{Store, StoreError, budgets::counted, kinship::GuardianOf, usage_report::SHOWN},
};

/// The control of the week.
const WEEKLY: &str = "time.weekly_minutes";

/// What is left of a teen's day, and whether the app can be used now.
pub struct StandingNow {
    /// By what all devices have told; nothing where the teen's limits do not show guardians how long they use the app.
    pub budget: Option<Budget>,
    /// With that; where it is not shown, as if nothing had been used.
    pub usable: Verdict,
}

impl Store {
    /// How a guarded teen stands at this instant.
    pub async fn standing_now(&self, proof: &GuardianOf) -> Result<StandingNow, StoreError> {
        let settings = self.settings(proof).await?;
        let now = self.world.now();
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        let teen = proof.teen();
        let counted = counted(&mut conn, &tools, &[teen].into()).await?.remove(&teen).ok_or(StoreError::NotFound)?;
        let is_shown = settings.policy.get(SHOWN).is_some_and(|held| held.value == Value::Flag(true));
        let budget = is_shown.then(|| counted.budget());
        let row = |name: &str| budget.as_ref().and_then(|budget| budget.items.iter().find(|left| left.item == name));
        let used = row(DAY).map_or(0, |left| left.used_seconds / 60);
        let minutes_used = Used::EveryDay(u16::try_from(used).unwrap_or(Usage::MOST).min(Usage::MOST));
        let present = settings.present(&self.registry, now, true);
        let moment = moment(&present, now, Some(&Usage { minutes_used }))
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let week_is_over = row(WEEK).is_some_and(|left| left.is_used_up());
        let week_ends = present.calendar.week_ends(now);
        let usable = match moment.usable {
            usable if !week_is_over => usable,
            open if open.outcome == Outcome::Allow => used_up(&settings.policy, week_ends),
            // What closes it now may end sooner.
            closed => Verdict { until: closed.until.and_then(|until| Some(until.max(week_ends?))), ..closed },
        };
        Ok(StandingNow { budget, usable })
    }
}

/// The platform does not decide by the week, which the devices count; nothing is open all the same.
fn used_up(policy: &Policy, until: Option<Timestamp>) -> Verdict {
    let held = policy.get(WEEKLY);
    let reason = Reason {
        control: Some(WEEKLY.into()),
        code: ReasonCode::BudgetUsed,
        source: held.map(|held| held.source),
        rules: held.map(|held| held.rules.clone()).unwrap_or_default(),
    };
    Verdict { outcome: Outcome::Deny, reasons: vec![reason], until }
}
