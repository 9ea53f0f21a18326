//! Topics: created, grown, cut and deleted by requests written here, because a Java tool costs a second a call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    BrokerId, CreatePartitionsRequest, CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest, MetadataRequest,
    MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::wire::call;
use crate::error::{Result, ServerError};

/// How long a cluster may take to carry something out.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the cluster is left alone between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    name: String,
    partitions: i32,
    replicas: i16,
    assignment: Vec<Vec<i32>>,
    settings: Vec<(String, String)>,
}

impl NewTopic {
    /// A topic with as many replicas as the cluster gives by default: all its nodes, three at most.
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        Self { name: name.into(), partitions, replicas: -1, assignment: Vec::new(), settings: Vec::new() }
    }

    /// Sets the number of replicas.
    #[must_use]
    pub fn replicas(mut self, replicas: i16) -> Self {
        self.replicas = replicas;
        self
    }

    /// Says which nodes hold each partition, the preferred leader first; one list for each partition.
    #[must_use]
    pub fn assignment(mut self, nodes: impl IntoIterator<Item = Vec<i32>>) -> Self {
        self.assignment = nodes.into_iter().collect();
        self
    }

    /// Sets a property of the topic, `cleanup.policy` for example.
    #[must_use]
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }
}

/// Administers a cluster through its controller-forwarding brokers.
#[derive(Debug, Clone)]
pub struct Admin {
    brokers: Vec<SocketAddr>,
}

impl Admin {
    pub(super) fn new(brokers: Vec<SocketAddr>) -> Self {
        Self { brokers }
    }

    /// Creates a topic and waits until each of its partitions has a leader that every broker knows.
    pub fn create_topic(&self, topic: &NewTopic) -> Result<()> {
        let settings = topic.settings.iter().map(|(key, value)| {
            CreatableTopicConfig::default()
                .with_name(StrBytes::from_string(key.clone()))
                .with_value(Some(StrBytes::from_string(value.clone())))
        });
        let assigned = topic.assignment.iter().enumerate().map(|(partition, nodes)| {
            CreatableReplicaAssignment::default()
                .with_partition_index(i32::try_from(partition).unwrap_or(i32::MAX))
                .with_broker_ids(nodes.iter().copied().map(BrokerId).collect())
        });
        // Where the nodes are named, the numbers must not be.
        let named = !topic.assignment.is_empty();
        let creatable = CreatableTopic::default()
            .with_name(topic_name(&topic.name))
            .with_num_partitions(if named { -1 } else { topic.partitions })
            .with_replication_factor(if named { -1 } else { topic.replicas })
            .with_assignments(assigned.collect())
            .with_configs(settings.collect());
        let request = CreateTopicsRequest::default().with_topics(vec![creatable]).with_timeout_ms(limit_ms());
        for answer in self.any(|broker| call(broker, 5, &request))?.topics {
            check("CreateTopics", &topic.name, answer.error_code, answer.error_message)?;
        }
        self.wait_for_partitions(&topic.name, topic.partitions)
    }

    /// Gives a topic more partitions and waits until each has a leader that every broker knows.
    pub fn grow_topic(&self, topic: &str, partitions: i32) -> Result<()> {
        let grown = CreatePartitionsTopic::default().with_name(topic_name(topic)).with_count(partitions).with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![grown]).with_timeout_ms(limit_ms());
        for answer in self.any(|broker| call(broker, 2, &request))?.results {
            check("CreatePartitions", topic, answer.error_code, answer.error_message)?;
        }
        self.wait_for_partitions(topic, partitions)
    }

    /// Deletes a topic and waits until no broker knows it.
    pub fn delete_topic(&self, topic: &str) -> Result<()> {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(topic)]).with_timeout_ms(limit_ms());
        for answer in self.any(|broker| call(broker, 5, &request))?.responses {
            check("DeleteTopics", topic, answer.error_code, answer.error_message)?;
        }
        self.until(&format!("the end of topic {topic:?}"), |broker| {
            let known = self.metadata(broker, Some(topic))?;
            Ok(known.topics.iter().all(|topic| topic.error_code == ResponseError::UnknownTopicOrPartition.code()))
        })
    }

    /// Deletes the records of a partition before `offset`: its log then begins there.
    pub fn delete_records(&self, topic: &str, partition: i32, offset: i64) -> Result<()> {
        let leader = self.leader(topic, partition)?;
        let cut = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(offset);
        let cut = DeleteRecordsTopic::default().with_name(topic_name(topic)).with_partitions(vec![cut]);
        let request = DeleteRecordsRequest::default().with_topics(vec![cut]).with_timeout_ms(limit_ms());
        for answer in call(leader, 2, &request)?.topics.into_iter().flat_map(|topic| topic.partitions) {
            check("DeleteRecords", topic, answer.error_code, None)?;
        }
        Ok(())
    }

    /// The address of the broker that leads a partition.
    pub fn leader(&self, topic: &str, partition: i32) -> Result<SocketAddr> {
        let metadata = self.any(|broker| self.metadata(broker, Some(topic)))?;
        let partitions = metadata.topics.iter().flat_map(|topic| &topic.partitions);
        let leader = partitions.filter(|known| known.partition_index == partition).map(|known| known.leader_id).next();
        let broker = metadata.brokers.iter().find(|broker| Some(broker.node_id) == leader);
        let address = broker.and_then(|broker| format!("{}:{}", broker.host, broker.port).parse().ok());
        address.ok_or_else(|| ServerError::Answer {
            program: "Metadata".into(),
            reason: format!("no leader of {topic}/{partition}"),
        })
    }

    /// Waits until every broker that is asked knows `count` brokers.
    pub(super) fn wait_for_brokers(&self, count: usize) -> Result<()> {
        self.until(&format!("a cluster of {count} brokers"), |broker| Ok(self.metadata(broker, None)?.brokers.len() >= count))
    }

    fn wait_for_partitions(&self, topic: &str, count: i32) -> Result<()> {
        self.until(&format!("{count} partitions with leaders of topic {topic:?}"), |broker| {
            let metadata = self.metadata(broker, Some(topic))?;
            let led = metadata.topics.iter().flat_map(|topic| &topic.partitions).filter(|partition| partition.leader_id.0 >= 0);
            Ok(i32::try_from(led.count()) == Ok(count))
        })
    }

    pub(super) fn metadata(&self, broker: SocketAddr, topic: Option<&str>) -> Result<MetadataResponse> {
        let topics = topic.map(|topic| MetadataRequestTopic::default().with_name(Some(topic_name(topic))));
        call(
            broker,
            8,
            &MetadataRequest::default().with_topics(Some(topics.into_iter().collect())).with_allow_auto_topic_creation(false),
        )
    }

    /// The answer of the first broker that answers.
    pub(super) fn any<T>(&self, ask: impl Fn(SocketAddr) -> Result<T>) -> Result<T> {
        let mut last = None;
        for broker in &self.brokers {
            match ask(*broker) {
                Ok(answer) => return Ok(answer),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ServerError::Answer { program: "the cluster".into(), reason: "no node runs".into() }))
    }

    /// Asks every broker until each says yes.
    pub(super) fn until(&self, what: &str, ask: impl Fn(SocketAddr) -> Result<bool>) -> Result<()> {
        let begun = Instant::now();
        for broker in &self.brokers {
            loop {
                let detail = match ask(*broker) {
                    Ok(true) => break,
                    Ok(false) => None,
                    Err(error) => Some(error.to_string()),
                };
                if begun.elapsed() > LIMIT {
                    return Err(ServerError::Timeout { what: what.to_owned(), limit: LIMIT, detail });
                }
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        Ok(())
    }
}

pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

pub(super) fn limit_ms() -> i32 {
    i32::try_from(LIMIT.as_millis()).unwrap_or(i32::MAX)
}

pub(super) fn check(request: &'static str, subject: &str, code: i16, message: Option<StrBytes>) -> Result<()> {
    if code == 0 {
        return Ok(());
    }
    let name = ResponseError::try_from_code(code).map_or_else(|| "unknown".to_owned(), |error| format!("{error:?}"));
    Err(ServerError::Refused { request, subject: subject.to_owned(), code, name, message: message.map(|text| text.to_string()) })
}
