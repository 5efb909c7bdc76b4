//! How things stand, in words: the limits, who decided each, and what every device says about them.

use std::collections::BTreeMap;

use clap::Args;
use serde::Deserialize;

use super::teens;
use crate::client::{
    ClientError,
    api::Api,
    bodies::{DeviceStatus, Page},
    terminal::say,
    words,
};
use crate::domain::{controls::ControlId, receiver::Entry, version::Version};

/// What `guardian show` needs.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// The teen, if you have several.
    teen: Option<String>,
}

#[derive(Deserialize)]
struct Policy {
    #[serde(flatten)]
    version: Version,
    controls: BTreeMap<ControlId, Entry>,
}

pub(super) async fn run(api: &Api, args: ShowArgs) -> Result<(), ClientError> {
    let teen = teens::pick(api, args.teen.as_deref()).await?;
    let path = format!("/v1/guardian/teens/{}", teen.teen_id);
    let policy: Policy = api.get(&format!("{path}/policy")).await?.body;
    say(&format!("{} ({}), limits {}:", teen.display_name, teen.age_band.replace('_', "–"), policy.version));
    for (control, entry) in &policy.controls {
        let (label, value, source) = (words::control(control), words::value(&entry.value), words::value(&entry.source));
        say(&format!("  {label}: {value}  [{control}, by {source}]"));
    }
    let devices: Page<DeviceStatus> = api.get(&format!("{path}/devices")).await?.body;
    say(&format!("\n{}:", words::count(devices.items.len(), "device")));
    devices.items.iter().for_each(|device| say(&line(device, api)));
    Ok(())
}

fn line(device: &DeviceStatus, api: &Api) -> String {
    let away = device.last_seen_at.filter(|_| device.online == Some(false));
    let away = away.map(|at| format!(" Not connected; last heard {}.", words::ago(at, api.now()))).unwrap_or_default();
    let issues: String = device.issues.iter().map(|issue| format!("\n      {}", issue.sentence)).collect();
    let more = [&device.clock, &device.silence].into_iter().flatten();
    let more: String = more.map(|told| format!("\n      {}", told.sentence)).collect();
    format!("  {}{away}{issues}{more}", device.summary)
}
