//! Fetch (1): long polling, byte limits as KIP-74 has them, both isolation levels, topics by name and (from 13) by id.

mod answer;
mod read;

pub(crate) use answer::FetchAnswer;
pub(super) use answer::{FetchedTopic, failed};

use super::Context;
use crate::state::{State, TopicRef};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::FetchRequest;
use read::{Asked, Reading};
use std::time::Duration;
use tokio::time::Instant;

/// A partition that a fetch is about.
#[derive(Debug, Clone)]
struct Wanted {
    topic: TopicRef,
    asked: Asked,
}

pub(super) async fn handle(context: &Context, request: &FetchRequest, version: i16, at_once: bool) -> FetchAnswer {
    if request.session_id != 0 {
        let error_code = ResponseError::FetchSessionIdNotFound.code();
        return FetchAnswer { error_code, ..FetchAnswer::default() };
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = Instant::now() + wait;
    let enough = usize::try_from(request.min_bytes.min(request.max_bytes)).unwrap_or_default();
    // Subscribed before the first look, so that nothing can happen unseen between the look and the wait.
    let mut changes = context.shared.changes();
    let mut last_look = at_once || wait.is_zero();
    let wanted = wanted(&context.shared.state(), request, version);
    loop {
        let look = look(&context.shared.state(), context.node, request, version, &wanted);
        if last_look || look.urgent || look.bytes >= enough {
            return look.answer;
        }
        last_look = !matches!(tokio::time::timeout_at(deadline, changes.changed()).await, Ok(Ok(())));
    }
}

/// What the request names; ids get the names that they have now, as in Kafka.
fn wanted(state: &State, request: &FetchRequest, version: i16) -> Vec<Wanted> {
    let partitions = request.topics.iter().flat_map(|topic| {
        let named = state.topic_ref(&topic.topic, topic.topic_id, version >= 13);
        topic.partitions.iter().map(move |asked| Wanted { topic: named.clone(), asked: Asked::from(asked) })
    });
    partitions.collect()
}

struct Look {
    answer: FetchAnswer,
    bytes: usize,
    /// It must not wait for more bytes.
    urgent: bool,
}

/// The answer as of now.
fn look(state: &State, node: i32, request: &FetchRequest, version: i16, wanted: &[Wanted]) -> Look {
    let mut look = Look { answer: FetchAnswer::default(), bytes: 0, urgent: wanted.is_empty() };
    let mut room = usize::try_from(request.max_bytes).unwrap_or_default();
    let reading = Reading { state, node, version, committed: request.isolation_level == 1 };
    for one in wanted {
        let fetched = reading.partition(&one.topic, &one.asked, room, look.bytes == 0);
        look.urgent |= fetched.is_urgent();
        look.bytes += fetched.chunk.len;
        room = room.saturating_sub(fetched.chunk.len);
        reading.hint(&fetched, &mut look.answer);
        look.answer.push(&one.topic, fetched);
    }
    look
}
