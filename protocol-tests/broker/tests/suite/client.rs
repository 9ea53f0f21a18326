//! A client of a few lines: one blocking socket, messages of `kafka-protocol`, nothing tried again.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{FetchRequest, FetchResponse, RequestHeader, ResponseHeader, TopicName};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use kolumn_test_broker::{ReadRecord, TestCluster, batches, kafka_protocol};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    correlation_id: i32,
}

impl Client {
    pub(crate) fn connect(cluster: &TestCluster, node: i32) -> Self {
        let stream = TcpStream::connect(cluster.address(node)).expect("the node listens");
        stream.set_nodelay(true).expect("a socket");
        // No test waits for this; it turns a hang into a failure.
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        Self { stream, correlation_id: 100 }
    }

    pub(crate) fn send<Q: Request>(&mut self, version: i16, request: &Q) -> i32 {
        self.correlation_id += 1;
        let mut frame = BytesMut::new();
        frame.put_u32(0);
        let header = RequestHeader::default()
            .with_request_api_key(Q::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id)
            .with_client_id(Some(StrBytes::from_static_str("suite")));
        header.encode(&mut frame, Q::header_version(version)).expect("a header");
        request.encode(&mut frame, version).expect("a request");
        let length = u32::try_from(frame.len() - 4).expect("a length");
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&frame).expect("the node reads");
        self.correlation_id
    }

    /// The next frame, without its length.
    pub(crate) fn frame(&mut self) -> io::Result<Bytes> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a sound length")];
        self.stream.read_exact(&mut frame)?;
        Ok(Bytes::from(frame))
    }

    pub(crate) fn receive<Q: Request>(&mut self, version: i16) -> io::Result<(i32, Q::Response)> {
        let mut frame = self.frame()?;
        let header = ResponseHeader::decode(&mut frame, Q::Response::header_version(version)).expect("a response header");
        let response = Q::Response::decode(&mut frame, version).expect("a response");
        assert!(frame.is_empty(), "{} bytes follow the response", frame.len());
        Ok((header.correlation_id, response))
    }

    pub(crate) fn call<Q: Request>(&mut self, version: i16, request: &Q) -> Q::Response {
        let sent = self.send(version, request);
        let (received, response) = self.receive::<Q>(version).expect("an answer");
        assert_eq!(sent, received, "the correlation id");
        response
    }

    /// Whatever comes until the node closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = self.stream.read_to_end(&mut bytes);
        bytes
    }
}

pub(crate) fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from(topic.to_owned()))
}

/// A fetch of one partition that does not wait.
pub(crate) fn fetch(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let asked = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(name(topic)).with_partitions(vec![asked]);
    FetchRequest::default().with_max_bytes(1 << 20).with_min_bytes(1).with_max_wait_ms(0).with_topics(vec![topic])
}

/// Error code and records of the only partition.
pub(crate) fn only(response: &FetchResponse) -> (i16, Vec<ReadRecord>) {
    assert_eq!((response.responses.len(), response.responses[0].partitions.len()), (1, 1));
    let partition = &response.responses[0].partitions[0];
    let bytes = partition.records.clone().unwrap_or_default();
    let records = batches(&bytes).flat_map(|batch| batch.expect("a batch").records().expect("records")).collect();
    (partition.error_code, records)
}

pub(crate) fn values(records: &[ReadRecord]) -> Vec<String> {
    let text = |record: &ReadRecord| String::from_utf8(record.value.clone().unwrap_or_default()).expect("text");
    records.iter().map(text).collect()
}

/// The request as this version has it: topics by their ids from version 13.
pub(crate) fn by_id(mut request: FetchRequest, cluster: &TestCluster, version: i16) -> FetchRequest {
    if version >= 13 {
        for topic in &mut request.topics {
            topic.topic_id = cluster.topic_id(&topic.topic);
            topic.topic = TopicName::default();
        }
        for topic in &mut request.forgotten_topics_data {
            topic.topic_id = cluster.topic_id(&topic.topic);
            topic.topic = TopicName::default();
        }
    }
    request
}
