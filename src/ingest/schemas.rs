//! The schemas of writers, for all lanes of a consumption: looked up without waiting, asked for beside the lanes.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use uuid::Uuid;

use super::assembler::panic_message;
use crate::config::OnUnavailable;
use crate::decode::{Lookup, WriterSchemas};
use crate::error::{Error, Result};
use crate::registry::{Registry, RegistryFault, Schema};
use crate::spec::SchemaId;

#[cfg(test)]
mod tests;

/// The most questions to the registry at one time.
const MOST_QUESTIONS: usize = 16;

/// What lanes know of a registry's schemas. Clones share it.
///
/// [`Schemas::serve`] asks; without it nothing is ever known. A schema is asked for once, whichever lanes want it, and read once.
#[derive(Clone)]
pub(crate) struct Schemas {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Registry,
    on_unavailable: OnUnavailable,
    /// So many answers are kept.
    most: usize,
    book: Mutex<Book>,
    asks: mpsc::UnboundedSender<SchemaId>,
    /// Taken by who serves.
    asked: Mutex<Option<mpsc::UnboundedReceiver<SchemaId>>>,
    /// Counts what lanes that wait should look at.
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct Book {
    entries: HashMap<SchemaId, Entry>,
    /// Those that were answered, the first one first.
    order: VecDeque<SchemaId>,
}

enum Entry {
    /// It is asked for; why that was in vain so far.
    Asked(Option<Arc<str>>),
    Answered(Answer),
}

struct Answer {
    lookup: Lookup,
    /// When it is asked for again, at the next look.
    again: Option<Instant>,
    /// Whether this answer counts until there is another one.
    lasts: bool,
    /// Whether anybody has seen it: until then it is neither asked for again nor forgotten, or those who wait for it might never get on.
    told: bool,
}

impl Schemas {
    pub(crate) fn new(registry: Registry, on_unavailable: OnUnavailable) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        let shared = Shared {
            most: registry.most_kept(),
            registry,
            on_unavailable,
            book: Mutex::default(),
            asks,
            asked: Mutex::new(Some(asked)),
            news: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Changes whenever a schema that somebody waits for is there, or it is known why it is not.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// Where the schemas are from.
    pub(crate) fn place(&self) -> &str {
        self.shared.registry.place()
    }

    /// Why a schema is waited for; none where there is an answer to be looked up.
    pub(crate) fn waits_for(&self, id: SchemaId) -> Option<Arc<str>> {
        match self.book().entries.get(&id) {
            Some(Entry::Asked(why)) => {
                let why = why.clone().or_else(|| self.shared.registry.trouble().borrow().clone());
                Some(why.unwrap_or_else(|| "it was asked for and is not answered yet".into()))
            }
            _ => None,
        }
    }

    /// Asks for what is looked up and not known, for as long as it is polled.
    ///
    /// Cancel safety: what was asked for is not answered any more.
    pub(crate) async fn serve(&self) {
        let asked = self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut asked) = asked else { return std::future::pending().await };
        let mut trouble = self.shared.registry.trouble();
        let mut questions = FuturesUnordered::new();
        let mut pauses = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some((id, answer)) = questions.next(), if !questions.is_empty() => {
                    if let Some(pause) = self.on_answer(id, answer) {
                        pauses.push(async move { tokio::time::sleep(pause).await; id });
                    }
                }
                Some(id) = pauses.next(), if !pauses.is_empty() => {
                    // Nobody hangs up: the sender is our own.
                    let _ = self.shared.asks.send(id);
                }
                Some(id) = asked.recv(), if questions.len() < MOST_QUESTIONS => {
                    questions.push(async move { (id, self.question(id).await) });
                }
                Ok(()) = trouble.changed() => self.tell(),
            }
        }
    }

    async fn question(&self, id: SchemaId) -> Result<Arc<Schema>> {
        match id {
            SchemaId::Id(id) => self.shared.registry.id(id).await,
            SchemaId::Uuid(guid) => self.shared.registry.guid(Uuid::from_bytes(guid)).await,
            SchemaId::Fingerprint(_) => Err(Error::Registry {
                registry: self.place().to_owned(),
                what: format!("schema {id}"),
                fault: RegistryFault::NotFound { code: 404, message: "it knows no fingerprints".into() },
            }),
        }
    }

    /// Takes an answer; where there is to be another try, says after which pause.
    fn on_answer(&self, id: SchemaId, answer: Result<Arc<Schema>>) -> Option<Duration> {
        let registry = &self.shared.registry;
        let now = Instant::now();
        let after = |pause: Duration| now.checked_add(pause);
        let is_told = matches!(self.book().entries.get(&id), Some(Entry::Asked(Some(_)) | Entry::Answered(_)));
        if let (Err(error), false) = (&answer, is_told) {
            tracing::warn!(schema = %id, %error, "no schema");
        }
        let (lookup, again, lasts) = match answer {
            Ok(schema) => {
                tracing::info!(schema = %id, "a schema of the registry is known");
                (read(&schema), None, true)
            }
            Err(error) if !is_about_the_registry(&error) => (failed(&error), after(registry.negative()), false),
            Err(error) if self.shared.on_unavailable == OnUnavailable::Error => (failed(&error), after(registry.pause()), true),
            Err(error) => {
                self.book().entries.insert(id, Entry::Asked(Some(error.to_string().into())));
                self.tell();
                return Some(registry.pause());
            }
        };
        self.book().answer(id, Answer { lookup, again, lasts, told: false }, self.shared.most);
        self.tell();
        None
    }

    fn tell(&self) {
        self.shared.news.send_modify(|news| *news = news.wrapping_add(1));
    }

    fn ask(&self, id: SchemaId) {
        // Where nobody serves any more, nobody waits any more.
        let _ = self.shared.asks.send(id);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.shared.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriterSchemas for Schemas {
    fn get(&self, id: SchemaId) -> Lookup {
        let mut book = self.book();
        let mut before = None;
        match book.entries.get_mut(&id) {
            Some(Entry::Asked(_)) => return Lookup::Pending,
            Some(Entry::Answered(answer)) => {
                let is_due = answer.told && answer.again.is_some_and(|again| again <= Instant::now());
                answer.told = true;
                if is_due {
                    answer.again = None;
                    self.ask(id);
                }
                if !is_due || answer.lasts {
                    return answer.lookup.clone();
                }
                if let Lookup::Failed(reason) = &answer.lookup {
                    before = Some(Arc::clone(reason));
                }
            }
            None => self.ask(id),
        }
        book.entries.insert(id, Entry::Asked(before));
        Lookup::Pending
    }
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").field("registry", &self.shared.registry).finish_non_exhaustive()
    }
}

impl Book {
    fn answer(&mut self, id: SchemaId, answer: Answer, most: usize) {
        self.entries.insert(id, Entry::Answered(answer));
        if !self.order.contains(&id) {
            self.order.push_back(id);
        }
        let entries = &mut self.entries;
        let mut over = self.order.len().saturating_sub(most);
        self.order.retain(|old| {
            let goes = over > 0 && matches!(entries.get(old), Some(Entry::Answered(answer)) if answer.told);
            if goes {
                entries.remove(old);
                over -= 1;
            }
            !goes
        });
    }
}

/// Whether it is the registry that is the trouble, and not the schema.
fn is_about_the_registry(error: &Error) -> bool {
    match error {
        Error::Registry { fault, .. } => {
            fault.passes() || matches!(fault, RegistryFault::Denied { .. } | RegistryFault::Refused { .. })
        }
        _ => true,
    }
}

fn failed(error: &Error) -> Lookup {
    Lookup::Failed(error.to_string().into())
}

/// Reads a schema, whatever it is.
fn read(schema: &Schema) -> Lookup {
    let lookup = catch_unwind(AssertUnwindSafe(|| Lookup::of(schema)));
    lookup.unwrap_or_else(|panic| Lookup::Failed(format!("reading it panicked: {}", panic_message(panic.as_ref())).into()))
}
