//! Interrupts: the first one asks for an orderly end, the second one ends at once.

use std::thread;

use tokio::sync::watch;

use crate::exit::{Failure, INTERRUPTED};

/// Tells when the user has enough.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Begins to listen for interrupts and requests to terminate.
    ///
    /// A thread of its own listens: rows are written by the main thread, which a full pipe may block for long.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::Other(format!("cannot listen for interrupts: {error}"));
        let (tell, asked) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
        thread::Builder::new()
            .name("interrupts".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    next_signal().await;
                    tell.send_replace(true);
                    next_signal().await;
                    crate::live::screen::give_back();
                    std::process::exit(i32::from(INTERRUPTED));
                });
            })
            .map_err(failed)?;
        Ok(Self { asked })
    }

    /// Whether an interrupt has come.
    pub(crate) fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Resolves when an interrupt has come. Cancel safe.
    pub(crate) async fn asked(&mut self) {
        if self.asked.wait_for(|asked| *asked).await.is_err() {
            // The listening thread has gone: there will be none.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn next_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else { return std::future::pending().await };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn next_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
