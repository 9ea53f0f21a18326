//! Fetch sessions as KIP-227 has them: who says what, and what is not said again.

use crate::client::{Client, by_id, fetch, name, values};
use kafka_protocol::messages::fetch_request::{FetchTopic, ForgottenTopic};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kolumn_test_broker::{ApiKey, BatchBuilder, TestCluster, TopicSettings, Verdict, batches, kafka_protocol};
use std::time::Duration;

/// A consumer of all partitions of "t" that speaks one version.
struct Consumer<'a> {
    cluster: &'a TestCluster,
    client: Client,
    version: i16,
    session: (i32, i32),
}

impl<'a> Consumer<'a> {
    fn new(cluster: &'a TestCluster, version: i16) -> Self {
        Self { cluster, client: Client::connect(cluster, 1), version, session: (0, 0) }
    }

    /// A request of these partitions at these offsets, and one that gives these up.
    fn request(&self, asked: &[(i32, i64)], forgotten: &[i32]) -> FetchRequest {
        let mut request = fetch("t", 0, 0).with_session_id(self.session.0).with_session_epoch(self.session.1);
        let partition = request.topics[0].partitions[0].clone();
        let partitions = asked.iter().map(|(index, offset)| partition.clone().with_partition(*index).with_fetch_offset(*offset));
        request.topics = vec![FetchTopic::default().with_topic(name("t")).with_partitions(partitions.collect())];
        if asked.is_empty() {
            request.topics.clear();
        }
        if !forgotten.is_empty() {
            request.forgotten_topics_data =
                vec![ForgottenTopic::default().with_topic(name("t")).with_partitions(forgotten.to_vec())];
        }
        by_id(request, self.cluster, self.version)
    }

    fn send(&mut self, request: &FetchRequest) -> FetchResponse {
        let response = self.client.call(self.version, request);
        self.session = match response.error_code {
            0 if response.session_id != 0 => (response.session_id, self.session.1 + 1),
            _ => (0, 0),
        };
        response
    }

    /// Asks, and returns what is told of each partition: error, values.
    fn ask(&mut self, asked: &[(i32, i64)], forgotten: &[i32]) -> Vec<(i32, i16, Vec<String>)> {
        let request = self.request(asked, forgotten);
        let response = self.send(&request);
        assert_eq!(response.error_code, 0);
        told(&response)
    }
}

fn told(response: &FetchResponse) -> Vec<(i32, i16, Vec<String>)> {
    let partitions = response.responses.iter().flat_map(|topic| &topic.partitions).map(|one| {
        let bytes = one.records.clone().unwrap_or_default();
        let records: Vec<_> = batches(&bytes).flat_map(|batch| batch.expect("a batch").records().expect("records")).collect();
        (one.partition_index, one.error_code, values(&records))
    });
    partitions.collect()
}

fn none(partition: i32) -> (i32, i16, Vec<String>) {
    (partition, 0, Vec::new())
}

fn some(partition: i32, values: &[&str]) -> (i32, i16, Vec<String>) {
    (partition, 0, values.iter().map(|value| (*value).to_owned()).collect())
}

fn cluster() -> TestCluster {
    let topic = TopicSettings::new(4).on([1]);
    TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("it starts")
}

fn produce(cluster: &TestCluster, partition: i32, value: &str) {
    cluster.produce("t", partition, BatchBuilder::new().values([value]).build());
}

const VERSIONS: [i16; 4] = [7, 11, 12, 17];

#[test]
fn the_first_answer_tells_of_all_partitions_and_later_ones_only_of_those_with_news() {
    for version in VERSIONS {
        let cluster = cluster();
        produce(&cluster, 1, "a");
        let mut consumer = Consumer::new(&cluster, version);
        let first = consumer.ask(&[(0, 0), (1, 0), (2, 0)], &[]);
        assert_eq!(first, [none(0), some(1, &["a"]), none(2)], "version {version}");
        assert_ne!(consumer.session.0, 0);
        assert_eq!(consumer.ask(&[(1, 1)], &[]), [], "version {version}");
        assert_eq!(consumer.ask(&[], &[]), []);
        produce(&cluster, 2, "b");
        assert_eq!(consumer.ask(&[], &[]), [some(2, &["b"])]);
        assert_eq!(consumer.ask(&[], &[]), [some(2, &["b"])], "the offset is the one that was asked last");
        assert_eq!(consumer.ask(&[(2, 1)], &[]), []);
        let stats = cluster.fetch_stats();
        assert_eq!((stats.full, stats.incremental, stats.sessions_made, stats.sessions), (1, 5, 1, 1));
        assert_eq!((stats.partitions_asked, stats.partitions_answered, stats.partitions_kept), (5, 5, 3));
    }
}

#[test]
fn partitions_can_be_added_and_forgotten_and_a_session_without_any_is_over() {
    for version in VERSIONS {
        let cluster = cluster();
        let mut consumer = Consumer::new(&cluster, version);
        consumer.ask(&[(0, 0)], &[]);
        produce(&cluster, 3, "c");
        produce(&cluster, 0, "d");
        assert_eq!(consumer.ask(&[(3, 0)], &[0]), [some(3, &["c"])], "version {version}");
        assert_eq!(consumer.ask(&[(3, 1)], &[]), []);
        let last = consumer.request(&[], &[3]);
        assert_eq!((consumer.send(&last).session_id, cluster.fetch_stats().sessions), (0, 0));
        assert_eq!(cluster.fetch_stats().partitions_forgotten, 2);
    }
}

#[test]
fn a_session_that_is_not_known_or_not_at_this_epoch_is_refused_and_the_right_one_goes_on() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 0)], &[]);
    let (id, epoch) = consumer.session;
    let mut error = |id: i32, epoch: i32, version| {
        let request = consumer.request(&[], &[]).with_session_id(id).with_session_epoch(epoch);
        let response = consumer.client.call(version, &request);
        assert_eq!((response.session_id, response.responses.len()), (0, 0));
        response.error_code
    };
    assert_eq!(error(id + 1, epoch, 17), 70);
    assert_eq!(error(id, epoch + 1, 17), 71);
    assert_eq!(error(id, epoch, 12), 106);
    assert_eq!(consumer.ask(&[], &[]), []);
    assert_eq!(cluster.fetch_stats().refused, 3);
    cluster.evict_fetch_sessions(1);
    let request = consumer.request(&[], &[]);
    assert_eq!(consumer.send(&request).error_code, 70);
}

#[test]
fn a_full_fetch_closes_the_session_that_it_names_and_makes_another_only_at_epoch_0() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 0)], &[]);
    let first = consumer.session.0;
    consumer.session = (first, 0);
    consumer.ask(&[(0, 0)], &[]);
    assert_ne!(consumer.session.0, first);
    assert_eq!(cluster.fetch_stats().sessions, 1);
    consumer.session.1 = -1;
    consumer.ask(&[(0, 0)], &[]);
    assert_eq!((consumer.session, cluster.fetch_stats().sessions), ((0, 0), 0));
}

#[test]
fn without_room_there_is_no_session_and_one_that_was_not_used_for_long_makes_room() {
    let builder = TestCluster::builder().topic("t", 4).fetch_session_slots(1).fetch_session_eviction(Duration::ZERO);
    let cluster = builder.start_blocking().expect("it starts");
    let (mut first, mut second) = (Consumer::new(&cluster, 17), Consumer::new(&cluster, 17));
    first.ask(&[(0, 0)], &[]);
    second.ask(&[(0, 0)], &[]);
    assert_ne!(second.session.0, 0);
    let request = first.request(&[], &[]);
    assert_eq!((first.send(&request).error_code, cluster.fetch_stats().sessions_evicted), (70, 1));
    cluster.set_fetch_session_slots(0);
    first.ask(&[(0, 0)], &[]);
    assert_eq!(first.session.0, 0, "no room at all");

    let cluster = TestCluster::builder().topic("t", 4).fetch_session_slots(1).start_blocking().expect("it starts");
    let (mut first, mut second) = (Consumer::new(&cluster, 17), Consumer::new(&cluster, 17));
    first.ask(&[(0, 0)], &[]);
    second.ask(&[(0, 0)], &[]);
    assert_eq!(second.session.0, 0, "a session that is new is left alone");
    first.ask(&[], &[]);
}

#[test]
fn partitions_that_brought_something_go_to_the_back_so_that_none_starves() {
    let cluster = cluster();
    (0..3).for_each(|partition| produce(&cluster, partition, "a"));
    let mut consumer = Consumer::new(&cluster, 12);
    let mut ask = |asked: &[(i32, i64)]| {
        let request = consumer.request(asked, &[]).with_max_bytes(1);
        told(&consumer.send(&request))
            .into_iter()
            .filter(|(.., values)| !values.is_empty())
            .map(|(partition, ..)| partition)
            .collect::<Vec<_>>()
    };
    assert_eq!(ask(&[(0, 0), (1, 0), (2, 0)]), [0]);
    // As the session began, so in this order, and nobody moves on.
    assert_eq!([ask(&[]), ask(&[]), ask(&[]), ask(&[])], [[0], [1], [2], [0]]);
}

#[test]
fn an_error_is_told_each_time_and_its_end_too() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 0), (1, 0)], &[]);
    cluster.next(ApiKey::Fetch, 2, Verdict::PartitionError("t".into(), 1, 56));
    assert_eq!(consumer.ask(&[], &[]), [(1, 56, Vec::new())]);
    assert_eq!(consumer.ask(&[], &[]), [(1, 56, Vec::new())]);
    assert_eq!(consumer.ask(&[], &[]), [none(1)]);
    assert_eq!(consumer.ask(&[], &[]), []);
    cluster.log("t", 0).move_leader(2);
    assert_eq!(consumer.ask(&[], &[]), [(0, 6, Vec::new())]);
    assert_eq!(consumer.ask(&[], &[]), [(0, 6, Vec::new())]);
    cluster.log("t", 0).move_leader(1);
    assert_eq!(consumer.ask(&[], &[]), [none(0)]);
    assert_eq!(consumer.ask(&[], &[]), []);
}

#[test]
fn a_high_watermark_or_log_start_that_moves_is_told_without_records() {
    let cluster = cluster();
    (0..3).for_each(|_| produce(&cluster, 0, "a"));
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 3), (1, 0)], &[]);
    cluster.log("t", 0).delete_records(2);
    assert_eq!(consumer.ask(&[], &[]), [none(0)]);
    assert_eq!(consumer.ask(&[], &[]), []);
}

#[test]
fn a_topic_made_anew_is_inconsistent_in_a_session_that_knows_its_name_and_a_new_session_does_not_know_the_old_id() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 0)], &[]);
    let old = cluster.topic_id("t");
    cluster.recreate_topic("t");
    assert_eq!(consumer.ask(&[], &[]), [(0, 103, Vec::new())]);
    consumer.session = (0, 0);
    let mut request = consumer.request(&[(0, 0)], &[]);
    request.topics[0].topic_id = old;
    assert_eq!(told(&consumer.send(&request)), [(0, 100, Vec::new())]);
    assert_eq!(consumer.ask(&[], &[]), [(0, 100, Vec::new())]);
}

#[test]
fn a_throttled_answer_is_empty_keeps_the_session_and_forgets_no_news() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    cluster.next(ApiKey::Fetch, 1, Verdict::Throttle(Duration::from_millis(7)));
    let request = consumer.request(&[(0, 0)], &[]);
    let response = consumer.send(&request);
    assert_eq!((response.throttle_time_ms, response.session_id, response.responses.len()), (7, 0, 0));
    cluster.clear_hooks();
    consumer.ask(&[(0, 0)], &[]);
    let id = consumer.session.0;
    produce(&cluster, 0, "a");
    cluster.next(ApiKey::Fetch, 1, Verdict::Throttle(Duration::from_millis(7)));
    let request = consumer.request(&[], &[]);
    let response = consumer.send(&request);
    assert_eq!((response.throttle_time_ms, response.session_id, response.responses.len()), (7, id, 0));
    assert_eq!(consumer.ask(&[], &[]), [some(0, &["a"])]);
}

#[test]
fn a_long_poll_of_a_session_ends_when_one_of_its_partitions_gets_records_and_not_for_another() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 0), (1, 0)], &[]);
    let request = consumer.request(&[], &[]).with_max_wait_ms(60_000);
    consumer.client.send(17, &request);
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 2, Duration::from_secs(10)));
    produce(&cluster, 2, "not mine");
    produce(&cluster, 1, "mine");
    let (_, response) = consumer.client.receive::<FetchRequest>(17).expect("an answer");
    assert_eq!(told(&response), [some(1, &["mine"])]);
}

#[test]
fn a_node_that_starts_again_knows_no_session() {
    let cluster = cluster();
    let mut consumer = Consumer::new(&cluster, 17);
    consumer.ask(&[(0, 0)], &[]);
    cluster.restart(1);
    consumer.client = Client::connect(&cluster, 1);
    let request = consumer.request(&[], &[]);
    assert_eq!(consumer.send(&request).error_code, 70);
}
