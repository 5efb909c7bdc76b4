//! Answers that have to wait for a read, and what is heard of meanwhile.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::*;
use crate::domain::{
    controls::Registry,
    decision::{Compiled, Grounds},
    timeline::Calendar,
};

static DECIDERS: LazyLock<Deciders> = LazyLock::new(|| Deciders::of(&Registry::load().unwrap()));

fn teen(number: u128) -> TeenId {
    Uuid::from_u128(number).into()
}

fn policy(revision: i64) -> Arc<Compiled> {
    let calendar = Calendar::new(jiff::tz::TimeZone::UTC, 0);
    let grounds = Grounds { revision, policy: None, calendar, gifts: vec![], paired: false, consented: false };
    Arc::new(DECIDERS.compile(1, grounds))
}

/// The teens of a read that waits, and where its answer goes: the newest revisions as they were when it was asked.
type Waiting = (Vec<TeenId>, oneshot::Sender<()>);

/// A database that answers when the test says so, with what was true when it was asked.
struct Database {
    decisions: Arc<NodeDecisions>,
    revisions: Arc<Mutex<HashMap<TeenId, i64>>>,
    reads: mpsc::UnboundedReceiver<Waiting>,
}

impl Database {
    fn with(teens: impl IntoIterator<Item = (u128, i64)>) -> Self {
        let revisions: HashMap<_, _> = teens.into_iter().map(|(number, revision)| (teen(number), revision)).collect();
        let revisions = Arc::new(Mutex::new(revisions));
        let (asked, reads) = mpsc::unbounded_channel();
        let truth = revisions.clone();
        let fresh = move |teens: Vec<TeenId>| {
            let (answered, wait) = oneshot::channel();
            let truth = truth.lock().unwrap();
            let read = teens.iter().filter_map(|teen| Some((*teen, policy(*truth.get(teen)?)))).collect();
            asked.send((teens, answered)).unwrap();
            async move {
                wait.await.unwrap();
                Ok(read)
            }
            .boxed()
        };
        Self { decisions: NodeDecisions::reading(DECIDERS.clone(), Arc::new(fresh)), revisions, reads }
    }

    /// A change is committed and heard of.
    fn changes(&self, number: u128) {
        let mut revisions = self.revisions.lock().unwrap();
        let revision = revisions.get_mut(&teen(number)).unwrap();
        *revision += 1;
        self.decisions.changed(teen(number), *revision);
    }

    /// Asks, and says what to do while each read waits. Comes back with the revisions that would decide.
    async fn asks(
        &mut self,
        of: &[u128],
        mut meanwhile: impl FnMut(&Self, usize, &[TeenId]),
    ) -> Result<Vec<(u128, i64)>, StoreError> {
        let (decisions, teens) = (self.decisions.clone(), of.iter().copied().map(teen).collect::<Vec<_>>());
        let asking = tokio::spawn(async move { decisions.find(&teens).await });
        let mut count = 0;
        while !asking.is_finished() {
            let Ok(Some((teens, answered))) = timeout(Duration::from_millis(20), self.reads.recv()).await else {
                continue;
            };
            meanwhile(self, count, &teens);
            let _ = answered.send(());
            count += 1;
        }
        let found = asking.await.unwrap()?;
        let mut found: Vec<_> = found.iter().map(|(teen, it)| (teen.uuid().as_u128(), it.version().revision)).collect();
        found.sort_unstable();
        Ok(found)
    }
}

/// One of a batch is known, the other has to be read, and while that takes its time the first one changes.
#[tokio::test]
async fn what_was_known_is_looked_at_again_after_a_read() {
    let mut database = Database::with([(1, 5), (2, 7)]);
    assert_eq!(database.asks(&[1], |_, _, _| ()).await.unwrap(), [(1, 5)]);
    let mut reads = vec![];
    let found = database
        .asks(&[1, 2], |database, count, teens| {
            reads.push(teens.to_vec());
            if count == 0 {
                database.changes(1);
            }
        })
        .await;
    assert_eq!(found.unwrap(), [(1, 6), (2, 7)]);
    assert_eq!(reads, [[teen(2)], [teen(1)]], "and only what is not known is read");
}

/// A read that saw what was before a change is no answer once the change was heard of.
#[tokio::test]
async fn what_was_overtaken_is_read_again() {
    let mut database = Database::with([(1, 5)]);
    let found = database
        .asks(&[1, 3], |database, count, _| {
            if count == 0 {
                database.changes(1)
            }
        })
        .await;
    assert_eq!(found.unwrap(), [(1, 6)]);
}

#[tokio::test]
async fn what_changes_all_the_time_is_not_known() {
    let mut database = Database::with([(1, 5)]);
    let mut reads = 0;
    let found = database
        .asks(&[1], |database, _, _| {
            reads += 1;
            database.changes(1);
        })
        .await;
    assert!(matches!(found, Err(StoreError::Unavailable(_))));
    assert_eq!(reads, MOST_READS);
}

/// One deadline for the whole answer, however many reads it waits for.
#[tokio::test]
async fn an_answer_comes_in_time_or_not_at_all() {
    let database = Database::with([(1, 5)]);
    let started = Instant::now();
    assert!(matches!(database.decisions.find(&[teen(1)]).await, Err(StoreError::Unavailable(_))));
    assert_eq!(started.elapsed().as_secs(), WAIT.as_secs());
}
