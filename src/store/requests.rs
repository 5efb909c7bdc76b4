//! What teens ask for, and what guardians answer. An answer that gives something is one statement with the change that it makes
//! (see [`settings`](super::settings)), so nothing is given twice and nothing is promised that is not there.

mod views;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl,
    dsl::{exists, sql},
    sql_types::Timestamptz,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools,
    audit::{self, Deed},
    guardian_work::Changing,
    history::since,
    kinship::{GuardianOf, TeenSelf},
    pairings::active_of,
    policies,
    schema::{pairings, requests},
    sweep::WINDOW,
};
use crate::domain::{
    ids::{AccountId, RequestId, TeenId},
    pairing::PairingState,
    request::{RequestKind, RequestState, Wish},
};

pub use self::views::{AnswerView, Answered, RequestView};
use self::views::{Row, query};

/// Most requests in one list.
const LISTED: i64 = 100;
/// Most requests that are ended in one transaction.
const AT_ONCE: i64 = 1_000;

/// What a teen asks for. Checked, but for what a control takes.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What sort of thing.
    pub asks_for: RequestKind,
    /// The item (`day`: the whole day), the control, or what is blocked.
    pub subject: String,
    /// How much of it.
    pub wish: Wish,
    /// Why, in their words.
    pub note: Option<String>,
    /// The change that this is a proposal against.
    pub about_revision: Option<i64>,
}

/// What a guardian answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What is given; nothing: no.
    pub given: Option<Wish>,
    /// Why, in their words.
    pub note: Option<String>,
}

/// An answer that gives something, on its way into the statement that makes the change.
#[derive(Clone, Debug)]
pub(crate) struct Granting {
    pub(crate) id: RequestId,
    pub(crate) given: Json,
    pub(crate) note: Option<String>,
}

impl Store {
    /// The teen asks. The same wish for the same thing again is the request that waits already; another wish has to wait.
    pub async fn ask(&self, teen: TeenSelf, ask: Ask) -> Result<RequestView, StoreError> {
        let of = teen.teen();
        let (view, is_new) = self
            .write(move |conn, tools| {
                let (teen, ask) = (teen.clone(), ask.clone());
                async move { make(conn, &tools, &teen, ask).await }.boxed()
            })
            .await?;
        if is_new {
            self.post_request(of, &view);
        }
        Ok(view)
    }

    /// The teen takes a request back that nobody has answered.
    pub async fn cancel_request(&self, teen: TeenSelf, id: RequestId) -> Result<RequestView, StoreError> {
        let of = teen.teen();
        let view = self
            .write(move |conn, tools| {
                async move {
                    let cancelled = RequestState::Cancelled.as_str();
                    let mine = requests::table.find(id.uuid()).filter(requests::teen_id.eq(of.uuid()));
                    let moved = diesel::update(mine.filter(requests::state.eq(RequestState::Pending.as_str())))
                        .set((
                            requests::state.eq(cancelled),
                            requests::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
                        ))
                        .execute(conn)
                        .await?;
                    let view = one(conn, of, id).await?;
                    if moved == 0 && view.state != RequestState::Cancelled {
                        return Err(StoreError::RequestOver(Box::new(view)));
                    }
                    audit::record(conn, &tools, Deed::new(of, "request.cancelled").teen(of).subject(id.uuid())).await?;
                    Ok(view)
                }
                .boxed()
            })
            .await?;
        self.post_request(of, &view);
        Ok(view)
    }

    /// A guardian answers. Whoever comes second is told what the first one said; one's own answer again is that answer.
    pub async fn answer_request(&self, by: Changing, id: RequestId, answer: Answer) -> Result<Answered, StoreError> {
        let (teen, guardian) = (by.teen(), by.guardian());
        let request = self.request_of(teen, id).await?;
        let outcome = match (&answer.given, request.state) {
            // One whose time is over is over, also before anybody has written that down.
            (_, state) if state != RequestState::Pending || request.expires_at <= self.world.now() => {
                Err(StoreError::RequestOver(Box::new(request)))
            }
            (Some(given), _) => self.give(by, &request, given.clone(), answer.note.clone()).await.map(Some),
            (None, _) => self.deny(GuardianOf::clone(&by), id, answer.note.clone()).await.map(|()| None),
        };
        let changed = match outcome {
            // The same answer twice: the second tap, or a client that lost the first one's answer.
            Err(StoreError::RequestOver(over)) if is_mine(&over, guardian, answer.given.is_some()) => None,
            other => other?,
        };
        let request = self.request_of(teen, id).await?;
        self.post_request(teen, &request);
        Ok(Answered { request, changed })
    }

    async fn deny(&self, proof: GuardianOf, id: RequestId, note: Option<String>) -> Result<(), StoreError> {
        self.write(move |conn, tools| {
            let (proof, note) = (proof.clone(), note.clone());
            async move {
                let (teen, by) = (proof.teen(), proof.guardian());
                let active = pairings::table
                    .find(proof.pairing().uuid())
                    .filter(pairings::state.eq(PairingState::Active.as_str()));
                let pending = requests::table
                    .find(id.uuid())
                    .filter(requests::teen_id.eq(teen.uuid()).and(requests::state.eq(RequestState::Pending.as_str())))
                    .filter(exists(active));
                let moved = diesel::update(pending)
                    .set((
                        requests::state.eq(RequestState::Denied.as_str()),
                        requests::answered_by.eq(by.uuid()),
                        requests::answered_at.eq(tools.world.now().to_diesel()),
                        requests::answer_note.eq(note),
                        requests::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
                    ))
                    .execute(conn)
                    .await?;
                if moved == 0 {
                    return Err(StoreError::RequestOver(Box::new(one(conn, teen, id).await?)));
                }
                audit::record(conn, &tools, Deed::new(by, "request.denied").teen(teen).subject(id.uuid())).await
            }
            .boxed()
        })
        .await
    }

    /// The requests of a guarded teen, newest first.
    pub async fn requests(
        &self,
        proof: &GuardianOf,
        state: Option<RequestState>,
    ) -> Result<Vec<RequestView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let from = since(&mut conn, proof).await?;
        drop(conn);
        self.list_requests(proof.teen(), state, from).await
    }

    /// A teen's own requests, newest first.
    pub async fn own_requests(
        &self,
        teen: &TeenSelf,
        state: Option<RequestState>,
    ) -> Result<Vec<RequestView>, StoreError> {
        self.list_requests(teen.teen(), state, Timestamp::UNIX_EPOCH.to_diesel()).await
    }

    /// A request, for the notice to both sides.
    pub async fn request_of(&self, teen: TeenId, id: RequestId) -> Result<RequestView, StoreError> {
        one(&mut *self.pool.get().await?, teen, id).await
    }

    /// `from`: what a teen said to an earlier guardian is not for the next one.
    async fn list_requests(
        &self,
        teen: TeenId,
        state: Option<RequestState>,
        from: jiff_diesel::Timestamp,
    ) -> Result<Vec<RequestView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let mut some = query(teen).filter(requests::asked_at.ge(from)).into_boxed();
        if let Some(state) = state {
            some = some.filter(requests::state.eq(state.as_str()));
        }
        let rows: Vec<Row> = some.order(requests::asked_at.desc()).limit(LISTED).load(&mut conn).await?;
        rows.into_iter().map(Row::view).collect()
    }

    /// Ends the requests that nobody has answered in time, some at a time: at midnight there are many. Any number of nodes may do so at once.
    pub async fn expire_requests(&self) -> Result<usize, StoreError> {
        let mut ended = 0;
        loop {
            let over = self.write(|conn, tools| expire(conn, tools).boxed()).await?;
            for (teen, id) in &over {
                let state = RequestState::Expired;
                self.post(Event::RequestMoved { teen: (*teen).into(), request: (*id).into(), state });
            }
            ended += over.len();
            if i64::try_from(over.len()).is_ok_and(|some| some < AT_ONCE) {
                return Ok(ended);
            }
        }
    }

    fn post_request(&self, teen: TeenId, view: &RequestView) {
        self.post(Event::RequestMoved { teen, request: view.request_id, state: view.state });
    }
}

async fn expire(conn: &mut AsyncPgConnection, tools: Tools) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let late: Vec<Uuid> = requests::table
        .filter(requests::state.eq(RequestState::Pending.as_str()))
        .filter(requests::expires_at.le(tools.world.now().to_diesel()))
        .select(requests::id)
        .limit(AT_ONCE)
        .for_no_key_update()
        .skip_locked()
        .load(conn)
        .await?;
    let pending = requests::state.eq(RequestState::Pending.as_str());
    let ended = diesel::update(requests::table.filter(requests::id.eq_any(late).and(pending))).set((
        requests::state.eq(RequestState::Expired.as_str()),
        requests::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
    ));
    Ok(ended.returning((requests::teen_id, requests::id)).get_results(conn).await?)
}

fn is_mine(over: &RequestView, guardian: AccountId, granted: bool) -> bool {
    let by_me = over.answer.as_ref().is_some_and(|answer| answer.by == Some(guardian));
    by_me && (over.state == RequestState::Granted) == granted
}

async fn make(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    ask: Ask,
) -> Result<(RequestView, bool), StoreError> {
    let of = teen.teen();
    // The teen's row puts what is asked at once in order.
    let standing = policies::lock(conn, tools, of).await?;
    if active_of(conn, of).await? == 0 {
        return Err(StoreError::NobodyToAsk);
    }
    let same = query(of)
        .filter(requests::asks_for.eq(ask.asks_for.as_str()).and(requests::subject.eq(&ask.subject)))
        .filter(requests::state.eq(RequestState::Pending.as_str()))
        .first::<Row>(conn)
        .await
        .optional()?;
    let now = tools.world.now();
    let waiting = same.map(Row::view).transpose()?;
    // One whose time is over is over, also before anybody has written that down.
    if let Some(late) = waiting.as_ref().filter(|waiting| waiting.expires_at <= now) {
        let pending = requests::state.eq(RequestState::Pending.as_str());
        diesel::update(requests::table.find(late.request_id.uuid()).filter(pending))
            .set((
                requests::state.eq(RequestState::Expired.as_str()),
                requests::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
            ))
            .execute(conn)
            .await?;
    }
    if let Some(waiting) = waiting.filter(|waiting| waiting.expires_at > now) {
        return if waiting.wish == ask.wish {
            Ok((waiting, false))
        } else {
            Err(StoreError::AlreadyAsked(Box::new(waiting)))
        };
    }
    let id: RequestId = tools.world.id();
    diesel::insert_into(requests::table)
        .values((
            requests::id.eq(id.uuid()),
            requests::teen_id.eq(of.uuid()),
            requests::device_id.eq(teen.device().map(|device| device.uuid())),
            requests::asks_for.eq(ask.asks_for.as_str()),
            requests::subject.eq(ask.subject),
            requests::wish.eq(serde_json::to_value(ask.wish)?),
            requests::note.eq(ask.note),
            requests::about_revision.eq(ask.about_revision),
            requests::state.eq(RequestState::Pending.as_str()),
            requests::asked_at.eq(now.to_diesel()),
            requests::expires_at.eq(ask.asks_for.expires_at(&standing.calendar.day_of(now), now).to_diesel()),
        ))
        .execute(conn)
        .await?;
    let deed = Deed::new(of, "request.made").teen(of).subject(id.uuid()).detail(json!({"asks_for": ask.asks_for}));
    audit::record(conn, tools, deed).await?;
    Ok((one(conn, of, id).await?, true))
}

/// A request of this teen; of anybody else's nobody hears more than that it is not here.
async fn one(conn: &mut AsyncPgConnection, teen: TeenId, id: RequestId) -> Result<RequestView, StoreError> {
    query(teen).filter(requests::id.eq(id.uuid())).first::<Row>(conn).await?.view()
}

/// Refuses to give what is not asked for any more.
pub(crate) async fn still_pending(conn: &mut AsyncPgConnection, teen: TeenId, id: RequestId) -> Result<(), StoreError> {
    let view = one(conn, teen, id).await?;
    match view.state {
        RequestState::Pending => Ok(()),
        _ => Err(StoreError::RequestOver(Box::new(view))),
    }
}

/// Nobody is there to answer a teen any more.
pub(crate) async fn cancel_all(conn: &mut AsyncPgConnection, teen: TeenId) -> Result<(), StoreError> {
    let pending = requests::table
        .filter(requests::teen_id.eq(teen.uuid()).and(requests::state.eq(RequestState::Pending.as_str())));
    diesel::update(pending)
        .set((
            requests::state.eq(RequestState::Cancelled.as_str()),
            requests::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The requests that moved in the last thirty seconds, for the sweep.
pub(crate) async fn moved_lately(conn: &mut AsyncPgConnection) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<(Uuid, Uuid, String)> = requests::table
        .filter(requests::moved_recorded_at.gt(sql::<Timestamptz>(WINDOW)))
        .select((requests::teen_id, requests::id, requests::state))
        .load(conn)
        .await?;
    let event = |(teen, request, state): (Uuid, Uuid, String)| {
        let state =
            RequestState::from_word(&state).ok_or_else(|| StoreError::Corrupt("a request's state".to_owned()))?;
        Ok(Event::RequestMoved { teen: teen.into(), request: request.into(), state })
    };
    rows.into_iter().map(event).collect()
}
