//! Giving what a teen asked for, or what a code that was read out has given: a change like any other.

use super::{
    Changed, Lend, Patch,
    plan::{Change, Plan},
};
use crate::{
    domain::{
        controls::ControlId,
        policy::{TimeGift, Until},
        request::{RequestKind, Wish, item_of},
        value::{Given, Value},
    },
    store::{
        Store, StoreError,
        guardian_work::Changing,
        kinship::{DeviceOf, GuardianOf, TeenSelf},
        requests::{Granting, RequestView},
    },
};

/// Where blocked accounts, sounds and pages are.
const BLOCKED: &str = "blocked.subjects";

impl Store {
    /// Gives what a teen asked for, or something else instead: a change like any other, and the answer with it.
    pub(crate) async fn give(
        &self,
        by: Changing,
        request: &RequestView,
        given: Wish,
        note: Option<String>,
    ) -> Result<Changed, StoreError> {
        let given = if given == Wish::default() { request.wish.clone() } else { given };
        if !request.asks_for.fits(&Wish { until: None, ..given.clone() }) {
            return Err(StoreError::NotThat);
        }
        let plan = self.plan_of(&by, request, &given).await?;
        let granting = Granting { id: request.request_id, given: serde_json::to_value(&given)?, note: note.clone() };
        self.change(Change { reason: note, request: Some(granting), ..Change::by_guardian(by, plan) }).await
    }

    /// Gives the minutes of a code that a device tells of, in the name of whoever made it.
    pub(crate) async fn give_by_code(
        &self,
        device: &DeviceOf,
        by: GuardianOf,
        gift: TimeGift,
        reason: Option<String>,
    ) -> Result<Changed, StoreError> {
        let plan = Plan::GiveTime(gift);
        let by_device = Change::by_teen(&TeenSelf::from(device), plan);
        self.change(Change { by: by.guardian(), guardian: Some(by), reason, ..by_device }).await
    }

    async fn plan_of(&self, by: &Changing, request: &RequestView, given: &Wish) -> Result<Plan, StoreError> {
        let (id, control) = (self.world.uuid(), || ControlId::from(request.subject.as_str()));
        Ok(match (request.asks_for, given.value.clone(), given.until) {
            (RequestKind::Time, ..) => {
                let item = item_of(&request.subject).map(str::to_owned);
                Plan::GiveTime(TimeGift { id, day: None, item, minutes: given.minutes })
            }
            (RequestKind::Setting, Some(value), Some(until)) => {
                let until = Until::Time(until);
                Plan::Grant(id, Lend { control: control(), value, from: None, until })
            }
            (RequestKind::Setting, value, _) => Plan::Guardian([(control(), value)].into()),
            (RequestKind::Unblock, ..) => Plan::Guardian(self.without_block(by, &request.subject).await?),
        })
    }

    /// What a guardian blocked themself, without one entry.
    async fn without_block(&self, by: &Changing, subject: &str) -> Result<Patch, StoreError> {
        let control = ControlId::from(BLOCKED);
        let settings = self.settings(by).await?;
        let own = settings.layers.guardians.get(&by.guardian()).and_then(|own| own.get(&control));
        let Some(Value::Words(blocked)) = own.map(|setting| &setting.value) else { return Err(StoreError::NotThat) };
        let left: Vec<String> = blocked.iter().filter(|entry| *entry != subject).cloned().collect();
        if left.len() == blocked.len() {
            return Err(StoreError::NotThat);
        }
        Ok([(control, Some(Given::Words(left)).filter(|_| blocked.len() > 1))].into())
    }
}
