//! Which offset is the first, the next, or the first of a time: ListOffsets, asked of each partition's leader.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, ListOffsetsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::refusal::{Trouble, refused};
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

const LEADER_NOT_AVAILABLE: i16 = 5;

/// The first version that says how long a look into remote storage may take (KIP-1075).
const TIMEOUT: i16 = 10;

/// Which offset is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OffsetQuery {
    /// The first that the log holds.
    Earliest,
    /// The one after the last: of the log, or of what no open transaction is before.
    Latest { read_committed: bool },
    /// The first whose timestamp is at least this (ms); -1 where there is none.
    Timestamp(i64),
}

impl OffsetQuery {
    /// The protocol's timestamp, of which negative ones are special.
    fn timestamp(self) -> i64 {
        match self {
            Self::Earliest => -2,
            Self::Latest { .. } => -1,
            Self::Timestamp(time) => time.max(0),
        }
    }

    fn isolation(self) -> i8 {
        i8::from(matches!(self, Self::Latest { read_committed: true }))
    }

    fn lowest(self) -> Offset {
        if matches!(self, Self::Timestamp(_)) { -1 } else { 0 }
    }
}

/// A question to the leader of a partition.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) topic: Arc<str>,
    pub(super) partition: Partition,
    pub(super) leader: Option<i32>,
    /// What metadata says of its epoch: a leader of an older one refuses to answer. -1 where it says nothing.
    pub(super) leader_epoch: i32,
    pub(super) query: OffsetQuery,
}

/// What became of each question, by topic and partition.
pub(super) type Answers = BTreeMap<(Arc<str>, Partition), Result<Offset, Trouble>>;

impl Cluster {
    /// Asks for one offset of each partition; the answer has all of them.
    ///
    /// Leaders are asked at the same time. Partitions whose leader has moved, or that have none, are asked for again.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPartition`], what a broker refuses for good, and after `default.api.timeout.ms` what stood in the way last.
    pub(crate) async fn offsets(
        &mut self,
        topic: &str,
        queries: &[(Partition, OffsetQuery)],
    ) -> Result<BTreeMap<Partition, Offset>> {
        let mut found = BTreeMap::new();
        if queries.is_empty() {
            return Ok(found);
        }
        self.persist(format!("offsets of topic {topic:?}"), async |cluster, _| {
            let view = cluster.try_topic(topic).await?;
            let mut open = Vec::new();
            for &(partition, query) in queries.iter().filter(|(partition, _)| !found.contains_key(partition)) {
                let Some(known) = view.partitions.get(&partition) else {
                    let count = i32::try_from(view.partitions.len()).unwrap_or(i32::MAX);
                    return Err(Trouble::Final(Error::UnknownPartition { topic: topic.to_owned(), partition, count }));
                };
                open.push(Asking {
                    topic: Arc::clone(&view.topic),
                    partition,
                    leader: known.leader,
                    leader_epoch: known.leader_epoch,
                    query,
                });
            }
            let mut passing = None;
            for ((_, partition), answer) in cluster.ask_leaders(&open).await {
                match answer {
                    Ok(offset) => drop(found.insert(partition, offset)),
                    Err(trouble @ Trouble::Final(_)) => return Err(trouble),
                    Err(trouble) => passing = Some(trouble),
                }
            }
            passing.map_or(Ok(()), Err)
        })
        .await?;
        Ok(found)
    }

    /// One attempt: every leader is asked at once, and every question has its answer.
    pub(super) async fn ask_leaders(&mut self, open: &[Asking]) -> Answers {
        let mut answers = Answers::new();
        for isolation in [0, 1] {
            let mut groups: BTreeMap<i32, Vec<&Asking>> = BTreeMap::new();
            for asking in open.iter().filter(|asking| asking.query.isolation() == isolation) {
                match asking.leader {
                    Some(leader) => groups.entry(leader).or_default().push(asking),
                    None => drop(answers.insert(asking.key(), Err(leaderless(asking)))),
                }
            }
            self.ask_groups(isolation, &groups, &mut answers).await;
        }
        answers
    }

    async fn ask_groups(&mut self, isolation: i8, groups: &BTreeMap<i32, Vec<&Asking>>, answers: &mut Answers) {
        let mut exchanges = Vec::new();
        for (leader, group) in groups {
            let Some(address) = self.brokers.get(leader).map(super::BrokerAddress::address) else {
                answers.extend(group.iter().map(|asking| (asking.key(), Err(leaderless(asking)))));
                continue;
            };
            let request = request(isolation, group);
            let timeout = i32::try_from(self.wire.request_timeout.as_millis()).unwrap_or(i32::MAX);
            let exchange = self.exchange(&address, move |version| match version {
                TIMEOUT.. => request.clone().with_timeout_ms(timeout),
                _ => request.clone(),
            });
            exchanges.push(async move { (address, group, exchange.await) });
        }
        for (address, group, outcome) in join_all(exchanges).await {
            match outcome {
                Ok((connection, response)) => {
                    answers.extend(group.iter().map(|asking| (asking.key(), asking.answer(connection.broker(), &response))));
                    self.keep(connection, address);
                }
                Err(error) => answers.extend(group.iter().map(|asking| (asking.key(), Err(Trouble::from(error.clone()))))),
            }
        }
    }
}

impl Asking {
    fn key(&self) -> (Arc<str>, Partition) {
        (Arc::clone(&self.topic), self.partition)
    }

    fn what(&self) -> String {
        format!("offsets of {}/{}", self.topic, self.partition)
    }

    /// What the response says to this question.
    fn answer(&self, broker: &str, response: &ListOffsetsResponse) -> Result<Offset, Trouble> {
        let topics = response.topics.iter().filter(|topic| topic.name.as_str() == &*self.topic);
        let found = topics.flat_map(|topic| &topic.partitions).find(|answer| answer.partition_index == self.partition);
        let malformed =
            |reason| Trouble::Passing(Error::MalformedResponse { broker: broker.to_owned(), api: "ListOffsets", reason });
        match found {
            Some(answer) if answer.error_code != 0 => Err(Trouble::refused(broker, self.what(), answer.error_code)),
            Some(answer) if answer.offset >= self.query.lowest() => Ok(answer.offset),
            Some(answer) => Err(malformed(format!("{} has the offset {}", self.what(), answer.offset))),
            None => Err(malformed(format!("it says nothing of {}", self.what()))),
        }
    }
}

fn leaderless(asking: &Asking) -> Trouble {
    nobody_leads(asking.what())
}

/// Nobody can be asked at present.
pub(super) fn nobody_leads(what: String) -> Trouble {
    Trouble::Passing(refused("the cluster", what, LEADER_NOT_AVAILABLE))
}

fn request(isolation: i8, group: &[&Asking]) -> ListOffsetsRequest {
    let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
    for asking in group {
        topics.entry(&asking.topic).or_default().push(
            ListOffsetsPartition::default()
                .with_partition_index(asking.partition)
                .with_current_leader_epoch(asking.leader_epoch)
                .with_timestamp(asking.query.timestamp()),
        );
    }
    let topic = |(name, partitions): (&str, _)| {
        ListOffsetsTopic::default().with_name(TopicName(StrBytes::from_string(name.to_owned()))).with_partitions(partitions)
    };
    let topics = topics.into_iter().map(topic).collect();
    ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_isolation_level(isolation).with_topics(topics)
}
