//! What a fetch finds when it looks at the logs once.

use super::answer::{FetchAnswer, Fetched};
use super::read::{Asked, Reading};
use crate::state::TopicRef;
use kafka_protocol::messages::fetch_response::NodeEndpoint;

/// The partitions as of now, in the order in which they were asked.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) partitions: Vec<(TopicRef, Fetched)>,
    pub(super) node_endpoints: Vec<NodeEndpoint>,
    pub(super) bytes: usize,
    /// It must not wait for more bytes.
    pub(super) urgent: bool,
    /// The number of the first change that it did not see.
    pub(super) seen: u64,
    room: usize,
}

impl Look {
    /// Nothing so far; `urgent`, where there is nothing to look at.
    pub(super) fn new(reading: &Reading<'_>, urgent: bool) -> Self {
        let room = usize::try_from(reading.request.max_bytes).unwrap_or_default();
        let seen = reading.state.changes.next();
        Self { partitions: Vec::new(), node_endpoints: Vec::new(), bytes: 0, urgent, seen, room }
    }

    /// Reads one more partition.
    pub(super) fn add(&mut self, reading: &Reading<'_>, topic: &TopicRef, asked: &Asked) {
        let fetched = reading.partition(topic, asked, self.room, self.bytes == 0);
        self.urgent |= fetched.is_urgent();
        self.bytes += fetched.chunk.len;
        self.room = self.room.saturating_sub(fetched.chunk.len);
        reading.hint(&fetched, &mut self.node_endpoints);
        self.partitions.push((topic.clone(), fetched));
    }

    /// An answer that tells of all partitions.
    pub(super) fn answer(self) -> FetchAnswer {
        let mut answer = FetchAnswer { node_endpoints: self.node_endpoints, ..FetchAnswer::default() };
        self.partitions.into_iter().for_each(|(topic, fetched)| answer.push(&topic, fetched));
        answer
    }
}
