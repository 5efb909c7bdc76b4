//! How far a command has come: a bar on a terminal, a line every few seconds anywhere else.

use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// How far something has come.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: u64,
    said: Instant,
}

impl Progress {
    /// Begins to count up to `total` teens.
    pub(super) fn of(total: i64, what: &'static str) -> Self {
        let total = u64::try_from(total).unwrap_or_default();
        let bar = stderr().is_terminal().then(|| ProgressBar::new(total).with_message(what).with_style(style()));
        Self { bar, what, total, said: Instant::now() }
    }

    /// Says how many are done.
    pub(super) fn at(&mut self, done: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.said.elapsed() >= EVERY => {
                self.said = Instant::now();
                eprintln!("{}: {done} of {} teens", self.what, self.total);
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} teens, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
