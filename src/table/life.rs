//! How a consumption ends: who asks for it, and who hears of it.

use tokio::sync::watch;

use crate::error::{Error, Result};

/// Why a consumption ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// What was to be read is read.
    Complete,
    /// It was closed, or nobody held a handle any more.
    Closed,
    /// It could not go on. What was read stays in the tables.
    Failed(Error),
}

/// The two flags of a consumption's life. Both are only ever set.
#[derive(Debug)]
pub(super) struct Life {
    stop: watch::Sender<bool>,
    end: watch::Sender<Option<End>>,
}

impl Life {
    pub(super) fn new() -> Self {
        Self { stop: watch::Sender::new(false), end: watch::Sender::new(None) }
    }

    pub(super) fn request_stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) async fn stop_requested(&self) {
        // The sender lives in self: there is no other end to the wait.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// The first end is the end.
    pub(super) fn end(&self, end: End) {
        self.end.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(end);
            }
            first
        });
    }

    pub(super) fn ended(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    pub(super) async fn wait(&self) -> End {
        match self.end.subscribe().wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(End::Closed),
            Err(_) => End::Closed,
        }
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// The error that ended it.
    pub(super) async fn finished(&self) -> Result<()> {
        match self.wait().await {
            End::Failed(error) => Err(error),
            End::Complete | End::Closed => Ok(()),
        }
    }
}
