//! What a subscriber reads: every cycle once.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;

use super::core::Lease;
use super::family::{Family, Member};
use super::queue::Queue;
use super::update::{InHand, Update, Waiting};
use crate::position::Partition;

/// Every cycle of a table, as a [`Stream`]: first everything that the table held when it was subscribed to, in one update (which may be
/// empty), then each cycle that changed its rows or positions, and each withdrawal. It ends with the consumption.
///
/// An update that waits counts against the consumption's memory budget, and so does the one that was read last, until it is dropped or
/// the next is asked for: a slow reader slows the fetch. Those of [`super::Table::updates_lossy`] do not count, and say what was missed.
///
/// # Cancel safety
///
/// Nothing is lost where a wait for the next update is given up.
#[derive(Debug)]
#[must_use = "what is subscribed to and not read fills the memory budget"]
pub struct Updates {
    queue: Arc<Queue<Waiting>>,
    /// Of the update that was read last.
    in_hand: Weak<InHand>,
    /// A derived table lives as long as somebody holds it.
    member: Member,
    _lease: Arc<Lease>,
}

impl Updates {
    pub(super) fn new(queue: Arc<Queue<Waiting>>, member: Member, lease: Arc<Lease>) -> Self {
        Self { queue, in_hand: Weak::new(), member, _lease: lease }
    }

    fn release(&mut self) {
        if let Some(in_hand) = std::mem::take(&mut self.in_hand).upgrade() {
            in_hand.release();
        }
    }
}

impl Stream for Updates {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Update>> {
        // Asking for the next says that the reader is done with the last.
        self.release();
        let update = self.queue.poll(context).map(|waiting| waiting.map(|waiting| Update::new(waiting, &self.member.lens)));
        if let Poll::Ready(Some(update)) = &update {
            self.in_hand = update.in_hand();
        }
        update
    }
}

impl Drop for Updates {
    fn drop(&mut self) {
        self.release();
    }
}

/// The keys of a partitioned table, as a [`Stream`]: those that it has, then each that it gains. It ends with the consumption.
///
/// # Cancel safety
///
/// Nothing is lost where a wait for the next key is given up.
#[derive(Debug)]
pub struct Changes {
    queue: Arc<Queue<Partition>>,
    _family: Arc<Family>,
    _lease: Arc<Lease>,
}

impl Changes {
    pub(super) fn new(queue: Arc<Queue<Partition>>, family: Arc<Family>, lease: Arc<Lease>) -> Self {
        Self { queue, _family: family, _lease: lease }
    }
}

impl Stream for Changes {
    type Item = Partition;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Partition>> {
        self.queue.poll(context)
    }
}
