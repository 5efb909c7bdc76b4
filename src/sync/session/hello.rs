//! The answer to a device's hello: what is wanted, and whether a snapshot follows.

use std::{sync::Arc, time::Duration};

use super::{
    End, Session,
    conversation::{Conversation, Greeting},
};
use crate::{
    domain::{report::SaidBy, text, version::Version},
    store::{
        StoreError,
        reports::{Arrived, Had, OfItself},
    },
    sync::{
        Published,
        frame::{Close, HEARTBEAT_SECONDS, Held, Hello, Resume, ServerFrame, Welcome},
        refresh::Net,
    },
};

/// How long the newest policy may take to be read for a hello.
const READ: Duration = Duration::from_secs(5);

impl Session<'_> {
    pub(super) async fn welcome(&mut self, hello: Hello) -> Result<(), End> {
        let app_version = hello.app_version.and_then(|version| text::word(&version).ok());
        let said = self.of_itself(hello.clock, None).with_wrong_clock(hello.clock_wrong_since, self.now());
        let arrived = self.arrive(app_version, said).await?;
        let had = hello.applied.as_ref().map(|held| held.version);
        if let Some(had) = had.filter(|had| had.epoch < arrived.heard.desired.epoch) {
            self.had(had, SaidBy::Device);
        }
        let Greeting { lost, current } = Conversation::greeted(hello.applied, &arrived);
        if lost {
            self.forget_confirmed().await?;
        }
        let newest = self.newest_at_least(arrived.heard.desired, current.as_ref()).await?;
        let resume = self.conversation.resumed(&newest, current.as_ref());
        let welcome = Welcome {
            connection_id: self.socket.connection,
            server_time: self.socket.live.store.world().now(),
            heartbeat_seconds: HEARTBEAT_SECONDS,
            desired: Some(newest.version),
            resume: Some(resume),
        };
        self.wire.send(&ServerFrame::Welcome(welcome)).await?;
        if resume == Resume::Snapshot {
            self.send(newest, false).await?;
        }
        match arrived.is_asked {
            true => self.tell_open_claims().await,
            false => Ok(()),
        }
    }

    /// Marks the device as heard and reads what it should have.
    async fn arrive(&self, app_version: Option<String>, said: OfItself) -> Result<Arrived, End> {
        match self.socket.live.work.arrive(self.socket.device.clone(), app_version, said).await {
            Ok(Some(arrived)) => Ok(arrived),
            Ok(None) => Err(End::Close(Close::DeviceRevoked)),
            Err(error) => Err(away(&error)),
        }
    }

    /// The device's own word took back what it had confirmed.
    pub(super) async fn forget_confirmed(&self) -> Result<(), End> {
        let store = &self.socket.live.store;
        store.forget_confirmed(&self.socket.device).await.map_err(|error| away(&error))
    }

    /// The database is another one than that which this policy came from: what it does not have is to be named.
    pub(super) fn had(&self, version: Version, said_by: SaidBy) {
        self.socket.live.losses.had(Had { device: self.socket.device.clone(), version, said_by });
    }

    /// The newest policy, asked for after the seat was taken. It is read only for a device that does not hold it.
    async fn newest_at_least(&mut self, desired: Version, current: Option<&Held>) -> Result<Arc<Published>, End> {
        let (live, teen) = (&self.socket.live, self.socket.device.teen());
        match current {
            Some(held) => {
                live.hub.offer(teen, &Arc::new(Published::confirmed(held.version, held.sha256.clone())), false);
            }
            None => live.refresh.suspect(teen, Net::Join),
        }
        let fresh = |published: &Option<Arc<Published>>| {
            published.as_ref().is_some_and(|published| published.version >= desired)
        };
        let read = tokio::time::timeout(READ, self.seat.newest.wait_for(fresh)).await;
        let newest = read.ok().and_then(Result::ok).and_then(|published| published.clone());
        newest.ok_or(End::Close(Close::Overloaded))
    }

    /// Somebody may have used a code while the teen was away; the question waits for them.
    async fn tell_open_claims(&mut self) -> Result<(), End> {
        let live = &self.socket.live;
        let claims = live.store.open_claims(&(&self.socket.device).into()).await.map_err(|error| away(&error))?;
        for view in claims {
            self.wire.send(&crate::sync::relay::pairing_notice(&view, &view.guardian_name)).await?;
        }
        Ok(())
    }
}

fn away(error: &StoreError) -> End {
    tracing::warn!(%error, "a hello could not be answered");
    End::Close(Close::Overloaded)
}
