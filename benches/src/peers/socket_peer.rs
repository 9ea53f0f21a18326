//! What the socket allows: blocking connections that ask for the same fetches, walk the batch headers of the answers, and do nothing else.
//!
//! Nothing is checked and no record is looked at, so only rows are counted: whoever makes columns cannot be faster than this by much.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{BrokerId, FetchRequest, MetadataRequest, MetadataResponse, RequestHeader, TopicName};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};

use crate::Outcome;
use crate::arguments::Peer;
use crate::sums::Sums;

/// The last versions whose answers have no tags.
const METADATA: i16 = 8;
const FETCH: i16 = 11;

const FETCH_BYTES: i32 = 4 << 20;
const WAIT_MS: i32 = 100;

/// Up to and including the batch length.
const COUNTED_FROM: usize = 12;
const LAST_OFFSET_DELTA: usize = 23;
const RECORD_COUNT: usize = 57;

/// Reads all partitions over as many connections, one thread each; partitions are dealt out in turns.
pub(super) fn run(peer: &Peer, connections: usize) -> Outcome<Sums> {
    let leaders = leaders(peer)?;
    let mut shares: BTreeMap<(usize, &str), Vec<(i32, i64)>> = BTreeMap::new();
    for (turn, (partition, broker)) in leaders.iter().enumerate() {
        shares.entry((turn % connections, broker)).or_default().push((*partition, 0));
    }
    let rows = std::thread::scope(|scope| {
        let readers: Vec<_> = shares
            .into_iter()
            .map(|((_, broker), partitions)| {
                scope.spawn(move || read(peer, broker, partitions).map_err(|error| error.to_string()))
            })
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap_or_else(|_| Err("a reader panicked".into())))
            .sum::<Result<u64, _>>()
    })?;
    let mut sums = Sums::default();
    sums.add(usize::try_from(rows)?, []);
    if rows == peer.rows { Ok(sums) } else { Err(format!("{rows} rows instead of {}", peer.rows).into()) }
}

/// The address of each partition's leader.
fn leaders(peer: &Peer) -> Outcome<BTreeMap<i32, String>> {
    let mut connection = Connection::open(peer.brokers.split(',').next().unwrap_or_default())?;
    let topic = MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_string(peer.topic.clone()))));
    connection.ask(&MetadataRequest::default().with_topics(Some(vec![topic])), METADATA)?;
    let mut frame = connection.answer()?;
    let response = MetadataResponse::decode(&mut frame, METADATA)?;
    let address = |node: BrokerId| response.brokers.iter().find(|broker| broker.node_id == node);
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    partitions
        .map(|partition| {
            let broker = address(partition.leader_id).ok_or("a partition has no leader")?;
            Ok((partition.partition_index, format!("{}:{}", broker.host.as_str(), broker.port)))
        })
        .collect()
}

/// Reads these partitions to their ends, as they are at the last answer, and gives the number of their records.
fn read(peer: &Peer, broker: &str, mut partitions: Vec<(i32, i64)>) -> Outcome<u64> {
    let mut connection = Connection::open(broker)?;
    let mut rows = 0;
    connection.fetch(peer, &partitions)?;
    loop {
        let frame = connection.answer()?;
        let answers = answers(frame)?;
        let mut asked = partitions.clone();
        let mut walks = Vec::new();
        for answer in &answers {
            let (records, next) = walk(answer.records);
            walks.push(records);
            for (partition, position) in &mut asked {
                if *partition == answer.partition {
                    *position = next.unwrap_or(*position);
                }
            }
        }
        rows += walks.iter().sum::<u64>();
        // Who was behind the others comes first.
        asked.retain(|(partition, position)| {
            answers.iter().all(|answer| answer.partition != *partition || *position < answer.high_watermark)
        });
        if asked.is_empty() {
            return Ok(rows);
        }
        asked.rotate_left(1);
        partitions = asked;
        connection.fetch(peer, &partitions)?;
    }
}

/// A partition's part of an answer.
struct Answer<'a> {
    partition: i32,
    high_watermark: i64,
    records: &'a [u8],
}

/// The partitions of a fetch answer of version [`FETCH`].
fn answers(frame: &[u8]) -> Outcome<Vec<Answer<'_>>> {
    let mut fields = Fields(frame);
    fields.skip(4)?; // throttle
    let error = fields.array::<2>()?;
    fields.skip(4)?; // session
    let mut answers = Vec::new();
    for _ in 0..fields.i32()? {
        let name = i16::from_be_bytes(fields.array()?);
        fields.skip(usize::try_from(name)?)?;
        for _ in 0..fields.i32()? {
            let partition = fields.i32()?;
            let refused = fields.array::<2>()?;
            let high_watermark = i64::from_be_bytes(fields.array()?);
            fields.skip(16)?; // last stable offset, log start
            let aborted = usize::try_from(fields.i32()?).unwrap_or(0);
            fields.skip(16 * aborted + 4)?; // preferred replica
            let length = usize::try_from(fields.i32()?).unwrap_or(0);
            if error != [0, 0] || refused != [0, 0] {
                return Err(format!("partition {partition} is refused: {error:?}, {refused:?}").into());
            }
            answers.push(Answer { partition, high_watermark, records: fields.take(length)? });
        }
    }
    Ok(answers)
}

/// How many records the whole batches hold, and the offset behind them.
fn walk(mut bytes: &[u8]) -> (u64, Option<i64>) {
    let (mut records, mut next) = (0, None);
    while let Some(batch) = whole(bytes) {
        let number = |at: usize| batch.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| i32::from_be_bytes(*four));
        let base = batch.first_chunk().map_or(0, |eight| i64::from_be_bytes(*eight));
        records += u64::try_from(number(RECORD_COUNT)).unwrap_or(0);
        next = Some(base + i64::from(number(LAST_OFFSET_DELTA)) + 1);
        bytes = bytes.get(batch.len()..).unwrap_or_default();
    }
    (records, next)
}

fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.get(COUNTED_FROM - 4..)?.first_chunk()?;
    bytes.get(..COUNTED_FROM + usize::try_from(i32::from_be_bytes(*length)).ok()?)
}

/// A connection that reads into one buffer.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    fn fetch(&mut self, peer: &Peer, positions: &[(i32, i64)]) -> Outcome {
        let partitions = positions.iter().map(|(partition, position)| {
            FetchPartition::default()
                .with_partition(*partition)
                .with_fetch_offset(*position)
                .with_partition_max_bytes(FETCH_BYTES)
        });
        let topic = FetchTopic::default()
            .with_topic(TopicName(StrBytes::from_string(peer.topic.clone())))
            .with_partitions(partitions.collect());
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(WAIT_MS)
            .with_min_bytes(1)
            .with_max_bytes(FETCH_BYTES)
            .with_session_epoch(-1)
            .with_topics(vec![topic]);
        self.ask(&request, FETCH)
    }

    fn ask<Q: Request>(&mut self, request: &Q, version: i16) -> Outcome {
        let header = RequestHeader::default().with_request_api_key(Q::KEY).with_request_api_version(version);
        let mut bytes = BytesMut::new();
        bytes.put_i32(0);
        header.encode(&mut bytes, Q::header_version(version))?;
        request.encode(&mut bytes, version)?;
        let length = u32::try_from(bytes.len() - 4)?.to_be_bytes();
        bytes.iter_mut().zip(length).for_each(|(byte, of_length)| *byte = of_length);
        Ok(self.stream.write_all(&bytes)?)
    }

    /// The next answer, behind its correlation id.
    fn answer(&mut self) -> Outcome<&[u8]> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = usize::try_from(i32::from_be_bytes(length))?;
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        let frame = self.buffer.get_mut(..length).unwrap_or_default();
        self.stream.read_exact(frame)?;
        frame.get(4..).ok_or_else(|| "an answer is shorter than its header".into())
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("an answer ends early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> Outcome {
        self.take(count).map(drop)
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        self.take(N)?.first_chunk().copied().ok_or_else(|| "an answer ends early".into())
    }

    fn i32(&mut self) -> Outcome<i32> {
        Ok(i32::from_be_bytes(self.array()?))
    }
}
