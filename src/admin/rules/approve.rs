//! Letting a set of rules hold, and computing everybody whom it touches.

use std::time::{Duration, Instant};

use clap::Args;

use super::{counted, progress::Progress, tally_line};
use crate::{
    admin::{AdminError, Signed},
    client::terminal::say,
    domain::clock::World,
    store::Store,
};

/// Teens in one round.
const AT_ONCE: i64 = 100;
/// How often the rest is counted: others compute along.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// How long to wait where others hold all of the rest.
const OTHERS: Duration = Duration::from_millis(100);

/// Lets a proposed version hold.
#[derive(Args)]
pub struct Approve {
    #[command(flatten)]
    signed: Signed,
    /// Which version
    version: i64,
}

impl Approve {
    pub(super) async fn run(self, world: World) -> Result<(), AdminError> {
        let (store, by) = self.signed.open_signed(world).await?;
        let approved = store.approve_rules(self.version, by).await??;
        let places: Vec<&str> = approved.comparison.touched.iter().map(String::as_str).collect();
        say(&format!("Version {} holds.", approved.version));
        say(&match places.as_slice() {
            [] => "No policy can change by it.".to_owned(),
            places => format!("Computing {} anew, in {}.", counted(approved.teens, "teen"), places.join(", ")),
        });
        recompute(&store).await?;
        let controls = store.changed_by_law(approved.since).await?;
        if controls.is_empty() {
            say("Nobody's limits changed.");
        }
        controls.iter().for_each(|(control, counted)| say(&tally_line(&store, control, counted)));
        Ok(())
    }
}

/// Computes until nobody is due, together with whichever nodes do so. To stop it loses nothing: they go on, and so does the next call.
pub(super) async fn recompute(store: &Store) -> Result<(), AdminError> {
    let total = store.count_due().await?;
    let mut progress = Progress::of(total, "computed anew");
    let (mut left, mut asked) = (total, Instant::now());
    while left > 0 {
        let worked = store.work_due(AT_ONCE).await?;
        if worked.looked == 0 {
            tokio::time::sleep(OTHERS).await;
        }
        if worked.looked == 0 || asked.elapsed() >= COUNT_EVERY {
            (left, asked) = (store.count_due().await?, Instant::now());
            progress.at(u64::try_from(total - left).unwrap_or_default());
        }
    }
    drop(progress);
    say("Nobody is due any more.");
    Ok(())
}
