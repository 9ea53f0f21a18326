//! What a long way to a broker costs, in virtual time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::sample::*;
use super::*;
use crate::record::sample::Batch;

const ROUND_TRIP: Duration = Duration::from_millis(20);
const PARTITIONS: i32 = 4;
const BATCHES: i64 = 50;

/// A broker's answers hold no more than this many batches, as `fetch.max.bytes` would have it.
const ANSWER: usize = 2;

/// Reads all there is, where decoding an answer takes `decoding`: how long it takes, and the most requests that were under way.
fn read_all(in_flight: usize, decoding: Duration) -> (Duration, usize) {
    let mut core = FetchCore::new(TOPIC.into(), FetchSettings { in_flight, ..settings() }, 1);
    (0..PARTITIONS).for_each(|partition| core.assign(partition, 0, -1, Some(BATCHES)));
    let leaders: Vec<_> = (0..PARTITIONS).map(|partition| (partition, 1, 0)).collect();
    core.topic_view(&view(&leaders));
    let begin = Instant::now();
    let (mut now, mut idle_since) = (begin, begin);
    let mut wire = VecDeque::new();
    let mut most = 0;
    loop {
        while let Some((ticket, request)) = core.next_request(1, 12, now) {
            let mut room = ANSWER;
            let data = asked(&request).into_iter().map(|(partition, position)| {
                let is_sent = room > 0;
                room = room.saturating_sub(1);
                let records = if is_sent { Batch::at(position).records(["x"]).bytes() } else { vec![] };
                full(partition, records).with_high_watermark(BATCHES)
            });
            // A broker answers in order; this one needs no time for it.
            wire.push_back((now + ROUND_TRIP, ticket, answer(data.collect())));
        }
        most = most.max(wire.len());
        now += decoding;
        idle_since = idle_since.max(now);
        let Some((arrival, mut ticket, response)) = wire.pop_front() else { return (now - begin, most) };
        now = now.max(arrival);
        ticket.idle_since(idle_since);
        core.on_response(ticket, response, now);
    }
}

#[test]
fn two_requests_on_their_way_halve_the_time_where_the_way_is_long_and_there_is_one_where_it_would_not_help() {
    let batches = u32::try_from(BATCHES * i64::from(PARTITIONS)).unwrap();
    let rounds = batches / u32::try_from(ANSWER).unwrap();
    let (alone, most) = read_all(1, Duration::ZERO);
    assert_eq!((alone, most), (ROUND_TRIP * rounds, 1));
    let (together, most) = read_all(0, Duration::ZERO);
    assert_eq!(most, 2);
    assert!(together < alone * 6 / 10, "{together:?} instead of {alone:?}");
    let (_, most) = read_all(0, ROUND_TRIP);
    assert_eq!(most, 1, "while the answer comes there is something else to do");
}
