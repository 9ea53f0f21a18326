//! Who leads what of a topic.

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::Cluster;
use super::refusal::Trouble;
use super::view::{self, TopicView};
use crate::error::{Error, Result, nearest};

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;

/// A topic that was just created is unknown to some brokers for a moment.
const UNKNOWN_ANSWERS: u32 = 4;

impl Cluster {
    /// Who leads what of one topic. It is never created by asking.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTopic`] with the nearest name there is, when several answers said so; [`Error::NotAuthorized`],
    /// [`Error::OtherCluster`], or what else the brokers refuse for good; after `default.api.timeout.ms` what stood in the way last,
    /// a topic none of whose partitions has a leader included.
    pub(crate) async fn topic(&mut self, topic: &str) -> Result<TopicView> {
        let mut unknown = 0;
        let found = self.persist(what(topic), async |cluster, _| {
            let outcome = cluster.try_topic(topic).await;
            if let Err(Trouble::Passing(error @ Error::UnknownTopic { .. })) = outcome {
                unknown += 1;
                return Err(if unknown < UNKNOWN_ANSWERS { Trouble::Passing(error) } else { Trouble::Final(error) });
            }
            outcome
        });
        match found.await {
            Err(Error::UnknownTopic { topic, .. }) => Err(self.unknown_topic(topic).await),
            outcome => outcome,
        }
    }

    /// One attempt.
    pub(super) async fn try_topic(&mut self, topic: &str) -> Result<TopicView, Trouble> {
        let (broker, response) = self.metadata(Some(topic)).await?;
        let Some(found) = response.topics.iter().find(|found| name_of(found) == Some(topic)) else {
            let reason = format!("it says nothing of topic {topic:?}");
            return Err(Trouble::Passing(Error::MalformedResponse { broker, api: "Metadata", reason }));
        };
        match found.error_code {
            0 => {}
            UNKNOWN_TOPIC_OR_PARTITION => {
                return Err(Trouble::Passing(Error::UnknownTopic { topic: topic.to_owned(), nearest: None }));
            }
            code => return Err(Trouble::refused(&broker, what(topic), code)),
        }
        let view = TopicView::new(topic, found, &response);
        // A topic that is being created has no partitions for a moment; one whose brokers are all down has no leader.
        if view.partitions.values().all(|partition| partition.leader.is_none()) {
            return Err(Trouble::refused(&broker, what(topic), LEADER_NOT_AVAILABLE));
        }
        Ok(view)
    }

    /// Metadata of one topic or of all, and who said so. Also learns the brokers.
    pub(super) async fn metadata(&mut self, topic: Option<&str>) -> Result<(String, MetadataResponse), Trouble> {
        let wanted = topic.map(|topic| {
            let name = TopicName(StrBytes::from_string(topic.to_owned()));
            vec![MetadataRequestTopic::default().with_name(Some(name))]
        });
        let request = MetadataRequest::default().with_topics(wanted).with_allow_auto_topic_creation(false);
        let (broker, response) = self.ask_any(&request).await?;
        self.check_cluster(&broker, &response)?;
        let brokers = view::brokers(&response);
        // A broker that has just started names none; the last good view is better.
        if brokers.is_empty() {
            let reason = "it names no broker".to_owned();
            return Err(Trouble::Passing(Error::MalformedResponse { broker, api: "Metadata", reason }));
        }
        self.set_brokers(brokers);
        Ok((broker, response))
    }

    /// An address may come to be another cluster's; offsets of this one mean nothing there.
    fn check_cluster(&mut self, broker: &str, response: &MetadataResponse) -> Result<()> {
        let found = response.cluster_id.as_ref().map(ToString::to_string);
        match (&self.cluster_id, found) {
            (Some(expected), Some(found)) if *expected != found => {
                Err(Error::OtherCluster { broker: broker.to_owned(), expected: expected.clone(), found })
            }
            (None, Some(found)) => {
                tracing::debug!(broker, cluster_id = found, "cluster");
                self.cluster_id = Some(found);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn unknown_topic(&mut self, topic: String) -> Error {
        let response = self.metadata(None).await.map(|(_, response)| response).unwrap_or_default();
        let names = response.topics.iter().filter(|topic| !topic.is_internal).filter_map(name_of);
        let nearest = nearest(&topic, names);
        Error::UnknownTopic { topic, nearest }
    }
}

fn what(topic: &str) -> String {
    format!("metadata of topic {topic:?}")
}

pub(super) fn name_of(topic: &MetadataResponseTopic) -> Option<&str> {
    topic.name.as_ref().map(|name| name.as_str())
}
