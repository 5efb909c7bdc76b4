//! How limits will be at another time, or would be with other settings. Nothing is changed by asking.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{grants::TimedRequest, policy::RuleInWords};
use crate::{
    api::{
        shape::{Body, ok},
        spoken::Spoken,
    },
    auth::{Gate, throttle::Limit, who::GuardianOfTeen},
    domain::{
        controls::{ControlId, Registry},
        ids::{AccountId, TeenId},
        law::RuleId,
        policy::{Change, PatchError, Policy, Timed, Wanted, direction_of},
        simulation::{
            Asked, Draft, Drafter, Moment, Place, Present, Refusal, Timeline, TooMuchAhead, Usage, asked, moment,
            timeline,
        },
        timeline::Calendar,
        value::Direction,
        version::Version,
    },
    problem::Problem,
    store::settings::Settings,
};

/// What is asked: about `at`, or from `from` to `to`, or without either about this week. Nothing may be more than eight days ago or
/// five years ahead.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"draft": {"time.daily_minutes": 45, "search.enabled": null}, "usage": {"minutes_used": 30}}))]
pub struct SimulationRequest {
    /// One instant.
    at: Option<Timestamp>,
    /// The beginning of a stretch of at most eight days.
    from: Option<Timestamp>,
    /// Its end; without, seven days later.
    to: Option<Timestamp>,
    /// The answer as if these settings were saved now: control → value, or null for "back to the default".
    #[serde(default)]
    draft: Wanted,
    /// And as if these grants were given, at most ten for one control. Only guardians give them.
    #[serde(default)]
    #[schema(max_items = 50)]
    grants: Vec<TimedRequest>,
    /// And as if these holds were put, at most ten for one control. Only guardians put them.
    #[serde(default)]
    #[schema(max_items = 50)]
    holds: Vec<TimedRequest>,
    /// As if so many minutes were used; with `at`, on its day, and none on those after.
    usage: Option<Usage>,
}

/// How limits are at another time, or would be.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"epoch": 1, "revision": 5, "now": "2026-11-22T13:40:00Z", "home_zone": "Europe/Berlin", "day_start_minute": 0,
    "rules_version": 1,
    "draft": {"changed": [{"control": "time.daily_minutes", "from": 60, "to": 45, "direction": "tighter", "effective": "now"}],
        "sentences": ["Daily screen time: 60 → 45 minutes (tighter)"],
        "direction": "tighter"},
    "timeline": {"from": "2026-11-21T23:00:00Z", "to": "2026-11-22T23:00:00Z",
        "days": [{"date": "2026-11-22", "from": "2026-11-21T23:00:00Z", "to": "2026-11-22T23:00:00Z", "minutes": 1440, "shift": null}],
        "use": [
            {"from": "2026-11-21T23:00:00Z", "to": "2026-11-22T05:00:00Z", "outcome": "deny",
                "reasons": [{"control": "time.sleep_windows", "code": "off_hours", "source": "default", "rules": []}]},
            {"from": "2026-11-22T05:00:00Z", "to": "2026-11-22T23:00:00Z", "outcome": "allow", "reasons": []}],
        "controls": {"time.daily_minutes": {
            "spans": [{"from": "2026-11-21T23:00:00Z", "to": "2026-11-22T23:00:00Z", "value": 45, "source": "guardian",
                "by": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "since": "2026-11-22T13:40:00Z"}],
            "budget": [{"date": "2026-11-22", "from": "2026-11-21T23:00:00Z", "to": "2026-11-22T23:00:00Z", "limit_minutes": 45,
                "used_minutes": 30, "remaining_minutes": 15}]}}},
    "rules": {}}))]
pub struct Simulation {
    /// The settings that it starts from.
    #[serde(flatten)]
    version: Version,
    /// When it was asked: what is ahead of this is foreseen, what is before it is as today's settings would have had it.
    now: Timestamp,
    /// The zone in which windows and days are meant.
    home_zone: String,
    /// Minutes after midnight at which the day starts.
    day_start_minute: i16,
    /// The set of rules of law that it goes by.
    rules_version: i64,
    /// What saving the draft would change at once. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<Drafted>,
    /// How things are at the instant that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    instant: Option<MomentInWords>,
    /// How things go in the stretch that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<Timeline>,
    /// The rules of law that the answer names.
    rules: BTreeMap<RuleId, RuleInWords>,
    /// For a guardian: to which lists the teen added entries, and how many. They are nowhere in the answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hidden: BTreeMap<ControlId, usize>,
}

/// How things are at an instant, with what differs from now in sentences.
#[derive(Serialize, ToSchema)]
pub struct MomentInWords {
    #[serde(flatten)]
    moment: Moment,
    /// Each of the changes in the language of `Accept-Language`.
    sentences: Vec<String>,
}

/// What saving a draft would change at once: the very list that saving it would answer.
#[derive(Serialize, ToSchema)]
pub struct Drafted {
    /// What would change. Empty: nothing.
    changed: Vec<Change>,
    /// The same in the language of `Accept-Language`.
    sentences: Vec<String>,
    /// Where that leads as a whole.
    direction: Direction,
}

impl SimulationRequest {
    /// The field with something that only guardians can do.
    pub fn guardians_field(&self) -> Option<&'static str> {
        let field = |asked: &[TimedRequest], pointer| (!asked.is_empty()).then_some(pointer);
        field(&self.grants, "/grants").or(field(&self.holds, "/holds"))
    }

    /// The answer. It may take a core for a while, so it waits for its turn at one.
    pub async fn answered(
        self,
        gate: &Gate,
        settings: Settings,
        guarded: bool,
        by: Drafter,
        spoken: Spoken,
    ) -> Result<HttpResponse, Problem> {
        let (registry, world) = (gate.store.registry().clone(), gate.store.world());
        let (now, id) = (world.now(), world.uuid());
        let answer = move || {
            let present = settings.present(&registry, now, guarded);
            self.answer(&settings, present, by, id, &spoken)
        };
        Ok(ok(gate.simulations.take(answer).await??))
    }

    /// `id` names the grants and holds of the draft, which are never stored.
    fn answer(
        self,
        settings: &Settings,
        present: Present<'_>,
        by: Drafter,
        id: Uuid,
        spoken: &Spoken,
    ) -> Result<Simulation, Problem> {
        let Self { at, from, to, draft, grants, holds, usage } = self;
        if usage.as_ref().is_some_and(|usage| !usage.is_possible()) {
            return Err(Problem::field("/usage/minutes_used", format_args!("must be 0 to {}", Usage::MOST)));
        }
        let asked =
            asked(&present, at, from, to).map_err(|error| Problem::field(&format!("/{}", error.field), error))?;
        let home = (present.calendar, present.policy);
        let lent = Lent { registry: present.registry, by: by.account(), id, home, now: present.now };
        let draft =
            Draft { settings: draft.0, grants: lent.all(grants, Place::Grant)?, holds: lent.all(holds, Place::Hold)? };
        if let Some(place) = draft.too_many() {
            return Err(one_too_many(place));
        }
        let is_draft = !draft.is_empty();
        let present = present.drafted(&draft, by).map_err(refused)?;
        let mut answer = Simulation {
            version: settings.version,
            now: present.now,
            home_zone: settings.home_zone.clone(),
            day_start_minute: settings.day_start_minute,
            rules_version: settings.book.version,
            draft: is_draft.then(|| Drafted::of(&present, spoken)),
            instant: None,
            timeline: None,
            rules: BTreeMap::new(),
            hidden: settings.hidden.clone(),
        };
        let too_much = |why: TooMuchAhead| Problem::field("", why);
        match asked {
            Asked::Moment(at) => {
                answer.instant = Some(MomentInWords::of(&present, at, usage.as_ref(), spoken).map_err(too_much)?);
            }
            Asked::Stretch(span) => {
                answer.timeline = Some(timeline(&present, span, usage.as_ref()).map_err(too_much)?);
            }
        }
        answer.rules = RuleInWords::all(present.book, answer.named(), present.facts.day(present.now));
        Ok(answer)
    }
}

impl Simulation {
    /// Every rule of law that is named.
    fn named(&self) -> impl Iterator<Item = &RuleId> {
        let rows = self.timeline.iter().flat_map(|timeline| timeline.controls.values());
        let spans = rows.flat_map(|row| &row.spans).map(|entry| &entry.held);
        let then =
            self.instant.iter().flat_map(|instant| instant.moment.controls.values()).map(|control| &control.held);
        spans.chain(then).flat_map(|held| &held.rules)
    }
}

impl Drafted {
    fn of(present: &Present<'_>, spoken: &Spoken) -> Self {
        let changed = present.changes();
        let sentences = spoken.sentences(present.registry, &changed);
        Self { direction: direction_of(&changed), changed, sentences }
    }
}

impl MomentInWords {
    fn of(present: &Present<'_>, at: Timestamp, usage: Option<&Usage>, spoken: &Spoken) -> Result<Self, TooMuchAhead> {
        let moment = moment(present, at, usage)?;
        let changes: Vec<Change> = moment.changes.iter().map(Change::from).collect();
        Ok(Self { moment, sentences: spoken.sentences(present.registry, &changes) })
    }
}

/// What the grants and holds of a draft have in common.
struct Lent<'a> {
    registry: &'a Registry,
    by: AccountId,
    id: Uuid,
    home: (&'a Calendar, &'a Policy),
    now: Timestamp,
}

impl Lent<'_> {
    fn all(&self, asked: Vec<TimedRequest>, place: fn(usize) -> Place) -> Result<Vec<Timed>, Problem> {
        let one = |(index, asked): (usize, TimedRequest)| {
            let (lend, reason) = asked.checked()?;
            let timed = lend.timed(self.registry, self.id, self.by, reason, self.home, self.now);
            timed.map_err(|why| refused(Refusal { place: place(index), why }))
        };
        asked.into_iter().enumerate().map(one).collect()
    }
}

fn one_too_many(place: Place) -> Problem {
    let why = format_args!("must not be one of more than {} for one control", Draft::MOST_OF_ONE);
    match place {
        Place::Grant(index) => Problem::field(&format!("/grants/{index}"), why),
        Place::Hold(index) => Problem::field(&format!("/holds/{index}"), why),
        Place::Settings => Problem::field("/draft", why),
    }
}

/// The problem that saving it would meet, with the field of this request.
fn refused(Refusal { place, why }: Refusal) -> Problem {
    match (place, why) {
        (Place::Settings, PatchError::Invalid { control, why }) => Problem::field(&format!("/draft/{control}"), why),
        (Place::Grant(index), PatchError::Invalid { why, .. }) => {
            Problem::field(&format!("/grants/{index}/value"), why)
        }
        (Place::Hold(index), PatchError::Invalid { why, .. }) => Problem::field(&format!("/holds/{index}/value"), why),
        (_, why) => (&why).into(),
    }
}

/// See how limits will be, or would be
///
/// At one instant (`at`), or over some days (`from`, `to`; without either: this week), with the settings as they are or with a
/// draft that nobody has saved. Nothing is changed. A draft is refused as saving it would be.
#[utoipa::path(tag = "guardian", request_body = SimulationRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "What holds then, why, and until when", body = Simulation)))]
#[post("/v1/guardian/teens/{teen_id}/policy/simulations")]
pub async fn guardian_simulate(
    who: GuardianOfTeen,
    spoken: Spoken,
    body: Body<SimulationRequest>,
) -> Result<HttpResponse, Problem> {
    let guardian = who.proof.guardian();
    who.gate.throttle.count(Limit::Simulate, &guardian.to_string()).await?;
    let (registry, world) = (who.store().registry(), who.store().world());
    let settings = who.store().settings(&who.proof).await?.by(registry, world.now());
    body.value.answered(&who.gate, settings, true, Drafter::Guardian(guardian), spoken).await
}
