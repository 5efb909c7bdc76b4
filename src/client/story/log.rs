//! Everything that was heard so far, to be waited on in any order.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

/// What a step waits for comes within this, or the step does not hold. The promise without any hint is 34 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// The reading end of a growing list.
pub(super) struct Log<T>(watch::Receiver<Vec<T>>);

/// The writing end.
pub(super) struct Writer<T>(watch::Sender<Vec<T>>);

/// A new list.
pub(super) fn log<T>() -> (Writer<T>, Log<T>) {
    let (sender, receiver) = watch::channel(Vec::new());
    (Writer(sender), Log(receiver))
}

impl<T> Writer<T> {
    /// Adds to the list and wakes whoever waits.
    pub(super) fn write(&self, entry: T) {
        self.0.send_modify(|all| all.push(entry));
    }
}

impl<T> Log<T> {
    /// The first entry that fits, from the start or yet to come; none if none comes in time.
    pub(super) async fn find<R>(&mut self, fits: impl Fn(&T) -> Option<R>) -> Option<R> {
        let waiting = self.0.wait_for(|all| all.iter().any(|entry| fits(entry).is_some()));
        let all = timeout(PATIENCE, waiting).await.ok()?.ok()?;
        all.iter().find_map(&fits)
    }

    /// Every entry so far that fits.
    pub(super) fn all<R>(&self, fits: impl Fn(&T) -> Option<R>) -> Vec<R> {
        self.0.borrow().iter().filter_map(fits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_past_counts_and_so_does_the_future() {
        let (writer, mut log) = log();
        writer.write(1);
        let even = |n: &i32| (n % 2 == 0).then_some(*n);
        assert_eq!(log.find(|n| Some(*n)).await, Some(1));
        tokio::spawn(async move { (2..5).for_each(|n| writer.write(n)) });
        assert_eq!(log.find(even).await, Some(2));
        assert_eq!(log.find(|n| (*n > 9).then_some(())).await, None, "the writer is gone");
        assert_eq!(log.all(even), [2, 4]);
    }
}
