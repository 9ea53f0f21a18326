//! Which offsets a group has committed: FindCoordinator, then OffsetFetch.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{FindCoordinatorRequest, GroupId, OffsetFetchRequest, OffsetFetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::refusal::Trouble;
use crate::config::HostPort;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

const GROUP_ID_NOT_FOUND: i16 = 69;

/// The first version that can wait for the offsets of open transactions (KIP-447).
const REQUIRE_STABLE: i16 = 7;

impl Cluster {
    /// What `group` has committed of each partition, none where it has not; with `isolation.level=read_committed` not while a
    /// transaction that commits offsets is open.
    ///
    /// # Errors
    ///
    /// [`Error::NotAuthorized`], what else the coordinator refuses for good, and after `default.api.timeout.ms` what stood in the way
    /// last.
    pub(crate) async fn committed(
        &mut self,
        group: &str,
        topic: &str,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Option<Offset>>> {
        let what = format!("offsets of topic {topic:?} that group {group:?} committed");
        self.persist(what.clone(), async |cluster, _| {
            let coordinator = cluster.coordinator(group).await?;
            let stable = cluster.read_committed;
            let exchange = cluster.exchange(&coordinator, |version| {
                request(group, topic, partitions).with_require_stable(stable && version >= REQUIRE_STABLE)
            });
            let (connection, response) = exchange.await?;
            let broker = connection.broker().to_owned();
            cluster.keep(connection, coordinator);
            answers(&broker, &what, topic, partitions, &response)
        })
        .await
    }

    /// Asked anew each time: a coordinator that moved says so only by an error.
    async fn coordinator(&mut self, group: &str) -> Result<HostPort, Trouble> {
        let request = FindCoordinatorRequest::default().with_key(StrBytes::from_string(group.to_owned()));
        let (broker, response) = self.ask_any(&request).await?;
        if response.error_code != 0 {
            return Err(Trouble::refused(&broker, format!("the coordinator of group {group:?}"), response.error_code));
        }
        let port = u16::try_from(response.port).ok().filter(|port| *port > 0 && !response.host.is_empty());
        let Some(port) = port else {
            let reason = format!("the coordinator of group {group:?} is at {}:{}", response.host.as_str(), response.port);
            return Err(Trouble::Passing(Error::MalformedResponse { broker, api: "FindCoordinator", reason }));
        };
        tracing::debug!(group, coordinator = %response.host.as_str(), port, "coordinator found");
        Ok(HostPort::new(response.host.as_str(), port))
    }
}

fn request(group: &str, topic: &str, partitions: &[Partition]) -> OffsetFetchRequest {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let topic = OffsetFetchRequestTopic::default().with_name(TopicName(text(topic))).with_partition_indexes(partitions.to_vec());
    OffsetFetchRequest::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![topic]))
}

fn answers(
    broker: &str,
    what: &str,
    topic: &str,
    partitions: &[Partition],
    response: &OffsetFetchResponse,
) -> Result<BTreeMap<Partition, Option<Offset>>, Trouble> {
    let mut found: BTreeMap<Partition, Option<Offset>> = partitions.iter().map(|partition| (*partition, None)).collect();
    let told = response.topics.iter().filter(|told| told.name.as_str() == topic).flat_map(|told| &told.partitions);
    let answers: Vec<_> = told.filter(|answer| found.contains_key(&answer.partition_index)).collect();
    let codes = std::iter::once(response.error_code).chain(answers.iter().map(|answer| answer.error_code));
    match codes.into_iter().find(|code| *code != 0) {
        Some(GROUP_ID_NOT_FOUND) => return Ok(found),
        Some(code) => return Err(Trouble::refused(broker, what.to_owned(), code)),
        None => {}
    }
    for answer in answers {
        let committed = (answer.committed_offset >= 0).then_some(answer.committed_offset);
        found.insert(answer.partition_index, committed);
    }
    Ok(found)
}
