//! Where a leader epoch ended in the log as it is now: OffsetForLeaderEpoch, asked of each partition's leader (KIP-320).

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{BrokerId, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::offsets::nobody_leads;
use super::refusal::Trouble;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

/// The epoch and the end that a leader tells; -1 both where its log knows no epochs.
pub(crate) type EpochEnd = (i32, Offset);

/// A question about one partition.
#[derive(Debug, Clone, Copy)]
struct Asking {
    partition: Partition,
    /// A leader of another epoch refuses to answer.
    current_epoch: i32,
    /// Whose end is asked for.
    epoch: i32,
}

impl Cluster {
    /// The largest epoch that is not above the one asked for, and the offset after its last record, of each partition: partition,
    /// current epoch of its leader (-1 unknown), epoch asked for.
    ///
    /// Leaders are asked at the same time. Partitions whose leader has moved, or that have none, are asked for again.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPartition`], [`Error::UnsupportedVersion`] of brokers before 2.1, what a broker refuses for good, and after
    /// `default.api.timeout.ms` what stood in the way last.
    pub(crate) async fn epoch_ends(
        &mut self,
        topic: &str,
        queries: &[(Partition, i32, i32)],
    ) -> Result<BTreeMap<Partition, EpochEnd>> {
        let mut found = BTreeMap::new();
        if queries.is_empty() {
            return Ok(found);
        }
        self.persist(format!("leader epochs of topic {topic:?}"), async |cluster, _| {
            let view = cluster.try_topic(topic).await?;
            let mut groups: BTreeMap<i32, Vec<Asking>> = BTreeMap::new();
            let mut passing = None;
            for &(partition, current, epoch) in queries.iter().filter(|(partition, ..)| !found.contains_key(partition)) {
                let Some(known) = view.partitions.get(&partition) else {
                    let count = i32::try_from(view.partitions.len()).unwrap_or(i32::MAX);
                    return Err(Trouble::Final(Error::UnknownPartition { topic: topic.to_owned(), partition, count }));
                };
                let asking = Asking { partition, current_epoch: current.max(known.leader_epoch), epoch };
                match known.leader {
                    Some(leader) => groups.entry(leader).or_default().push(asking),
                    None => passing = Some(nobody_leads(asking.what(topic))),
                }
            }
            for (partition, answer) in cluster.ask_epochs(topic, &groups).await {
                match answer {
                    Ok(end) => drop(found.insert(partition, end)),
                    Err(trouble @ Trouble::Final(_)) => return Err(trouble),
                    Err(trouble) => passing = Some(trouble),
                }
            }
            passing.map_or(Ok(()), Err)
        })
        .await?;
        Ok(found)
    }

    async fn ask_epochs(
        &mut self,
        topic: &str,
        groups: &BTreeMap<i32, Vec<Asking>>,
    ) -> BTreeMap<Partition, Result<EpochEnd, Trouble>> {
        let mut answers = BTreeMap::new();
        let mut exchanges = Vec::new();
        for (leader, group) in groups {
            let Some(address) = self.brokers.get(leader).map(super::BrokerAddress::address) else {
                answers.extend(group.iter().map(|asking| (asking.partition, Err(nobody_leads(asking.what(topic))))));
                continue;
            };
            let request = request(topic, group);
            let exchange = self.exchange(&address, move |_| request.clone());
            exchanges.push(async move { (address, group, exchange.await) });
        }
        for (address, group, outcome) in join_all(exchanges).await {
            match outcome {
                Ok((connection, response)) => {
                    let answer = |asking: &Asking| (asking.partition, asking.answer(connection.broker(), topic, &response));
                    answers.extend(group.iter().map(answer));
                    self.keep(connection, address);
                }
                Err(error) => {
                    answers.extend(group.iter().map(|asking| (asking.partition, Err(Trouble::from(error.clone())))));
                }
            }
        }
        answers
    }
}

impl Asking {
    fn what(&self, topic: &str) -> String {
        format!("the end of leader epoch {} of {topic}/{}", self.epoch, self.partition)
    }

    fn answer(&self, broker: &str, topic: &str, response: &OffsetForLeaderEpochResponse) -> Result<EpochEnd, Trouble> {
        let topics = response.topics.iter().filter(|found| found.topic.as_str() == topic);
        match topics.flat_map(|topic| &topic.partitions).find(|answer| answer.partition == self.partition) {
            Some(answer) if answer.error_code != 0 => Err(Trouble::refused(broker, self.what(topic), answer.error_code)),
            // A log without epochs, of an old message format, says -1.
            Some(answer) if answer.leader_epoch < 0 || answer.end_offset < 0 => Ok((-1, -1)),
            Some(answer) => Ok((answer.leader_epoch, answer.end_offset)),
            None => {
                let reason = format!("it says nothing of {}", self.what(topic));
                let broker = broker.to_owned();
                Err(Trouble::Passing(Error::MalformedResponse { broker, api: "OffsetForLeaderEpoch", reason }))
            }
        }
    }
}

fn request(topic: &str, group: &[Asking]) -> OffsetForLeaderEpochRequest {
    let partition = |asking: &Asking| {
        OffsetForLeaderPartition::default()
            .with_partition(asking.partition)
            .with_current_leader_epoch(asking.current_epoch)
            .with_leader_epoch(asking.epoch)
    };
    let name = TopicName(StrBytes::from_string(topic.to_owned()));
    let topic = OffsetForLeaderTopic::default().with_topic(name).with_partitions(group.iter().map(partition).collect());
    // A consumer is no replica.
    OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic])
}
