//! What was committed, told to whom it may concern: to sockets here, and through the bus to other nodes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::civil::Date;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    bus::Bus,
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
        ids::{ConnectionId, DeviceId, GuardianId, PairingId, SessionId, TeenId},
        pairing::PairingState,
    },
    store::{
        Event, Store, StoreError,
        ages::{AgeView, Announced},
        pairings::PairingView,
        reports::Reported,
    },
};

/// Most events that travel together.
const MOST: usize = 256;
/// A pairing's move is told once, though the sweep finds it for thirty seconds.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Acts on events, whoever brought them.
pub struct Relay {
    hub: Arc<Hub>,
    refresh: Arc<Refresh>,
    notices: Arc<Notices>,
    decisions: Arc<NodeDecisions>,
    store: Store,
    told: Mutex<HashMap<(PairingId, PairingState), Instant>>,
}

impl Relay {
    pub(super) fn new(
        hub: Arc<Hub>,
        refresh: Arc<Refresh>,
        notices: Arc<Notices>,
        decisions: Arc<NodeDecisions>,
        store: Store,
    ) -> Self {
        Self { hub, refresh, notices, decisions, store, told: Mutex::default() }
    }

    /// Takes what the store posts: first the sockets here, then the other nodes.
    pub(super) async fn run(
        self: Arc<Self>,
        mut events: mpsc::Receiver<Event>,
        bus: Bus,
        drop_hints: bool,
        stop: CancellationToken,
    ) {
        let mut batch = Vec::new();
        while let Some(count) = stop.run_until_cancelled(events.recv_many(&mut batch, MOST)).await {
            if count == 0 {
                return;
            }
            if !drop_hints {
                for event in &batch {
                    self.act(*event, Net::Hint).await;
                }
                bus.publish(&batch).await;
            }
            batch.clear();
        }
    }

    /// Looks again at what an event is about. Repeating one is harmless.
    pub async fn act(&self, event: Event, net: Net) {
        match event {
            Event::PolicyChanged { teen, revision } => {
                self.decisions.changed(teen, revision);
                let epoch = self.store.epoch();
                let behind = self.hub.seen(teen).is_none_or(|known| (known.epoch, known.revision) < (epoch, revision));
                if behind && self.hub.wants(teen) {
                    self.refresh.suspect(teen, net);
                }
            }
            Event::DeviceReported { teen, device } => self.notices.about_device(teen, device),
            Event::PairingMoved { pairing, state, teen, guardian } => {
                self.decisions.moved(teen);
                // Whoever joins later reads for themself how things stand.
                if self.first_time(pairing, state) && self.hub.concerns(teen, guardian) {
                    self.tell_pairing(pairing, state).await;
                }
            }
            Event::TransitionAnnounced { teen, on, stage } if self.hub.wants(teen) => {
                self.or_not_told(self.tell_transition(teen, on, stage).await);
            }
            Event::AgeMoved { teen } if self.hub.wants(teen) => self.or_not_told(self.tell_age(teen).await),
            Event::TransitionAnnounced { .. } | Event::AgeMoved { .. } => {}
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

    fn first_time(&self, pairing: PairingId, state: PairingState) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| at.elapsed() < REMEMBERED);
        told.insert((pairing, state), Instant::now()).is_none()
    }

    async fn tell_pairing(&self, pairing: PairingId, state: PairingState) {
        match self.look_at_pairing(pairing).await {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => {
                tracing::warn!(%error, "a pairing's move could not be told; the sweep tries again");
                self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&(pairing, state));
            }
        }
    }

    async fn tell_transition(&self, teen: TeenId, on: Date, stage: Stage) -> Result<(), StoreError> {
        let Announced { to_band, changes } = self.store.announced(teen, on, stage).await?;
        self.tell_both(teen, Notice::Transition { teen_id: teen, on, to_band, stage, changes })
    }

    async fn tell_age(&self, teen: TeenId) -> Result<(), StoreError> {
        let AgeView { band, waiting, .. } = self.store.age_moved(teen).await?;
        self.tell_both(teen, Notice::Age { teen_id: teen, band, waiting })
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
