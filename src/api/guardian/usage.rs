//! How a teen's days were used, as far as their limits show it to guardians.

use actix_web::{HttpResponse, get, web::Query};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::shape::ok,
    auth::who::GuardianOfTeen,
    domain::ids::TeenId,
    problem::Problem,
    store::usage_report::{MOST_DAYS, UsageDays},
};

/// Which days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// The first local day, `YYYY-MM-DD`; without it, seven days up to the last.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-20")]
    from: Option<Date>,
    /// The last one; without it, today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-26")]
    to: Option<Date>,
}

impl UsageQuery {
    /// Both days; at most 31 of them.
    pub fn checked(&self) -> Result<(Option<Date>, Option<Date>), Problem> {
        let days = self.from.zip(self.to).map(|(from, to)| to.duration_since(from).as_hours() / 24 + 1);
        match days {
            Some(days) if days < 1 => Err(Problem::field("to", "must not be before from")),
            Some(days) if usize::try_from(days).is_ok_and(|days| days > MOST_DAYS) => {
                Err(Problem::field("to", format!("must be at most {MOST_DAYS} days later than from")))
            }
            _ => Ok((self.from, self.to)),
        }
    }
}

/// See how days were used
///
/// The same numbers that the teen sees. A day of which no device told anything is a gap, not a day without use. Only while the
/// teen's limits let guardians see it (`guardian.visibility.usage_totals`).
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen"), UsageQuery),
    responses((status = 200, description = "Day by day, and in sum", body = UsageDays,
        example = json!({"as_of": "2026-11-27T14:00:00Z", "days": [], "summary": {"days_told": 0, "gaps": 0, "seconds": 0,
            "days_kept": 0, "days_over": 0, "quiet_nights": 0, "disturbed_nights": 0},
            "requests": {"asked": 2, "granted": 1, "denied": 0, "expired": 0}}))))]
#[get("/v1/guardian/teens/{teen_id}/usage")]
pub async fn guardian_usage(who: GuardianOfTeen, query: Query<UsageQuery>) -> Result<HttpResponse, Problem> {
    let (from, to) = query.checked()?;
    Ok(ok(who.store().usage(&who.proof, from, to).await?))
}
