//! The control thread's client: connections to the brokers at need, the bootstrap list, retries.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::Backoff;
use super::refusal::{is_passing, refused};
use super::view::{self, BrokerAddress, TopicView};
use crate::config::{HostPort, Settings};
use crate::error::{Error, Result, nearest};
use crate::wire::{Connection, Request, Transport, WireSettings};

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;

/// Asks the cluster about itself.
///
/// All questions are retried, with backoff, while what stands in the way may pass; the caller sets the time limit around them.
///
/// # Cancel safety
///
/// A question that is dropped drops its connection with it; the next one opens another.
pub(crate) struct Cluster {
    transport: Arc<dyn Transport>,
    wire: WireSettings,
    retry: Backoff,
    bootstrap: Vec<HostPort>,
    brokers: BTreeMap<i32, BrokerAddress>,
    /// The connection over which metadata is asked.
    any: Option<Connection>,
    /// Connections to brokers that only a certain one can answer for.
    nodes: BTreeMap<i32, Connection>,
    rng: fastrand::Rng,
}

impl Cluster {
    /// Connects to the first bootstrap broker that answers.
    ///
    /// # Errors
    ///
    /// [`Error::NoBroker`] with what each said, when none has answered within `kolumn.bootstrap.timeout.ms`.
    pub(crate) async fn connect(transport: Arc<dyn Transport>, settings: &Settings) -> Result<Self> {
        let mut cluster = Self {
            transport,
            wire: WireSettings::from(settings),
            retry: Backoff { initial: settings.retry_backoff, max: settings.retry_backoff_max },
            bootstrap: settings.brokers()?.to_vec(),
            brokers: BTreeMap::new(),
            any: None,
            nodes: BTreeMap::new(),
            rng: fastrand::Rng::new(),
        };
        let deadline = tokio::time::Instant::now() + settings.bootstrap_timeout;
        let mut attempt = 0;
        loop {
            let error = match tokio::time::timeout_at(deadline, cluster.open_any()).await {
                Ok(Ok(connection)) => {
                    cluster.any = Some(connection);
                    return Ok(cluster);
                }
                Ok(Err(error)) => error,
                Err(_) => Error::Timeout {
                    what: format!("connecting to {}", list(&cluster.bootstrap)),
                    limit: settings.bootstrap_timeout,
                },
            };
            let delay = cluster.retry.delay(attempt, &mut cluster.rng);
            attempt += 1;
            if tokio::time::Instant::now() + delay >= deadline {
                return Err(error);
            }
            tracing::info!(%error, "no broker yet");
            tokio::time::sleep(delay).await;
        }
    }

    /// Who leads what of one topic.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTopic`] with the nearest name there is, [`Error::NotAuthorized`], or what else the brokers refuse for good.
    pub(crate) async fn topic(&mut self, topic: &str) -> Result<TopicView> {
        let mut attempt = 0;
        loop {
            let response = self.metadata(Some(topic)).await?;
            let found = response.topics.iter().find(|found| found.name.as_ref().is_some_and(|name| name.as_str() == topic));
            let code = found.map_or(UNKNOWN_TOPIC_OR_PARTITION, |found| found.error_code);
            match found {
                // A topic that is being created has no partitions for a moment, and brokers say so in more than one way.
                Some(found) if code == 0 && !found.partitions.is_empty() => return Ok(TopicView::new(topic, found, &response)),
                _ if code == UNKNOWN_TOPIC_OR_PARTITION && attempt >= 3 => return Err(self.unknown_topic(topic).await),
                _ if code != 0 && !is_passing(code) => {
                    return Err(refused(self.broker(), format!("metadata of topic {topic:?}"), code));
                }
                _ => {}
            }
            self.pause(attempt).await;
            attempt += 1;
        }
    }

    async fn unknown_topic(&mut self, topic: &str) -> Error {
        let names = match self.metadata(None).await {
            Ok(response) => response.topics.iter().filter_map(name_of).collect(),
            Err(_) => Vec::new(),
        };
        Error::UnknownTopic { topic: topic.to_owned(), nearest: nearest(topic, names.iter().map(String::as_str)) }
    }

    /// Metadata of one topic or of all. Also learns the brokers.
    pub(super) async fn metadata(&mut self, topic: Option<&str>) -> Result<MetadataResponse> {
        let wanted = topic.map(|topic| {
            vec![MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_string(topic.to_owned()))))]
        });
        let request = MetadataRequest::default().with_topics(wanted).with_allow_auto_topic_creation(false);
        let mut attempt = 0;
        loop {
            match self.ask_any(&request).await {
                Ok(response) => {
                    let brokers = view::brokers(&response);
                    // An answer without brokers is a broker that has just started: the last good view is better.
                    if !brokers.is_empty() {
                        self.nodes.retain(|node, _| self.brokers.get(node) == brokers.get(node));
                        self.brokers = brokers;
                    }
                    return Ok(response);
                }
                Err(error @ Error::UnsupportedVersion { .. }) => return Err(error),
                Err(error) => tracing::info!(%error, "metadata not answered"),
            }
            self.pause(attempt).await;
            attempt += 1;
        }
    }

    /// Asks whichever broker there is a connection to, or any that can be connected to.
    pub(super) async fn ask_any<Q: Request>(&mut self, request: &Q) -> Result<Q::Response> {
        // Taken out: an exchange that is dropped half-way takes its connection with it.
        let mut connection = match self.any.take() {
            Some(connection) => connection,
            None => self.open_any().await?,
        };
        let response = connection.call(request).await?;
        self.any = Some(connection);
        Ok(response)
    }

    /// Asks one broker.
    pub(super) async fn ask_node<Q: Request>(&mut self, node: i32, request: &Q) -> Result<Q::Response> {
        let mut connection = match self.nodes.remove(&node) {
            Some(connection) => connection,
            None => {
                let Some(address) = self.brokers.get(&node) else {
                    let what = format!("the address of broker {node}");
                    return Err(Error::Missing { what, hint: "metadata does not list it; it may be down".into() });
                };
                Connection::open(&self.transport, &address.host, address.port, &self.wire).await?
            }
        };
        let response = connection.call(request).await?;
        self.nodes.insert(node, connection);
        Ok(response)
    }

    pub(super) async fn pause(&mut self, attempt: u32) {
        tokio::time::sleep(self.retry.delay(attempt, &mut self.rng)).await;
    }

    /// Whom the last general question went to.
    pub(super) fn broker(&self) -> &str {
        self.any.as_ref().map_or("the cluster", Connection::broker)
    }

    /// Tries the brokers that metadata named, then the bootstrap list, beginning anywhere so that many clients spread.
    async fn open_any(&mut self) -> Result<Connection> {
        let mut known: Vec<HostPort> =
            self.brokers.values().map(|broker| HostPort::new(broker.host.clone(), broker.port)).collect();
        self.rng.shuffle(&mut known);
        let mut bootstrap = self.bootstrap.clone();
        self.rng.shuffle(&mut bootstrap);
        let mut tried = Vec::new();
        for address in known.iter().chain(&bootstrap) {
            match Connection::open(&self.transport, &address.host, address.port, &self.wire).await {
                Ok(connection) => return Ok(connection),
                Err(error) => tried.push(error),
            }
        }
        match <[Error; 1]>::try_from(tried) {
            Ok([only]) => Err(only),
            Err(tried) => Err(Error::NoBroker { tried }),
        }
    }
}

pub(super) fn name_of(topic: &MetadataResponseTopic) -> Option<String> {
    topic.name.as_ref().map(|name| name.to_string())
}

fn list(addresses: &[HostPort]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
