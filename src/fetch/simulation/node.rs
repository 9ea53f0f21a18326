//! A broker: which requests it takes, and what it answers.

use std::collections::BTreeMap;
use std::time::Instant;

use fastrand::Rng;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{
    EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::super::sample::{TOPIC, empty, refusal};
use super::log::Log;

/// As a broker has them in its cache.
struct Session {
    epoch: i32,
    topic_id: Uuid,
    partitions: BTreeMap<i32, Params>,
    /// Something was lost on the way, or will be: the client may have the epoch wrong.
    disturbed: bool,
}

#[derive(Clone, Copy)]
struct Params {
    position: i64,
    leader_epoch: i32,
    last_epoch: i32,
    told: i64,
}

/// One broker.
pub(super) struct Node {
    pub(super) number: i32,
    /// The highest version that it speaks.
    pub(super) version: i16,
    /// It bade us to leave it alone until then, and we have heard it.
    pub(super) rests_until: Option<Instant>,
    sessions: BTreeMap<i32, Session>,
    next_session: i32,
}

/// The topic as the brokers have it.
pub(super) struct Topic {
    pub(super) id: Uuid,
    pub(super) logs: BTreeMap<i32, Log>,
}

/// An answer, and what the judge knows of it.
pub(super) struct Served {
    pub(super) response: FetchResponse,
    /// The partitions that it left out for no reason.
    pub(super) left_out: Vec<i32>,
    /// The partitions that the broker took itself for the leader of.
    pub(super) led: Vec<i32>,
}

impl Node {
    pub(super) fn new(number: i32, version: i16) -> Self {
        Self { number, version, rests_until: None, sessions: BTreeMap::new(), next_session: number * 1000 }
    }

    /// All sessions are evicted.
    pub(super) fn evict(&mut self) {
        self.sessions.clear();
    }

    /// A connection is lost: whoever sat at its other end may have missed an answer.
    pub(super) fn disturb(&mut self) {
        self.sessions.values_mut().for_each(|session| session.disturbed = true);
    }

    /// Handles a request that names `asked` or means them. `faults` of 256 are the odds of each thing that can go wrong.
    pub(super) fn serve(
        &mut self,
        topic: &mut Topic,
        request: &FetchRequest,
        version: i16,
        asked: &BTreeMap<i32, i64>,
        faults: u8,
        rng: &mut Rng,
    ) -> Served {
        let mut chance = |of_256: u8| rng.u8(..) < if faults == 0 { 0 } else { of_256 };
        let (fails, throttles, keeps, errs) = (chance(3), chance(5), !chance(60), chance(5));
        let error =
            |code: i16| Served { response: FetchResponse::default().with_error_code(code), left_out: vec![], led: vec![] };
        if fails {
            self.disturb();
            return error(-1);
        }
        if version >= 7 && errs {
            self.disturb();
            return error(*rng.choice(&[70, 71, 106]).unwrap());
        }
        let named = request.topics.iter().flat_map(|topic| &topic.partitions);
        let topic_id = request.topics.first().or(None).map_or(Uuid::nil(), |topic| topic.topic_id);
        let mut session = None;
        let mut wanted: BTreeMap<i32, Params> = named.clone().map(|asked| (asked.partition, params(asked, version))).collect();
        let mut order: Vec<i32> = named.map(|asked| asked.partition).collect();
        let mut id = topic_id;
        if version >= 7 {
            match request.session_epoch {
                -1 => drop(self.sessions.remove(&request.session_id)),
                0 => {
                    self.sessions.remove(&request.session_id);
                    if keeps {
                        self.next_session += 1;
                        let begun = Session { epoch: 1, topic_id, partitions: wanted.clone(), disturbed: false };
                        self.sessions.insert(self.next_session, begun);
                        session = Some(self.next_session);
                    }
                }
                epoch => {
                    let Some(found) = self.sessions.get_mut(&request.session_id) else { return error(70) };
                    if found.epoch != epoch {
                        assert!(found.disturbed, "the session's epoch is wrong though nothing was lost");
                        return error(71);
                    }
                    let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| &topic.partitions);
                    for partition in forgotten {
                        found.partitions.remove(partition);
                    }
                    for (partition, new) in wanted {
                        let told = found.partitions.get(&partition).map_or(-1, |known| known.told);
                        found.partitions.insert(partition, Params { told, ..new });
                    }
                    found.epoch += 1;
                    let positions: BTreeMap<i32, i64> =
                        found.partitions.iter().map(|(partition, params)| (*partition, params.position)).collect();
                    assert_eq!(positions, *asked, "broker and client agree on what the session is about");
                    wanted = found.partitions.clone();
                    order = wanted.keys().copied().collect();
                    id = found.topic_id;
                    session = Some(request.session_id);
                }
            }
        }
        let is_incremental = version >= 7 && request.session_epoch > 0;
        let response = FetchResponse::default().with_session_id(session.unwrap_or(0));
        if throttles {
            // KIP-219: nothing but how long to wait, and no new session.
            let id = session.filter(|_| is_incremental).unwrap_or(0);
            self.sessions.retain(|known, _| is_incremental || Some(*known) != session);
            let response = response.with_session_id(id).with_throttle_time_ms(200);
            return Served { response, left_out: vec![], led: vec![] };
        }
        let mut served = Served { response, left_out: vec![], led: vec![] };
        let mut answers = Vec::new();
        for partition in order {
            let mut params = wanted[&partition];
            if faults > 0 && rng.u8(..) < 5 {
                served.left_out.push(partition);
                continue;
            }
            let log = topic.logs.get_mut(&partition).unwrap();
            if log.replicas[&self.number].leader == Some(self.number) {
                served.led.push(partition);
            }
            let data = if version >= 13 && id != topic.id {
                refusal(partition, 100)
            } else {
                let hides = request.rack_id.is_empty();
                answer(log, self.number, partition, &params, version, hides, faults, rng)
            };
            let is_news = data.error_code != 0
                || data.high_watermark != params.told
                || data.records.as_ref().is_some_and(|records| !records.is_empty())
                || data.diverging_epoch != EpochEndOffset::default()
                || data.preferred_read_replica.0 >= 0;
            params.told = data.high_watermark;
            if let Some(known) = session.and_then(|session| self.sessions.get_mut(&session)) {
                known.partitions.insert(partition, params);
            }
            if is_news || !is_incremental {
                if faults > 0 && rng.u8(..) < 8 {
                    answers.push(data.clone()); // twice
                }
                answers.push(data);
            }
        }
        if is_incremental {
            served.left_out.clear();
        }
        served.response.responses = vec![named_answer(answers, version, id)];
        if version >= 16 {
            served.response.node_endpoints = vec![
                NodeEndpoint::default().with_node_id(BrokerId(2)).with_host(StrBytes::from_static_str("two")).with_port(9092),
            ];
        }
        served
    }
}

fn named_answer(partitions: Vec<PartitionData>, version: i16, id: Uuid) -> FetchableTopicResponse {
    let answer = FetchableTopicResponse::default().with_partitions(partitions);
    if version >= 13 { answer.with_topic_id(id) } else { answer.with_topic(TopicName(StrBytes::from_static_str(TOPIC))) }
}

/// What of a partition's parameters this version has a place for.
fn params(asked: &FetchPartition, version: i16) -> Params {
    Params {
        position: asked.fetch_offset,
        leader_epoch: if version >= 9 { asked.current_leader_epoch } else { -1 },
        last_epoch: if version >= 12 { asked.last_fetched_epoch } else { -1 },
        told: -1,
    }
}

#[expect(clippy::too_many_arguments, reason = "a broker looks at all of it")]
fn answer(
    log: &mut Log,
    node: i32,
    partition: i32,
    params: &Params,
    version: i16,
    hides_rack: bool,
    faults: u8,
    rng: &mut Rng,
) -> PartitionData {
    let mut chance = |of_256: u8| faults > 0 && rng.u8(..) < of_256;
    let (odd, stale_hint, prefers, elsewhere, late) = (chance(4), chance(40), chance(60), chance(128), chance(128));
    let replica = log.replicas[&node].clone();
    let leads = replica.leader == Some(node);
    let hint = |data: PartitionData, rng: &mut Rng| {
        if version < 12 {
            return data;
        }
        let current = (replica.leader.unwrap_or(-1), replica.epoch);
        let (leader, epoch) = if stale_hint { *rng.choice(&log.leaders).unwrap() } else { current };
        data.with_current_leader(LeaderIdAndEpoch::default().with_leader_id(BrokerId(leader)).with_leader_epoch(epoch))
    };
    if odd {
        return refusal(partition, *rng.choice(&[3, 5, 7, 9, 56, 78, 100, 103, 9_999]).unwrap());
    }
    if params.leader_epoch >= 0 && params.leader_epoch < replica.epoch {
        return hint(refusal(partition, 74), rng);
    }
    if params.leader_epoch > replica.epoch {
        return refusal(partition, 75);
    }
    // From version 11 on, whoever has a replica answers consumers.
    if !leads && (version < 11 || elsewhere) {
        return hint(refusal(partition, 6), rng);
    }
    let mut data = empty(partition).with_high_watermark(replica.high).with_last_stable_offset(replica.high);
    data.log_start_offset = replica.start;
    if version >= 12 && params.last_epoch >= 0 {
        match log.end_of(node, params.last_epoch) {
            None => return refusal(partition, 1),
            Some((epoch, end)) if epoch < params.last_epoch || end < params.position => {
                return data.with_diverging_epoch(EpochEndOffset::default().with_epoch(epoch).with_end_offset(end));
            }
            Some(_) => {}
        }
    }
    if params.position < replica.start || params.position > replica.end {
        return refusal(partition, 1);
    }
    if params.position > replica.high && late {
        return refusal(partition, 78);
    }
    if leads && version >= 11 && !hides_rack && params.position < replica.high && prefers {
        return data.with_preferred_read_replica(BrokerId(*rng.choice(&[1, 2, 3, 9]).unwrap()));
    }
    let (bytes, high) = read(log, node, params.position, faults > 0, rng);
    data.with_high_watermark(high).with_last_stable_offset(high).with_records(Some(bytes.into()))
}

/// Whole batches from the one that holds `position` on, the last one perhaps in part.
fn read(log: &Log, node: i32, position: i64, faults: bool, rng: &mut Rng) -> (Vec<u8>, i64) {
    let replica = &log.replicas[&node];
    let readable: Vec<usize> = replica.batches.iter().copied().filter(|batch| log.written[*batch].end <= replica.high).collect();
    let first = readable.partition_point(|batch| log.written[*batch].end <= position);
    if first == readable.len() {
        return (vec![], replica.high);
    }
    // Now and then a batch too many in front, as a stale index would give.
    let from = first - usize::from(first > 0 && faults && rng.u8(..) < 20);
    let wanted = (first - from) + rng.usize(1..5);
    let mut bytes: Vec<u8> =
        readable.iter().skip(from).take(wanted).flat_map(|batch| log.written[*batch].bytes.clone()).collect();
    if let Some(next) = readable.get(from + wanted).filter(|_| rng.bool()) {
        let next = &log.written[*next].bytes;
        bytes.extend(&next[..rng.usize(0..next.len())]);
    }
    (bytes, replica.high)
}
