//! What may go wrong with an answer, and who decides it.

use crate::api::{Request, Response};
use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, FetchResponse, MetadataResponse};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request, as a hook sees it before it is handled.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestInfo<'a> {
    /// The node that read it.
    pub node: i32,
    /// The connection, by a number that is never used again.
    pub connection: u64,
    /// Which API.
    pub api: ApiKey,
    /// In which version.
    pub version: i16,
    /// Its correlation id.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<&'a str>,
    /// The how manieth request of this API it is, in the whole cluster, from 1.
    pub count: u64,
    /// What it asks.
    pub request: &'a Request,
}

/// Changes an answer before it is encoded.
pub type EditResponse = dyn Fn(&mut Response) + Send + Sync;

/// Changes the bytes of a frame.
pub type EditBytes = dyn Fn(&mut Vec<u8>) + Send + Sync;

/// What becomes of a request and of its answer.
///
/// Byte positions count from the start of the response frame: 0 to 3 are its length, 4 to 7 the correlation id. How long an answer
/// was is in [`crate::RequestRecord::response_bytes`].
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Verdict {
    /// Handled and answered.
    #[default]
    Pass,
    /// Handled after this time.
    Delay(Duration),
    /// Not handled; the connection stays open, and neither this request nor any later one on it is answered.
    Silence,
    /// Not handled and not answered; later requests are, so the client sees the correlation id of the next one.
    Skip,
    /// Not handled; the connection is closed.
    Close,
    /// Not handled; the connection is reset (RST instead of FIN).
    Reset,
    /// Handled and answered, then closed.
    CloseAfter,
    /// Handled; the first so many bytes of the answer are written, then the connection is closed.
    CutAt(usize),
    /// Handled; the first so many bytes of the answer are written, then nothing more, and the connection stays open.
    StallAt(usize),
    /// Handled; the first so many bytes of the answer are written, and after this time the others.
    PauseAt(usize, Duration),
    /// Handled; the first so many bytes of the answer are written, and then one at a time, with this pause between.
    DripFrom(usize, Duration),
    /// Handled; so many bytes of the answer are written at a time, with this pause between.
    Drip(usize, Duration),
    /// Handled; the byte at this position is changed by exclusive or. A position behind the end changes nothing.
    CorruptAt(usize, u8),
    /// Not handled; every topic and partition that the request names, or the whole answer, bears this error code.
    Error(i16),
    /// Not handled; the whole answer of a Fetch (from version 7) or Metadata (from 13) bears this error code and nothing else. Of another
    /// API as [`Verdict::Error`].
    WholeError(i16),
    /// Handled; but this one partition bears the error code. Topic, partition, code.
    PartitionError(String, i32, i16),
    /// Not handled by a fetch: an answer without partitions; handled by all else. Both say that the client is throttled for this time.
    Throttle(Duration),
    /// Handled; the answer bears this correlation id.
    CorrelationId(i32),
    /// Handled; the answer is written twice.
    Twice,
    /// Not handled; these bytes are written as they are, where a frame is expected.
    ReplaceBytes(Bytes),
    /// Not handled; a frame with the right length and correlation id and with these bytes behind its header.
    ReplaceBody(Bytes),
    /// Handled; the closure changes the answer before it is encoded.
    Edit(Arc<EditResponse>),
    /// Handled; the closure changes the bytes of the frame, length prefix and all.
    EditFrame(Arc<EditBytes>),
}

impl Verdict {
    /// [`Verdict::Edit`] with a closure.
    pub fn edit(edit: impl Fn(&mut Response) + Send + Sync + 'static) -> Self {
        Self::Edit(Arc::new(edit))
    }

    /// Metadata that knows no node.
    pub fn without_nodes() -> Self {
        Self::edit_metadata(|metadata| metadata.brokers.clear())
    }

    /// Metadata that does not tell of the topics that were asked for.
    pub fn without_topics() -> Self {
        Self::edit_metadata(|metadata| metadata.topics.clear())
    }

    /// Metadata that tells everything twice.
    pub fn doubled_metadata() -> Self {
        Self::edit_metadata(|metadata| {
            metadata.brokers.extend_from_within(..);
            metadata.topics.iter_mut().for_each(|topic| topic.partitions.extend_from_within(..));
            metadata.topics.extend_from_within(..);
        })
    }

    /// [`Verdict::Edit`] of an answer to Metadata; another is left alone.
    pub fn edit_metadata(edit: impl Fn(&mut MetadataResponse) + Send + Sync + 'static) -> Self {
        Self::edit(move |response| {
            if let Response::Metadata(metadata) = response {
                edit(metadata);
            }
        })
    }

    /// [`Verdict::Edit`] of an answer to Fetch; another is left alone.
    pub fn edit_fetch(edit: impl Fn(&mut FetchResponse) + Send + Sync + 'static) -> Self {
        Self::edit(move |response| {
            if let Response::Fetch(fetch) = response {
                edit(fetch);
            }
        })
    }

    /// [`Verdict::EditFrame`] with a closure.
    pub fn edit_frame(edit: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Self {
        Self::EditFrame(Arc::new(edit))
    }

    /// Whether it is [`Verdict::Pass`].
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Pass)
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("Pass"),
            Self::Delay(time) => write!(f, "Delay({time:?})"),
            Self::Silence => f.write_str("Silence"),
            Self::Skip => f.write_str("Skip"),
            Self::Close => f.write_str("Close"),
            Self::Reset => f.write_str("Reset"),
            Self::CloseAfter => f.write_str("CloseAfter"),
            Self::CutAt(at) => write!(f, "CutAt({at})"),
            Self::StallAt(at) => write!(f, "StallAt({at})"),
            Self::PauseAt(at, pause) => write!(f, "PauseAt({at}, {pause:?})"),
            Self::DripFrom(at, pause) => write!(f, "DripFrom({at}, {pause:?})"),
            Self::Drip(bytes, pause) => write!(f, "Drip({bytes}, {pause:?})"),
            Self::CorruptAt(at, bits) => write!(f, "CorruptAt({at}, {bits:#04x})"),
            Self::Error(code) => write!(f, "Error({code})"),
            Self::WholeError(code) => write!(f, "WholeError({code})"),
            Self::PartitionError(topic, partition, code) => write!(f, "PartitionError({topic:?}, {partition}, {code})"),
            Self::Throttle(time) => write!(f, "Throttle({time:?})"),
            Self::CorrelationId(id) => write!(f, "CorrelationId({id})"),
            Self::Twice => f.write_str("Twice"),
            Self::ReplaceBytes(bytes) => write!(f, "ReplaceBytes({} bytes)", bytes.len()),
            Self::ReplaceBody(bytes) => write!(f, "ReplaceBody({} bytes)", bytes.len()),
            Self::Edit(_) => f.write_str("Edit"),
            Self::EditFrame(_) => f.write_str("EditFrame"),
        }
    }
}

type Hook = Arc<dyn Fn(&RequestInfo<'_>) -> Verdict + Send + Sync>;

/// The hooks of a cluster, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<Vec<Hook>>);

impl Hooks {
    pub(crate) fn add(&self, hook: Hook) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The first verdict that is not [`Verdict::Pass`]. The hooks run outside the lock: one may add another.
    pub(crate) fn ask(&self, info: &RequestInfo<'_>) -> Verdict {
        let hooks = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hooks.iter().map(|hook| hook(info)).find(|verdict| !verdict.is_pass()).unwrap_or_default()
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "Hooks({count})")
    }
}
