//! Announcements of band changes: 30 days before, 7 days before and on the day, each once, whatever number of nodes looks.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{Timestamp, ToSpan, civil::Date};
use jiff_diesel::ToDiesel;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::band_of;
use crate::{
    domain::{
        age::{AgeBand, Stage, Transition},
        ids::TeenId,
        policy::{Ahead, Change, Layers, OLD_NEWS, ahead},
        supervision::seen,
    },
    store::{
        Event, Store, StoreError, Tools,
        kinship::{GuardianOf, TeenSelf},
        policies::{self, Standing},
        schema::transition_notices,
    },
};

/// A band change ahead, or of the last 31 days: what it does, and when it was announced.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2027-05-03", "from_band": "13_15", "to_band": "16_17", "ends_supervision": false,
    "changes": [{"control": "quiet.notifications", "direction": "looser", "effective": "now",
        "from": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "21:00", "to": "08:00"}],
        "to": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "22:00", "to": "08:00"}]}],
    "announced": [{"stage": "days_30", "at": "2027-04-02T22:00:01Z"}]}))]
pub struct TransitionView {
    /// The day from whose first instant the new band holds, on the calendar of the teen's home.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// The band until then.
    pub from_band: AgeBand,
    /// The band from then.
    pub to_band: AgeBand,
    /// Whether the pairing ends then: at 18 it does.
    pub ends_supervision: bool,
    /// What will be different, going by what is set now; of one that has come, what was different that morning.
    pub changes: Vec<Change>,
    /// The announcements that were made.
    pub announced: Vec<Told>,
}

/// An announcement that was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Told {
    /// Which one.
    pub stage: Stage,
    /// When.
    pub at: Timestamp,
}

/// An announcement, as both sides are told it.
#[derive(Clone, Debug)]
pub struct Announced {
    /// The band from the day.
    pub to_band: AgeBand,
    /// What will be different.
    pub changes: Vec<Change>,
}

type Row = (jiff_diesel::Date, String, jiff_diesel::Timestamp, String, String, Json);

/// The announcements that were made of one band change, and what the newest of them said.
struct Made {
    from: AgeBand,
    to: AgeBand,
    changes: Vec<Change>,
    told: Vec<Told>,
}

impl Store {
    /// The band changes ahead of a guarded teen, the next one first, then those of the last 31 days, the latest first.
    pub async fn transitions(&self, proof: &GuardianOf) -> Result<Vec<TransitionView>, StoreError> {
        self.list_transitions(proof.teen(), Some(proof)).await
    }

    /// A teen's own.
    pub async fn own_transitions(&self, teen: &TeenSelf) -> Result<Vec<TransitionView>, StoreError> {
        self.list_transitions(teen.teen(), None).await
    }

    async fn list_transitions(
        &self,
        teen: TeenId,
        proof: Option<&GuardianOf>,
    ) -> Result<Vec<TransitionView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let (tools, now) = (self.tools(&conn), self.world.now());
        let standing = policies::read(&mut conn, &tools, teen, proof).await?;
        let today = standing.facts.day(now);
        let layers = match proof {
            Some(_) => seen::layers(&tools.registry, &standing.layers),
            None => standing.layers.clone(),
        };
        let mut made = made(&mut conn, teen, today.saturating_sub(OLD_NEWS.days())).await?;
        let coming = look_ahead(&tools, &standing, &layers, now).into_iter().filter(|it| it.birthday.on > today);
        let coming: Vec<_> = coming.map(|it| view(&it, made.remove(&it.birthday.on))).collect();
        let been = made.into_iter().rev().filter(|(on, it)| *on <= today && it.has_come());
        Ok(coming.into_iter().chain(been.map(|(on, it)| it.view(on))).collect())
    }

    /// One announcement, for the notices of `sync`: it goes to sockets of this family only.
    pub async fn announced(&self, teen: TeenId, on: Date, stage: Stage) -> Result<Announced, StoreError> {
        let mut conn = self.pool.get().await?;
        let (to, changes): (String, Json) = transition_notices::table
            .find((teen.uuid(), on.to_diesel(), stage.as_str()))
            .select((transition_notices::to_band, transition_notices::changes))
            .first(&mut conn)
            .await?;
        Ok(Announced { to_band: band_of(&to)?, changes: serde_json::from_value(changes)? })
    }
}

/// Makes the announcements that are due, in the transaction of whoever looks at the teen.
pub(crate) async fn announce(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let (teen, today) = (standing.teen, standing.facts.day(now));
    if standing.facts.birthdays(now).iter().all(|change| change.due(today, &[]).is_none()) {
        return Ok(vec![]);
    }
    let first = standing.facts.birthdays(now).iter().map(|change| change.on).min().unwrap_or(today);
    let told = made(conn, teen, first).await?;
    let mut events = Vec::new();
    // Both sides are told the same: what guardians see.
    let layers = seen::layers(&tools.registry, &standing.layers);
    for Ahead { birthday, changes } in look_ahead(tools, standing, &layers, now) {
        let stages: Vec<Stage> =
            told.get(&birthday.on).into_iter().flat_map(|it| &it.told).map(|it| it.stage).collect();
        let Some(due) = birthday.due(today, &stages) else { continue };
        let written = diesel::insert_into(transition_notices::table)
            .values((
                transition_notices::teen_id.eq(teen.uuid()),
                transition_notices::on_date.eq(birthday.on.to_diesel()),
                transition_notices::stage.eq(due.stage.as_str()),
                transition_notices::from_band.eq(birthday.from.as_str()),
                transition_notices::to_band.eq(birthday.to.as_str()),
                transition_notices::made_at.eq(now.to_diesel()),
                transition_notices::changes.eq(serde_json::to_value(&changes)?),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if written == 1 {
            events.push(Event::TransitionAnnounced { teen, on: birthday.on, stage: due.stage });
        }
    }
    Ok(events)
}

fn look_ahead(tools: &Tools, standing: &Standing, layers: &Layers, now: Timestamp) -> Vec<Ahead> {
    ahead(&tools.registry, &standing.book.rules, &standing.facts, layers, now)
}

/// The announcements that were made of changes on or after a day, by that day.
async fn made(conn: &mut AsyncPgConnection, teen: TeenId, from: Date) -> Result<BTreeMap<Date, Made>, StoreError> {
    let rows: Vec<Row> = transition_notices::table
        .filter(transition_notices::teen_id.eq(teen.uuid()))
        .filter(transition_notices::on_date.ge(from.to_diesel()))
        .order(transition_notices::made_at)
        .select((
            transition_notices::on_date,
            transition_notices::stage,
            transition_notices::made_at,
            transition_notices::from_band,
            transition_notices::to_band,
            transition_notices::changes,
        ))
        .load(conn)
        .await?;
    let mut made: BTreeMap<Date, Made> = BTreeMap::new();
    for (on, stage, at, from, to, changes) in rows {
        let stage = Stage::from_word(&stage).ok_or_else(|| StoreError::Corrupt("an unknown stage".to_owned()))?;
        let before = made.remove(&on.to_jiff()).map(|it| it.told).unwrap_or_default();
        let told = before.into_iter().chain([Told { stage, at: at.to_jiff() }]).collect();
        let changes = serde_json::from_value(changes)?;
        made.insert(on.to_jiff(), Made { from: band_of(&from)?, to: band_of(&to)?, changes, told });
    }
    Ok(made)
}

impl Made {
    /// A change that was announced and did not come is no news.
    fn has_come(&self) -> bool {
        self.told.iter().any(|told| told.stage == Stage::OnTheDay)
    }

    fn view(self, on: Date) -> TransitionView {
        let Self { from, to, changes, told } = self;
        let ends_supervision = to == AgeBand::Adult;
        TransitionView { on, from_band: from, to_band: to, ends_supervision, changes, announced: told }
    }
}

fn view(it: &Ahead, made: Option<Made>) -> TransitionView {
    let Transition { on, from, to } = it.birthday;
    let told = made.map(|made| made.told).unwrap_or_default();
    Made { from, to, changes: it.changes.clone(), told }.view(on)
}
