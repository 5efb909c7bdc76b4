//! Something is said about a teen's age: kept once, and what follows from it in the same transaction.

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{AgeView, WaitingView, signals};
use crate::{
    domain::{
        age::{AgeBand, AgeSignal, AgeSpan, Level, Reading, outdated},
        ids::{AccountId, TeenId},
        platform::Age,
        policy::Change,
    },
    store::{
        Store, StoreError, Tools,
        audit::{self, Deed},
        due::{self, Done},
        key_ring::KeyFor,
        kinship::GuardianOf,
        policies::{self, Origin, Standing},
        schema::teens,
    },
};

/// Something that is said about a teen's age.
#[derive(Clone, Debug)]
pub struct Said {
    /// About whom.
    pub teen: TeenId,
    /// What; none where somebody did not share an age, which says nothing.
    pub reading: Option<Reading>,
    /// It counts before this instant; always, where there is none.
    pub valid_until: Option<Timestamp>,
    /// Who checked.
    pub provider: Option<String>,
    /// SHA-256 of the name of the check.
    pub transaction_sha256: Option<[u8; 32]>,
}

/// How old the teen is taken to be after something was said.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"band": "13_15", "level": "asserted", "waiting": {"band": "16_17", "until": "2026-11-25T13:40:00Z"},
    "changed": []}))]
pub struct Settled {
    /// The band that counts now.
    pub band: AgeBand,
    /// The surest level that puts the person into this band; none if nothing is known.
    pub level: Option<Level>,
    /// An older age that counts later.
    pub waiting: Option<WaitingView>,
    /// What changed of the teen's limits at once.
    pub changed: Vec<Change>,
}

/// Who says it, and how it is noted.
#[derive(Clone)]
enum By {
    Platform(uuid::Uuid),
    Guardian(GuardianOf),
}

impl Store {
    /// Takes what a platform's server reports. An outcome that is known for somebody else is [`StoreError::TakenBefore`].
    pub async fn receive_age_signal(&self, key: &KeyFor<Age>, said: Said) -> Result<Settled, StoreError> {
        self.take_up_said(By::Platform(key.key().uuid()), said).await
    }

    /// Takes a guardian's word.
    pub async fn attest_age(&self, proof: GuardianOf, ages: AgeSpan) -> Result<Settled, StoreError> {
        let reading = Some(Reading::attested(ages));
        let (teen, by) = (proof.teen(), By::Guardian(proof));
        self.take_up_said(by, Said { teen, reading, valid_until: None, provider: None, transaction_sha256: None }).await
    }

    async fn take_up_said(&self, by: By, said: Said) -> Result<Settled, StoreError> {
        let teen = said.teen;
        let (settled, done) = self
            .write(move |conn, tools| {
                let (by, said) = (by.clone(), said.clone());
                async move { hear(conn, &tools, &by, said).await }.boxed()
            })
            .await
            // Two reports of one outcome at the same instant, for two teens: the locks are two, the index is one.
            .map_err(|error| match error.breaks("age_signals_transaction") {
                true => StoreError::TakenBefore,
                false => error,
            })?;
        if let Some(done) = done {
            self.tell(teen, &done);
        }
        Ok(settled)
    }
}

async fn hear(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    by: &By,
    said: Said,
) -> Result<(Settled, Option<Done>), StoreError> {
    let teen = said.teen;
    teens::table.find(teen.uuid()).select(teens::account_id).for_no_key_update().first::<uuid::Uuid>(conn).await?;
    let proof = match by {
        By::Guardian(proof) => Some(proof),
        By::Platform(_) => None,
    };
    let standing = policies::read(conn, tools, teen, proof).await?;
    let before = &standing.facts;
    let Some(signal) = fresh(conn, tools, &standing, by, said).await? else {
        return Ok((settled(AgeView::of(before, tools.world.now()), vec![]), None));
    };
    signals::prune(conn, &outdated(&before.signals, signal.received_at)).await?;
    signals::keep(conn, teen, &signal).await?;
    note_who(conn, tools, teen, by, &signal).await?;
    let standing = policies::read(conn, tools, teen, None).await?;
    let from = if proof.is_some() { Origin::Session } else { Origin::Platform };
    let done = due::settle(conn, tools, &standing, before, from, None).await?;
    // Not the instant before: the signal had not been received then.
    let after = AgeView::of(&standing.facts, tools.world.now());
    let changed = if proof.is_some() { &done.seen } else { &done.changes };
    Ok((settled(after, changed.clone()), Some(done)))
}

/// The signal, if it is one and was not kept before.
async fn fresh(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    by: &By,
    said: Said,
) -> Result<Option<AgeSignal>, StoreError> {
    let Some(reading) = said.reading else { return Ok(None) };
    if let Some(sha256) = &said.transaction_sha256
        && let Some(of) = signals::taken(conn, sha256).await?
    {
        return if of == said.teen { Ok(None) } else { Err(StoreError::TakenBefore) };
    }
    let (reading, said_by) = match by {
        By::Platform(_) => (reading, None),
        By::Guardian(proof) => (standing.word_of(proof.guardian(), reading), Some(proof.guardian())),
    };
    let signal = AgeSignal {
        said_by,
        valid_until: said.valid_until,
        provider: said.provider,
        transaction_sha256: said.transaction_sha256,
        ..reading.signal(tools.world.id(), tools.world.now())
    };
    let speakers_own =
        standing.facts.signals.iter().filter(|it| (it.channel, it.said_by) == (signal.channel, signal.said_by));
    let last = speakers_own.max_by_key(|it| it.received_at);
    Ok((!last.is_some_and(|last| signal.repeats(last))).then_some(signal))
}

/// The audit says that something was said and how sure it is, and not what.
async fn note_who(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    by: &By,
    signal: &AgeSignal,
) -> Result<(), StoreError> {
    let detail = json!({ "channel": signal.channel, "level": signal.level });
    let deed = match by {
        By::Platform(key) => Deed::by_itself("age.said").detail(json!({ "key": key, "signal": detail })),
        By::Guardian(proof) => {
            let guardian: AccountId = proof.guardian();
            Deed::new(guardian, "age.attested").detail(detail)
        }
    };
    audit::record(conn, tools, deed.teen(teen).subject(signal.id.uuid())).await
}

fn settled(age: AgeView, changed: Vec<Change>) -> Settled {
    Settled { band: age.band, level: age.level, waiting: age.waiting, changed }
}
