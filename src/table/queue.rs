//! What waits for one subscriber.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::lock::lock;

/// A queue with one reader. The writer never waits.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    /// The most that may wait; what is older is dropped and counted.
    limit: Option<usize>,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    ended: bool,
    waker: Option<Waker>,
}

impl<T> Queue<T> {
    pub(super) fn new(limit: Option<usize>) -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), ended: false, waker: None };
        Arc::new(Self { state: Mutex::new(state), limit: limit.map(|limit| limit.max(1)) })
    }

    /// Whether it drops what is not read in time.
    pub(super) fn is_lossy(&self) -> bool {
        self.limit.is_some()
    }

    /// Adds `item`; where that is too much, `drop` takes the oldest into the one that follows it. The waker is to be woken when no lock
    /// is held any more.
    pub(super) fn push(&self, item: T, drop: impl Fn(T, &mut T)) -> Option<Waker> {
        let mut state = lock(&self.state);
        if state.ended {
            return None;
        }
        state.waiting.push_back(item);
        while self.limit.is_some_and(|limit| state.waiting.len() > limit) {
            let oldest = state.waiting.pop_front();
            if let (Some(oldest), Some(next)) = (oldest, state.waiting.front_mut()) {
                drop(oldest, next);
            }
        }
        state.waker.take()
    }

    /// What waits is still read, and then there is no more.
    pub(super) fn end(&self) -> Option<Waker> {
        let mut state = lock(&self.state);
        state.ended = true;
        state.waker.take()
    }

    /// The next, if one waits.
    pub(super) fn pop(&self) -> Option<T> {
        lock(&self.state).waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.state).waiting.is_empty()
    }

    /// The next, or none where there will be no more.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.state);
        match state.waiting.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
