//! The wish to end: from the keyboard, from the system, or from a test.

use std::{io, sync::Arc};

use tokio::sync::watch;

/// Can be asked any number of times whether, and awaited until, somebody wants the program to end.
#[derive(Clone, Debug)]
pub struct Quit(watch::Receiver<bool>);

impl Quit {
    /// Ends at Ctrl-C, or when the system asks this program to end.
    pub fn on_signal() -> Self {
        let (quit, asked) = watch::channel(false);
        tokio::spawn(async move {
            signal().await;
            quit.send_replace(true);
        });
        Self(asked)
    }

    /// The same, and also when standard input ends: a child follows its parent, even one that was killed.
    pub fn on_signal_or_end_of_input() -> Self {
        let (quit, asked) = watch::channel(false);
        let quit = Arc::new(quit);
        let signalled = Arc::clone(&quit);
        tokio::spawn(async move {
            signal().await;
            signalled.send_replace(true);
        });
        // On a thread of its own: a runtime would wait for a read that may never end.
        std::thread::spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            quit.send_replace(true);
        });
        Self(asked)
    }

    /// Ends when the sender says true or goes away.
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (quit, asked) = watch::channel(false);
        (quit, Self(asked))
    }

    /// Waits for the wish; at once, if it was there before.
    pub async fn asked(&mut self) {
        // A sender that is gone has the same meaning.
        let _ = self.0.wait_for(|quit| *quit).await;
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return interrupt().await;
    };
    tokio::select! {
        () = interrupt() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    interrupt().await;
}

async fn interrupt() {
    // Without signals the program ends as the system does it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
