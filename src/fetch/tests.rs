use std::time::{Duration, Instant};

use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::sample::*;
use super::ticket::Watermarks;
use super::*;
use crate::error::Error;
use crate::record::sample::Batch;

const OUT_OF_RANGE: i16 = 1;
const CORRUPT: i16 = 2;
const NOT_LEADER: i16 = 6;
const NOT_AUTHORIZED: i16 = 29;
const STORAGE_ERROR: i16 = 56;
const FENCED: i16 = 74;
const UNKNOWN_CODE: i16 = 9_999;

/// A batch of `count` records at `base`.
fn batch(base: i64, count: usize) -> Vec<u8> {
    Batch::at(base).records(vec!["x"; count]).bytes()
}

fn ask(core: &mut FetchCore, broker: i32, now: Instant) -> Option<Vec<(i32, i64)>> {
    core.next_request(broker, 12, now).map(|(_, request)| asked(&request))
}

/// Asks broker 1, answers at once, and gives what came of it.
fn exchange(core: &mut FetchCore, now: Instant, partitions: Vec<PartitionData>) -> Vec<Action> {
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    core.on_response(ticket, answer(partitions), now)
}

/// Partition, from, next and length of each piece of records.
fn records(actions: &[Action]) -> Vec<(i32, i64, i64, usize)> {
    let pieces = actions.iter().filter_map(|action| match action {
        Action::Records(records) => Some(records),
        _ => None,
    });
    pieces.map(|records| (records.partition, records.from, records.next, records.records.len())).collect()
}

fn refreshes(actions: &[Action]) -> Vec<i32> {
    let refresh = |action: &Action| match action {
        Action::RefreshMetadata { partition, .. } => Some(*partition),
        _ => None,
    };
    actions.iter().filter_map(refresh).collect()
}

fn failures(actions: &[Action]) -> Vec<&Error> {
    let failures = actions.iter().filter_map(|action| match action {
        Action::Failed { error, .. } => Some(error),
        _ => None,
    });
    failures.collect()
}

#[test]
fn a_request_carries_the_settings_and_the_positions_of_the_partitions_that_the_broker_leads() {
    let mut settings = settings();
    settings.read_committed = true;
    let mut core = FetchCore::new(TOPIC.into(), settings, 1);
    for (partition, position) in [(0, 5), (1, 6), (2, 7)] {
        core.assign(partition, position, -1, None);
    }
    core.topic_view(&view(&[(0, 1, 0), (1, 2, 0), (2, 1, 0), (3, 1, 0)]));
    let now = Instant::now();
    assert_eq!(core.brokers(now), [1, 2]);
    let (_, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!(asked(&request), [(0, 5), (2, 7)]);
    assert_eq!((request.max_wait_ms, request.min_bytes, request.max_bytes), (500, 1, 8 << 20));
    assert_eq!((request.isolation_level, request.replica_id.0), (1, -1));
    assert_eq!((request.session_id, request.session_epoch), (0, 0), "the broker is asked for a session");
    assert_eq!(request.topics[0].topic.as_str(), TOPIC);
    assert_eq!(request.topics[0].partitions[0].partition_max_bytes, 2 << 20);
    assert_eq!(ask(&mut core, 2, now), Some(vec![(1, 6)]));
    assert_eq!(ask(&mut core, 3, now), None);
}

#[test]
fn a_partition_without_a_leader_is_not_asked_for_until_it_has_one() {
    let mut core = core();
    core.assign(0, 0, -1, None);
    let now = Instant::now();
    assert_eq!((core.brokers(now), ask(&mut core, 1, now)), (vec![], None));
    core.topic_view(&view(&[(0, -1, 3)]));
    assert!(core.brokers(now).is_empty());
    core.topic_view(&view(&[(0, 1, 4)]));
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 0)]));
}

#[test]
fn the_position_moves_with_the_walk_so_that_the_next_request_can_leave_before_anything_is_decoded() {
    let mut core = reading([0]);
    let now = Instant::now();
    let bytes = [batch(0, 3), batch(3, 4)].concat();
    let length = bytes.len();
    let actions = exchange(&mut core, now, vec![full(0, bytes)]);
    assert_eq!(records(&actions), [(0, 0, 7, length)]);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 7)]));
}

#[test]
fn several_requests_are_under_way_only_where_each_has_something_to_read_and_none_may_wait() {
    let mut settings = settings();
    settings.in_flight = 2;
    let mut core = FetchCore::new(TOPIC.into(), settings, 1);
    let now = Instant::now();
    (0..4).for_each(|partition| core.assign(partition, 0, -1, None));
    core.topic_view(&view(&[(0, 1, 0), (1, 1, 0), (2, 1, 0), (3, 1, 0)]));
    let more = |partition, base| full(partition, batch(base, 1)).with_high_watermark(100);
    let caught_up = |partition| full(partition, batch(0, 1)).with_high_watermark(1);
    let (first, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!((request.max_wait_ms, asked(&request).len()), (500, 4), "nothing is known yet: it may wait, and is alone");
    assert!(core.next_request(1, 12, now).is_none());
    let opened = answer(vec![more(0, 0), more(1, 0), more(2, 0), caught_up(3)]).with_session_id(77);
    core.on_response(first, opened, now);
    let (second, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!((request.max_wait_ms, asked(&request)), (0, vec![(1, 1), (2, 1), (3, 1)]));
    assert_eq!((request.session_id, request.session_epoch), (77, -1), "the session is closed");
    let (third, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!((request.max_wait_ms, asked(&request)), (0, vec![(0, 1)]));
    assert_eq!((request.session_id, request.session_epoch), (0, -1));
    assert!(core.next_request(1, 12, now).is_none(), "nothing is asked for twice");
    core.on_response(second, answer(vec![more(1, 1), more(2, 1), empty(3).with_high_watermark(1)]), now);
    let (fourth, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!((request.max_wait_ms, asked(&request)), (0, vec![(1, 2), (2, 2), (3, 1)]));
    core.on_response(third, answer(vec![full(0, batch(1, 1)).with_high_watermark(2)]), now);
    assert!(core.next_request(1, 12, now).is_none(), "a request that may wait does not stand in front of others");
    let mut drained = vec![empty(3).with_high_watermark(1)];
    drained.extend([1, 2].map(|partition| full(partition, batch(2, 1)).with_high_watermark(3)));
    core.on_response(fourth, answer(drained), now);
    let (_, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!((request.max_wait_ms, asked(&request).len()), (500, 4));
    assert_eq!((request.session_id, request.session_epoch), (0, 0), "back to a session");
}

#[test]
fn a_second_request_is_worth_it_only_where_we_stand_idle_for_what_is_there() {
    for (idle, expected) in [(0, 1), (1, 1), (20, 2)] {
        let mut settings = settings();
        settings.in_flight = 0;
        let mut core = FetchCore::new(TOPIC.into(), settings, 1);
        let mut now = Instant::now();
        (0..2).for_each(|partition| core.assign(partition, 0, -1, None));
        core.topic_view(&view(&[(0, 1, 0), (1, 1, 0)]));
        for round in 0..4 {
            let (mut ticket, _) = core.next_request(1, 12, now).unwrap();
            // The answer takes 30 ms; what was fetched before is decoded in the meantime.
            now = after(now, 30);
            ticket.idle_since(now - Duration::from_millis(idle));
            let more = [0, 1].map(|partition| full(partition, batch(round, 1)).with_high_watermark(100));
            core.on_response(ticket, answer(more.into()), now);
            if expected == 2 && round == 1 {
                break;
            }
        }
        let under_way = std::iter::from_fn(|| core.next_request(1, 12, now)).count();
        assert_eq!(under_way, expected, "idle for {idle} ms");
    }
}

#[test]
fn a_broker_is_not_asked_again_while_its_answer_is_awaited() {
    let mut core = reading([0]);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    core.assign(1, 0, -1, None);
    core.topic_view(&view(&[(0, 1, 0), (1, 1, 0)]));
    assert_eq!(ask(&mut core, 1, now), None);
    core.on_failure(&ticket);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(1, 0), (0, 0)]));
}

#[test]
fn each_partition_is_first_in_its_turn() {
    let mut core = reading(0..4);
    let now = Instant::now();
    let mut firsts = Vec::new();
    for _ in 0..8 {
        let (ticket, request) = core.next_request(1, 12, now).unwrap();
        firsts.push(asked(&request)[0].0);
        assert_eq!(asked(&request).len(), 4);
        core.on_response(ticket, answer((0..4).map(empty).collect()), after(now, 400));
    }
    assert_eq!(firsts, [0, 1, 2, 3, 0, 1, 2, 3]);
}

#[test]
fn c2_a_truncated_tail_is_left_for_the_next_request() {
    let now = Instant::now();
    let (first, second) = (batch(0, 3), batch(3, 4));
    for cut in 0..second.len() {
        let mut core = reading([0]);
        let bytes = [&first[..], &second[..cut]].concat();
        let actions = exchange(&mut core, now, vec![full(0, bytes)]);
        assert_eq!(records(&actions), [(0, 0, 3, first.len())]);
        assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 3)]));
    }
}

#[test]
fn c5_a_batch_that_begins_below_the_position_is_handed_on_whole() {
    let mut core = core();
    core.assign(0, 12, -1, None);
    core.topic_view(&view(&[(0, 1, 0)]));
    let now = Instant::now();
    let bytes = batch(10, 5);
    let length = bytes.len();
    assert_eq!(records(&exchange(&mut core, now, vec![full(0, bytes)])), [(0, 12, 15, length)]);
}

#[test]
fn c7_a_batch_that_compaction_emptied_and_the_tail_of_another_move_the_position() {
    let mut core = reading([0]);
    let now = Instant::now();
    let bytes = [Batch::at(0).last_offset_delta(9).bytes(), Batch::at(10).records(["x"]).last_offset_delta(19).bytes()].concat();
    let length = bytes.len();
    assert_eq!(records(&exchange(&mut core, now, vec![full(0, bytes)])), [(0, 0, 30, length)]);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 30)]));
}

#[test]
fn c20_an_answer_to_what_was_asked_before_a_rewind_is_discarded() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    core.rewind(0, 40, -1, now, false);
    let actions = core.on_response(ticket, answer(vec![full(0, batch(0, 3)), full(1, batch(0, 5))]), now);
    assert_eq!(records(&actions), [(1, 0, 5, batch(0, 5).len())]);
    assert!(!actions.iter().any(|action| matches!(action, Action::Watermarks(marks) if marks.partition == 0)));
    let mut next = ask(&mut core, 1, now).unwrap();
    next.sort_unstable();
    assert_eq!(next, [(0, 40), (1, 5)]);
}

#[test]
fn c20_an_answer_to_a_partition_that_was_removed_or_assigned_anew_is_discarded() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    core.remove(0);
    core.remove(1);
    core.assign(1, 7, -1, None);
    core.topic_view(&view(&[(0, 1, 0), (1, 1, 0)]));
    assert!(core.on_response(ticket, answer(vec![full(0, batch(0, 3)), full(1, batch(0, 5))]), now).is_empty());
    assert_eq!(ask(&mut core, 1, now), Some(vec![(1, 7)]));
}

#[test]
fn after_a_lost_connection_the_same_is_asked_again() {
    let mut core = reading([0]);
    let now = Instant::now();
    exchange(&mut core, now, vec![full(0, batch(0, 3))]);
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    core.on_failure(&ticket);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 3)]));
}

#[test]
fn a_new_leader_is_asked_at_once_though_the_old_one_never_answers_and_a_late_answer_is_discarded() {
    let mut core = reading([0]);
    let now = Instant::now();
    let (late, _) = core.next_request(1, 12, now).unwrap();
    core.topic_view(&view(&[(0, 2, 1)]));
    assert_eq!(core.brokers(now), [2]);
    let (ticket, request) = core.next_request(2, 12, now).unwrap();
    assert_eq!(asked(&request), [(0, 0)]);
    assert!(core.on_response(late, answer(vec![full(0, batch(0, 9))]), now).is_empty());
    assert_eq!(records(&core.on_response(ticket, answer(vec![full(0, batch(0, 3))]), now)).len(), 1);
    assert_eq!(ask(&mut core, 2, now), Some(vec![(0, 3)]));
}

#[test]
fn metadata_of_a_lower_leader_epoch_and_metadata_without_the_partition_change_nothing() {
    let mut core = core();
    core.assign(0, 0, -1, None);
    core.topic_view(&view(&[(0, 2, 5)]));
    core.topic_view(&view(&[(0, 1, 4)]));
    core.topic_view(&view(&[]));
    let now = Instant::now();
    assert_eq!(core.brokers(now), [2]);
    core.topic_view(&view(&[(0, 3, 5)]));
    assert_eq!(core.brokers(now), [3]);
    core.topic_view(&view(&[(0, 1, -1)])); // a broker too old to tell epochs
    assert_eq!(core.brokers(now), [1]);
}

#[test]
fn whoever_is_not_the_leader_sends_us_to_the_metadata_and_position_and_other_partitions_are_untouched() {
    for code in [NOT_LEADER, FENCED, STORAGE_ERROR, UNKNOWN_CODE] {
        let mut core = reading([0, 1]);
        let now = Instant::now();
        let actions = exchange(&mut core, now, vec![refusal(0, code), full(1, batch(0, 2))]);
        assert_eq!((refreshes(&actions), records(&actions).len()), (vec![0], 1), "code {code}");
        assert_eq!(ask(&mut core, 1, now), Some(vec![(1, 2)]));
        core.topic_view(&view(&[(0, 2, 1), (1, 1, 0)]));
        assert_eq!(ask(&mut core, 2, now), Some(vec![(0, 0)]), "the new leader is asked without a pause");
    }
}

#[test]
fn pauses_grow_with_failures_in_a_row_and_end_with_a_success() {
    let mut core = reading([0]);
    let mut now = Instant::now();
    for nominal in [100_u32, 200, 400, 800, 1000, 1000] {
        exchange(&mut core, now, vec![refusal(0, STORAGE_ERROR)]);
        let until = core.timeout(now).unwrap();
        let pause = until - now;
        let nominal = Duration::from_millis(nominal.into());
        assert!(pause >= nominal * 8 / 10 && pause <= nominal * 12 / 10, "{pause:?} instead of {nominal:?}");
        assert_eq!(ask(&mut core, 1, until - Duration::from_millis(1)), None);
        now = until;
    }
    exchange(&mut core, now, vec![full(0, batch(0, 1))]);
    assert_eq!(core.timeout(now), None);
    exchange(&mut core, now, vec![refusal(0, STORAGE_ERROR)]);
    assert!(core.timeout(now).unwrap() <= after(now, 120));
}

#[test]
fn a_rewind_with_a_pause_waits_and_one_without_does_not() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    core.rewind(0, 5, -1, now, true);
    core.rewind(1, 6, -1, now, false);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(1, 6)]));
    let until = core.timeout(now).unwrap();
    assert!(until > after(now, 79) && until < after(now, 121));
}

#[test]
fn a18_a_throttled_broker_is_left_alone_and_others_are_not() {
    let mut core = reading([0]);
    core.assign(1, 0, -1, None);
    core.topic_view(&view(&[(0, 1, 0), (1, 2, 0)]));
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    let response = answer(vec![full(0, batch(0, 1))]).with_throttle_time_ms(300);
    assert_eq!(records(&core.on_response(ticket, response, now)).len(), 1, "what came with the throttling is used");
    assert_eq!(ask(&mut core, 1, after(now, 299)), None);
    assert_eq!(core.timeout(now), Some(after(now, 300)));
    assert_eq!(ask(&mut core, 2, now), Some(vec![(1, 0)]));
    assert_eq!(ask(&mut core, 1, after(now, 300)), Some(vec![(0, 1)]));
}

#[test]
fn a_position_that_the_log_does_not_hold_is_told_once_and_asked_again_only_after_a_rewind() {
    let mut core = reading([0]);
    let now = Instant::now();
    let actions = exchange(&mut core, now, vec![refusal(0, OUT_OF_RANGE)]);
    assert!(matches!(actions[..], [Action::OutOfRange { partition: 0, position: 0 }]));
    assert_eq!(ask(&mut core, 1, after(now, 60_000)), None);
    core.rewind(0, 30, -1, now, false);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 30)]));
}

#[test]
fn a_denied_partition_fails_by_name_and_the_others_go_on() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    let actions = exchange(&mut core, now, vec![refusal(0, NOT_AUTHORIZED), full(1, batch(0, 1))]);
    let failures = failures(&actions);
    assert!(matches!(failures[..], [Error::NotAuthorized { what, name, .. }]
        if what == "fetch from orders/0" && name.starts_with("TOPIC_AUTHORIZATION_FAILED")));
    assert_eq!(ask(&mut core, 1, after(now, 60_000)), Some(vec![(1, 1)]));
}

#[test]
fn a_codec_that_the_broker_cannot_send_fails_the_partition_instead_of_being_asked_for_for_ever() {
    let mut core = reading([0]);
    let now = Instant::now();
    let actions = exchange(&mut core, now, vec![refusal(0, 76)]);
    assert!(matches!(failures(&actions)[..], [Error::Refused { code: 76, name, .. }] if name == "UNSUPPORTED_COMPRESSION_TYPE"));
    assert_eq!(ask(&mut core, 1, after(now, 60_000)), None);
}

#[test]
fn a_log_that_the_broker_finds_damaged_is_asked_for_once_more_and_then_fails() {
    let mut core = reading([0]);
    let now = Instant::now();
    assert!(exchange(&mut core, now, vec![refusal(0, CORRUPT)]).is_empty());
    assert_eq!(core.next_request(1, 12, now).map(drop), None);
    let actions = exchange(&mut core, after(now, 1000), vec![refusal(0, CORRUPT)]);
    assert!(matches!(failures(&actions)[..], [Error::Refused { code: CORRUPT, .. }]));
}

#[test]
fn c4_bytes_without_progress_are_asked_for_once_more_first_in_the_request_and_then_fail() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    let half = batch(0, 3)[..40].to_vec();
    let actions = exchange(&mut core, now, vec![full(1, half.clone())]);
    assert!(records(&actions).is_empty() && failures(&actions).is_empty());
    let later = after(now, 1000);
    let (ticket, request) = core.next_request(1, 12, later).unwrap();
    assert_eq!(
        asked(&request),
        [(1, 0), (0, 0)],
        "only the first partition is sure to get a batch that is larger than the limits"
    );
    let actions = core.on_response(ticket, answer(vec![empty(0), full(1, half)]), later);
    assert!(matches!(failures(&actions)[..], [Error::NoProgress { partition: 1, offset: 0, bytes: 40, .. }]));
    assert_eq!(ask(&mut core, 1, after(now, 60_000)), Some(vec![(0, 0)]));
}

#[test]
fn c6_a_stale_batch_that_ends_at_the_position_is_no_progress_and_progress_after_it_is_forgiven() {
    let mut core = core();
    core.assign(0, 10, -1, None);
    core.topic_view(&view(&[(0, 1, 0)]));
    let mut now = Instant::now();
    for base in [10, 20, 30] {
        assert!(records(&exchange(&mut core, now, vec![full(0, batch(base - 5, 5))])).is_empty());
        now = after(now, 1000);
        assert_eq!(records(&exchange(&mut core, now, vec![full(0, batch(base, 10))])).len(), 1);
    }
}

#[test]
fn a_damaged_header_is_handed_on_with_what_is_before_it_and_the_position_stops_there() {
    let mut core = reading([0]);
    let now = Instant::now();
    let mut bytes = [batch(0, 3), batch(3, 4)].concat();
    let magic = batch(0, 3).len() + 16;
    bytes[magic] = 9;
    let length = bytes.len();
    assert_eq!(records(&exchange(&mut core, now, vec![full(0, bytes)])), [(0, 0, 3, length)]);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 3)]));
}

#[test]
fn a_batch_beyond_the_high_watermark_is_asked_for_once_more_at_once_and_then_believed() {
    let mut core = reading([0]);
    let now = Instant::now();
    let data = || full(0, [batch(0, 3), batch(1_000, 2)].concat()).with_high_watermark(5);
    assert_eq!(records(&exchange(&mut core, now, vec![data()])), [(0, 0, 3, batch(0, 3).len())]);
    let far = || full(0, batch(1_000, 2)).with_high_watermark(5);
    assert!(records(&exchange(&mut core, now, vec![far()])).is_empty());
    assert_eq!(records(&exchange(&mut core, now, vec![far()])), [(0, 3, 1_002, batch(1_000, 2).len())]);
}

#[test]
fn c8_batches_that_overlap_are_asked_for_once_more_at_once_and_then_believed() {
    let now = Instant::now();
    let first = batch(0, 3);
    // The base offset of the first, or of the second, is damaged: no checksum covers either.
    for bytes in [[batch(1, 3), batch(3, 4)].concat(), [batch(0, 3), batch(2, 4)].concat()] {
        for cut in [first.len() + 8, bytes.len()] {
            let mut core = reading([0]);
            let overlapping = || full(0, bytes[..cut].to_vec()).with_high_watermark(7);
            assert!(records(&exchange(&mut core, now, vec![overlapping()])).is_empty());
            assert_eq!(records(&exchange(&mut core, now, vec![overlapping()])).len(), 1);
        }
        let mut core = reading([0]);
        let seven = full(0, bytes[..first.len() + 7].to_vec()).with_high_watermark(7);
        assert_eq!(records(&exchange(&mut core, now, vec![seven])).len(), 1, "where the next batch begins is not there");
    }
}

#[test]
fn a18_nobody_is_kept_waiting_for_days_by_a_throttle_that_cannot_be_meant() {
    let mut core = reading([0]);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    core.on_response(ticket, answer(Vec::new()).with_throttle_time_ms(i32::MAX), now);
    let wait = core.timeout(now).expect("a time") - now;
    assert_eq!(wait, Duration::from_secs(300));
}

#[test]
fn c21_a_high_watermark_below_the_position_after_a_failover_is_waited_out() {
    let mut core = reading([0]);
    let now = Instant::now();
    core.rewind(0, 100, -1, now, false);
    let actions = exchange(&mut core, now, vec![empty(0).with_high_watermark(90)]);
    assert!(matches!(actions[..], [Action::Watermarks(Watermarks { high_watermark: 90, .. })]));
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 100)]));
}

#[test]
fn watermarks_are_told_with_records_and_without() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    let marks = |data: PartitionData| data.with_high_watermark(50).with_last_stable_offset(40);
    let actions = exchange(&mut core, now, vec![marks(full(0, batch(0, 1))), marks(empty(1))]);
    let told = actions.iter().filter_map(|action| match action {
        Action::Watermarks(marks) => Some((marks.partition, marks.high_watermark, marks.last_stable_offset)),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(0, 50, 40), (1, 50, 40)]);
}

#[test]
fn aborted_transactions_come_with_the_records() {
    let mut core = reading([0]);
    let now = Instant::now();
    let actions = exchange(&mut core, now, vec![aborting(full(0, batch(0, 1)), &[(9, 0), (8, 3)])]);
    let list =
        actions.into_iter().find_map(|action| if let Action::Records(records) = action { Some(records.aborted) } else { None });
    assert_eq!(list, Some(vec![(9, 0), (8, 3)]));
}

#[test]
fn at_its_stop_a_partition_and_its_broker_are_asked_no_more() {
    let mut core = core();
    core.assign(0, 0, -1, Some(3));
    core.assign(1, 5, -1, Some(5));
    core.assign(2, 0, -1, None);
    core.topic_view(&view(&[(0, 1, 0), (1, 2, 0), (2, 3, 0)]));
    let now = Instant::now();
    assert_eq!(core.brokers(now), [1, 3]);
    exchange(&mut core, now, vec![full(0, batch(0, 4))]);
    assert_eq!((core.brokers(now), ask(&mut core, 1, now)), (vec![3], None));
    core.set_stop(2, 0);
    assert!(core.brokers(now).is_empty());
    core.set_stop(0, 6);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 4)]));
}

#[test]
fn c22_a_held_partition_is_left_out_until_it_is_held_no_more() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    core.hold(0, true);
    let (ticket, request) = core.next_request(1, 12, now).unwrap();
    assert_eq!(asked(&request), [(1, 0)]);
    core.on_response(ticket, answer(vec![full(1, batch(0, 1))]), now);
    core.hold(0, false);
    let mut next = ask(&mut core, 1, now).unwrap();
    next.sort_unstable();
    assert_eq!(next, [(0, 0), (1, 1)]);
}

#[test]
fn while_a_partition_is_left_out_the_broker_is_not_allowed_to_wait_long() {
    let now = Instant::now();
    let wait = |core: &mut FetchCore| core.next_request(1, 12, now).map(|(_, request)| request.max_wait_ms);
    assert_eq!(wait(&mut reading([0, 1])), Some(500));
    let mut held = reading([0, 1]);
    held.hold(0, true);
    assert_eq!(wait(&mut held), Some(50));
    let mut pausing = reading([0, 1]);
    pausing.rewind(0, 0, -1, now, true);
    assert_eq!(wait(&mut pausing), Some(50));
    let mut finished = reading([0, 1]);
    finished.set_stop(0, 0);
    assert_eq!(wait(&mut finished), Some(500));
}

#[test]
fn c18_what_was_not_asked_for_what_comes_twice_and_other_topics_are_ignored() {
    let mut core = reading([0]);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    let mut response = answer_about("other", vec![full(0, batch(0, 9))]);
    let ours = answer(vec![full(0, batch(0, 2)), full(0, batch(2, 5)), full(7, batch(0, 1))]);
    response.responses.extend(ours.responses);
    let actions = core.on_response(ticket, response, now);
    assert_eq!(records(&actions), [(0, 0, 2, batch(0, 2).len())]);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(0, 2)]));
}

#[test]
fn c18_a_partition_that_the_answer_leaves_out_is_asked_for_after_a_pause() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    exchange(&mut core, now, vec![full(1, batch(0, 1))]);
    assert_eq!(ask(&mut core, 1, now), Some(vec![(1, 1)]));
    assert!(core.timeout(now).is_some_and(|moment| moment > after(now, 79)));
}

#[test]
fn an_error_of_the_whole_answer_pauses_all_that_was_asked() {
    let mut core = reading([0, 1]);
    let now = Instant::now();
    let (ticket, _) = core.next_request(1, 12, now).unwrap();
    let actions = core.on_response(ticket, FetchResponse::default().with_error_code(UNKNOWN_CODE), now);
    assert_eq!((refreshes(&actions), ask(&mut core, 1, now)), (vec![0, 1], None));
    assert!(ask(&mut core, 1, after(now, 200)).is_some());
}

#[test]
fn c1_an_empty_answer_is_followed_by_the_next_request_at_once_but_a_hundred_early_ones_by_a_pause() {
    let mut core = reading([0]);
    let now = Instant::now();
    for _ in 0..500 {
        let (ticket, _) = core.next_request(1, 12, now).unwrap();
        core.on_response(ticket, answer(vec![empty(0)]), now + MAX_WAIT);
        assert_eq!(core.timeout(now + MAX_WAIT), None, "the broker has waited for news as it was asked to");
    }
    for _ in 0..99 {
        exchange(&mut core, now, vec![empty(0)]);
        assert_eq!(core.timeout(now), None);
    }
    exchange(&mut core, now, vec![empty(0)]);
    let until = core.timeout(now).unwrap();
    assert_eq!(ask(&mut core, 1, now), None);
    assert_eq!(ask(&mut core, 1, until), Some(vec![(0, 0)]));
}

#[test]
fn what_is_asked_can_be_written_in_every_version_that_names_topics() {
    use kafka_protocol::protocol::Encodable;
    let mut core = reading([0, 1]);
    let (_, request) = core.next_request(1, 12, Instant::now()).unwrap();
    for version in 4..=12 {
        let mut bytes = bytes::BytesMut::new();
        FetchRequest::encode(&request, &mut bytes, version).unwrap();
    }
}

#[test]
fn what_is_in_flight_over_a_connection_that_is_given_up_is_asked_again_and_its_late_end_changes_nothing() {
    let now = Instant::now();
    let mut core = reading([0, 1]);
    let (lost, _) = core.next_request(1, 12, now).unwrap();
    assert_eq!(ask(&mut core, 1, now), None);
    core.give_up(1);
    let (current, request) = core.next_request(1, 12, now).unwrap();
    let mut again = asked(&request);
    again.sort_unstable();
    assert_eq!(again, [(0, 0), (1, 0)]);
    core.on_failure(&lost);
    assert_eq!(ask(&mut core, 1, now), None, "the request over the new connection is still under way");
    core.on_failure(&current);
    assert!(ask(&mut core, 1, now).is_some());
}
