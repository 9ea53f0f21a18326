//! Which offset is the first, the next, or the first of a time: ListOffsets, asked of each partition's leader.

use std::collections::BTreeMap;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::refusal::{is_passing, refused};
use super::view::TopicView;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

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
    /// The protocol's timestamp, of which two are special.
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
}

impl Cluster {
    /// Asks for one offset of each partition; the answer has all of them.
    ///
    /// Partitions whose leader has moved, or that have none, are asked for again.
    ///
    /// # Errors
    ///
    /// What a broker refuses for good, [`Error::UnknownPartition`].
    pub(crate) async fn offsets(
        &mut self,
        topic: &str,
        queries: &[(Partition, OffsetQuery)],
    ) -> Result<BTreeMap<Partition, Offset>> {
        let mut found = BTreeMap::new();
        let mut open: Vec<(Partition, OffsetQuery)> = queries.to_vec();
        let mut attempt = 0;
        while !open.is_empty() {
            if attempt > 0 {
                self.pause(attempt - 1).await;
            }
            attempt += 1;
            let view = self.topic(topic).await?;
            for (leader, isolation, group) in by_leader(&view, &open)? {
                self.ask_leader(leader, isolation, topic, &group, &mut found).await?;
            }
            open.retain(|(partition, _)| !found.contains_key(partition));
        }
        Ok(found)
    }

    async fn ask_leader(
        &mut self,
        leader: i32,
        isolation: i8,
        topic: &str,
        queries: &[(Partition, OffsetQuery)],
        found: &mut BTreeMap<Partition, Offset>,
    ) -> Result<()> {
        let partitions = queries
            .iter()
            .map(|(partition, query)| {
                ListOffsetsPartition::default()
                    .with_partition_index(*partition)
                    .with_current_leader_epoch(-1)
                    .with_timestamp(query.timestamp())
            })
            .collect();
        let name = TopicName(StrBytes::from_string(topic.to_owned()));
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_isolation_level(isolation)
            .with_topics(vec![ListOffsetsTopic::default().with_name(name).with_partitions(partitions)]);
        let response = match self.ask_node(leader, &request).await {
            Ok(response) => response,
            Err(error @ Error::UnsupportedVersion { .. }) => return Err(error),
            Err(error) => {
                tracing::info!(leader, %error, "offsets not answered");
                return Ok(());
            }
        };
        for partition in
            response.topics.iter().filter(|answer| answer.name.as_str() == topic).flat_map(|answer| &answer.partitions)
        {
            match partition.error_code {
                0 => {
                    found.insert(partition.partition_index, partition.offset);
                }
                code if is_passing(code) => {}
                code => {
                    let what = format!("offsets of {topic}/{}", partition.partition_index);
                    return Err(refused(&format!("broker {leader}"), what, code));
                }
            }
        }
        Ok(())
    }
}

type LeaderGroup = (i32, i8, Vec<(Partition, OffsetQuery)>);

/// The queries grouped by leader and isolation level, those without a leader left out.
fn by_leader(view: &TopicView, queries: &[(Partition, OffsetQuery)]) -> Result<Vec<LeaderGroup>> {
    let mut groups: BTreeMap<(i32, i8), Vec<(Partition, OffsetQuery)>> = BTreeMap::new();
    for (partition, query) in queries {
        let Some(found) = view.partitions.get(partition) else {
            let count = i32::try_from(view.partitions.len()).unwrap_or(i32::MAX);
            return Err(Error::UnknownPartition { topic: view.topic.to_string(), partition: *partition, count });
        };
        if let Some(leader) = found.leader {
            groups.entry((leader, query.isolation())).or_default().push((*partition, *query));
        }
    }
    Ok(groups.into_iter().map(|((leader, isolation), group)| (leader, isolation, group)).collect())
}
