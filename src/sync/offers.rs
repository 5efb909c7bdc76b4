//! The newest policies of this node: encoded and signed once, put before whoever sits here, and never older than before.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use bytestring::ByteString;

use super::{
    frame::ServerFrame,
    hub::Hub,
    publish::{Published, signed, text},
    refresh::Net,
};
use crate::{
    domain::{snapshot::SnapshotKey, version::Version},
    failpoint,
    store::{StoreError, policies::Newest},
};

/// How long the text of a policy is kept.
const KEPT: Duration = Duration::from_secs(10);

/// Signs and offers.
pub struct Offers {
    hub: Arc<Hub>,
    key: SnapshotKey,
    /// Policies whose text is kept, oldest first.
    texts: Mutex<VecDeque<Weak<Published>>>,
}

impl Offers {
    /// Offers to whoever sits in this hub.
    pub fn new(hub: Arc<Hub>, key: SnapshotKey) -> Self {
        Self { hub, key, texts: Mutex::default() }
    }

    /// Offers a policy as it was read or committed. What is older than what is known here changes nothing.
    pub fn offer(&self, epoch: i64, newest: Newest, net: Net) -> Result<(), StoreError> {
        let teen = newest.record.teen;
        let here = Version { epoch, revision: newest.record.revision };
        let known = self.hub.known(teen);
        if let Some(known) = known.as_ref().filter(|known| known.version >= here) {
            if net == Net::Again && known.version == here && known.text().is_none() {
                known.take_text(Published::new(newest, epoch, &self.key)?);
                self.keep_text(known);
                self.hub.again(teen);
            } else if net > Net::Join && self.hub.guardians_lack(teen, here) {
                // A device that joined had it read before any hint came.
                self.hub.announce(teen, &Published::new(newest, epoch, &self.key)?);
            }
            return Ok(());
        }
        let published = Arc::new(Published::new(newest, epoch, &self.key)?);
        failpoint::pass("policy.signed");
        let live = net > Net::Join;
        if self.hub.offer(teen, &published, live) && known.is_some() && net > Net::Hint {
            metrics::counter!("family_pairing_repairs_total", "net" => net.word()).increment(1);
        }
        failpoint::pass("policy.offered");
        self.keep_text(&published);
        Ok(())
    }

    /// A policy as it travels, for somebody who does not sit here.
    pub fn signed(&self, epoch: i64, newest: &Newest) -> Result<ByteString, StoreError> {
        Ok(text(&ServerFrame::Policy(signed(newest, epoch, &self.key)?))?)
    }

    fn keep_text(&self, published: &Arc<Published>) {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).push_back(Arc::downgrade(published));
    }

    /// Forgets the texts that everybody here has had time to send.
    pub fn forget_texts(&self) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |published: &Weak<Published>| published.upgrade().is_none_or(|it| it.forget_text(KEPT));
        while texts.front().is_some_and(is_old) {
            texts.pop_front();
        }
    }
}
