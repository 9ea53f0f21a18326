//! Who leads what of a topic.

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::client::{Cluster, Notice};
use super::refusal::{Trouble, refused};
use super::view::{self, TopicView};
use crate::error::{Error, Result, nearest};
use crate::wire::Connection;

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;
const REBOOTSTRAP_REQUIRED: i16 = 129;

/// A topic that was just created is unknown to some brokers for a moment; and one broker alone does not make another cluster.
const SURE: u32 = 4;

impl Cluster {
    /// Who leads what of one topic. It is never created by asking.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTopic`] with the nearest name there is, when several answers said so; [`Error::NotAuthorized`],
    /// [`Error::OtherCluster`], or what else the brokers refuse for good; after `default.api.timeout.ms` what stood in the way last,
    /// a topic none of whose partitions has a leader included.
    pub(crate) async fn topic(&mut self, topic: &str) -> Result<TopicView> {
        let mut doubtful = 0;
        let found = self.persist(what(topic), async |cluster, _| {
            let outcome = cluster.try_led(topic).await;
            if let Err(Trouble::Passing(error @ (Error::UnknownTopic { .. } | Error::OtherCluster { .. }))) = outcome {
                doubtful += 1;
                return Err(if doubtful < SURE { Trouble::Passing(error) } else { Trouble::Final(error) });
            }
            outcome
        });
        match found.await {
            Err(Error::UnknownTopic { topic, .. }) => Err(self.unknown_topic(topic).await),
            outcome => outcome,
        }
    }

    /// The same, asked once: whoever asks decides whether to ask again. A topic without any leader is an answer.
    ///
    /// # Errors
    ///
    /// As [`Cluster::topic`], at once.
    pub(crate) async fn refresh(&mut self, topic: &str) -> Result<TopicView> {
        self.once(what(topic), async |cluster| cluster.try_topic(topic).await).await
    }

    /// One attempt, which asks for a leader: a topic that is being created has no partitions for a moment; one whose brokers are all
    /// down has no leader.
    async fn try_led(&mut self, topic: &str) -> Result<TopicView, Trouble> {
        let view = self.try_topic(topic).await?;
        if view.partitions.values().all(|partition| partition.leader.is_none()) {
            return Err(Trouble::refused("the cluster", what(topic), LEADER_NOT_AVAILABLE));
        }
        Ok(view)
    }

    /// One attempt.
    pub(super) async fn try_topic(&mut self, topic: &str) -> Result<TopicView, Trouble> {
        let (broker, response) = self.metadata(Some(topic)).await?;
        let malformed = |reason| {
            let broker = broker.clone();
            Trouble::Passing(Error::MalformedResponse { broker, api: "Metadata", reason })
        };
        let outcome = match response.topics.iter().find(|found| name_of(found) == Some(topic)) {
            None => Err(malformed(format!("it says nothing of topic {topic:?}"))),
            Some(found) => match found.error_code {
                0 | LEADER_NOT_AVAILABLE if found.error_code == 0 || !found.partitions.is_empty() => {
                    TopicView::new(topic, found, &response).map_err(malformed)
                }
                UNKNOWN_TOPIC_OR_PARTITION => {
                    Err(Trouble::Passing(Error::UnknownTopic { topic: topic.to_owned(), nearest: None }))
                }
                code => Err(Trouble::refused(&broker, what(topic), code)),
            },
        };
        if outcome.is_err() {
            // Another broker may know better.
            self.avoid(&broker);
        }
        outcome
    }

    /// Metadata of one topic or of all, and who said so. Also learns the brokers.
    pub(super) async fn metadata(&mut self, topic: Option<&str>) -> Result<(String, MetadataResponse), Trouble> {
        let outcome = self.try_metadata(topic).await;
        self.metadata_came(outcome.is_ok());
        outcome
    }

    async fn try_metadata(&mut self, topic: Option<&str>) -> Result<(String, MetadataResponse), Trouble> {
        let wanted = topic.map(|topic| {
            let name = TopicName(StrBytes::from_string(topic.to_owned()));
            vec![MetadataRequestTopic::default().with_name(Some(name))]
        });
        let request = MetadataRequest::default().with_topics(wanted).with_allow_auto_topic_creation(false);
        let (broker, response) = self.ask_any(|_| request.clone()).await?;
        if response.error_code == REBOOTSTRAP_REQUIRED {
            self.forget_brokers();
        }
        if response.error_code != 0 {
            let what = topic.map_or_else(|| "metadata".to_owned(), what);
            return Err(Trouble::Passing(refused(&broker, what, response.error_code)));
        }
        self.check_cluster(&broker, &response)?;
        match view::brokers(&response) {
            // A broker that has just started names none; the last good view is better.
            Ok(brokers) if !brokers.is_empty() => {
                self.set_brokers(brokers);
                Ok((broker, response))
            }
            told => {
                self.avoid(&broker);
                let reason = told.err().unwrap_or_else(|| "it names no broker".to_owned());
                Err(Trouble::Passing(Error::MalformedResponse { broker, api: "Metadata", reason }))
            }
        }
    }

    /// An address may come to be another cluster's; offsets of this one mean nothing there. One such broker is left alone; where no
    /// other answers, there is nothing to go on with.
    fn check_cluster(&mut self, broker: &str, response: &MetadataResponse) -> Result<(), Trouble> {
        let found = response.cluster_id.as_ref().map(ToString::to_string);
        match (&self.cluster_id, found) {
            (Some(expected), Some(found)) if *expected != found => {
                let (broker, expected) = (broker.to_owned(), expected.clone());
                self.avoid(&broker);
                self.notice(Notice::OtherCluster { broker: broker.clone(), expected: expected.clone(), found: found.clone() });
                Err(Trouble::Passing(Error::OtherCluster { broker, expected, found }))
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

/// Sees to it that the broker at the other end is of this cluster: an address may come to be another's, and what a topic of the same
/// name holds there is something else.
///
/// Cancel safety: dropping it breaks the connection.
///
/// # Errors
///
/// [`Error::OtherCluster`], and those of a call.
pub(crate) async fn same_cluster(connection: &mut Connection, expected: &str) -> Result<()> {
    let request = MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false);
    let response = connection.call(&request).await?;
    match response.cluster_id {
        Some(found) if found.as_str() != expected => {
            let broker = connection.broker().to_owned();
            Err(Error::OtherCluster { broker, expected: expected.to_owned(), found: found.to_string() })
        }
        _ => Ok(()),
    }
}

fn what(topic: &str) -> String {
    format!("metadata of topic {topic:?}")
}

pub(super) fn name_of(topic: &MetadataResponseTopic) -> Option<&str> {
    topic.name.as_ref().map(|name| name.as_str())
}
