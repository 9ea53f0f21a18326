//! What can go wrong, as types that carry what is needed to act.

use std::time::Duration;

use crate::position::{Offset, Partition};
pub use crate::record::BatchError;

/// A result whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what to do about it.
///
/// Errors are cloneable and comparable, so that a table's status can hold the last one and a test can name it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No property has this name.
    #[error("unknown property {key:?}{}; kolumn.lenient.config=true makes this a warning", nearest_hint(.nearest))]
    UnknownProperty {
        /// The property as given.
        key: String,
        /// The known property whose name is nearest.
        nearest: Option<String>,
    },
    /// A property has a value that it cannot have. The value of a secret property is never in the text.
    #[error("property {key}={value}: {reason}")]
    InvalidProperty {
        /// The property.
        key: String,
        /// The value as given, or `[hidden]`.
        value: String,
        /// What it should be.
        reason: String,
    },
    /// Something that has no default was not given.
    #[error("{what} is missing; {hint}")]
    Missing {
        /// What is missing.
        what: String,
        /// How to give it.
        hint: String,
    },
    /// A spec does not parse, or contradicts itself.
    #[error("spec {spec:?}, at {place}: {reason}")]
    InvalidSpec {
        /// The spec, as text where it was given as text, else its kind.
        spec: String,
        /// Where in the spec: a column, an option, or a character position.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The columns of a spec are those of a schema that only the registry knows, and it has not been asked.
    #[error("spec {spec:?}: its schema is {subject}, of the schema registry, which has not been asked; Spec::resolve does so")]
    UnresolvedSchema {
        /// The spec.
        spec: String,
        /// The subject and its version.
        subject: String,
    },
    /// Neither spec nor properties say the type of a column. The text is the reference API's.
    #[error(
        "Unable to find the type for column '{column}' ({side}_spec). Please explicitly set the data type in the constructor, or through the kafka configuration 'deephaven.{side}.column.type' or '{side}.deserializer'."
    )]
    UnknownColumnType {
        /// The column.
        column: String,
        /// `key` or `value`.
        side: &'static str,
    },
    /// Two columns of a table would have the same name.
    #[error("two columns are named {column:?} ({first} and {second}); rename one or take it out")]
    DuplicateColumn {
        /// The name.
        column: String,
        /// Where the first comes from: `metadata`, `key` or `value`.
        first: &'static str,
        /// Where the second comes from.
        second: &'static str,
    },
    /// A column was asked for that the table does not have.
    #[error("no column is named {column:?}; there are {known}")]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// A host name has no address.
    #[error("cannot resolve {host}: {reason}; is the name spelled right? (-b, KOLUMN_BROKERS)")]
    Resolve {
        /// The host.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// A connection could not be opened.
    #[error("cannot reach {broker}: {reason}; is the broker running? (-b, KOLUMN_BROKERS)")]
    Connect {
        /// `host:port`.
        broker: String,
        /// What the operating system said.
        reason: String,
    },
    /// None of the bootstrap brokers could be used.
    #[error("no broker could be used: {}", .tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NoBroker {
        /// Why, one for each that was tried last.
        tried: Vec<Self>,
    },
    /// An established connection ended.
    #[error("{broker} closed the connection: {reason}")]
    Disconnected {
        /// `host:port`.
        broker: String,
        /// What was seen.
        reason: String,
    },
    /// Something took longer than its limit.
    #[error("{what} did not finish within {}", seconds(.limit))]
    Timeout {
        /// What was waited for, broker included.
        what: String,
        /// The limit.
        limit: Duration,
    },
    /// The peer sent a frame with an impossible length.
    #[error("{broker} sent a frame of {size} bytes, the limit is {limit}{}", peer_hint(.hint))]
    FrameSize {
        /// `host:port`.
        broker: String,
        /// The length as sent.
        size: i64,
        /// The largest that is accepted.
        limit: usize,
        /// What the bytes look like instead of Kafka.
        hint: Option<&'static str>,
    },
    /// The peer sent an answer that is none: wrong correlation id, too short, undecodable.
    #[error("{broker} sent a malformed {api} response: {reason}")]
    MalformedResponse {
        /// `host:port`.
        broker: String,
        /// The request that it answers.
        api: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A request cannot be written in the version that the broker speaks, or something in it is too long.
    #[error("{api} to {broker} cannot be written: {reason}")]
    Unencodable {
        /// `host:port`.
        broker: String,
        /// The request.
        api: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// Broker and client have no version of an API in common.
    #[error("{broker} speaks {api} {}, kolumn {}..={}", theirs_text(.theirs), .ours.0, .ours.1)]
    UnsupportedVersion {
        /// `host:port`.
        broker: String,
        /// The API.
        api: &'static str,
        /// The versions that kolumn speaks.
        ours: (i16, i16),
        /// The versions that the broker speaks; none where it does not know the API.
        theirs: Option<(i16, i16)>,
    },
    /// An address has come to be that of another cluster. Positions in this one mean nothing there.
    #[error("{broker} belongs to the cluster {found}, not to {expected} as at the start; are the addresses still right?")]
    OtherCluster {
        /// `host:port`.
        broker: String,
        /// The id of the cluster that was connected to first.
        expected: String,
        /// The id that the broker tells now.
        found: String,
    },
    /// The cluster has no such topic.
    #[error("topic {topic:?} does not exist{}", nearest_hint(.nearest))]
    UnknownTopic {
        /// The topic.
        topic: String,
        /// The existing topic whose name is nearest.
        nearest: Option<String>,
    },
    /// The topic has no such partition.
    #[error("topic {topic:?} has no partition {partition}; it has {count} (0 to {})", .count - 1)]
    UnknownPartition {
        /// The topic.
        topic: String,
        /// The partition asked for.
        partition: Partition,
        /// How many it has.
        count: i32,
    },
    /// An offset that the log does not hold.
    #[error(
        "{topic}/{partition} holds the offsets {first} to {next} (exclusive), not {offset}; start at beginning or end, or set auto.offset.reset"
    )]
    OffsetOutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// The offset asked for.
        offset: Offset,
        /// The first offset that the log holds.
        first: Offset,
        /// The offset after the last.
        next: Offset,
    },
    /// The log was cut below what was read of it: after an unclean election another log is the true one.
    #[error(
        "{topic}/{partition}: the log was truncated to {diverged} (leader epoch {epoch}), but was read to {position}; the rows from {diverged} on are not in it any more; kolumn.on.truncation=withdraw takes them out of the table and goes on"
    )]
    Truncated {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// The offset after the last that was read.
        position: Offset,
        /// The first offset at which what was read is not what the log holds.
        diverged: Offset,
        /// The last epoch in which both agree; -1 where the broker cannot say.
        epoch: i32,
    },
    /// The topic was deleted and created again: what was read is of another log with the same name.
    #[error(
        "topic {topic:?} was deleted and created again (its id was {expected}, now {found}); what is in the table is of the topic before; kolumn.on.recreated.topic=restart reads the new one from its first offset"
    )]
    RecreatedTopic {
        /// The topic.
        topic: String,
        /// The id of the topic that is in the table.
        expected: uuid::Uuid,
        /// The id of the topic that has the name now.
        found: uuid::Uuid,
    },
    /// The topic is no longer there. What was read stays in the table.
    #[error("topic {topic:?} was deleted while it was read; the table keeps what it has")]
    DeletedTopic {
        /// The topic.
        topic: String,
    },
    /// TLS could not be agreed on, or not set up: a certificate that is not trusted, expired, or of another host; a peer without TLS.
    #[error("{}TLS: {reason}{}", prefix(.broker), sentence(.hint))]
    Tls {
        /// `host:port`; empty where nothing was connected to yet.
        broker: String,
        /// What is wrong. Never a key or password.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// The broker does not accept who we say we are, or we do not accept its answer.
    #[error("{broker}: authentication with {mechanism} failed: {reason}")]
    Authentication {
        /// `host:port`.
        broker: String,
        /// The SASL mechanism.
        mechanism: String,
        /// What the broker said, or what is wrong with it. Never a password or token.
        reason: String,
    },
    /// There is no token for OAUTHBEARER at the moment.
    #[error("no token for OAUTHBEARER: {reason}")]
    Token {
        /// What the source of tokens said. Never a token or secret.
        reason: String,
    },
    /// The schema registry does not have what was asked for, or did not answer.
    #[error("schema registry {registry}: {what}: {fault}")]
    Registry {
        /// Its address, or addresses.
        registry: String,
        /// What it was asked for.
        what: String,
        /// What became of the question.
        fault: crate::registry::RegistryFault,
    },
    /// The broker refused a request about a topic or partition.
    #[error("{broker}: {what}: {name} ({code}){}", sentence(.hint))]
    Refused {
        /// `host:port`, or the node id.
        broker: String,
        /// The request and what it was about, topic and partition included.
        what: String,
        /// The error code of the Kafka protocol.
        code: i16,
        /// Its name.
        name: String,
        /// What to do.
        hint: &'static str,
    },
    /// The broker denied access.
    #[error("{broker}: not authorized: {what} ({name}); ask for READ and DESCRIBE on it")]
    NotAuthorized {
        /// `host:port`, or the node id.
        broker: String,
        /// What was asked for.
        what: String,
        /// The name of the protocol's error.
        name: String,
    },
    /// A batch of records cannot be read.
    #[error("{topic}/{partition}: the batch at offset {offset} cannot be read: {reason}")]
    Batch {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// The base offset of the batch.
        offset: Offset,
        /// What is wrong with it.
        reason: BatchError,
    },
    /// A broker sends bytes that hold no whole batch, again and again.
    #[error(
        "{topic}/{partition}, offset {offset}: the broker sends {bytes} bytes without a whole batch; is a batch larger than receive.message.max.bytes?"
    )]
    NoProgress {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// The offset asked for.
        offset: Offset,
        /// The bytes that came.
        bytes: usize,
    },
    /// A record could not be decoded, and `OnError::Fail` was asked for.
    #[error("{topic}/{partition}, offset {offset}, {side}: {reason}; on-error=collect puts such records into the error table")]
    Undecodable {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// The record's offset.
        offset: Offset,
        /// `key` or `value`.
        side: &'static str,
        /// Column, position and reason.
        reason: Box<crate::decode::DecodeError>,
    },
    /// Something panicked: a decoder, which stops its partition alone, or a lane, which ends the consumption. What is in the tables is as
    /// it was.
    #[error("{what} stopped by a panic: {reason}; this is a defect of kolumn, please report it")]
    Panicked {
        /// What stopped.
        what: String,
        /// The panic's message.
        reason: String,
    },
    /// An operation on the columns of a table failed.
    #[error("{what}: {reason}")]
    Columns {
        /// The operation.
        what: &'static str,
        /// What Arrow said.
        reason: String,
    },
    /// What was given as an error table is none, or one of another topic.
    #[error("the records of an error table of topic {topic:?} were to be decoded again: {reason}")]
    NoErrorTable {
        /// The topic of the consumption.
        topic: String,
        /// What was found.
        reason: String,
    },
    /// A chunk does not begin where its partition's position is. Nothing of it is in the table.
    #[error(
        "partition {partition}: a chunk begins at {found}, the table's position is {expected}; this is a defect of kolumn, please report it"
    )]
    NotContiguous {
        /// The partition.
        partition: Partition,
        /// The table's position.
        expected: Offset,
        /// Where the chunk begins.
        found: Offset,
    },
    /// The consumption has ended.
    #[error("the consumption has ended")]
    Closed,
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

fn peer_hint(hint: &Option<&'static str>) -> String {
    hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}

fn theirs_text(theirs: &Option<(i16, i16)>) -> String {
    theirs.map_or_else(|| "not at all".into(), |(low, high)| format!("{low}..={high}"))
}

fn sentence(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}

fn prefix(broker: &str) -> String {
    if broker.is_empty() { String::new() } else { format!("{broker}: ") }
}

fn seconds(limit: &Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

/// The candidate whose name is nearest to `name`, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = name.chars().count();
    let limit = (length / 3).max(2);
    candidates
        .into_iter()
        // One that is so much longer or shorter is not near, and need not be compared: a name may be as long as a file.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein distance, by characters, upper and lower case alike.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, from) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = above;
        let mut before = above + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&right) {
            let cost = (diagonal + usize::from(from != *to)).min(before + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, cost);
            before = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let known = ["bootstrap.servers", "group.id", "auto.offset.reset"];
        assert_eq!(nearest("bootstrap.server", known).as_deref(), Some("bootstrap.servers"));
        assert_eq!(nearest("Group.Id", known).as_deref(), Some("group.id"));
        assert_eq!(nearest("acks", known), None);
    }

    #[test]
    fn edit_distance_counts_insertions_deletions_and_replacements() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }
}
