//! ListOffsets (2) and OffsetForLeaderEpoch (23): where a log begins, ends, was at a time, and where an epoch ended.

use super::Context;
use crate::batch::{BatchHeader, RawBatch, ReadRecord};
use crate::log::{Located, PartitionLog};
use crate::settings::Settings;
use crate::state::{PartitionState, State};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kafka_protocol::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
/// The end of what tiered storage holds: nothing here.
const LATEST_TIERED: i64 = -5;

pub(super) fn handle(context: &Context, request: &ListOffsetsRequest, version: i16) -> ListOffsetsResponse {
    let state = context.shared.state();
    let committed = request.isolation_level == 1;
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer = ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
            match led(&state, context.node, &topic.name, asked.partition_index, asked.current_leader_epoch) {
                Err(error) => answer.with_error_code(error.code()).with_offset(-1),
                // A leader whose high watermark is below its own first offset does not know yet where the log ends (KIP-207).
                Ok(partition) if asked.timestamp >= LATEST && partition.log.epochs.begun() > partition.log.high_watermark() => {
                    let unknown = ResponseError::OffsetNotAvailable;
                    let error = if version >= 5 { unknown } else { ResponseError::LeaderNotAvailable };
                    answer.with_error_code(error.code()).with_offset(-1)
                }
                Ok(partition) => {
                    let (timestamp, offset) = look_up(&partition.log, asked.timestamp, committed, &context.shared.settings);
                    let answer = answer.with_timestamp(timestamp).with_offset(offset);
                    // The answer has this field since version 4.
                    if version >= 4 { answer.with_leader_epoch(partition.leader_epoch) } else { answer }
                }
            }
        });
        ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

pub(super) fn end_of_epoch(context: &Context, request: &OffsetForLeaderEpochRequest) -> OffsetForLeaderEpochResponse {
    let state = context.shared.state();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer = EpochEndOffset::default().with_partition(asked.partition);
            match led(&state, context.node, &topic.topic, asked.partition, asked.current_leader_epoch) {
                Err(error) => answer.with_error_code(error.code()),
                Ok(partition) => {
                    let (epoch, end) = partition.log.epochs.end_of(asked.leader_epoch, partition.log.log_end());
                    answer.with_leader_epoch(epoch).with_end_offset(end)
                }
            }
        });
        OffsetForLeaderTopicResult::default().with_topic(topic.topic.clone()).with_partitions(partitions.collect())
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}

/// The partition, where this node leads it and the client knows of that leader.
pub(super) fn led<'a>(
    state: &'a State,
    node: i32,
    topic: &str,
    partition: i32,
    client_epoch: i32,
) -> Result<&'a PartitionState, ResponseError> {
    let partition = state.partition(topic, partition).ok_or(ResponseError::UnknownTopicOrPartition)?;
    partition.serves(node, client_epoch, true)?;
    Ok(partition)
}

/// Timestamp and offset; -1 and -1 where there is none.
fn look_up(log: &PartitionLog, asked: i64, committed: bool, settings: &Settings) -> (i64, i64) {
    let limit = if committed { log.last_stable() } else { log.high_watermark() };
    match asked {
        LATEST => (-1, limit),
        EARLIEST | EARLIEST_LOCAL => (-1, log.log_start()),
        LATEST_TIERED => (-1, -1),
        MAX_TIMESTAMP => {
            let readable = log.batches(log.log_start()).take_while(|batch| batch.last_offset < limit);
            // The first of equal ones, as Kafka has it.
            let latest = readable.fold(None, |best: Option<Located>, batch| match best {
                Some(best) if best.max_timestamp >= batch.max_timestamp => Some(best),
                _ => Some(batch),
            });
            latest.and_then(|batch| within(&batch, batch.max_timestamp, settings)).unwrap_or((-1, -1))
        }
        time => {
            let mut readable = log.batches(log.log_start()).take_while(|batch| batch.last_offset < limit);
            let found =
                readable.find_map(|batch| if batch.max_timestamp >= time { within(&batch, time, settings) } else { None });
            found.map(|(timestamp, offset)| (timestamp, offset.max(log.log_start()))).unwrap_or((-1, -1))
        }
    }
}

/// The first record of a batch that is not earlier than `time`. Of a compressed batch that nobody can decompress it is the first
/// record at all: too early rather than too late.
fn within(batch: &Located, time: i64, settings: &Settings) -> Option<(i64, i64)> {
    let bytes = batch.whole();
    let header = BatchHeader::read(&bytes).ok()?;
    match records(&bytes, header, settings) {
        Some(records) => records.iter().find(|record| record.timestamp >= time).map(|record| (record.timestamp, record.offset)),
        None => Some((header.base_timestamp, header.base_offset)),
    }
}

fn records(bytes: &Bytes, header: BatchHeader, settings: &Settings) -> Option<Vec<ReadRecord>> {
    let raw = RawBatch { header, bytes };
    let codec = (header.attributes & 7) as u8;
    if codec == 0 {
        return raw.records().ok();
    }
    let section = settings.decompress.as_ref()?(codec, bytes.get(crate::HEADER_LEN..)?)?;
    raw.records_of(&section).ok()
}
