//! What the core does about the faults of leaders, replicas, topics and sessions, each by its row in the catalogue of faults.

use std::time::{Duration, Instant};

use kafka_protocol::messages::fetch_response::{EpochEndOffset, LeaderIdAndEpoch, NodeEndpoint, PartitionData};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse};
use kafka_protocol::protocol::{Encodable, StrBytes};
use uuid::Uuid;

use super::sample::*;
use super::*;
use crate::cluster::{BrokerAddress, TopicView};
use crate::record::sample::Batch;

const NEWEST: i16 = 17;
const ID: Uuid = Uuid::from_u128(7);

fn batch(base: i64, count: usize, epoch: i32) -> Vec<u8> {
    let mut batch = Batch::at(base).records(vec!["x"; count]);
    batch.leader_epoch = epoch;
    batch.bytes()
}

/// Metadata with a topic id and three brokers.
fn known(id: Uuid, partitions: &[(i32, i32, i32)]) -> TopicView {
    let broker = |node| (node, BrokerAddress { node, host: format!("broker-{node}"), port: 9092, rack: None });
    TopicView { topic_id: id, brokers: (1..=3).map(broker).collect(), ..view(partitions) }
}

/// A core in a rack, that reads these partitions from offset 0, led by broker 1 in epoch 5.
fn at_leader(partitions: std::ops::Range<i32>) -> FetchCore {
    let mut core = FetchCore::new(TOPIC.into(), FetchSettings { rack: "near".into(), ..settings() }, 1);
    partitions.clone().for_each(|partition| core.assign(partition, 0, -1, None));
    let leaders: Vec<_> = partitions.map(|partition| (partition, 1, 5)).collect();
    core.topic_view(&known(ID, &leaders));
    core
}

fn by_id(partitions: Vec<PartitionData>) -> FetchResponse {
    let mut response = answer(partitions);
    for topic in &mut response.responses {
        topic.topic = Default::default();
        topic.topic_id = ID;
    }
    response
}

/// Asks `broker`, which answers at once.
fn exchange(core: &mut FetchCore, broker: i32, now: Instant, partitions: Vec<PartitionData>) -> Vec<Action> {
    let (ticket, _) = core.next_request(broker, NEWEST, now).unwrap();
    core.on_response(ticket, by_id(partitions), now)
}

fn ask(core: &mut FetchCore, broker: i32, now: Instant) -> Option<FetchRequest> {
    core.next_request(broker, NEWEST, now).map(|(_, request)| request)
}

fn only(request: &FetchRequest) -> (i64, i32, i32) {
    let asked = &request.topics[0].partitions[0];
    (asked.fetch_offset, asked.current_leader_epoch, asked.last_fetched_epoch)
}

fn hint(data: PartitionData, leader: i32, epoch: i32) -> PartitionData {
    data.with_current_leader(LeaderIdAndEpoch::default().with_leader_id(BrokerId(leader)).with_leader_epoch(epoch))
}

#[test]
fn topics_are_asked_for_by_id_where_it_is_known_and_every_version_can_be_written() {
    for version in 4..=17 {
        for (id, highest) in [(ID, 17), (Uuid::nil(), 12)] {
            let mut core = at_leader(0..0);
            core.assign(0, 3, 2, None);
            core.topic_view(&known(id, &[(0, 1, 5)]));
            if id.is_nil() {
                core = FetchCore::new(TOPIC.into(), settings(), 1);
                core.assign(0, 3, 2, None);
                core.topic_view(&known(id, &[(0, 1, 5)]));
            }
            let (ticket, request) = core.next_request(1, version, Instant::now()).unwrap();
            assert_eq!(ticket.version(), version.min(highest));
            let is_named = (request.topics[0].topic_id, request.topics[0].topic.as_str());
            assert_eq!(is_named, if ticket.version() >= 13 { (ID, "") } else { (Uuid::nil(), TOPIC) });
            let epochs = if version >= 12 { (5, 2) } else { (if version >= 9 { 5 } else { -1 }, -1) };
            assert_eq!(only(&request), (3, epochs.0, epochs.1), "version {version}");
            request.encode(&mut bytes::BytesMut::new(), ticket.version()).unwrap();
        }
    }
}

#[test]
fn the_epoch_of_the_last_batch_is_sent_and_falls_back_with_the_position() {
    let mut core = at_leader(0..1);
    let now = Instant::now();
    exchange(&mut core, 1, now, vec![full(0, [batch(0, 3, 2), batch(3, 2, 4)].concat())]);
    let (ticket, request) = core.next_request(1, NEWEST, now).unwrap();
    assert_eq!(only(&request), (5, 5, 4));
    core.on_failure(&ticket);
    core.rewind(0, 3, 2, now, false);
    assert_eq!(ask(&mut core, 1, now).map(|request| only(&request)), Some((3, 5, 2)));
}

#[test]
fn b1_a_hint_moves_a_partition_at_once_to_the_leader_at_the_address_given() {
    let mut core = at_leader(0..1);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, NEWEST, now).unwrap();
    let mut response = by_id(vec![hint(refusal(0, 6), 8, 6)]);
    let endpoint = NodeEndpoint::default().with_node_id(BrokerId(8)).with_host(StrBytes::from_static_str("eight")).with_port(9);
    response.node_endpoints = vec![endpoint, NodeEndpoint::default().with_node_id(BrokerId(4))];
    let actions = core.on_response(ticket, response, now);
    assert!(matches!(&actions[..], [Action::Endpoint(address), Action::RefreshMetadata { .. }]
        if (address.node, &*address.host, address.port) == (8, "eight", 9)));
    assert_eq!(core.brokers(now), [8]);
    assert_eq!(ask(&mut core, 8, now).map(|request| only(&request)), Some((0, 6, -1)));
}

#[test]
fn b1_a_hint_that_is_no_news_is_not_followed() {
    for (leader, epoch) in [(2, 5), (2, 4), (-1, 9)] {
        let mut core = at_leader(0..1);
        let now = Instant::now();
        let actions = exchange(&mut core, 1, now, vec![hint(refusal(0, 6), leader, epoch)]);
        assert!(matches!(actions[..], [Action::RefreshMetadata { partition: 0, .. }]));
        assert_eq!((core.brokers(now), ask(&mut core, 1, now)), (vec![1], None), "after a pause");
    }
}

#[test]
fn b3_a_fenced_or_unknown_epoch_is_cured_by_metadata_and_the_position_stays() {
    for code in [74, 75] {
        let mut core = at_leader(0..1);
        let now = Instant::now();
        exchange(&mut core, 1, now, vec![full(0, batch(0, 3, 5))]);
        let actions = exchange(&mut core, 1, now, vec![refusal(0, code)]);
        assert!(matches!(actions[..], [Action::RefreshMetadata { partition: 0, .. }]));
        core.topic_view(&known(ID, &[(0, 1, 6)]));
        let later = after(now, 1000);
        assert_eq!(ask(&mut core, 1, later).map(|request| only(&request)), Some((3, 6, 5)));
    }
}

#[test]
fn b5_a_log_that_parted_from_what_was_read_is_told_and_nothing_is_asked_until_somebody_decides() {
    let mut core = at_leader(0..1);
    let now = Instant::now();
    exchange(&mut core, 1, now, vec![full(0, batch(0, 9, 4))]);
    let parted = empty(0).with_diverging_epoch(EpochEndOffset::default().with_epoch(3).with_end_offset(6));
    let actions = exchange(&mut core, 1, now, vec![parted]);
    assert!(matches!(actions[..], [Action::Diverged { partition: 0, position: 9, epoch: 3, end_offset: 6 }]));
    assert!(ask(&mut core, 1, after(now, 60_000)).is_none());
    core.assign(0, 6, 3, None);
    core.topic_view(&known(ID, &[(0, 1, 5)]));
    assert_eq!(ask(&mut core, 1, now).map(|request| only(&request)), Some((6, 5, 3)));
}

#[test]
fn b5_where_the_broker_does_not_compare_logs_a_new_epoch_is_validated_by_others_first() {
    let mut core = at_leader(0..1);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 11, now).unwrap();
    core.on_response(ticket, answer(vec![full(0, batch(0, 9, 4))]), now);
    core.topic_view(&known(ID, &[(0, 2, 6)]));
    assert!(core.next_request(2, 11, now).is_none());
    let action = core.next_action();
    assert!(matches!(action, Some(Action::Validate { partition: 0, position: 9, last_epoch: 4, current_epoch: 6 })));
    assert!(core.next_request(2, 11, after(now, 60_000)).is_none() && core.next_action().is_none());
    // Whoever decides looked at epoch 6. By then there is another.
    core.remove(0);
    core.assign(0, 9, 4, None);
    core.topic_view(&known(ID, &[(0, 2, 7)]));
    assert!(core.next_request(2, 11, now).is_none());
    assert!(matches!(core.next_action(), Some(Action::Validate { current_epoch: 7, .. })));
    core.remove(0);
    core.assign(0, 9, 4, None);
    core.topic_view(&known(ID, &[(0, 2, 7)]));
    assert!(core.next_request(2, 11, now).is_some(), "validated");
}

#[test]
fn b8_a_follower_that_does_not_hold_the_position_sends_us_back_to_the_leader() {
    let mut core = at_follower();
    let now = Instant::now();
    assert!(exchange(&mut core, 2, now, vec![refusal(0, 1)]).is_empty(), "no reset");
    let request = ask(&mut core, 1, now).expect("the leader is asked at once");
    assert_eq!(
        (only(&request).0, request.rack_id.as_str()),
        (0, ""),
        "and not told where we are: it would name the same follower"
    );
}

/// A core whose leader has named broker 2.
fn at_follower() -> FetchCore {
    let mut core = at_leader(0..1);
    let now = Instant::now();
    exchange(&mut core, 1, now, vec![empty(0).with_preferred_read_replica(BrokerId(2))]);
    assert_eq!(core.brokers(now), [2]);
    core
}

#[test]
fn b9_a_follower_that_nobody_knows_or_that_is_gone_or_whose_lease_is_over_is_left_for_the_leader() {
    let now = Instant::now();
    let mut core = at_leader(0..1);
    let actions = exchange(&mut core, 1, now, vec![empty(0).with_preferred_read_replica(BrokerId(9))]);
    assert!(actions.iter().any(|action| matches!(action, Action::RefreshMetadata { .. })));
    assert_eq!(ask(&mut core, 1, now).map(|request| request.rack_id.to_string()), Some(String::new()), "it sends itself");

    let mut core = at_follower();
    exchange(&mut core, 2, now, vec![full(0, batch(0, 4, 5))]);
    core.lost(2, now);
    assert_eq!(ask(&mut core, 1, now).map(|request| only(&request)), Some((4, 5, 5)), "from where it was");

    let mut core = at_follower();
    let over = now + Duration::from_secs(301);
    assert!(ask(&mut core, 1, now).is_none());
    assert_eq!(ask(&mut core, 1, over).map(|request| request.rack_id.to_string()), Some("near".into()));
}

#[test]
fn b10_trouble_that_passes_pauses_the_partition_asks_for_metadata_and_leaves_the_position() {
    for code in [5, 8, 9, 56, 78, 9_999] {
        let mut core = at_leader(0..1);
        let now = Instant::now();
        exchange(&mut core, 1, now, vec![full(0, batch(0, 4, 5))]);
        let actions = exchange(&mut core, 1, now, vec![refusal(0, code)]);
        assert!(matches!(actions[..], [Action::RefreshMetadata { partition: 0, .. }]), "code {code}");
        assert!(ask(&mut core, 1, now).is_none());
        assert_eq!(ask(&mut core, 1, after(now, 200)).map(|request| only(&request).0), Some(4));
        let mut core = at_follower();
        exchange(&mut core, 2, now, vec![refusal(0, code)]);
        assert_eq!(ask(&mut core, 1, now).map(|request| only(&request).0), Some(0), "from a follower: the leader, at once");
    }
}

#[test]
fn why_a_partition_makes_no_progress_is_told() {
    let mut core = at_leader(0..1);
    let mut now = Instant::now();
    let mut troubles = 0;
    for _ in 0..5 {
        let actions = exchange(&mut core, 1, now, vec![refusal(0, 6)]);
        troubles += actions.iter().filter(|action| matches!(action, Action::Trouble { partition: 0, .. })).count();
        now = after(now, 2000);
    }
    assert_eq!(troubles, 3, "leaders move: the first two are a matter of course");
    assert!(matches!(exchange(&mut core, 1, now, vec![refusal(0, 89)])[..], [Action::Trouble { partition: 0, .. }]));
}

#[test]
fn b13_a_topic_of_another_id_is_not_read_until_somebody_decides_and_then_from_where_they_say() {
    let mut core = at_leader(0..2);
    let now = Instant::now();
    exchange(&mut core, 1, now, vec![full(0, batch(0, 4, 5)), full(1, batch(0, 4, 5))]);
    let (late, _) = core.next_request(1, NEWEST, now).unwrap();
    let other = Uuid::from_u128(8);
    core.topic_view(&known(other, &[(0, 1, 0), (1, 1, 0)]));
    assert!(core.on_response(late, by_id(vec![full(0, batch(4, 1, 5))]), now).is_empty());
    core.topic_view(&known(ID, &[(0, 1, 5), (1, 1, 5)]));
    assert!(core.brokers(now).is_empty() && ask(&mut core, 1, after(now, 60_000)).is_none());
    core.restart(&known(other, &[(0, 1, 0), (1, 1, 0)]));
    assert!(ask(&mut core, 1, now).is_none(), "what was assigned was of the old topic");
    core.assign(0, 0, -1, None);
    core.topic_view(&known(other, &[(0, 1, 0), (1, 1, 0)]));
    core.topic_view(&known(ID, &[(0, 3, 9), (1, 3, 9)])); // stale
    let request = ask(&mut core, 1, now).unwrap();
    assert_eq!((request.topics[0].topic_id, asked(&request), only(&request)), (other, vec![(0, 0)], (0, 0, -1)));
}

#[test]
fn b14_an_id_that_a_broker_does_not_know_yet_or_any_more_asks_for_metadata_and_no_more() {
    for code in [100, 103] {
        let mut core = at_leader(0..1);
        let now = Instant::now();
        let actions = exchange(&mut core, 1, now, vec![refusal(0, code)]);
        assert!(matches!(actions[..], [Action::RefreshMetadata { partition: 0, .. }]), "code {code}");
        assert_eq!(ask(&mut core, 1, after(now, 200)).map(|request| only(&request).0), Some(0));
    }
}

#[test]
fn c1_who_bids_the_broker_not_to_wait_does_not_ask_it_without_end() {
    let mut core = FetchCore::new(TOPIC.into(), FetchSettings { max_wait: Duration::ZERO, ..settings() }, 1);
    core.assign(0, 0, -1, None);
    core.topic_view(&known(ID, &[(0, 1, 5)]));
    let mut now = Instant::now();
    let mut asked_in_a_second = 0;
    let end = after(now, 1000);
    while now < end {
        match core.next_request(1, NEWEST, now) {
            Some((ticket, _)) => {
                core.on_response(ticket, by_id(vec![empty(0)]), now);
                asked_in_a_second += 1;
            }
            None => now = core.timeout(now).unwrap(),
        }
    }
    assert!((100..=130).contains(&asked_in_a_second), "{asked_in_a_second} in a second");
}

#[test]
fn c19_errors_of_the_session_are_followed_by_a_request_for_everything_at_once_but_not_again_and_again() {
    for code in [70, 71, 106] {
        let mut core = at_leader(0..2);
        let now = Instant::now();
        let (ticket, _) = core.next_request(1, NEWEST, now).unwrap();
        let begun = by_id(vec![full(0, batch(0, 4, 5)), full(1, batch(0, 2, 5))]).with_session_id(77);
        core.on_response(ticket, begun, now);
        let (ticket, request) = core.next_request(1, NEWEST, now).unwrap();
        assert_eq!((request.session_id, request.session_epoch), (77, 1));
        assert!(core.on_response(ticket, FetchResponse::default().with_error_code(code), now).is_empty());
        let (ticket, request) = core.next_request(1, NEWEST, now).unwrap();
        let mut all = asked(&request);
        all.sort_unstable();
        assert_eq!((request.session_epoch, all), (0, vec![(0, 4), (1, 2)]), "code {code}");
        core.on_response(ticket, FetchResponse::default().with_error_code(code), now);
        assert!(core.next_request(1, NEWEST, now).is_none(), "twice is once too often");
    }
}

#[test]
fn c19_in_a_session_silence_is_no_news_and_only_what_changed_is_named() {
    let mut core = at_leader(0..2);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, NEWEST, now).unwrap();
    core.on_response(ticket, by_id(vec![full(0, batch(0, 4, 5)), empty(1)]).with_session_id(77), now);
    let (ticket, request) = core.next_request(1, NEWEST, now).unwrap();
    assert_eq!(asked(&request), [(0, 4)]);
    assert!(core.on_response(ticket, by_id(vec![]).with_session_id(77), now).is_empty());
    assert_eq!(core.timeout(now), None, "nobody is paused");
    let (ticket, request) = core.next_request(1, NEWEST, now).unwrap();
    assert_eq!((request.session_epoch, request.topics.len(), request.max_wait_ms), (2, 0, 500));
    let news = by_id(vec![full(1, batch(0, 3, 5))]).with_session_id(77);
    assert!(core.on_response(ticket, news, now).iter().any(|action| matches!(action, Action::Records(_))));
}

#[test]
fn c21_a_high_watermark_below_the_position_is_waited_out_in_a_session_too() {
    let mut core = at_leader(0..1);
    let now = Instant::now();
    core.rewind(0, 100, 5, now, false);
    let (ticket, _) = core.next_request(1, NEWEST, now).unwrap();
    let actions = core.on_response(ticket, by_id(vec![empty(0).with_high_watermark(90)]).with_session_id(77), now);
    assert!(matches!(actions[..], [Action::Watermarks(_)]));
    let request = ask(&mut core, 1, now).expect("asked on at once");
    assert_eq!((request.topics.len(), request.session_epoch), (0, 1), "at the same position");
}

#[test]
fn c22_a_held_partition_is_taken_out_of_the_session_which_stays_and_comes_back_into_it() {
    let mut core = at_leader(0..2);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, NEWEST, now).unwrap();
    core.on_response(ticket, by_id(vec![full(0, batch(0, 4, 5)), full(1, batch(0, 2, 5))]).with_session_id(77), now);
    core.hold(0, true);
    let (ticket, request) = core.next_request(1, NEWEST, now).unwrap();
    assert_eq!((request.session_id, asked(&request)), (77, vec![(1, 2)]));
    assert_eq!(request.forgotten_topics_data[0].partitions, [0]);
    core.on_response(ticket, by_id(vec![]).with_session_id(77), now);
    core.hold(0, false);
    let request = ask(&mut core, 1, now).unwrap();
    assert_eq!((request.session_id, request.session_epoch, asked(&request)), (77, 2, vec![(0, 4)]));
    assert!(request.forgotten_topics_data.is_empty());
}
