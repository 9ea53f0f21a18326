//! Fetch (1), versions 4 to 12: long polling, byte limits as KIP-74 has them, both isolation levels; no sessions.

use super::Context;
use super::list_offsets::led;
use crate::frame::Frame;
use crate::log::Chunk;
use crate::state::State;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ProducerId, TopicName};
use std::time::Duration;
use tokio::time::Instant;

/// A fetch response whose records are still in the pieces in which they are stored.
#[derive(Debug, Default)]
pub(crate) struct FetchAnswer {
    pub(super) throttle_ms: i32,
    pub(super) error_code: i16,
    pub(super) topics: Vec<(TopicName, Vec<Fetched>)>,
}

/// One partition of it; `data.records` is not used.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) data: PartitionData,
    pub(super) chunk: Chunk,
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
    loop {
        let (answer, bytes, urgent) = look(&context.shared.state(), context.node, request, version);
        if last_look || urgent || bytes >= enough {
            return answer;
        }
        last_look = !matches!(tokio::time::timeout_at(deadline, changes.changed()).await, Ok(Ok(())));
    }
}

/// The answer as of now, how many bytes it has, and whether it must not wait for more.
fn look(state: &State, node: i32, request: &FetchRequest, version: i16) -> (FetchAnswer, usize, bool) {
    let mut answer = FetchAnswer::default();
    let mut room = usize::try_from(request.max_bytes).unwrap_or_default();
    let (mut bytes, mut urgent) = (0, request.topics.is_empty());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let committed = request.isolation_level == 1;
            let fetched = match read(state, node, &topic.topic, asked, committed, room, bytes == 0) {
                Ok(fetched) => fetched,
                Err(error) => failed(asked.partition, error.code()),
            };
            urgent |=
                fetched.data.error_code != 0 || (version >= 12 && fetched.data.diverging_epoch != EpochEndOffset::default());
            bytes += fetched.chunk.len;
            room = room.saturating_sub(fetched.chunk.len);
            partitions.push(fetched);
        }
        answer.topics.push((topic.topic.clone(), partitions));
    }
    (answer, bytes, urgent)
}

fn read(
    state: &State,
    node: i32,
    topic: &TopicName,
    asked: &FetchPartition,
    committed: bool,
    room: usize,
    at_least_one: bool,
) -> Result<Fetched, ResponseError> {
    let partition = led(state, node, topic, asked.partition, asked.current_leader_epoch)?;
    let log = &partition.log;
    let (high_watermark, last_stable) = (log.high_watermark(), log.last_stable());
    let mut data = PartitionData::default()
        .with_partition_index(asked.partition)
        .with_high_watermark(high_watermark)
        .with_last_stable_offset(last_stable)
        .with_log_start_offset(log.log_start());
    if asked.last_fetched_epoch >= 0 {
        let (epoch, end) = log.epochs.end_of(asked.last_fetched_epoch, log.log_end());
        if epoch < 0 {
            return Err(ResponseError::OffsetOutOfRange);
        }
        if epoch < asked.last_fetched_epoch || end < asked.fetch_offset {
            data.diverging_epoch = EpochEndOffset::default().with_epoch(epoch).with_end_offset(end);
            return Ok(Fetched { data, chunk: Chunk::default() });
        }
    }
    if asked.fetch_offset < log.log_start() || asked.fetch_offset > log.log_end() {
        return Err(ResponseError::OffsetOutOfRange);
    }
    let limit = if committed { last_stable } else { high_watermark };
    let max_bytes = room.min(usize::try_from(asked.partition_max_bytes).unwrap_or_default());
    let chunk = log.read(asked.fetch_offset, limit, max_bytes, at_least_one);
    data.aborted_transactions = committed.then(|| {
        let aborted = log.aborted(asked.fetch_offset, chunk.upper.max(asked.fetch_offset + 1));
        let told = aborted.into_iter().map(|one| {
            AbortedTransaction::default().with_producer_id(ProducerId(one.producer_id)).with_first_offset(one.first_offset)
        });
        told.collect()
    });
    Ok(Fetched { data, chunk })
}

/// What Kafka answers for a partition that it cannot read: -1 for every offset, and no records.
pub(super) fn failed(partition: i32, code: i16) -> Fetched {
    let data = PartitionData::default()
        .with_partition_index(partition)
        .with_error_code(code)
        .with_high_watermark(-1)
        .with_last_stable_offset(-1)
        .with_log_start_offset(-1);
    Fetched { data, chunk: Chunk::default() }
}

impl FetchAnswer {
    /// As a message of `kafka-protocol`, records copied together.
    pub(super) fn into_response(self) -> FetchResponse {
        let topics = self.topics.into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|one| {
                let mut records = BytesMut::with_capacity(one.chunk.len);
                one.chunk.parts.iter().for_each(|part| records.extend_from_slice(part));
                one.data.with_records(Some(records.freeze()))
            });
            FetchableTopicResponse::default().with_topic(name).with_partitions(partitions.collect())
        });
        FetchResponse::default()
            .with_throttle_time_ms(self.throttle_ms)
            .with_error_code(self.error_code)
            .with_responses(topics.collect())
    }

    /// Encodes it without copying the records; the same bytes as `kafka-protocol` makes.
    pub(super) fn encode(self, frame: &mut Frame, version: i16) {
        let flexible = version >= 12;
        let out = frame.scratch();
        out.put_i32(self.throttle_ms);
        if version >= 7 {
            out.put_i16(self.error_code);
            out.put_i32(0);
        }
        put_count(out, flexible, self.topics.len());
        for (name, partitions) in self.topics {
            put_name(frame.scratch(), flexible, &name);
            put_count(frame.scratch(), flexible, partitions.len());
            for one in partitions {
                one.encode(frame, version);
            }
            put_no_tags(frame.scratch(), flexible);
        }
        put_no_tags(frame.scratch(), flexible);
    }
}

impl Fetched {
    fn encode(self, frame: &mut Frame, version: i16) {
        let flexible = version >= 12;
        let (data, out) = (&self.data, frame.scratch());
        out.put_i32(data.partition_index);
        out.put_i16(data.error_code);
        out.put_i64(data.high_watermark);
        out.put_i64(data.last_stable_offset);
        if version >= 5 {
            out.put_i64(data.log_start_offset);
        }
        match &data.aborted_transactions {
            None if flexible => out.put_u8(0),
            None => out.put_i32(-1),
            Some(aborted) => {
                put_count(out, flexible, aborted.len());
                for one in aborted {
                    out.put_i64(one.producer_id.0);
                    out.put_i64(one.first_offset);
                    put_no_tags(out, flexible);
                }
            }
        }
        if version >= 11 {
            out.put_i32(data.preferred_read_replica.0);
        }
        put_count(out, flexible, self.chunk.len);
        for part in self.chunk.parts {
            frame.push(part);
        }
        let diverging = &self.data.diverging_epoch;
        if flexible && *diverging != EpochEndOffset::default() {
            let out = frame.scratch();
            // One tag: number 0, of 13 bytes.
            out.put_slice(&[1, 0, 13]);
            out.put_i32(diverging.epoch);
            out.put_i64(diverging.end_offset);
            out.put_u8(0);
        } else {
            put_no_tags(frame.scratch(), flexible);
        }
    }
}

/// The count of an array or the length of bytes: 4 bytes, or one more as a variable-length number.
fn put_count(out: &mut BytesMut, flexible: bool, count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX - 1);
    if flexible {
        put_unsigned(out, count + 1);
    } else {
        out.put_u32(count);
    }
}

fn put_name(out: &mut BytesMut, flexible: bool, name: &TopicName) {
    let bytes: &Bytes = &name.0.clone().into_bytes();
    if flexible {
        put_count(out, true, bytes.len());
    } else {
        out.put_u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    }
    out.put_slice(bytes);
}

fn put_no_tags(out: &mut BytesMut, flexible: bool) {
    if flexible {
        out.put_u8(0);
    }
}

fn put_unsigned(out: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::BrokerId;
    use kafka_protocol::protocol::{Encodable, StrBytes};

    fn answer(diverging: bool) -> FetchAnswer {
        let mut first = failed(3, 6);
        first.data.aborted_transactions =
            Some(vec![AbortedTransaction::default().with_producer_id(ProducerId(4)).with_first_offset(9)]);
        if diverging {
            first.data.diverging_epoch = EpochEndOffset::default().with_epoch(2).with_end_offset(77);
        }
        let mut second = failed(200, 0);
        let parts = vec![Bytes::from_static(b"small"), Bytes::from(vec![1; 4000]), Bytes::from_static(b"tail")];
        second.chunk = Chunk { len: parts.iter().map(Bytes::len).sum(), parts, upper: 0 };
        second.data.preferred_read_replica = BrokerId(-1);
        let name = TopicName(StrBytes::from_static_str("orders"));
        FetchAnswer { throttle_ms: 5, error_code: 0, topics: vec![(name, vec![first, second])] }
    }

    #[test]
    fn every_version_is_encoded_as_kafka_protocol_encodes_it() {
        for version in 4..=12 {
            for diverging in [false, version >= 12] {
                let mut frame = Frame::new();
                answer(diverging).encode(&mut frame, version);
                let mut expected = BytesMut::new();
                answer(diverging).into_response().encode(&mut expected, version).expect("it can be said");
                assert_eq!(frame.finish().flat()[4..], expected, "version {version}, diverging {diverging}");
            }
        }
    }
}
