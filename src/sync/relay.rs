//! What was committed, told to whom it may concern: to sockets here, and through the bus to other nodes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::Date};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    budgets::Budgets,
    bus::{Bus, Losing},
    decisions::NodeDecisions,
    frame::{Close, Notice, ServerFrame},
    hub::Hub,
    notices::Notices,
    publish::text,
    refresh::{Net, Refresh},
    sweep,
};
use crate::{
    domain::{
        age::Stage,
        ids::{AgeAppealId, ConnectionId, DeviceId, GuardianId, PairingId, RequestId, SessionId, SilenceId, TeenId},
    },
    store::{
        Event, Posted, Store, StoreError,
        ages::{AgeView, Announced},
        pairings::PairingView,
        reports::Reported,
    },
};

/// Most events that travel together.
const MOST: usize = 256;
/// Events that may wait for Redis. Beyond, one is lost, and the sweeps of the other nodes find what it was about.
const HINTS: usize = 4_096;
/// What is told, is told once, though the sweep finds it for thirty seconds.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Most events that are remembered. Beyond, older ones are forgotten, and some notices may come twice.
const MOST_TOLD: usize = 100_000;

/// What was told, for as long as it is remembered and at most as long again: in two halves, of which the older one is let go whole.
#[derive(Default)]
struct Told {
    newer: HashSet<Event>,
    older: HashSet<Event>,
    since: Option<Instant>,
}

impl Told {
    /// Whether it was not told before. It counts as told from now on.
    fn first_time(&mut self, event: Event, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        if now.duration_since(since) >= REMEMBERED || self.newer.len() >= MOST_TOLD / 2 {
            self.older = std::mem::take(&mut self.newer);
            self.since = Some(now);
        }
        !self.older.contains(&event) && self.newer.insert(event)
    }

    /// It could not be told: the next time is the first.
    fn forget(&mut self, event: &Event) {
        self.older.remove(event);
        self.newer.remove(event);
    }
}

/// Acts on events, whoever brought them.
pub struct Relay {
    hub: Arc<Hub>,
    refresh: Arc<Refresh>,
    notices: Arc<Notices>,
    budgets: Arc<Budgets>,
    decisions: Arc<NodeDecisions>,
    store: Store,
    told: Mutex<Told>,
}

impl Relay {
    pub(super) fn new(
        hub: Arc<Hub>,
        refresh: Arc<Refresh>,
        notices: Arc<Notices>,
        budgets: Arc<Budgets>,
        decisions: Arc<NodeDecisions>,
        store: Store,
    ) -> Self {
        Self { hub, refresh, notices, budgets, decisions, store, told: Mutex::default() }
    }

    /// Takes what the store posts, and tells the sockets here and the other nodes.
    pub(super) async fn run(
        self: Arc<Self>,
        events: mpsc::Receiver<Posted>,
        bus: Bus,
        losing: Losing,
        stop: CancellationToken,
    ) {
        let (saying, said) = mpsc::channel(HINTS);
        tokio::join!(self.acts(events, saying, losing, stop), bus.publish_all(said));
    }

    async fn acts(
        &self,
        mut events: mpsc::Receiver<Posted>,
        saying: mpsc::Sender<Event>,
        losing: Losing,
        stop: CancellationToken,
    ) {
        let mut batch = Vec::new();
        while let Some(count) = stop.run_until_cancelled(events.recv_many(&mut batch, MOST)).await {
            if count == 0 {
                return;
            }
            let (events, policies): (Vec<Event>, Vec<_>) =
                batch.drain(..).map(|Posted { event, policy }| (event, policy)).unzip();
            if losing.loses_next() {
                continue;
            }
            // Before the hints, which then find nothing to read.
            policies.into_iter().flatten().for_each(|(epoch, policy)| self.refresh.take_in(epoch, *policy));
            // The other nodes hear of it beside that: a slow Redis holds up nobody here.
            for event in &events {
                if saying.try_send(*event).is_err() {
                    metrics::counter!("family_pairing_hints_dropped_total").increment(1);
                }
            }
            self.act(&events, Net::Hint).await;
        }
    }

    /// Looks again at what events are about. Repeating one is harmless.
    ///
    /// Decisions hear of all before anything is read for one: an old yes must not wait behind somebody else's notice.
    pub async fn act(&self, events: &[Event], net: Net) {
        events.iter().for_each(|event| self.doubt(event));
        for event in events {
            self.look(*event, net).await;
        }
    }

    /// Decides no more with what an event made old.
    fn doubt(&self, event: &Event) {
        match event {
            Event::PolicyChanged { teen, revision } => self.decisions.changed(*teen, *revision),
            Event::PairingMoved { teen, .. } => self.decisions.moved(*teen),
            _ => {}
        }
    }

    async fn look(&self, event: Event, net: Net) {
        match event {
            Event::PolicyChanged { teen, revision } => {
                let epoch = self.store.epoch();
                let behind = self.hub.seen(teen).is_none_or(|known| (known.epoch, known.revision) < (epoch, revision));
                if behind && self.hub.wants(teen) {
                    self.refresh.suspect(teen, net);
                }
            }
            Event::DeviceReported { teen, device } => self.notices.about_device(teen, device),
            Event::BudgetMoved { teen, told_by } => self.budgets.moved(teen, told_by),
            Event::PairingMoved { teen, guardian, .. } => {
                // Whoever joins later reads for themself how things stand.
                if self.first_time(event) && self.hub.concerns(teen, guardian) {
                    self.tell(event).await;
                }
            }
            Event::TransitionAnnounced { teen, .. }
            | Event::AgeMoved { teen, .. }
            | Event::AppealAnswered { teen, .. }
            | Event::RequestMoved { teen, .. }
            | Event::SilenceMoved { teen, .. } => {
                if self.hub.wants(teen) && self.first_time(event) {
                    self.tell(event).await;
                }
            }
            Event::Replied { teen, guardian, revision } => {
                if self.hub.concerns(teen, Some(guardian)) {
                    self.or_not_told(self.tell_reply(teen, guardian, revision).await);
                }
            }
            Event::SessionEnded(session) if self.hub.sessions().contains(&session) => {
                self.close_gone(&[session], &[]).await;
            }
            Event::DeviceRevoked(device) if self.hub.has(device) => self.close_gone(&[], &[device]).await,
            Event::SessionEnded(_) | Event::DeviceRevoked(_) => {}
        }
    }

    /// Closes those of these sockets whose session or device really has ended: a hint is only a reason to look, and whoever
    /// can write to Redis must not be able to close anybody's socket.
    pub async fn close_gone(&self, sessions: &[SessionId], devices: &[DeviceId]) {
        match self.store.gone(sessions, devices).await {
            Ok(gone) => {
                gone.sessions.into_iter().for_each(|session| self.hub.close_session(session, Close::Credentials));
                gone.devices.into_iter().for_each(|device| self.hub.close_device(device, Close::DeviceRevoked));
            }
            Err(error) => tracing::warn!(%error, "who may still be here could not be asked; the sweep asks again"),
        }
    }

    /// One socket per device, the newest wins, also across nodes.
    pub fn supersede(&self, seated: &[(DeviceId, ConnectionId)]) {
        for (device, connection) in seated {
            self.hub.supersede(*device, *connection);
        }
    }

    /// Hands on what the sweep found about devices.
    pub fn about_lately(&self, reported: Vec<Reported>) {
        self.notices.about_lately(reported);
    }

    /// All that was committed before this instant has been acted on.
    pub fn swept(&self, began: tokio::time::Instant) {
        self.decisions.swept(began);
    }

    /// Forgets what decisions were made with: each is read again when somebody asks.
    pub fn forget_decisions(&self) {
        self.decisions.forget();
    }

    /// Compares everybody who sits here with the truth, after any gap.
    pub async fn compare_everybody(&self) {
        sweep::compare_everybody(&self.store, &self.hub, &self.refresh, self).await;
    }

    fn first_time(&self, event: Event) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.first_time(event, Instant::now())
    }

    /// Tells those who sit here. What is gone by now is no news.
    async fn tell(&self, event: Event) {
        let told = match event {
            Event::PairingMoved { pairing, .. } => self.look_at_pairing(pairing).await,
            Event::TransitionAnnounced { teen, on, stage } => self.tell_transition(teen, on, stage).await,
            Event::AgeMoved { teen, .. } => self.tell_age(teen).await,
            Event::AppealAnswered { teen, appeal } => self.tell_answer(teen, appeal).await,
            Event::RequestMoved { teen, request, .. } => self.tell_request(teen, request).await,
            Event::SilenceMoved { teen, silence, .. } => self.tell_silence(teen, silence).await,
            _ => Ok(()),
        };
        match told {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => {
                tracing::warn!(%error, "something could not be told; the sweep tries again");
                self.told.lock().unwrap_or_else(PoisonError::into_inner).forget(&event);
            }
        }
    }

    async fn tell_transition(&self, teen: TeenId, on: Date, stage: Stage) -> Result<(), StoreError> {
        let Announced { to_band, changes } = self.store.announced(teen, on, stage).await?;
        self.tell_both(teen, Notice::Transition { teen_id: teen, on, to_band, stage, changes })
    }

    async fn tell_age(&self, teen: TeenId) -> Result<(), StoreError> {
        let AgeView { band, next_transition_on, waiting, .. } = self.store.age_moved(teen).await?;
        self.tell_both(teen, Notice::Age { teen_id: teen, band, next_transition_on, waiting })
    }

    async fn tell_answer(&self, teen: TeenId, appeal: AgeAppealId) -> Result<(), StoreError> {
        let appeal = self.store.appeal_answered(appeal).await?;
        self.tell_both(teen, Notice::AgeAppeal { teen_id: teen, appeal })
    }

    async fn tell_request(&self, teen: TeenId, request: RequestId) -> Result<(), StoreError> {
        let request = self.store.request_of(teen, request).await?;
        let began = request.asked_at;
        self.tell_those_of_then(teen, began, Notice::Request { teen_id: teen, request: Box::new(request) }).await
    }

    async fn tell_silence(&self, teen: TeenId, silence: SilenceId) -> Result<(), StoreError> {
        let silence = self.store.silence_of(teen, silence).await?;
        // Its end is for everybody who is there by then: whoever came meanwhile has seen it open.
        let began = silence.cleared_at.unwrap_or(silence.raised_at);
        self.tell_those_of_then(teen, began, Notice::Silence { teen_id: teen, silence: Box::new(silence) }).await
    }

    async fn tell_reply(&self, teen: TeenId, guardian: GuardianId, revision: i64) -> Result<(), StoreError> {
        let reply = match self.store.reply_for(teen, guardian, revision).await {
            // The pairing has ended in between.
            Err(StoreError::NotFound) => return Ok(()),
            other => other?,
        };
        let notice = Notice::Reply { teen_id: teen, revision, reply };
        self.hub.tell_guardian(guardian, &text(&ServerFrame::Notice(notice))?);
        Ok(())
    }

    /// Tells the teen, and those guardians who were there when it began: what was before is not for the next one.
    async fn tell_those_of_then(&self, teen: TeenId, began: Timestamp, notice: Notice) -> Result<(), StoreError> {
        // Asked before anybody is told: the sweep that tries again must not tell twice.
        let guardians = self.store.guardians_since(teen, began).await?;
        let text = text(&ServerFrame::Notice(notice))?;
        self.hub.tell_devices(teen, &text);
        guardians.into_iter().for_each(|guardian| self.hub.tell_guardian(guardian, &text));
        Ok(())
    }

    fn tell_both(&self, teen: TeenId, notice: Notice) -> Result<(), StoreError> {
        let text = text(&ServerFrame::Notice(notice))?;
        self.hub.tell_devices(teen, &text);
        self.hub.tell_guardians(teen, &text);
        Ok(())
    }

    fn or_not_told(&self, told: Result<(), StoreError>) {
        if let Err(error) = told {
            tracing::warn!(%error, "something about a teen could not be told; who may know it can read it");
        }
    }

    /// Reads where a pairing stands, follows or leaves the teen accordingly, and tells both sides.
    async fn look_at_pairing(&self, pairing: PairingId) -> Result<(), StoreError> {
        let view = self.store.pairing_moved(pairing).await?;
        let guarding = self.store.guarding_now(&[view.guardian_id]).await?;
        self.hub.guard(view.guardian_id, view.teen_id, guarding.contains(&(view.guardian_id, view.teen_id)));
        Ok(self.say_pairing(&view)?)
    }

    fn say_pairing(&self, view: &PairingView) -> Result<(), serde_json::Error> {
        self.hub.tell_devices(view.teen_id, &text(&pairing_notice(view, &view.guardian_name))?);
        self.hub.tell_guardian(view.guardian_id, &text(&pairing_notice(view, &view.teen_name))?);
        Ok(())
    }
}

/// The notice of a pairing; `with` is the name of the other side.
pub fn pairing_notice(view: &PairingView, with: &str) -> ServerFrame {
    ServerFrame::Notice(Notice::Pairing {
        pairing_id: view.pairing_id,
        teen_id: view.teen_id,
        state: view.state,
        with: with.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_told_is_told_once_for_a_minute() {
        let (mut told, begun, after) = (Told::default(), Instant::now(), Duration::from_secs);
        let event = |number| Event::DeviceRevoked(Uuid::from_u128(number).into());
        assert!(told.first_time(event(1), begun) && !told.first_time(event(1), begun + after(59)));
        assert!(told.first_time(event(2), begun + after(61)), "the first half is full");
        assert!(!told.first_time(event(1), begun + after(62)), "and still known");
        assert!(told.first_time(event(3), begun + after(122)) && told.first_time(event(1), begun + after(122)));
        told.forget(&event(3));
        assert!(told.first_time(event(3), begun + after(123)), "nobody heard it");
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let (mut told, now) = (Told::default(), Instant::now());
        for number in 0..200_000 {
            told.first_time(Event::DeviceRevoked(Uuid::from_u128(number).into()), now);
        }
        assert!(told.newer.len() + told.older.len() <= MOST_TOLD);
    }
}
