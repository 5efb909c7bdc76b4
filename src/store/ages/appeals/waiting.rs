//! What an operator has to know to answer: who, what counts now, and what was said, without an age beyond its band.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{AppealView, Row, appeal, view};
use crate::{
    domain::{age::AppealState, ids::TeenId},
    store::{
        Store, StoreError,
        ages::{AgeView, SignalView, views},
        policies,
        schema::age_appeals,
    },
};

/// An objection that waits for an answer.
#[derive(Clone, Debug)]
pub struct WaitingAppeal {
    /// The objection.
    pub appeal: AppealView,
    /// Whose age it is.
    pub teen: TeenId,
    /// Whether it should have been answered by now.
    pub overdue: bool,
    /// How old the teen is taken to be.
    pub age: AgeView,
    /// What was said, to be named in the answer.
    pub signals: Vec<SignalView>,
}

impl Store {
    /// The objections that wait for an answer, the one that is due first in front.
    pub async fn open_age_appeals(&self) -> Result<Vec<WaitingAppeal>, StoreError> {
        let mut conn = self.pool.get().await?;
        let (tools, now) = (self.tools(&conn), self.world.now());
        let rows: Vec<Row> = age_appeals::table
            .filter(age_appeals::state.eq(AppealState::Open.as_str()))
            .order(age_appeals::opened_at)
            .load(&mut conn)
            .await?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, teen) = (row.id.into(), TeenId::from(row.teen));
            let opened = appeal(row)?;
            let facts = policies::read(&mut conn, &tools, teen, None).await?.facts;
            waiting.push(WaitingAppeal {
                appeal: view(id, &opened),
                teen,
                overdue: opened.is_overdue(now),
                age: AgeView::of(&facts, now),
                signals: views::said(facts.signals, now),
            });
        }
        Ok(waiting)
    }
}
