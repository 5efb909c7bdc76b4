//! What other rules would change, without changing anything: every teen whom they can touch is computed twice.
//!
//! It reads in batches by id, each in one statement and so in one snapshot, and locks nothing.

use std::{collections::BTreeMap, sync::Arc};

use diesel::QueryDsl;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{Book, within};
use crate::{
    domain::{
        controls::{ControlId, Registry},
        ids::TeenId,
        law::{Reach, RuleBook},
        policy::{Policy, diff},
        value::Direction,
    },
    store::{
        Store, StoreError, Tools,
        policies::{self, Standing},
        schema::{accounts, teens},
    },
};

/// Teens that are read at once.
const BATCH: i64 = 500;

/// Two sets of rules, or one on two days.
#[derive(Debug)]
pub enum Question {
    /// What holds against another set; today, or as if it were a day to come.
    Instead {
        /// The other set.
        rules: RuleBook,
        /// As if it were the start of this day at each teen's home.
        on: Option<Date>,
    },
    /// What holds today against what will hold on a day to come, by the law alone: ages and grants are those of that day for both.
    Until(Date),
}

/// A dry run on its way.
#[derive(Debug)]
pub struct DryRun {
    holding: Arc<Book>,
    question: Question,
    reach: Reach,
    last: TeenId,
    /// What would change, as far as it got.
    pub foreseen: Foreseen,
}

/// What would change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Foreseen {
    /// Teens who were computed.
    pub teens: u64,
    /// Those for whom something else would hold.
    pub affected: u64,
    /// Those for whom the same would hold for another reason: they get a new revision as well.
    pub explained_anew: u64,
    /// Those whose stored policy cannot be read.
    pub unreadable: u64,
    /// How many would get something tighter or looser, by control.
    pub controls: BTreeMap<ControlId, Directions>,
    /// Where they live.
    pub regions: BTreeMap<String, InRegion>,
}

/// How many policies get tighter or looser in one control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Directions {
    /// Something more is limited and nothing less.
    pub tighter: u64,
    /// Something less is limited and nothing more.
    pub looser: u64,
    /// Something more and something else less.
    pub mixed: u64,
}

/// How many teens of one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InRegion {
    /// Live there and were computed.
    pub teens: u64,
    /// Would get something else.
    pub affected: u64,
}

impl DryRun {
    /// Begins to answer a question about the rules that hold, for all teens whom the answer can be about.
    pub fn new(holding: Arc<Book>, question: Question, reach: Reach) -> Self {
        Self { holding, question, reach, last: Uuid::nil().into(), foreseen: Foreseen::default() }
    }

    /// What holds, and what would.
    fn both(&self, tools: &Tools, standing: &Standing) -> (Policy, Policy) {
        let held = &self.holding.rules;
        match &self.question {
            Question::Instead { rules, on } => {
                (standing.by(tools, held, *on, None), standing.by(tools, rules, *on, None))
            }
            Question::Until(day) => {
                let today = standing.facts.day(tools.world.now());
                (standing.by(tools, held, Some(*day), Some(today)), standing.by(tools, held, Some(*day), None))
            }
        }
    }
}

impl Foreseen {
    fn count(&mut self, registry: &Registry, region: &str, before: &Policy, after: &Policy) {
        let changes = diff(registry, before, after);
        let affected = u64::from(!changes.is_empty());
        self.teens += 1;
        self.affected += affected;
        self.explained_anew += u64::from(changes.is_empty() && before != after);
        let region = self.regions.entry(region.to_owned()).or_default();
        region.teens += 1;
        region.affected += affected;
        for change in changes {
            self.controls.entry(change.control).or_default().count(change.direction, 1);
        }
    }
}

impl Directions {
    /// Counts one policy, or several.
    pub fn count(&mut self, direction: Direction, policies: u64) {
        match direction {
            Direction::Tighter => self.tighter += policies,
            Direction::Looser => self.looser += policies,
            Direction::Mixed => self.mixed += policies,
            Direction::Same => {}
        }
    }
}

impl Store {
    /// How many teens live where rules of some places reach.
    pub async fn count_within(&self, reach: &Reach) -> Result<i64, StoreError> {
        let mut conn = self.pool.get().await?;
        let there = teens::table.inner_join(accounts::table).filter(within(reach));
        Ok(there.count().get_result(&mut conn).await?)
    }

    /// Computes the next batch; `false` once everybody was.
    pub async fn go_on(&self, run: &mut DryRun) -> Result<bool, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        let batch = policies::read_next(&mut conn, &tools, &run.reach, run.last, BATCH).await?;
        for (teen, standing) in &batch {
            run.last = *teen;
            match standing {
                Ok(standing) => {
                    let (before, after) = run.both(&tools, standing);
                    run.foreseen.count(&tools.registry, &standing.facts.region, &before, &after);
                }
                Err(error) => {
                    tracing::error!(%error, %teen, "a teen's policy cannot be read, so nobody knows what would change");
                    run.foreseen.unreadable += 1;
                }
            }
        }
        Ok(!batch.is_empty())
    }
}
