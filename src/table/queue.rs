//! What waits for one subscriber.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::lock::lock;
use crate::position::Partition;

/// A queue with one reader. The writer never waits.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    limit: Option<Limit>,
}

/// The most that may wait; what is older is dropped and counted. The newest one always waits, and what must be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

/// What can wait.
pub(super) trait Item {
    /// The bytes that would be on their way as long as it waits.
    fn bytes(&self) -> usize;

    /// Whether it is kept however many wait. Those that are must be few and small.
    fn must_be_read(&self) -> bool;

    /// Nobody will read this one; the next says so.
    fn drop_into(self, next: &mut Self);
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    bytes: usize,
    ended: bool,
    waker: Option<Waker>,
}

impl<T: Item> Queue<T> {
    pub(super) fn new(limit: Option<Limit>) -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), bytes: 0, ended: false, waker: None };
        Arc::new(Self { state: Mutex::new(state), limit })
    }

    /// Whether it drops what is not read in time.
    pub(super) fn is_lossy(&self) -> bool {
        self.limit.is_some()
    }

    /// Adds `item`; where that is too much, the oldest goes into the one that follows it. The waker is to be woken when no lock is held
    /// any more.
    pub(super) fn push(&self, item: T) -> Option<Waker> {
        let mut state = lock(&self.state);
        if state.ended {
            return None;
        }
        state.bytes += item.bytes();
        state.waiting.push_back(item);
        if let Some(limit) = self.limit {
            while state.waiting.len() > limit.items || state.bytes > limit.bytes {
                if !state.drop_oldest() {
                    break;
                }
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
        lock(&self.state).pop()
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.state).waiting.is_empty()
    }

    /// The next, or none where there will be no more.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.state);
        match state.pop() {
            Some(item) => Poll::Ready(Some(item)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T: Item> State<T> {
    fn pop(&mut self) -> Option<T> {
        let item = self.waiting.pop_front()?;
        self.bytes -= item.bytes();
        Some(item)
    }

    /// Puts the oldest that may be dropped into the one that follows it; false where there is none.
    fn drop_oldest(&mut self) -> bool {
        let Some(at) = self.waiting.iter().position(|item| !item.must_be_read()) else { return false };
        if at + 1 >= self.waiting.len() {
            return false;
        }
        if let Some(oldest) = self.waiting.remove(at)
            && let Some(next) = self.waiting.get_mut(at)
        {
            self.bytes -= oldest.bytes();
            oldest.drop_into(next);
        }
        true
    }
}

impl Item for Partition {
    fn bytes(&self) -> usize {
        0
    }

    fn must_be_read(&self) -> bool {
        true
    }

    fn drop_into(self, _next: &mut Self) {}
}
