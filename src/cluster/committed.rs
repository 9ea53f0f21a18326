//! Which offsets a group has committed: FindCoordinator, then OffsetFetch.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    FindCoordinatorRequest, FindCoordinatorResponse, GroupId, OffsetFetchRequest, OffsetFetchResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::refusal::Trouble;
use crate::config::HostPort;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

const GROUP_ID_NOT_FOUND: i16 = 69;

/// The first version that can wait for the offsets of open transactions (KIP-447).
const REQUIRE_STABLE: i16 = 7;

/// The first versions that ask for several groups at once (KIP-699, KIP-709).
const COORDINATORS: i16 = 4;
const GROUPS: i16 = 8;

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
            let exchange = cluster.exchange(&coordinator, |version| request(group, topic, partitions, version, stable));
            let (connection, response) = exchange.await?;
            let broker = connection.broker().to_owned();
            cluster.keep(connection, coordinator);
            answers(&broker, &what, group, topic, partitions, &response)
        })
        .await
    }

    /// Asked anew each time: a coordinator that moved says so only by an error.
    async fn coordinator(&mut self, group: &str) -> Result<HostPort, Trouble> {
        let key = StrBytes::from_string(group.to_owned());
        let request = |version| match version {
            COORDINATORS.. => FindCoordinatorRequest::default().with_coordinator_keys(vec![key.clone()]),
            _ => FindCoordinatorRequest::default().with_key(key.clone()),
        };
        let (broker, response) = self.ask_any(request).await?;
        let what = format!("the coordinator of group {group:?}");
        let Some(found) = Coordinator::of(group, response) else {
            let reason = format!("it says nothing of {what}");
            return Err(Trouble::Passing(Error::MalformedResponse { broker, api: "FindCoordinator", reason }));
        };
        if found.error_code != 0 {
            return Err(Trouble::refused(&broker, what, found.error_code));
        }
        let port = u16::try_from(found.port).ok().filter(|port| *port > 0 && !found.host.is_empty());
        let Some(port) = port else {
            let reason = format!("{what} is at {}:{}", found.host.as_str(), found.port);
            return Err(Trouble::Passing(Error::MalformedResponse { broker, api: "FindCoordinator", reason }));
        };
        tracing::debug!(group, coordinator = %found.host.as_str(), port, "coordinator found");
        Ok(HostPort::new(found.host.as_str(), port))
    }
}

/// What is told of a group's coordinator, in whichever version.
struct Coordinator {
    error_code: i16,
    host: StrBytes,
    port: i32,
}

impl Coordinator {
    fn of(group: &str, response: FindCoordinatorResponse) -> Option<Self> {
        if !response.coordinators.is_empty() {
            let found = response.coordinators.into_iter().find(|found| found.key.as_str() == group)?;
            return Some(Self { error_code: found.error_code, host: found.host, port: found.port });
        }
        let said = response.error_code != 0 || !response.host.is_empty();
        said.then_some(Self { error_code: response.error_code, host: response.host, port: response.port })
    }
}

fn request(group: &str, topic: &str, partitions: &[Partition], version: i16, stable: bool) -> OffsetFetchRequest {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let request = OffsetFetchRequest::default().with_require_stable(stable && version >= REQUIRE_STABLE);
    let partitions = partitions.to_vec();
    if version >= GROUPS {
        let topic = OffsetFetchRequestTopics::default().with_name(TopicName(text(topic))).with_partition_indexes(partitions);
        let group = OffsetFetchRequestGroup::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![topic]));
        return request.with_groups(vec![group]);
    }
    let topic = OffsetFetchRequestTopic::default().with_name(TopicName(text(topic))).with_partition_indexes(partitions);
    request.with_group_id(GroupId(text(group))).with_topics(Some(vec![topic]))
}

/// What is told of one partition, in whichever version: number, offset, error code.
type Told = (Partition, Offset, i16);

fn told(group: &str, topic: &str, response: &OffsetFetchResponse) -> (i16, Vec<Told>) {
    let single = response.topics.iter().filter(|told| told.name.as_str() == topic).flat_map(|told| &told.partitions);
    let mut all: Vec<Told> = single.map(|answer| (answer.partition_index, answer.committed_offset, answer.error_code)).collect();
    let mut code = response.error_code;
    for found in response.groups.iter().filter(|found| found.group_id.as_str() == group) {
        code = if code == 0 { found.error_code } else { code };
        let topics = found.topics.iter().filter(|told| told.name.as_str() == topic).flat_map(|told| &told.partitions);
        all.extend(topics.map(|answer| (answer.partition_index, answer.committed_offset, answer.error_code)));
    }
    (code, all)
}

fn answers(
    broker: &str,
    what: &str,
    group: &str,
    topic: &str,
    partitions: &[Partition],
    response: &OffsetFetchResponse,
) -> Result<BTreeMap<Partition, Option<Offset>>, Trouble> {
    let mut found: BTreeMap<Partition, Option<Offset>> = partitions.iter().map(|partition| (*partition, None)).collect();
    let (code, told) = told(group, topic, response);
    let answers: Vec<Told> = told.into_iter().filter(|(partition, ..)| found.contains_key(partition)).collect();
    let codes = std::iter::once(code).chain(answers.iter().map(|(.., code)| *code));
    match codes.into_iter().find(|code| *code != 0) {
        Some(GROUP_ID_NOT_FOUND) => return Ok(found),
        Some(code) => return Err(Trouble::refused(broker, what.to_owned(), code)),
        None => {}
    }
    for (partition, offset, _) in answers {
        found.insert(partition, (offset >= 0).then_some(offset));
    }
    Ok(found)
}
