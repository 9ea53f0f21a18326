//! Which offsets a group has committed: FindCoordinator, then OffsetFetch.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{FindCoordinatorRequest, GroupId, OffsetFetchRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::refusal::{is_passing, refused};
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

impl Cluster {
    /// What `group` has committed of each partition, none where it has not.
    ///
    /// # Errors
    ///
    /// What the coordinator refuses for good, [`Error::NotAuthorized`] among it.
    pub(crate) async fn committed(
        &mut self,
        group: &str,
        topic: &str,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Option<Offset>>> {
        let mut attempt = 0;
        loop {
            if let Some(found) = self.try_committed(group, topic, partitions).await? {
                return Ok(found);
            }
            self.pause(attempt).await;
            attempt += 1;
        }
    }

    /// One attempt; none where it may be answered later.
    async fn try_committed(
        &mut self,
        group: &str,
        topic: &str,
        partitions: &[Partition],
    ) -> Result<Option<BTreeMap<Partition, Option<Offset>>>> {
        let Some(coordinator) = self.coordinator(group).await? else { return Ok(None) };
        let text = |text: &str| StrBytes::from_string(text.to_owned());
        let wanted =
            OffsetFetchRequestTopic::default().with_name(TopicName(text(topic))).with_partition_indexes(partitions.to_vec());
        let request = OffsetFetchRequest::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![wanted]));
        let response = match self.ask_node(coordinator, &request).await {
            Ok(response) => response,
            Err(error @ Error::UnsupportedVersion { .. }) => return Err(error),
            Err(error) => {
                tracing::info!(coordinator, %error, "committed offsets not answered");
                return Ok(None);
            }
        };
        let answers: Vec<_> = response.topics.iter().flat_map(|topic| &topic.partitions).collect();
        let codes = std::iter::once(response.error_code).chain(answers.iter().map(|answer| answer.error_code));
        for code in codes.filter(|code| *code != 0) {
            if !is_passing(code) {
                let what = format!("offsets of topic {topic:?} that group {group:?} committed");
                return Err(refused(&format!("broker {coordinator}"), what, code));
            }
            return Ok(None);
        }
        let mut found: BTreeMap<Partition, Option<Offset>> = partitions.iter().map(|partition| (*partition, None)).collect();
        for answer in answers {
            found.insert(answer.partition_index, (answer.committed_offset >= 0).then_some(answer.committed_offset));
        }
        Ok(Some(found))
    }

    async fn coordinator(&mut self, group: &str) -> Result<Option<i32>> {
        let key = StrBytes::from_string(group.to_owned());
        let request = FindCoordinatorRequest::default().with_key(key).with_key_type(0);
        let response = match self.ask_any(&request).await {
            Ok(response) => response,
            Err(error @ Error::UnsupportedVersion { .. }) => return Err(error),
            Err(error) => {
                tracing::info!(%error, "coordinator not answered");
                return Ok(None);
            }
        };
        match response.error_code {
            0 => Ok(Some(response.node_id.0)),
            code if is_passing(code) => Ok(None),
            code => Err(refused(self.broker(), format!("the coordinator of group {group:?}"), code)),
        }
    }
}
