//! Writes the corpus of the fuzz targets from what a real Apache Kafka answers: `fuzz/README.md`.
//!
//!     cargo run -p kolumn-protocol-tests --example fuzz_corpus

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{RequestHeader, TopicName};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};
use kolumn_protocol_tests::{Codec, Kafka, Production, Shape, Workload, Writer};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The header of a batch.
const HEADER: usize = 61;

fn main() -> Outcome {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let kafka = Kafka::start()?;
    let broker = kafka.address(1)?;
    let mut topics = Vec::new();
    for writer in [Writer::Java, Writer::Librdkafka] {
        for codec in Codec::ALL {
            let topic = format!("{writer:?}-{codec}").to_lowercase();
            kafka.create_topic(&topic, 2)?;
            let workload = Workload {
                headers: if codec == Codec::None { 3 } else { 0 },
                null_keys_every: 3,
                null_values_every: 5,
                value: Shape::Account,
                ..Workload::orders(7, 16, 2)
            };
            let production = Production::new(writer, &topic, workload).codec(codec);
            let production = if codec == Codec::None { production.transactions(4, 2) } else { production };
            production.run(&kafka.bootstrap())?;
            topics.push(topic);
        }
    }
    let corpus = Corpus { root: corpus };
    answers(&corpus, broker, &topics)?;
    segments(&corpus)?;
    Ok(())
}

/// The answers to every request in every version.
fn answers(corpus: &Corpus, broker: SocketAddr, topics: &[String]) -> Outcome {
    let first = name(&topics[0]);
    for version in 0..=4 {
        let request = kafka::ApiVersionsRequest::default();
        let request = if version >= 3 {
            request.with_client_software_name(text("k")).with_client_software_version(text("1"))
        } else {
            request
        };
        corpus.answer(0, "api-versions", (0, version), &exchange(broker, version, &request)?)?;
    }
    let mut ids = std::collections::BTreeMap::new();
    for version in 4..=13 {
        let asked = topics.iter().take(2).map(|topic| MetadataRequestTopic::default().with_name(Some(name(topic))));
        let request = kafka::MetadataRequest::default().with_topics(Some(asked.collect()));
        let answer = exchange(broker, version, &request)?;
        corpus.answer(1, "metadata", (4, version), &answer)?;
        let all = exchange(broker, 12, &kafka::MetadataRequest::default().with_topics(None))?;
        let mut body = Bytes::from(all).slice(1..); // the header's tagged fields, of which there are none
        for topic in kafka::MetadataResponse::decode(&mut body, 12)?.topics {
            ids.insert(topic.name.map(|name| name.0.to_string()).unwrap_or_default(), topic.topic_id);
        }
    }
    for version in 1..=10 {
        let partitions = [-1, -2, 0].map(|timestamp| ListOffsetsPartition::default().with_timestamp(timestamp));
        let topic = ListOffsetsTopic::default().with_name(first.clone()).with_partitions(partitions.to_vec());
        let request = kafka::ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
        corpus.answer(2, "list-offsets", (1, version), &exchange(broker, version, &request)?)?;
    }
    for version in 1..=9 {
        let request = if version < 8 {
            let topic = OffsetFetchRequestTopic::default().with_name(first.clone()).with_partition_indexes(vec![0, 1]);
            kafka::OffsetFetchRequest::default().with_group_id(text("g").into()).with_topics(Some(vec![topic]))
        } else {
            let topic = OffsetFetchRequestTopics::default().with_name(first.clone()).with_partition_indexes(vec![0, 1]);
            let group = OffsetFetchRequestGroup::default().with_group_id(text("g").into()).with_topics(Some(vec![topic]));
            kafka::OffsetFetchRequest::default().with_groups(vec![group])
        };
        corpus.answer(3, "offset-fetch", (1, version), &exchange(broker, version, &request)?)?;
    }
    for version in 0..=6 {
        let request = kafka::FindCoordinatorRequest::default();
        let request =
            if version < 4 { request.with_key(text("g")) } else { request.with_coordinator_keys(vec![text("g"), text("h")]) };
        corpus.answer(4, "find-coordinator", (0, version), &exchange(broker, version, &request)?)?;
    }
    for version in 2..=4 {
        let partition = OffsetForLeaderPartition::default().with_leader_epoch(0);
        let topic = OffsetForLeaderTopic::default().with_topic(first.clone()).with_partitions(vec![partition]);
        let request = kafka::OffsetForLeaderEpochRequest::default().with_topics(vec![topic]);
        let request = if version >= 3 { request.with_replica_id((-1).into()) } else { request };
        corpus.answer(5, "leader-epoch", (2, version), &exchange(broker, version, &request)?)?;
    }
    for version in 4..=17 {
        let last = version == 17;
        for topic in topics.iter().take(if last { topics.len() } else { 1 }) {
            let partitions =
                [0, 1].map(|partition| FetchPartition::default().with_partition(partition).with_partition_max_bytes(1 << 20));
            let asked = FetchTopic::default().with_partitions(partitions.to_vec());
            let asked = if version < 13 { asked.with_topic(name(topic)) } else { asked.with_topic_id(ids[topic]) };
            let request = kafka::FetchRequest::default()
                .with_isolation_level(1)
                .with_max_bytes(1 << 20)
                .with_max_wait_ms(100)
                .with_topics(vec![asked]);
            let request = if version < 15 { request.with_replica_id((-1).into()) } else { request };
            let answer = exchange(broker, version, &request)?;
            let selector = u8::try_from(version - 4)?;
            corpus.write("fetch_response", &format!("{topic}-v{version}"), &[&[selector], &answer[..]].concat())?;
            if last {
                let mut body = Bytes::from(answer).slice(1..);
                let response = kafka::FetchResponse::decode(&mut body, version)?;
                for partition in response.responses.iter().flat_map(|topic| &topic.partitions) {
                    let records = partition.records.clone().unwrap_or_default();
                    corpus.records(&format!("{topic}-{}", partition.partition_index), &records)?;
                }
            }
        }
    }
    Ok(())
}

/// What an old broker stored: `fixtures/formats`.
fn segments(corpus: &Corpus) -> Outcome {
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats"))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            corpus.records(&name, &fs::read(&path)?)?;
        }
    }
    Ok(())
}

/// The folders of the targets' inputs.
struct Corpus {
    root: PathBuf,
}

impl Corpus {
    fn write(&self, target: &str, name: &str, input: &[u8]) -> Outcome {
        let folder = self.root.join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), input)?)
    }

    /// An answer for the target `response`: which API, which version from the lowest that kolumn speaks, and the bytes.
    fn answer(&self, api: u8, name: &str, (lowest, version): (i16, i16), answer: &[u8]) -> Outcome {
        let head = [api, u8::try_from(version - lowest)?];
        self.write("response", &format!("{name}-v{version}"), &[&head, answer].concat())?;
        let length = u32::try_from(answer.len())?.to_be_bytes();
        let frame = [&[7][..], &length, answer, &length, answer].concat();
        if version == lowest { self.write("frames", name, &frame) } else { Ok(()) }
    }

    /// What a partition holds, for every target that reads records or a part of them.
    fn records(&self, name: &str, records: &[u8]) -> Outcome {
        if records.is_empty() {
            return Ok(());
        }
        self.write("batches", name, records)?;
        let mut rest = records;
        let mut count = 0;
        while let Some((head, _)) = rest.split_first_chunk::<17>() {
            let length = i32::from_be_bytes([head[8], head[9], head[10], head[11]]);
            let (entry, after) = rest.split_at(12 + usize::try_from(length)?);
            let name = format!("{name}-{count}");
            if head[16] == 2 {
                let codec = entry[22] & 7;
                self.write("decompress", &name, &[&[codec], &entry[HEADER..]].concat())?;
                // Count, last delta, base offset, attributes.
                let head = [&entry[57..61], &entry[23..27], &entry[..8], &entry[21..23]].concat();
                if codec == 0 {
                    self.write("records", &name, &[&head, &entry[HEADER..]].concat())?;
                }
            } else {
                let (magic, codec) = (entry[16], entry[17] & 7);
                let key = if magic == 0 { 18 } else { 26 };
                if codec == 0 {
                    let set = [&[magic][..], &entry[..8], entry].concat();
                    self.write("messages", &name, &set)?;
                } else {
                    // No wrapper has a key; behind its length is that of the value.
                    self.write("decompress", &name, &[&[codec], &entry[key + 8..]].concat())?;
                }
            }
            (rest, count) = (after, count + 1);
        }
        Ok(())
    }
}

/// Sends a request on a connection of its own; the answer from behind its correlation id.
fn exchange<Q: Request>(broker: SocketAddr, version: i16, request: &Q) -> Outcome<Vec<u8>> {
    let header = RequestHeader::default().with_request_api_key(Q::KEY).with_request_api_version(version);
    let header = header.with_correlation_id(1).with_client_id(Some(text("corpus")));
    let mut message = BytesMut::new();
    header.encode(&mut message, Q::header_version(version))?;
    request.encode(&mut message, version).map_err(|error| format!("api {} version {version}: {error}", Q::KEY))?;
    let mut stream = TcpStream::connect(broker)?;
    stream.write_all(&u32::try_from(message.len())?.to_be_bytes())?;
    stream.write_all(&message)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length))?];
    stream.read_exact(&mut answer)?;
    Ok(answer.split_off(4))
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn name(topic: &str) -> TopicName {
    TopicName(text(topic))
}
