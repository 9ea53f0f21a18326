//! The thread beside a lane.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use tokio::sync::Notify;

use super::{Bench, Decoded, Work, lock};
use crate::error::Error;

/// Answers that are handed over at a time: one is decoded, one lies ready. More would only leave the cache before it is their turn.
pub(super) const DEPTH: usize = 2;

/// A thread that decodes what a lane hands over. Dropping it ends the thread after the answer that it is at.
pub(super) struct Beside {
    answers: Option<mpsc::Sender<(Vec<Work>, u64)>>,
    decoded: mpsc::Receiver<Decoded>,
    wake: Arc<Notify>,
    ended: Arc<AtomicBool>,
}

impl Beside {
    pub(super) fn start(bench: Arc<Mutex<Bench>>, alive: impl Send + 'static) -> std::io::Result<Self> {
        let (answers, handed_over) = mpsc::channel::<(Vec<Work>, u64)>();
        let (tell, decoded) = mpsc::channel();
        let (wake, ended) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        // Wakes the lane also when the thread panics: it then finds that nobody tells anything any more.
        let (waker, stop) = (WakesAtTheEnd(Arc::clone(&wake)), Arc::clone(&ended));
        let run = move || {
            let _alive = alive;
            let waker = waker;
            let tell = tell;
            for (works, era) in handed_over {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                lock(&bench).decode(works, era, |decoded| {
                    // A lane that is gone needs no telling.
                    let _ = tell.send(decoded);
                });
                waker.0.notify_one();
            }
        };
        let name = format!("{}-decode", std::thread::current().name().unwrap_or("kolumn-lane"));
        std::thread::Builder::new().name(name).spawn(run)?;
        Ok(Self { answers: Some(answers), decoded, wake, ended })
    }

    pub(super) fn submit(&self, works: Vec<Work>, era: u64) {
        if let Some(answers) = &self.answers {
            // A thread that is gone is noticed when it should tell something.
            let _ = answers.send((works, era));
        }
    }

    pub(super) fn try_next(&self) -> Option<Decoded> {
        match self.decoded.try_recv() {
            Ok(decoded) => Some(decoded),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(gone()),
        }
    }

    pub(super) fn next(&self) -> Option<Decoded> {
        Some(self.decoded.recv().unwrap_or_else(|_| gone()))
    }

    pub(super) async fn wait(&self) {
        self.wake.notified().await;
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.answers = None;
    }
}

struct WakesAtTheEnd(Arc<Notify>);

impl Drop for WakesAtTheEnd {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn gone() -> Decoded {
    Decoded::Sealed(Err(Error::Panicked { what: "the thread that decodes beside a lane".into(), reason: "see stderr".into() }))
}
