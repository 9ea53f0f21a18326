//! The cluster, the network, and a driver that does what a lane and the control thread do.

mod driver;
mod judge;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use fastrand::Rng;
use kafka_protocol::messages::FetchRequest;
use uuid::Uuid;

use super::super::planted::{Defect, Planted};
use super::super::sample::{TOPIC, settings};
use super::super::{FetchCore, FetchTicket};
use super::log::{Log, Serial};
use super::node::{Node, Served, Topic};
use super::reader::Reader;
use crate::cluster::{BrokerAddress, PartitionView, TopicView};

pub(super) const NODES: i32 = 3;
pub(super) const PARTITIONS: i32 = 4;

/// What happened in a run; a simulation in which nothing happens proves nothing.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) steps: usize,
    pub(super) pieces: usize,
    pub(super) discarded: usize,
    pub(super) divergences: usize,
    pub(super) validations: usize,
    pub(super) out_of_range: usize,
    pub(super) restarts: usize,
    pub(super) incremental: usize,
    pub(super) pipelined: usize,
    pub(super) from_followers: usize,
}

struct UnderWay {
    ticket: FetchTicket,
    request: FetchRequest,
    served: Option<Served>,
}

/// What the core handed over, and somebody has to decide.
enum Task {
    Diverged { partition: i32, epoch: i32, end: i64 },
    OutOfRange { partition: i32 },
    Validate { partition: i32, last_epoch: i32 },
    Restart,
}

pub(super) struct World {
    rng: Rng,
    now: Instant,
    /// Odds of 256 of what can go wrong.
    faults: u8,
    unclean: bool,
    recreates: bool,
    core: FetchCore,
    topic: Topic,
    /// The id of what the readers read.
    reading: Uuid,
    nodes: BTreeMap<i32, Node>,
    readers: BTreeMap<i32, Reader>,
    /// In the order in which they were sent over each connection.
    wires: BTreeMap<i32, VecDeque<UnderWay>>,
    /// Over connections that were given up.
    strays: Vec<UnderWay>,
    /// Metadata on its way, oldest first, and what the lane has.
    views: Vec<TopicView>,
    view: TopicView,
    tasks: Vec<Task>,
    /// The highest epoch that the core was told since a partition was assigned.
    told: BTreeMap<i32, i32>,
    /// Partitions that a broker left out, and until when it is not to be asked for them.
    left_out: BTreeMap<(i32, i32), Instant>,
    serials: Serial,
    pub(super) tally: Tally,
    is_told: bool,
}

impl World {
    pub(super) fn new(seed: u64, defect: Option<Defect>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let versions = match rng.u8(0..10) {
            0 | 1 => [17; 3],
            2 | 3 => [13; 3],
            4 => [12; 3],
            5 => [11; 3],
            6 => [9; 3],
            7 => [rng.i16(4..=8); 3],
            _ => [(); 3].map(|()| rng.i16(9..=17)),
        };
        let mut settings = settings();
        settings.in_flight = rng.usize(0..4);
        settings.follower_lease = Duration::from_secs(2);
        settings.rack = if rng.bool() { "near".into() } else { String::new() };
        let with_ids = rng.u8(..) < 200;
        let topic = Topic {
            id: if with_ids { Uuid::from_u128(1) } else { Uuid::nil() },
            logs: (0..PARTITIONS).map(|partition| (partition, Log::new(NODES, &mut rng))).collect(),
        };
        let mut core = FetchCore::new(TOPIC.into(), settings, seed);
        core.planted = Planted { defect };
        let mut world = Self {
            now: Instant::now(),
            faults: 1,
            // Without the epoch in the request nobody notices, and with topics by name either.
            unclean: versions.iter().all(|version| *version >= 9),
            recreates: with_ids && versions.iter().all(|version| *version >= 13),
            core,
            reading: topic.id,
            view: view(&topic),
            topic,
            nodes: (1..).zip(versions).map(|(node, version)| (node, Node::new(node, version))).collect(),
            readers: (0..PARTITIONS).map(|partition| (partition, Reader::default())).collect(),
            wires: BTreeMap::new(),
            strays: vec![],
            views: vec![],
            tasks: vec![],
            told: BTreeMap::new(),
            left_out: BTreeMap::new(),
            serials: 0,
            is_told: std::env::var_os("KOLUMN_SIMULATION_SEED").is_some(),
            tally: Tally::default(),
            rng,
        };
        (0..PARTITIONS).for_each(|partition| world.assign(partition));
        world.say(("versions", versions, "unclean", world.unclean));
        world
    }

    pub(super) fn step(&mut self) {
        self.tally.steps += 1;
        let partition = self.rng.i32(0..PARTITIONS);
        let node = self.rng.i32(1..=NODES);
        match self.rng.u8(0..100) {
            0..22 => self.ask(),
            22..40 => self.serve(node),
            40..57 => self.deliver(node),
            57..67 => self.reader(partition).store(),
            67..73 => self.topic.logs.get_mut(&partition).unwrap().append(&mut self.serials, &mut self.rng),
            73..77 => self.topic.logs.values_mut().for_each(|log| log.commit(false, &mut self.rng)),
            77..80 => self.topic.logs.values_mut().for_each(|log| log.replicate(node, 3)),
            80..83 => self.topic.logs.values_mut().for_each(|log| log.hear(node)),
            83..86 => self.decide(),
            86..90 => self.publish(),
            90..93 => self.now += Duration::from_millis(self.rng.u64(0..300)),
            93..95 => self.rewind(partition),
            95 => self.hold(partition),
            _ => self.misfortune(partition, node),
        }
    }

    /// What does not happen every day.
    fn misfortune(&mut self, partition: i32, node: i32) {
        let log = self.topic.logs.get_mut(&partition).unwrap();
        match self.rng.u8(0..40) {
            0..8 => {
                let clean = !self.unclean || self.rng.u8(..) < 60;
                log.elect(node, clean);
                let now = ("elect", partition, clean, log.leader, log.epoch);
                self.say(now);
                self.views.push(view(&self.topic));
            }
            8 => {
                // An election without a winner for a while.
                log.epoch += 1;
                log.leader = None;
                self.views.push(view(&self.topic));
            }
            9..14 => log.compact(&mut self.rng),
            14..17 => log.forget(node, &mut self.rng),
            17..20 => self.nodes.get_mut(&node).unwrap().evict(),
            20..24 => self.lose(node),
            24..27 => self.give_up(node),
            27..39 => self.deliver_stray(),
            _ if self.recreates && self.rng.u8(..) < 60 => {
                self.topic.id = Uuid::from_u128(self.topic.id.as_u128() + 1);
                let logs = (0..PARTITIONS).map(|partition| (partition, Log::new(NODES, &mut self.rng)));
                self.topic.logs = logs.collect();
                self.views.push(view(&self.topic));
            }
            _ => {}
        }
        // Whoever has no leader gets one, some time.
        let log = self.topic.logs.get_mut(&partition).unwrap();
        if log.leader.is_none() {
            let best = log.replicas.iter().max_by_key(|(_, replica)| (replica.end, replica.epoch)).map(|(node, _)| *node);
            log.elect(if self.unclean { node } else { best.unwrap() }, false);
            self.views.push(view(&self.topic));
        }
    }

    fn reader(&mut self, partition: i32) -> &mut Reader {
        self.readers.get_mut(&partition).unwrap()
    }

    fn assign(&mut self, partition: i32) {
        let reader = self.reader(partition);
        reader.is_away = false;
        reader.held = false;
        assert!(reader.pending.is_empty());
        let (position, epoch) = reader.resume_point();
        self.say(("assign", partition, position, epoch));
        self.core.remove(partition);
        self.core.assign(partition, position, epoch, None);
        self.told.remove(&partition);
        let view = self.view.clone();
        self.take_view(&view);
    }

    fn take_view(&mut self, view: &TopicView) {
        self.core.topic_view(view);
        self.left_out.clear();
        if view.topic_id != self.reading {
            return;
        }
        for (partition, found) in &view.partitions {
            let told = self.told.entry(*partition).or_insert(-1);
            *told = (*told).max(found.leader_epoch);
        }
    }

    /// Metadata arrives, in any order, sometimes twice.
    fn publish(&mut self) {
        if self.views.is_empty() {
            return;
        }
        let which = self.rng.usize(..self.views.len());
        let view = self.views[which].clone();
        if self.rng.bool() {
            self.views.drain(..which);
        }
        self.take_view(&view);
        if self.core.identity.is_replaced() || view.topic_id.as_u128() > self.reading.as_u128() {
            self.tasks.push(Task::Restart);
        }
        if view.topic_id.as_u128() >= self.view.topic_id.as_u128() {
            self.view = view;
        }
    }

    fn ask(&mut self) {
        let needed = self.core.brokers(self.now);
        for node in 1..=NODES {
            if !needed.contains(&node) && self.wires.get(&node).is_some_and(|wire| !wire.is_empty()) {
                self.give_up(node);
            }
        }
        for node in needed {
            let version = self.nodes[&node].version;
            while let Some((ticket, request)) = self.core.next_request(node, version, self.now) {
                self.check(node, &ticket, &request);
                self.tally.incremental += usize::from(ticket.is_incremental);
                self.tally.pipelined += usize::from(self.wires.get(&node).is_some_and(|wire| !wire.is_empty()));
                self.wires.entry(node).or_default().push_back(UnderWay { ticket, request, served: None });
            }
            while let Some(action) = self.core.next_action() {
                self.act(node, action, &[]);
            }
        }
    }

    fn serve(&mut self, node: i32) {
        let Some(wire) = self.wires.get_mut(&node) else { return };
        let Some(under_way) = wire.iter_mut().find(|under_way| under_way.served.is_none()) else { return };
        let asked = under_way.ticket.asked.iter().map(|asked| (asked.partition, asked.position)).collect();
        let version = under_way.ticket.version;
        let node = self.nodes.get_mut(&node).unwrap();
        under_way.served = Some(node.serve(&mut self.topic, &under_way.request, version, &asked, self.faults, &mut self.rng));
    }

    fn deliver(&mut self, node: i32) {
        let Some(wire) = self.wires.get_mut(&node) else { return };
        if wire.front().is_none_or(|front| front.served.is_none()) {
            return;
        }
        let UnderWay { ticket, served, .. } = wire.pop_front().unwrap();
        let served = served.unwrap();
        let throttle = u64::try_from(served.response.throttle_time_ms).unwrap();
        if throttle > 0 {
            let until = self.now + Duration::from_millis(throttle);
            self.nodes.get_mut(&node).unwrap().rests_until = Some(until);
        }
        for partition in &served.left_out {
            let asked = ticket.asked.iter().find(|asked| asked.partition == *partition);
            let state = self.core.partitions.get(partition);
            if matches!((asked, state), (Some(asked), Some(state)) if asked.generation == state.generation) {
                self.left_out.insert((node, *partition), self.now + Duration::from_millis(79));
            }
        }
        self.take(node, ticket, served);
    }

    fn take(&mut self, node: i32, ticket: FetchTicket, served: Served) {
        for action in self.core.on_response(ticket, served.response, self.now) {
            self.act(node, action, &served.led);
        }
    }

    fn deliver_stray(&mut self) {
        if self.strays.is_empty() {
            return;
        }
        let stray = self.strays.swap_remove(self.rng.usize(..self.strays.len()));
        let node = stray.ticket.broker;
        match stray.served {
            Some(served) => self.take(node, stray.ticket, served),
            None => self.core.on_failure(&stray.ticket),
        }
    }

    /// The connection is given up by us: its answers may come yet, and nobody wants them.
    fn give_up(&mut self, node: i32) {
        self.core.give_up(node);
        self.nodes.get_mut(&node).unwrap().disturb();
        self.strays.extend(self.wires.remove(&node).unwrap_or_default());
    }

    /// The connection breaks. The broker may have handled what was sent.
    fn lose(&mut self, node: i32) {
        if self.rng.bool() {
            self.serve(node);
        }
        self.nodes.get_mut(&node).unwrap().disturb();
        for under_way in self.wires.remove(&node).unwrap_or_default() {
            self.core.on_failure(&under_way.ticket);
        }
        self.core.lost(node, self.now);
    }

    /// Decoding went wrong: back to the table's position.
    fn rewind(&mut self, partition: i32) {
        let pause = self.rng.bool();
        let reader = self.readers.get_mut(&partition).unwrap();
        if reader.is_away {
            return;
        }
        self.tally.discarded += reader.pending.len();
        reader.pending.clear();
        let (position, epoch) = reader.resume_point();
        self.core.rewind(partition, position, epoch, self.now, pause);
    }

    fn hold(&mut self, partition: i32) {
        let reader = self.readers.get_mut(&partition).unwrap();
        reader.held = !reader.held;
        self.core.hold(partition, reader.held);
    }
}

fn view(topic: &Topic) -> TopicView {
    let partition =
        |(partition, log): (&i32, &Log)| (*partition, PartitionView { leader: log.leader, leader_epoch: log.epoch, error: 0 });
    let broker = |node| (node, BrokerAddress { node, host: format!("broker-{node}"), port: 9092, rack: None });
    TopicView {
        topic: TOPIC.into(),
        topic_id: topic.id,
        partitions: topic.logs.iter().map(partition).collect(),
        brokers: (1..=NODES).map(broker).collect(),
        cluster_id: None,
    }
}
