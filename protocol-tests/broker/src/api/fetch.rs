//! Fetch (1): long polling, byte limits as KIP-74 has them, both isolation levels, topics by name and (from 13) by id, sessions.

mod answer;
mod look;
mod read;
mod session;
mod sessions;

pub(crate) use answer::FetchAnswer;
pub use sessions::FetchStats;
pub(crate) use sessions::{SessionLimits, Sessions};

use super::{Context, Effect};
use crate::state::{Changes, State, TopicRef};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::FetchRequest;
use look::Look;
use read::{Asked, Reading};
use session::{Key, Session};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The epoch of a request that wants a session to begin.
const INITIAL: i32 = 0;
/// The epoch of a request that wants no session, or no longer.
const FINAL: i32 = -1;

/// What a fetch is about.
enum Fetch {
    /// These partitions, and a session for them where wanted.
    Full { wanted: Vec<(TopicRef, Asked)>, keep: bool },
    /// Those of a session, at the epoch that it had before.
    Incremental { id: i32, epoch: i32, session: Arc<Mutex<Session>> },
}

/// What its look found.
enum Found {
    Full(Look),
    Incremental(Look, Vec<u64>),
}

pub(super) async fn handle(context: &Context, request: &FetchRequest, version: i16, effect: &Effect) -> FetchAnswer {
    let mut fetch = match begin(context, request, version) {
        Ok(fetch) => fetch,
        Err(error) => {
            context.with_sessions(|sessions| sessions.stats.refused += 1);
            return FetchAnswer { error_code: error.code(), ..FetchAnswer::default() };
        }
    };
    if let Effect::Throttle(time) = effect {
        let throttle_ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        return FetchAnswer { throttle_ms, session_id: fetch.id(), ..FetchAnswer::default() };
    }
    let found = find(context, request, version, effect, &mut fetch).await;
    let answer = fetch.finish(context, version, found);
    let told: usize = answer.topics.iter().map(|topic| topic.partitions.len()).sum();
    context.with_sessions(|sessions| sessions.stats.partitions_answered += told as u64);
    answer
}

/// Looks until there is enough to say, or time is over.
async fn find(context: &Context, request: &FetchRequest, version: i16, effect: &Effect, fetch: &mut Fetch) -> Found {
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = Instant::now() + wait;
    let enough = usize::try_from(request.min_bytes.min(request.max_bytes)).unwrap_or_default();
    // Subscribed before the first look, so that nothing can happen unseen between the look and the wait.
    let mut news = context.shared.changes();
    let mut last_look = !matches!(effect, Effect::None) || wait.is_zero();
    let mut interest = Interest::default();
    loop {
        let found = {
            let state = context.shared.state();
            interest.seen = state.changes.next();
            let reading = Reading {
                state: &state,
                node: context.node,
                version,
                request,
                effect,
                committed: request.isolation_level == 1,
                rack_aware: context.shared.settings.rack_aware,
            };
            fetch.look(&reading)
        };
        let (Found::Full(look) | Found::Incremental(look, _)) = &found;
        if last_look || look.urgent || look.bytes >= enough {
            return found;
        }
        loop {
            last_look = !matches!(tokio::time::timeout_at(deadline, news.changed()).await, Ok(Ok(())));
            if last_look || interest.is_touched(fetch, &context.shared.state().changes) {
                break;
            }
        }
    }
}

/// Which changes a fetch that waits looks at.
#[derive(Default)]
struct Interest {
    seen: u64,
    keys: Option<HashSet<Key>>,
}

impl Interest {
    fn is_touched(&mut self, fetch: &Fetch, changes: &Changes) -> bool {
        match fetch {
            Fetch::Incremental { session, .. } => lock(session).absorb(changes),
            Fetch::Full { wanted, .. } => {
                let wanted = wanted.iter();
                let keys =
                    self.keys.get_or_insert_with(|| wanted.map(|(topic, asked)| Key::of(topic, asked.partition)).collect());
                let since = std::mem::replace(&mut self.seen, changes.next());
                let touched = |(topic, partition): &(&TopicRef, i32)| {
                    let by_name = TopicRef { name: topic.name.clone(), ..TopicRef::default() };
                    keys.contains(&Key::of(topic, *partition)) || keys.contains(&Key::of(&by_name, *partition))
                };
                changes.since(since).is_none_or(|changed| changed.iter().any(touched))
            }
        }
    }
}

/// Finds the session of a request, or what it is about without one.
fn begin(context: &Context, request: &FetchRequest, version: i16) -> Result<Fetch, ResponseError> {
    let wanted = wanted(&context.shared.state(), request, version);
    let forgotten = forgotten(&context.shared.state(), request, version);
    context.with_sessions(|sessions| {
        sessions.stats.partitions_asked += wanted.len() as u64;
        sessions.stats.partitions_forgotten += forgotten.len() as u64;
        if matches!(request.session_epoch, INITIAL | FINAL) {
            sessions.remove(request.session_id);
            let keep = request.session_epoch == INITIAL && version >= 7;
            *(if keep { &mut sessions.stats.full } else { &mut sessions.stats.sessionless }) += 1;
            return Ok(Fetch::Full { wanted, keep });
        }
        let id = request.session_id;
        let found = sessions.get(id).ok_or(ResponseError::FetchSessionIdNotFound)?;
        let mut session = lock(&found);
        if session.epoch != request.session_epoch {
            return Err(ResponseError::InvalidFetchSessionEpoch);
        }
        if session.by_id != (version >= 13) {
            return Err(ResponseError::FetchSessionTopicIdError);
        }
        sessions.stats.incremental += 1;
        wanted.iter().for_each(|(topic, asked)| session.want(topic, *asked));
        forgotten.iter().for_each(|(topic, partition)| session.forget(topic, *partition));
        if session.len() == 0 {
            sessions.remove(id);
            return Ok(Fetch::Full { wanted, keep: false });
        }
        session.epoch = if session.epoch == i32::MAX { 1 } else { session.epoch + 1 };
        sessions.touch(id, session.len());
        let epoch = session.epoch;
        drop(session);
        Ok(Fetch::Incremental { id, epoch, session: found })
    })
}

impl Fetch {
    fn id(&self) -> i32 {
        match self {
            Self::Full { .. } => 0,
            Self::Incremental { id, .. } => *id,
        }
    }

    fn look(&self, reading: &Reading<'_>) -> Found {
        match self {
            Self::Full { wanted, .. } => {
                let mut look = Look::new(reading, wanted.is_empty());
                wanted.iter().for_each(|(topic, asked)| look.add(reading, topic, asked));
                Found::Full(look)
            }
            Self::Incremental { session, .. } => {
                let mut session = lock(session);
                session.absorb(&reading.state.changes);
                let (look, places) = session.look(reading);
                Found::Incremental(look, places)
            }
        }
    }

    /// Makes the answer, and lets the session know of it.
    fn finish(self, context: &Context, version: i16, found: Found) -> FetchAnswer {
        match (self, found) {
            (Self::Full { wanted, keep: true }, Found::Full(look)) => {
                let mut session = Session::new(version >= 13);
                wanted.iter().for_each(|(topic, asked)| session.want(topic, *asked));
                let answer = session.begin(look);
                let limits = context.shared.session_limits();
                let session_id = context.with_sessions(|sessions| sessions.keep(context.node, session, limits));
                FetchAnswer { session_id, ..answer }
            }
            (Self::Incremental { id, epoch, session }, Found::Incremental(look, places)) => {
                let mut session = lock(&session);
                // Another request of this session came meanwhile.
                if session.epoch != epoch {
                    let error_code = ResponseError::InvalidFetchSessionEpoch.code();
                    return FetchAnswer { error_code, session_id: id, ..FetchAnswer::default() };
                }
                FetchAnswer { session_id: id, ..session.tell(look, places) }
            }
            (_, Found::Full(look) | Found::Incremental(look, _)) => look.answer(),
        }
    }
}

/// What the request names; ids get the names that they have now, as in Kafka.
fn wanted(state: &State, request: &FetchRequest, version: i16) -> Vec<(TopicRef, Asked)> {
    let partitions = request.topics.iter().flat_map(|topic| {
        let named = state.topic_ref(&topic.topic, topic.topic_id, version >= 13);
        topic.partitions.iter().map(move |asked| (named.clone(), Asked::from(asked)))
    });
    partitions.collect()
}

fn forgotten(state: &State, request: &FetchRequest, version: i16) -> Vec<(TopicRef, i32)> {
    let partitions = request.forgotten_topics_data.iter().flat_map(|topic| {
        let named = state.topic_ref(&topic.topic, topic.topic_id, version >= 13);
        topic.partitions.iter().map(move |partition| (named.clone(), *partition))
    });
    partitions.collect()
}

fn lock(session: &Mutex<Session>) -> std::sync::MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}
