//! What a subscriber reads: every cycle once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::core::Lease;
use super::family::{Family, Member};
use super::queue::Queue;
use super::update::{Update, Waiting};
use crate::position::Partition;

/// Every cycle of a table, as a [`Stream`]: first everything that the table held when it was subscribed to, in one update (which may be
/// empty), then each cycle that changed its rows or positions. It ends with the consumption.
///
/// An update that waits counts against the consumption's memory budget, so a slow reader slows the fetch; one made by
/// [`super::Table::updates_lossy`] does not, and is told what it missed.
///
/// # Cancel safety
///
/// Nothing is lost where a wait for the next update is given up.
#[derive(Debug)]
#[must_use = "what is subscribed to and not read fills the memory budget"]
pub struct Updates {
    queue: Arc<Queue<Waiting>>,
    /// A derived table lives as long as somebody holds it.
    member: Member,
    _lease: Arc<Lease>,
}

impl Updates {
    pub(super) fn new(queue: Arc<Queue<Waiting>>, member: Member, lease: Arc<Lease>) -> Self {
        Self { queue, member, _lease: lease }
    }
}

impl Stream for Updates {
    type Item = Update;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Update>> {
        self.queue.poll(context).map(|waiting| waiting.map(|waiting| Update::new(waiting, &self.member.lens)))
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
