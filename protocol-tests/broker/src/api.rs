//! The APIs that are served, one file each: a request and the state in, an answer out.

mod admin;
mod errors;
mod fetch;
mod groups;
mod list_offsets;
pub(crate) mod metadata;
mod produce;
mod producer_id;
mod versions;

pub use fetch::FetchStats;
pub(crate) use fetch::{FetchAnswer, SessionLimits, Sessions};
pub(crate) use versions::unsupported;

use crate::fault::Verdict;
use crate::frame::Frame;
use crate::state::Shared;
use bytes::Bytes;
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable};
use std::sync::Arc;
use std::time::Duration;

/// Declares the APIs: a variant of [`Request`] and of [`Response`] for each, and the versions that are served.
macro_rules! apis {
    ($($(#[$doc:meta])* $name:ident: $request:ident -> $response:ident, $min:literal..=$max:literal;)*) => {
        /// What a client asks, in the types of `kafka-protocol`.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Request {
            $($(#[$doc])* $name(kafka::$request),)*
        }

        /// What a node answers, in the types of `kafka-protocol`.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Response {
            $($(#[$doc])* $name(kafka::$response),)*
        }

        /// All that is served, with the least and the greatest version.
        pub(crate) const SERVED: &[(ApiKey, i16, i16)] = &[$((ApiKey::$name, $min, $max)),*];

        impl Request {
            /// Decodes the body of a request; nothing where it is malformed or not served.
            pub(crate) fn decode(api: ApiKey, version: i16, body: &mut Bytes) -> Option<Self> {
                match api {
                    $(ApiKey::$name => kafka::$request::decode(body, version).ok().map(Self::$name),)*
                    _ => None,
                }
            }
        }

        impl Response {
            /// Which API it answers.
            pub fn api(&self) -> ApiKey {
                match self {
                    $(Self::$name(_) => ApiKey::$name,)*
                }
            }

            fn encode(&self, frame: &mut Frame, version: i16) -> bool {
                let encoded = match self {
                    $(Self::$name(response) => response.encode(frame.scratch(), version),)*
                };
                encoded.inspect_err(|error| tracing::error!(%error, "a response cannot be encoded")).is_ok()
            }
        }
    };
}

apis! {
    /// Appends batches. Version 0 is told because librdkafka looks for it (KAFKA-18659); 3 is the least that is read.
    Produce: ProduceRequest -> ProduceResponse, 0..=12;
    /// Reads batches: topics by name, and from version 13 by id.
    Fetch: FetchRequest -> FetchResponse, 4..=17;
    /// Looks up offsets.
    ListOffsets: ListOffsetsRequest -> ListOffsetsResponse, 1..=10;
    /// Tells nodes, topics and leaders.
    Metadata: MetadataRequest -> MetadataResponse, 0..=13;
    /// Stores a group's offsets.
    OffsetCommit: OffsetCommitRequest -> OffsetCommitResponse, 2..=9;
    /// Tells a group's offsets.
    OffsetFetch: OffsetFetchRequest -> OffsetFetchResponse, 1..=9;
    /// Tells which node coordinates a group.
    FindCoordinator: FindCoordinatorRequest -> FindCoordinatorResponse, 0..=6;
    /// Tells which versions are served.
    ApiVersions: ApiVersionsRequest -> ApiVersionsResponse, 0..=4;
    /// Begins a login.
    SaslHandshake: SaslHandshakeRequest -> SaslHandshakeResponse, 0..=1;
    /// Goes on with a login.
    SaslAuthenticate: SaslAuthenticateRequest -> SaslAuthenticateResponse, 0..=2;
    /// Creates topics.
    CreateTopics: CreateTopicsRequest -> CreateTopicsResponse, 2..=7;
    /// Deletes topics.
    DeleteTopics: DeleteTopicsRequest -> DeleteTopicsResponse, 1..=6;
    /// Moves the log start.
    DeleteRecords: DeleteRecordsRequest -> DeleteRecordsResponse, 0..=2;
    /// Gives out producer ids.
    InitProducerId: InitProducerIdRequest -> InitProducerIdResponse, 0..=5;
    /// Tells where a leader epoch ended.
    OffsetForLeaderEpoch: OffsetForLeaderEpochRequest -> OffsetForLeaderEpochResponse, 2..=4;
    /// Adds partitions to topics.
    CreatePartitions: CreatePartitionsRequest -> CreatePartitionsResponse, 0..=3;
}

/// The versions of an API that are served unless the cluster was told otherwise.
pub(crate) fn served(api: ApiKey) -> Option<(i16, i16)> {
    SERVED.iter().find(|(served, ..)| *served == api).map(|(_, min, max)| (*min, *max))
}

/// What a node answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nothing at all: produced with acks=0.
    Nothing,
    Plain(Box<Response>),
    /// Records stay in the pieces in which they are stored.
    Fetch(FetchAnswer),
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Plain(Box::new(response))
    }
}

impl Answer {
    /// Lets a hook change the answer.
    pub(crate) fn edited(self, edit: &dyn Fn(&mut Response)) -> Self {
        let mut response = match self {
            Self::Nothing => return Self::Nothing,
            Self::Plain(response) => *response,
            Self::Fetch(answer) => Response::Fetch(answer.into_response()),
        };
        edit(&mut response);
        response.into()
    }

    /// Puts the answer behind the header; false where it cannot be said in this version.
    pub(crate) fn encode(self, frame: &mut Frame, version: i16) -> bool {
        match self {
            Self::Nothing => true,
            Self::Plain(response) => response.encode(frame, version),
            Self::Fetch(answer) => {
                answer.encode(frame, version);
                true
            }
        }
    }
}

/// Where a request is handled.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) node: i32,
}

impl Context {
    /// The fetch sessions of this node.
    fn with_sessions<R>(&self, use_them: impl FnOnce(&mut Sessions) -> R) -> R {
        self.shared.with_sessions(self.node, use_them)
    }
}

/// What a verdict changes of how a request is handled. A fetch with one does not wait for more bytes.
#[derive(Debug)]
pub(crate) enum Effect {
    None,
    Throttle(Duration),
    /// Everything that it names bears this error code.
    Fail(i16),
    /// The whole answer does.
    FailWhole(i16),
    /// This one partition does.
    FailOne(String, i32, i16),
}

impl Effect {
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Throttle(time) => Self::Throttle(*time),
            Verdict::Error(code) => Self::Fail(*code),
            Verdict::WholeError(code) => Self::FailWhole(*code),
            Verdict::PartitionError(topic, partition, code) => Self::FailOne(topic.clone(), *partition, *code),
            _ => Self::None,
        }
    }
}

/// Handles one request.
pub(crate) async fn handle(context: &Context, request: &Request, version: i16, effect: Effect) -> Answer {
    match (request, effect) {
        // A fetch must know of it: its session remembers what it answered.
        (Request::Fetch(_), Effect::FailWhole(code)) => Answer::Fetch(FetchAnswer { error_code: code, ..FetchAnswer::default() }),
        (Request::Metadata(_), Effect::FailWhole(code)) => {
            Response::Metadata(kafka::MetadataResponse::default().with_error_code(code)).into()
        }
        (Request::Fetch(request), effect) => Answer::Fetch(fetch::handle(context, request, version, &effect).await),
        (request, Effect::None) => plain(context, request, version),
        (request, Effect::Throttle(time)) => {
            let milliseconds = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
            errors::throttled(plain(context, request, version), milliseconds)
        }
        (request, Effect::Fail(code) | Effect::FailWhole(code)) => errors::refused(request, version, code),
        (request, Effect::FailOne(topic, partition, code)) => {
            let mut answer = plain(context, request, version);
            errors::partition_error(&mut answer, &topic, partition, code);
            answer
        }
    }
}

fn plain(context: &Context, request: &Request, version: i16) -> Answer {
    let shared = &*context.shared;
    match request {
        // Never here: see above.
        Request::Fetch(_) => Answer::Nothing,
        Request::Produce(request) => match produce::handle(context, request) {
            Some(response) => Response::Produce(response).into(),
            None => Answer::Nothing,
        },
        Request::ApiVersions(_) => Response::ApiVersions(versions::handle(shared)).into(),
        Request::Metadata(request) => Response::Metadata(metadata::handle(context, request, version)).into(),
        Request::ListOffsets(request) => Response::ListOffsets(list_offsets::handle(context, request, version)).into(),
        Request::OffsetForLeaderEpoch(request) => {
            Response::OffsetForLeaderEpoch(list_offsets::end_of_epoch(context, request)).into()
        }
        Request::InitProducerId(request) => Response::InitProducerId(producer_id::handle(shared, request)).into(),
        Request::FindCoordinator(request) => Response::FindCoordinator(groups::find(shared, request, version)).into(),
        Request::OffsetCommit(request) => Response::OffsetCommit(groups::commit(shared, request)).into(),
        Request::OffsetFetch(request) => Response::OffsetFetch(groups::fetch(shared, request, version)).into(),
        Request::CreateTopics(request) => Response::CreateTopics(admin::create_topics(shared, request)).into(),
        Request::DeleteTopics(request) => Response::DeleteTopics(admin::delete_topics(shared, request)).into(),
        Request::DeleteRecords(request) => Response::DeleteRecords(admin::delete_records(shared, request)).into(),
        // A listener that demands a login answers these itself.
        Request::SaslHandshake(_) | Request::SaslAuthenticate(_) => errors::refused(request, version, 34),
        Request::CreatePartitions(request) => Response::CreatePartitions(admin::create_partitions(shared, request)).into(),
    }
}
