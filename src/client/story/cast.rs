//! Who plays, with what.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::{
    ClientError,
    api::Api,
    bodies::{Changed, DeviceStatus, Page, Settings, SettingsPatch},
    device::kept_controls,
    keep::{Identity, Keep},
};
use crate::domain::ids::TeenId;

/// The limit that the story turns.
pub(super) const MINUTES: &str = "time.daily_minutes";
/// A limit that no guardian can lift for a fourteen-year-old.
pub(super) const FLOOR: (&str, &str) = ("dm.from", "everyone");

/// The people, signed in.
pub(super) struct Cast {
    /// Mia's session.
    pub(super) mia: Api,
    /// Dana's session.
    pub(super) dana: Api,
    /// Mia's id.
    pub(super) teen: TeenId,
    /// Mia's session with all its tokens, to register devices.
    pub(super) signed_in: crate::client::bodies::SignedIn,
}

/// Mia's devices at rest.
pub(super) struct Gear {
    /// The phone.
    pub(super) phone: Thing,
    /// The tablet.
    pub(super) tablet: Thing,
}

/// One device at rest: who it is and where it lives.
pub(super) struct Thing {
    /// Who it is.
    pub(super) identity: Identity,
    /// Where it keeps its limits.
    pub(super) keep: Keep,
}

impl Thing {
    /// The daily minutes that are on its disk now.
    pub(super) fn minutes(&self) -> Result<Value, ClientError> {
        let policy = self.keep.policy()?.and_then(|policy| kept_controls(&policy)).unwrap_or_default();
        let entry = policy.into_iter().find(|(control, _)| control.as_str() == MINUTES);
        Ok(entry.map_or(Value::Null, |(_, entry)| entry.value))
    }

    /// The API as this device.
    pub(super) fn api(&self, api: &Api) -> Api {
        api.with_token(&self.identity.device_token)
    }
}

impl Cast {
    /// A path below the guardian's view of Mia.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/v1/guardian/teens/{}/{rest}", self.teen)
    }

    /// Dana's settings and their tag.
    pub(super) async fn etag(&self) -> Result<String, ClientError> {
        let seen = self.dana.get::<Settings>(&self.path("settings")).await?;
        Ok(seen.etag.unwrap_or_else(|| seen.body.version.etag()))
    }

    /// Dana sets one limit.
    pub(super) async fn set(&self, control: &str, value: Value, reason: Option<&str>) -> Result<Changed, ClientError> {
        let settings = BTreeMap::from([(control.to_owned(), value)]);
        let patch = SettingsPatch { settings, reason: reason.map(str::to_owned) };
        let etag = self.etag().await?;
        Ok(self.dana.patch(&self.path("settings"), &etag, &patch).await?)
    }

    /// How a device stands in Dana's list.
    pub(super) async fn device(&self, thing: &Thing) -> Result<DeviceStatus, ClientError> {
        let page: Page<DeviceStatus> = self.dana.get(&self.path("devices")).await?.body;
        let found = page.items.into_iter().find(|device| device.device_id == thing.identity.device_id);
        found.ok_or_else(|| ClientError::told(format!("Dana does not see {}.", thing.identity.name)))
    }
}
