use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kafka_protocol::messages::find_coordinator_response::{Coordinator, FindCoordinatorResponse};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    ApiKey, GroupId, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, MetadataResponse, OffsetFetchRequest,
    OffsetFetchResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::*;
use crate::config::{Properties, Settings};
use crate::error::{Error, Result};
use crate::wire::WireSettings;
use crate::wire::testing::{Asked, Network, Reply};

const A: &str = "a:9092";
const B: &str = "b:9092";
const NOT_LEADER: i16 = 6;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn settings<const N: usize>(more: [(&str, &str); N]) -> Settings {
    let mut properties = Properties::from([("bootstrap.servers", "a:9092,b:9092")]);
    properties.extend(more);
    Settings::from_properties(&properties).expect("valid")
}

async fn connect(network: &Network) -> Result<Cluster> {
    connect_with(network, &settings([])).await
}

async fn connect_with(network: &Network, settings: &Settings) -> Result<Cluster> {
    Cluster::connect(network.transport(), WireSettings::new(settings, None, None)?, settings).await
}

/// Metadata of two brokers, `a` as 1 and `b` as 2, and one topic with these leaders.
fn metadata(topic: &str, leaders: &[i32]) -> MetadataResponse {
    let broker =
        |node: i32, host: &str| MetadataResponseBroker::default().with_node_id(node.into()).with_host(text(host)).with_port(9092);
    let partition = |(index, leader): (usize, &i32)| {
        MetadataResponsePartition::default()
            .with_partition_index(i32::try_from(index).expect("few"))
            .with_leader_id((*leader).into())
            .with_leader_epoch(7)
            .with_replica_nodes(vec![1.into(), 2.into()])
            .with_isr_nodes(vec![1.into()])
            .with_error_code(if *leader < 0 { 5 } else { 0 })
    };
    MetadataResponse::default()
        .with_brokers(vec![broker(1, "a"), broker(2, "b")])
        .with_cluster_id(Some(text("one")))
        .with_topics(vec![named(topic).with_partitions(leaders.iter().enumerate().map(partition).collect())])
}

fn named(topic: &str) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_name(Some(TopicName(text(topic))))
}

fn refusing(topic: &str, code: i16) -> MetadataResponse {
    let mut response = metadata(topic, &[]);
    response.topics = vec![named(topic).with_error_code(code)];
    response
}

/// Answers ListOffsets: the answer to each partition is its error code and its offset.
fn list_offsets(asked: &Asked, answer: impl Fn(i32, i64) -> (i16, i64)) -> Reply {
    let request: ListOffsetsRequest = asked.request();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let (code, offset) = answer(partition.partition_index, partition.timestamp);
            ListOffsetsPartitionResponse::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(code)
                .with_offset(offset)
        });
        ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
    });
    asked.answer(&ListOffsetsResponse::default().with_topics(topics.collect()))
}

/// Both brokers answer by the same script.
fn both(network: &Network, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
    let script = Arc::new(script);
    for broker in [A, B] {
        let script = Arc::clone(&script);
        network.broker(broker, move |asked| script(asked));
    }
}

/// A network that gives one metadata answer after another, the last again and again.
fn telling(answers: Vec<MetadataResponse>) -> Network {
    let network = Network::default();
    let count = AtomicU32::new(0);
    both(&network, move |asked| {
        let turn = count.fetch_add(1, Ordering::Relaxed) as usize;
        asked.answer(answers.get(turn).or(answers.last()).expect("an answer"))
    });
    network
}

fn metadata_questions(network: &Network) -> usize {
    network.seen().iter().filter(|asked| asked.is(ApiKey::Metadata)).count()
}

mod bootstrap {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_broker_that_answers_is_enough_and_a_dead_one_costs_half_a_second_at_most() {
        let network = telling(vec![metadata("orders", &[1])]);
        network.dark(A);
        let begin = Instant::now();
        let mut cluster = connect(&network).await.expect("b answers");
        assert!(begin.elapsed() <= Duration::from_millis(500), "{:?}", begin.elapsed());
        assert!(cluster.topic("orders").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn when_none_answers_the_error_has_what_each_said() {
        let network = Network::default();
        network.unresolved(B);
        let begin = Instant::now();
        let Err(Error::NoBroker { tried }) = connect(&network).await.map(drop) else { panic!("nobody listens") };
        assert_eq!(tried.len(), 2);
        assert!(tried.contains(&Error::Connect { broker: A.into(), reason: "connection refused".into() }));
        assert!(tried.contains(&Error::Resolve { host: "b".into(), reason: "no such host".into() }));
        let limit = Duration::from_secs(10);
        assert!(begin.elapsed() > limit * 8 / 10 && begin.elapsed() <= limit, "{:?}", begin.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn brokers_that_never_answer_are_told_too_within_the_limit() {
        let network = Network::default();
        network.dark(A);
        network.dark(B);
        let begin = Instant::now();
        let error = connect(&network).await.map(drop).expect_err("dark").to_string();
        assert!(error.contains("connecting to a:9092") && error.contains("connecting to b:9092"), "{error}");
        assert!(begin.elapsed() <= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_broker_that_comes_up_within_the_limit_is_waited_for() {
        let network = Network::default();
        let later = network.clone();
        let start = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            later.broker(B, |_| Reply::Silence);
        };
        let (connected, ()) = tokio::join!(connect(&network), start);
        assert!(connected.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn ports_that_are_none_of_kafkas_are_told_at_once() {
        let network = Network::default();
        network.host(A, |_| Reply::Bytes(b"HTTP/1.1 400 Bad Request\r\n".to_vec()));
        let begin = Instant::now();
        let settings = settings([("bootstrap.servers", A)]);
        let error = connect_with(&network, &settings).await.map(drop).expect_err("no Kafka");
        assert!(
            matches!(&error, Error::FrameSize { broker, hint: Some(_), .. } if broker == A),
            "one broker, one error: {error}"
        );
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}

mod metadata_of_a_topic {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_topic_has_its_leaders_and_their_addresses_and_is_not_created_by_asking() {
        let network = telling(vec![metadata("orders", &[2, 1, -1, 9])]);
        let mut cluster = connect(&network).await.expect("connects");
        let view = cluster.topic("orders").await.expect("there");
        let leaders: BTreeMap<_, _> = view.partitions.iter().map(|(partition, view)| (*partition, view.leader)).collect();
        assert_eq!(leaders, BTreeMap::from([(0, Some(2)), (1, Some(1)), (2, None), (3, None)]), "9 is no broker");
        assert_eq!(view.partitions[&0].leader_epoch, 7);
        assert_eq!(view.partitions[&2].error, 5);
        assert_eq!(view.brokers[&2].address().to_string(), B);
        assert_eq!(view.cluster_id.as_deref(), Some("one"));
        let request: MetadataRequest = network.seen()[0].request();
        assert!(!request.allow_auto_topic_creation);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_topic_is_an_error_within_seconds_that_names_the_nearest() {
        let network = Network::default();
        both(&network, |asked| {
            let request: MetadataRequest = asked.request();
            let answer = if request.topics.is_some() { refusing("order", 3) } else { metadata("orders", &[1]) };
            asked.answer(&answer)
        });
        let mut cluster = connect(&network).await.expect("connects");
        let begin = Instant::now();
        let error = cluster.topic("order").await.expect_err("unknown");
        assert_eq!(error, Error::UnknownTopic { topic: "order".into(), nearest: Some("orders".into()) });
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        assert_eq!(metadata_questions(&network), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_waited_for() {
        let no_brokers = metadata("orders", &[1]).with_brokers(vec![]);
        let unasked = metadata("invoices", &[1]);
        let passing = [
            refusing("orders", 3),
            refusing("orders", 5),
            no_brokers,
            unasked,
            metadata("orders", &[]),
            metadata("orders", &[-1]),
        ];
        for first in passing {
            let network = telling(vec![first, metadata("orders", &[1])]);
            let mut cluster = connect(&network).await.expect("connects");
            assert_eq!(cluster.topic("orders").await.expect("passes").partitions[&0].leader, Some(1));
            assert_eq!(metadata_questions(&network), 2);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_topic_without_any_leader_is_an_error_when_the_limit_is_over() {
        let network = telling(vec![metadata("orders", &[-1, -1])]);
        let mut cluster = connect(&network).await.expect("connects");
        let begin = Instant::now();
        let error = cluster.topic("orders").await.expect_err("no leader");
        assert!(matches!(&error, Error::Refused { name, .. } if name == "LEADER_NOT_AVAILABLE"), "{error}");
        let limit = Duration::from_secs(60);
        assert!(begin.elapsed() > limit * 9 / 10 && begin.elapsed() <= limit, "{:?}", begin.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_for_good_is_told_at_once() {
        let network = telling(vec![refusing("orders", 29)]);
        let mut cluster = connect(&network).await.expect("connects");
        let error = cluster.topic("orders").await.expect_err("denied");
        assert!(matches!(&error, Error::NotAuthorized { name, .. } if name == "TOPIC_AUTHORIZATION_FAILED"), "{error}");
        let network = telling(vec![refusing("a b", 17)]);
        let mut cluster = connect(&network).await.expect("connects");
        let error = cluster.topic("a b").await.expect_err("no name");
        assert!(matches!(&error, Error::Refused { code: 17, .. }), "{error}");
        assert_eq!(metadata_questions(&network), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a19_another_cluster_at_every_address_is_refused() {
        let network = telling(vec![metadata("orders", &[1]), metadata("orders", &[1]).with_cluster_id(Some(text("two")))]);
        let mut cluster = connect(&network).await.expect("connects");
        cluster.topic("orders").await.expect("the first");
        let error = cluster.topic("orders").await.expect_err("the second");
        assert!(matches!(&error, Error::OtherCluster { expected, found, .. } if expected == "one" && found == "two"), "{error}");
    }
}

mod connections {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_closed_while_it_rested_is_replaced_without_a_pause() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        // Every second question on any connection finds it closed.
        both(&network, move |asked| match count.fetch_add(1, Ordering::Relaxed) {
            1 => Reply::Close,
            _ => asked.answer(&metadata("orders", &[1])),
        });
        let mut cluster = connect(&network).await.expect("connects");
        cluster.topic("orders").await.expect("the first");
        let begin = Instant::now();
        cluster.topic("orders").await.expect("asked again over another connection");
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a15_when_all_known_brokers_are_gone_the_bootstrap_list_is_tried_again() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        network.broker(A, move |asked| {
            let gone = MetadataResponseBroker::default().with_node_id(1.into()).with_host(text("gone")).with_port(1);
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => asked.answer(&metadata("orders", &[1]).with_brokers(vec![gone])),
                1 => Reply::Close,
                _ => asked.answer(&metadata("orders", &[1])),
            }
        });
        let settings = settings([("bootstrap.servers", A)]);
        let mut cluster = connect_with(&network, &settings).await.expect("connects");
        assert_eq!(cluster.topic("orders").await.expect("there").brokers.len(), 1);
        assert_eq!(cluster.topic("orders").await.expect("found again").brokers.len(), 2);
        assert_eq!(network.connects(), [A, "gone:1", A]);
        assert_eq!(cluster.take_notices(), [Notice::Rebootstrapped]);
    }

    #[tokio::test(start_paused = true)]
    async fn a15_without_rebootstrap_only_the_known_brokers_are_tried() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        network.broker(A, move |asked| {
            let gone = MetadataResponseBroker::default().with_node_id(1.into()).with_host(text("gone")).with_port(1);
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => asked.answer(&metadata("orders", &[1]).with_brokers(vec![gone])),
                _ => Reply::Close,
            }
        });
        let settings = settings([("bootstrap.servers", A), ("metadata.recovery.strategy", "none")]);
        let mut cluster = connect_with(&network, &settings).await.expect("connects");
        cluster.topic("orders").await.expect("there");
        let error = cluster.refresh("orders").await.expect_err("gone");
        assert_eq!(error, Error::Connect { broker: "gone:1".into(), reason: "connection refused".into() });
        assert_eq!(network.connects(), [A, "gone:1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a15_a_broker_that_asks_for_it_is_left_for_the_bootstrap_list() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        // `a` alone is configured; it names `b`, which is in charge until it knows better.
        network.broker(A, move |asked| {
            let only = MetadataResponseBroker::default().with_node_id(2.into()).with_host(text("b")).with_port(9092);
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => asked.answer(&metadata("orders", &[2]).with_brokers(vec![only])),
                1 => Reply::Close,
                _ => asked.answer(&metadata("orders", &[1])),
            }
        });
        network.broker(B, |asked| asked.answer(&MetadataResponse::default().with_error_code(129)));
        let settings = settings([("bootstrap.servers", A)]);
        let mut cluster = connect_with(&network, &settings).await.expect("connects");
        cluster.topic("orders").await.expect("there");
        let error = cluster.refresh("orders").await.expect_err("it is to begin again");
        assert!(matches!(&error, Error::Refused { code: 129, name, .. } if name == "REBOOTSTRAP_REQUIRED"), "{error}");
        assert_eq!(cluster.refresh("orders").await.expect("found again").brokers.len(), 2);
        assert_eq!(network.connects(), [A, B, A]);
        assert_eq!(cluster.take_notices(), [Notice::Rebootstrapped]);
    }

    #[tokio::test(start_paused = true)]
    async fn a15_brokers_that_answer_and_know_nothing_for_too_long_are_left_for_the_bootstrap_list() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        network.broker(A, move |asked| {
            let only = MetadataResponseBroker::default().with_node_id(2.into()).with_host(text("b")).with_port(9092);
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => asked.answer(&metadata("orders", &[2]).with_brokers(vec![only])),
                1 => Reply::Close,
                _ => asked.answer(&metadata("orders", &[1])),
            }
        });
        // Its metadata names no broker: it is asked again as it is the only one that is known, and answers.
        network.broker(B, |asked| asked.answer(&metadata("orders", &[2]).with_brokers(vec![])));
        let settings = settings([("bootstrap.servers", A), ("metadata.recovery.rebootstrap.trigger.ms", "0")]);
        let mut cluster = connect_with(&network, &settings).await.expect("connects");
        cluster.topic("orders").await.expect("there");
        cluster.refresh("orders").await.expect_err("no broker is named");
        assert_eq!(cluster.refresh("orders").await.expect("found again").brokers.len(), 2);
        assert_eq!(network.connects(), [A, B, A]);
    }

    #[tokio::test(start_paused = true)]
    async fn a19_one_broker_of_another_cluster_is_left_alone_and_the_next_one_asked() {
        let network = Network::default();
        let strange = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&strange);
        network.broker(A, move |asked| match seen.load(Ordering::Relaxed) {
            0 => asked.answer(&metadata("orders", &[1])),
            _ => asked.answer(&metadata("orders", &[1]).with_cluster_id(Some(text("two")))),
        });
        network.broker(B, |asked| asked.answer(&metadata("orders", &[1])));
        let settings = settings([("bootstrap.servers", A)]);
        let mut cluster = connect_with(&network, &settings).await.expect("connects");
        cluster.topic("orders").await.expect("there");
        strange.store(1, Ordering::Relaxed);
        let error = cluster.refresh("orders").await.expect_err("of another cluster");
        assert!(matches!(&error, Error::OtherCluster { broker, .. } if broker == A), "{error}");
        assert!(cluster.refresh("orders").await.is_ok(), "b is asked");
        let expected = Notice::OtherCluster { broker: A.into(), expected: "one".into(), found: "two".into() };
        assert_eq!(cluster.take_notices(), [expected]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_given_up_leaves_the_cluster_usable() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        both(&network, move |asked| match count.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::Silence,
            _ => asked.answer(&metadata("orders", &[1])),
        });
        let mut cluster = connect(&network).await.expect("connects");
        assert!(tokio::time::timeout(Duration::from_secs(1), cluster.topic("orders")).await.is_err());
        assert!(cluster.topic("orders").await.is_ok());
    }
}

mod offsets {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_leader_is_asked_for_its_partitions_only() {
        let network = Network::default();
        both(&network, |asked| match asked.is(ApiKey::Metadata) {
            true => asked.answer(&metadata("orders", &[1, 2, 1])),
            false => list_offsets(asked, |partition, time| (0, i64::from(partition) * 100 - time)),
        });
        let mut cluster = connect(&network).await.expect("connects");
        let queries =
            [(0, OffsetQuery::Earliest), (1, OffsetQuery::Latest { read_committed: true }), (2, OffsetQuery::Timestamp(5))];
        let found = cluster.offsets("orders", &queries).await.expect("answered");
        assert_eq!(found, BTreeMap::from([(0, 2), (1, 101), (2, 195)]));
        let mut asked: Vec<_> = network.seen().into_iter().filter(|asked| asked.is(ApiKey::ListOffsets)).collect();
        asked.sort_by(|left, right| left.broker.cmp(&right.broker));
        let told: Vec<_> = asked
            .iter()
            .map(|asked| {
                let request: ListOffsetsRequest = asked.request();
                let partitions: Vec<_> = request.topics[0].partitions.iter().map(|partition| partition.partition_index).collect();
                (asked.broker.as_str(), request.isolation_level, request.replica_id.0, partitions)
            })
            .collect();
        assert_eq!(told, [(A, 0, -1, vec![0, 2]), (B, 1, -1, vec![1])]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_moved_is_found_again_and_the_others_are_not_asked_twice() {
        let network = Network::default();
        let moved = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&moved);
        both(&network, move |asked| match (asked.is(ApiKey::Metadata), asked.broker.as_str()) {
            (true, _) if seen.load(Ordering::Relaxed) == 0 => asked.answer(&metadata("orders", &[1, 2])),
            (true, _) => asked.answer(&metadata("orders", &[1, 1])),
            (false, A) => list_offsets(asked, |_, _| (0, 42)),
            (false, _) => {
                seen.store(1, Ordering::Relaxed);
                list_offsets(asked, |_, _| (NOT_LEADER, -1))
            }
        });
        let mut cluster = connect(&network).await.expect("connects");
        let queries = [(0, OffsetQuery::Earliest), (1, OffsetQuery::Earliest)];
        assert_eq!(cluster.offsets("orders", &queries).await, Ok(BTreeMap::from([(0, 42), (1, 42)])));
        let last: ListOffsetsRequest = network.seen().last().expect("asked").request();
        assert_eq!(last.topics[0].partitions.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_is_down_is_an_error_after_the_limit_and_names_it() {
        let network = Network::default();
        network.broker(A, |asked| match asked.is(ApiKey::Metadata) {
            true => asked.answer(&metadata("orders", &[1, 2])),
            false => list_offsets(asked, |_, _| (0, 42)),
        });
        let mut cluster = connect(&network).await.expect("connects");
        let queries = [(0, OffsetQuery::Earliest), (1, OffsetQuery::Earliest)];
        let begin = Instant::now();
        let error = cluster.offsets("orders", &queries).await.expect_err("b is down");
        assert_eq!(error, Error::Connect { broker: B.into(), reason: "connection refused".into() });
        assert!(begin.elapsed() <= Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_without_a_record_is_told_and_an_impossible_offset_is_not_believed() {
        let network = Network::default();
        both(&network, |asked| match asked.is(ApiKey::Metadata) {
            true => asked.answer(&metadata("orders", &[1])),
            false => list_offsets(asked, |_, _| (0, -1)),
        });
        let mut cluster = connect(&network).await.expect("connects");
        assert_eq!(cluster.offsets("orders", &[(0, OffsetQuery::Timestamp(1))]).await, Ok(BTreeMap::from([(0, -1)])));
        let error = cluster.offsets("orders", &[(0, OffsetQuery::Earliest)]).await.expect_err("no offset");
        assert!(error.to_string().contains("orders/0 has the offset -1"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_partition_and_a_denied_one_are_told_at_once() {
        let network = Network::default();
        both(&network, |asked| match asked.is(ApiKey::Metadata) {
            true => asked.answer(&metadata("orders", &[1])),
            false => list_offsets(asked, |_, _| (29, -1)),
        });
        let mut cluster = connect(&network).await.expect("connects");
        let begin = Instant::now();
        let error = cluster.offsets("orders", &[(3, OffsetQuery::Earliest)]).await.expect_err("one partition");
        assert_eq!(error, Error::UnknownPartition { topic: "orders".into(), partition: 3, count: 1 });
        let error = cluster.offsets("orders", &[(0, OffsetQuery::Earliest)]).await.expect_err("denied");
        assert!(matches!(&error, Error::NotAuthorized { what, .. } if what == "offsets of orders/0"), "{error}");
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn all_topics_are_listed_and_a_partition_whose_leader_is_gone_has_no_offsets() {
        let network = Network::default();
        network.broker(A, |asked| match asked.is(ApiKey::Metadata) {
            true => {
                let mut response = metadata("orders", &[1, 2, -1]);
                let internal = metadata("__consumer_offsets", &[1]).topics.remove(0).with_is_internal(true);
                response.topics.push(internal);
                response.topics.push(named("secret").with_error_code(29));
                asked.answer(&response)
            }
            false => list_offsets(asked, |_, time| (0, if time == -2 { 3 } else { 8 })),
        });
        let mut cluster = connect(&network).await.expect("connects");
        let topics = cluster.topics(|_| true).await.expect("listed");
        let names: Vec<_> = topics.iter().map(|topic| (topic.name.as_str(), topic.internal)).collect();
        assert_eq!(names, [("__consumer_offsets", true), ("orders", false)]);
        let orders: Vec<_> = topics[1].partitions.iter().map(|found| (found.leader, found.first, found.next)).collect();
        assert_eq!(orders, [(Some(1), Some(3), Some(8)), (Some(2), None, None), (None, None, None)]);
        assert_eq!(topics[1].partitions[0].replicas, [1, 2]);
        assert_eq!(topics[1].partitions[0].in_sync, [1]);
        assert_eq!(cluster.topics(|name| name == "orders").await.map(|topics| topics.len()), Ok(1));
    }
}

mod epochs {
    use kafka_protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
    use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

    use super::*;

    fn ends(asked: &Asked, answer: impl Fn(i32, i32) -> (i16, i32, i64)) -> Reply {
        let request: OffsetForLeaderEpochRequest = asked.request();
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let (code, epoch, end) = answer(partition.partition, partition.leader_epoch);
                EpochEndOffset::default()
                    .with_partition(partition.partition)
                    .with_error_code(code)
                    .with_leader_epoch(epoch)
                    .with_end_offset(end)
            });
            OffsetForLeaderTopicResult::default().with_topic(topic.topic.clone()).with_partitions(partitions.collect())
        });
        asked.answer(&OffsetForLeaderEpochResponse::default().with_topics(topics.collect()))
    }

    #[tokio::test(start_paused = true)]
    async fn b3_each_leader_is_asked_in_its_epoch_and_again_where_it_does_not_agree() {
        let network = Network::default();
        let count = AtomicU32::new(0);
        both(&network, move |asked| match asked.is(ApiKey::Metadata) {
            true => asked.answer(&metadata("orders", &[1, 2, 1])),
            false => {
                // The first answer of all is FENCED_LEADER_EPOCH.
                let code = if count.fetch_add(1, Ordering::Relaxed) == 0 { 74 } else { 0 };
                ends(asked, |partition, epoch| (code, epoch - 1, i64::from(partition) * 10))
            }
        });
        let mut cluster = connect(&network).await.expect("connects");
        let found = cluster.epoch_ends("orders", &[(0, 3, 5), (1, 9, 5), (2, -1, 6)]).await.expect("answered");
        assert_eq!(found, BTreeMap::from([(0, (4, 0)), (1, (4, 10)), (2, (5, 20))]));
        let epochs: Vec<_> = network
            .seen()
            .iter()
            .filter(|asked| asked.is(ApiKey::OffsetForLeaderEpoch))
            .flat_map(|asked| asked.request::<OffsetForLeaderEpochRequest>().topics)
            .flat_map(|topic| topic.partitions)
            .map(|partition| (partition.partition, partition.current_leader_epoch))
            .collect();
        assert!(epochs.contains(&(0, 7)) && epochs.contains(&(1, 9)) && epochs.contains(&(2, 7)), "{epochs:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_without_epochs_says_nothing_and_that_is_told() {
        let network = Network::default();
        both(&network, |asked| match asked.is(ApiKey::Metadata) {
            true => asked.answer(&metadata("orders", &[1])),
            false => ends(asked, |_, _| (0, -1, -1)),
        });
        let mut cluster = connect(&network).await.expect("connects");
        assert_eq!(cluster.epoch_ends("orders", &[(0, 7, 5)]).await, Ok(BTreeMap::from([(0, (-1, -1))])));
    }
}

mod committed {
    use super::*;

    fn coordinator(host: &str) -> FindCoordinatorResponse {
        let coordinator =
            Coordinator::default().with_key(text("group")).with_node_id(2.into()).with_host(text(host)).with_port(9092);
        FindCoordinatorResponse::default().with_coordinators(vec![coordinator])
    }

    fn committed(answers: &[(i32, i64, i16)]) -> OffsetFetchResponse {
        let partition = |(partition, offset, code): &(i32, i64, i16)| {
            OffsetFetchResponsePartitions::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_error_code(*code)
        };
        let topic = OffsetFetchResponseTopics::default()
            .with_name(TopicName(text("orders")))
            .with_partitions(answers.iter().map(partition).collect());
        OffsetFetchResponse::default().with_groups(vec![group().with_topics(vec![topic])])
    }

    fn group() -> OffsetFetchResponseGroup {
        OffsetFetchResponseGroup::default().with_group_id(GroupId(text("group")))
    }

    fn failing(code: i16) -> OffsetFetchResponse {
        OffsetFetchResponse::default().with_groups(vec![group().with_error_code(code)])
    }

    /// `b` coordinates; it answers one thing after another, the last again and again.
    fn coordinated(answers: Vec<OffsetFetchResponse>) -> Network {
        let network = Network::default();
        let count = AtomicU32::new(0);
        both(&network, move |asked| match asked.is(ApiKey::FindCoordinator) {
            true => asked.answer(&coordinator("b")),
            false => {
                assert_eq!(asked.broker, B);
                let turn = count.fetch_add(1, Ordering::Relaxed) as usize;
                asked.answer(answers.get(turn).or(answers.last()).expect("an answer"))
            }
        });
        network
    }

    #[tokio::test(start_paused = true)]
    async fn the_coordinator_tells_what_is_committed_and_what_is_not() {
        let network = coordinated(vec![committed(&[(0, 17, 0), (1, -1, 0), (9, 1, 0)])]);
        let mut cluster = connect(&network).await.expect("connects");
        let found = cluster.committed("group", "orders", &[0, 1, 2]).await;
        assert_eq!(found, Ok(BTreeMap::from([(0, Some(17)), (1, None), (2, None)])));
    }

    #[tokio::test(start_paused = true)]
    async fn a_coordinator_that_moves_or_loads_is_asked_again() {
        for code in [14, 15, 16, 88] {
            let network = coordinated(vec![failing(code), committed(&[(0, 17, code)]), committed(&[(0, 17, 0)])]);
            let mut cluster = connect(&network).await.expect("connects");
            assert_eq!(cluster.committed("group", "orders", &[0]).await, Ok(BTreeMap::from([(0, Some(17))])), "{code}");
            let searches = network.seen().iter().filter(|asked| asked.is(ApiKey::FindCoordinator)).count();
            assert_eq!(searches, 3, "it is searched anew each time");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_that_never_was_has_committed_nothing_and_a_denied_one_is_an_error() {
        let network = coordinated(vec![failing(69)]);
        let mut cluster = connect(&network).await.expect("connects");
        assert_eq!(cluster.committed("group", "orders", &[0]).await, Ok(BTreeMap::from([(0, None)])));
        let network = coordinated(vec![failing(30)]);
        let mut cluster = connect(&network).await.expect("connects");
        let error = cluster.committed("group", "orders", &[0]).await.expect_err("denied");
        assert!(matches!(&error, Error::NotAuthorized { what, .. } if what.contains("group")), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn offsets_of_open_transactions_are_waited_for_where_read_committed_is_asked_for() {
        for (level, stable) in [("read_committed", true), ("read_uncommitted", false)] {
            let network = coordinated(vec![committed(&[(0, 17, 0)])]);
            let settings = settings([("isolation.level", level)]);
            let mut cluster = connect_with(&network, &settings).await.expect("connects");
            cluster.committed("group", "orders", &[0]).await.expect("answered");
            let request: OffsetFetchRequest = network.seen().last().expect("asked").request();
            assert_eq!(request.require_stable, stable);
        }
    }
}
