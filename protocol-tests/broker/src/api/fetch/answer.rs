//! The answer to a fetch: its records stay in the pieces in which they are stored.

use crate::frame::Frame;
use crate::log::Chunk;
use crate::state::TopicRef;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::fetch_response::{
    EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{FetchResponse, TopicName};
use kafka_protocol::protocol::Encodable;
use uuid::Uuid;

/// A fetch response whose records are still in the pieces in which they are stored.
#[derive(Debug, Default)]
pub(crate) struct FetchAnswer {
    pub(in crate::api) throttle_ms: i32,
    pub(in crate::api) error_code: i16,
    pub(in crate::api) session_id: i32,
    pub(in crate::api) topics: Vec<FetchedTopic>,
    /// Where the leaders are that its partitions name.
    pub(in crate::api) node_endpoints: Vec<NodeEndpoint>,
}

/// Partitions of one topic; the name is told up to version 12, the id from 13.
#[derive(Debug)]
pub(in crate::api) struct FetchedTopic {
    pub(in crate::api) name: TopicName,
    pub(in crate::api) id: Uuid,
    pub(in crate::api) partitions: Vec<Fetched>,
}

/// One partition of it; `data.records` is not used.
#[derive(Debug)]
pub(in crate::api) struct Fetched {
    pub(in crate::api) data: PartitionData,
    pub(in crate::api) chunk: Chunk,
    /// Whether there was anything to read, however much of it was.
    pub(super) more: bool,
}

/// What Kafka answers for a partition that it cannot read: -1 for every offset, and no records.
pub(in crate::api) fn failed(partition: i32, code: i16) -> Fetched {
    let data = PartitionData::default()
        .with_partition_index(partition)
        .with_error_code(code)
        .with_high_watermark(-1)
        .with_last_stable_offset(-1)
        .with_log_start_offset(-1);
    Fetched { data, chunk: Chunk::default(), more: false }
}

impl FetchAnswer {
    /// Puts a partition behind those that are there.
    pub(super) fn push(&mut self, topic: &TopicRef, fetched: Fetched) {
        let name = topic.name.clone().unwrap_or_default();
        match self.topics.last_mut() {
            Some(last) if last.id == topic.id && last.name == name => last.partitions.push(fetched),
            _ => self.topics.push(FetchedTopic { name, id: topic.id, partitions: vec![fetched] }),
        }
    }

    /// As a message of `kafka-protocol`, records copied together.
    pub(in crate::api) fn into_response(self) -> FetchResponse {
        let topics = self.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.into_iter().map(|one| {
                let mut records = BytesMut::with_capacity(one.chunk.len);
                one.chunk.parts.iter().for_each(|part| records.extend_from_slice(part));
                one.data.with_records(Some(records.freeze()))
            });
            FetchableTopicResponse::default().with_topic(topic.name).with_topic_id(topic.id).with_partitions(partitions.collect())
        });
        FetchResponse::default()
            .with_throttle_time_ms(self.throttle_ms)
            .with_error_code(self.error_code)
            .with_session_id(self.session_id)
            .with_responses(topics.collect())
            .with_node_endpoints(self.node_endpoints)
    }

    /// Encodes it without copying the records; the same bytes as `kafka-protocol` makes.
    pub(in crate::api) fn encode(self, frame: &mut Frame, version: i16) {
        let flexible = version >= 12;
        let out = frame.scratch();
        out.put_i32(self.throttle_ms);
        if version >= 7 {
            out.put_i16(self.error_code);
            out.put_i32(self.session_id);
        }
        put_count(out, flexible, self.topics.len());
        for topic in self.topics {
            if version >= 13 {
                frame.scratch().put_slice(topic.id.as_bytes());
            } else {
                put_name(frame.scratch(), flexible, &topic.name);
            }
            put_count(frame.scratch(), flexible, topic.partitions.len());
            for one in topic.partitions {
                one.encode(frame, version);
            }
            put_no_tags(frame.scratch(), flexible);
        }
        if version >= 16 && !self.node_endpoints.is_empty() {
            let mut nodes = BytesMut::new();
            put_count(&mut nodes, true, self.node_endpoints.len());
            self.node_endpoints.iter().for_each(|node| put_struct(&mut nodes, node, version));
            let out = frame.scratch();
            put_unsigned(out, 1);
            put_tag(out, 0, &nodes);
        } else {
            put_no_tags(frame.scratch(), flexible);
        }
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
        if !flexible {
            return;
        }
        let (diverging, leader) = (&self.data.diverging_epoch, &self.data.current_leader);
        let tagged = [*diverging != EpochEndOffset::default(), *leader != LeaderIdAndEpoch::default()];
        let out = frame.scratch();
        put_unsigned(out, tagged.iter().map(|tag| u32::from(*tag)).sum());
        let mut tag = BytesMut::new();
        if tagged[0] {
            put_struct(&mut tag, diverging, version);
            put_tag(out, 0, &tag.split());
        }
        if tagged[1] {
            put_struct(&mut tag, leader, version);
            put_tag(out, 1, &tag);
        }
    }

    /// Whether the client must hear of it at once.
    pub(super) fn is_urgent(&self) -> bool {
        self.data.error_code != 0
            || self.data.diverging_epoch != EpochEndOffset::default()
            || self.data.preferred_read_replica.0 >= 0
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

fn put_struct(out: &mut BytesMut, value: &impl Encodable, version: i16) {
    // The only errors are of versions that have no such field.
    if let Err(error) = value.encode(out, version) {
        tracing::error!(%error, "a tagged field cannot be encoded");
    }
}

fn put_tag(out: &mut BytesMut, tag: u32, value: &[u8]) {
    put_unsigned(out, tag);
    put_unsigned(out, u32::try_from(value.len()).unwrap_or(u32::MAX));
    out.put_slice(value);
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
    use kafka_protocol::messages::fetch_response::AbortedTransaction;
    use kafka_protocol::messages::{BrokerId, ProducerId};
    use kafka_protocol::protocol::StrBytes;

    fn answer(diverging: bool, hinted: bool) -> FetchAnswer {
        let mut first = failed(3, 6);
        first.data.aborted_transactions =
            Some(vec![AbortedTransaction::default().with_producer_id(ProducerId(4)).with_first_offset(9)]);
        if diverging {
            first.data.diverging_epoch = EpochEndOffset::default().with_epoch(2).with_end_offset(77);
        }
        let mut node_endpoints = Vec::new();
        if hinted {
            first.data.current_leader = LeaderIdAndEpoch::default().with_leader_id(BrokerId(300)).with_leader_epoch(8);
            let rack = Some(StrBytes::from_static_str("r"));
            let node = NodeEndpoint::default().with_node_id(BrokerId(300)).with_host(StrBytes::from_static_str("host"));
            node_endpoints.push(node.with_port(9092).with_rack(rack));
        }
        let mut second = failed(200, 0);
        let parts = vec![Bytes::from_static(b"small"), Bytes::from(vec![1; 4000]), Bytes::from_static(b"tail")];
        second.chunk = Chunk { len: parts.iter().map(Bytes::len).sum(), parts, upper: 0 };
        second.data.preferred_read_replica = BrokerId(-1);
        let name = TopicName(StrBytes::from_static_str("orders"));
        let topic = FetchedTopic { name, id: Uuid::from_u128(77), partitions: vec![first, second] };
        FetchAnswer { throttle_ms: 5, error_code: 0, session_id: 0, topics: vec![topic], node_endpoints }
    }

    #[test]
    fn every_version_is_encoded_as_kafka_protocol_encodes_it() {
        for version in 4..=17 {
            for (diverging, hinted) in
                [(false, false), (version >= 12, false), (version >= 12, version >= 16), (false, version >= 16)]
            {
                let mut frame = Frame::new();
                answer(diverging, hinted).encode(&mut frame, version);
                let mut expected = BytesMut::new();
                answer(diverging, hinted).into_response().encode(&mut expected, version).expect("it can be said");
                assert_eq!(frame.finish().flat()[4..], expected, "version {version}, diverging {diverging}, hinted {hinted}");
            }
        }
    }
}
