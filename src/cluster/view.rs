//! What metadata says about one topic.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponseTopic};
use uuid::Uuid;

use crate::config::HostPort;
use crate::position::Partition;

/// A broker, and where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerAddress {
    pub(crate) node: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) rack: Option<String>,
}

impl BrokerAddress {
    /// Where it listens.
    pub(crate) fn address(&self) -> HostPort {
        HostPort::new(self.host.clone(), self.port)
    }
}

/// One topic as metadata describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicView {
    pub(crate) topic: Arc<str>,
    /// Nil where the broker is too old to say.
    pub(crate) topic_id: Uuid,
    pub(crate) partitions: BTreeMap<Partition, PartitionView>,
    pub(crate) brokers: BTreeMap<i32, BrokerAddress>,
    pub(crate) cluster_id: Option<String>,
}

/// One partition as metadata describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionView {
    /// None while an election is under way, or where metadata does not name the broker that leads.
    pub(crate) leader: Option<i32>,
    /// -1 where the broker is too old to say.
    pub(crate) leader_epoch: i32,
    /// The protocol's error code, 0 for none.
    pub(crate) error: i16,
}

/// The brokers that can be connected to.
///
/// # Errors
/// A sentence, where one number stands for two brokers: neither can be believed.
pub(super) fn brokers(response: &MetadataResponse) -> Result<BTreeMap<i32, BrokerAddress>, String> {
    let mut brokers: BTreeMap<i32, BrokerAddress> = BTreeMap::new();
    for broker in response.brokers.iter().filter_map(address) {
        let (node, place) = (broker.node, broker.address());
        if let Some(other) = brokers.insert(node, broker)
            && other.address() != place
        {
            return Err(format!("it names two brokers {node}, {} and {place}", other.address()));
        }
    }
    Ok(brokers)
}

fn address(broker: &MetadataResponseBroker) -> Option<BrokerAddress> {
    let port = u16::try_from(broker.port).ok().filter(|port| *port > 0)?;
    (!broker.host.is_empty()).then(|| BrokerAddress {
        node: broker.node_id.0,
        host: broker.host.to_string(),
        port,
        rack: broker.rack.as_ref().map(ToString::to_string),
    })
}

impl TopicView {
    /// # Errors
    /// A sentence, where the answer contradicts itself.
    pub(super) fn new(topic: &str, found: &MetadataResponseTopic, response: &MetadataResponse) -> Result<Self, String> {
        let brokers = brokers(response)?;
        let mut partitions = BTreeMap::new();
        for partition in found.partitions.iter().filter(|partition| partition.partition_index >= 0) {
            // A leader that is no broker cannot be asked.
            let leader = Some(partition.leader_id.0).filter(|leader| brokers.contains_key(leader));
            let view = PartitionView { leader, leader_epoch: partition.leader_epoch, error: partition.error_code };
            if partitions.insert(partition.partition_index, view).is_some_and(|other| other != view) {
                return Err(format!("it tells two things of {topic}/{}", partition.partition_index));
            }
        }
        Ok(Self {
            topic: topic.into(),
            topic_id: found.topic_id,
            partitions,
            brokers,
            cluster_id: response.cluster_id.as_ref().map(ToString::to_string),
        })
    }
}
