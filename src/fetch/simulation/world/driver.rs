//! What the control thread does about what the core hands over.

use std::time::Duration;

use super::super::reader::Reader;
use super::{NODES, PARTITIONS, Task, World, view};

impl World {
    /// The control thread gets to one of its tasks.
    pub(super) fn decide(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        let task = self.tasks.swap_remove(self.rng.usize(..self.tasks.len()));
        if self.reading != self.topic.id || matches!(task, Task::Restart) && self.core.identity.is_replaced() {
            return self.restart();
        }
        let (Task::Diverged { partition, .. } | Task::OutOfRange { partition } | Task::Validate { partition, .. }) = task else {
            return;
        };
        let log = &self.topic.logs[&partition];
        let Some(leader) = log.acting_leader() else { return self.tasks.push(task) };
        let reader = self.readers.get_mut(&partition).unwrap();
        let (position, last) = reader.resume_point();
        let (start, end) = (log.replicas[&leader].start, log.replicas[&leader].end);
        match task {
            Task::Diverged { epoch, end, .. } => reader.truncate(epoch, end),
            Task::OutOfRange { .. } if position < start => reader.skip_to(start),
            Task::OutOfRange { .. } if position <= end => {}
            Task::OutOfRange { .. } if last < 0 => reader.truncate(-1, end),
            Task::OutOfRange { .. } => {
                let (epoch, end) = log.end_of(leader, last).unwrap();
                reader.truncate(epoch, end);
            }
            Task::Validate { last_epoch, .. } => {
                let (epoch, end) = log.end_of(leader, last_epoch).unwrap();
                if epoch < last_epoch || end < position {
                    reader.truncate(epoch, end);
                }
            }
            Task::Restart => {}
        }
        self.assign(partition);
    }

    /// Goes over to the topic that there is now.
    pub(super) fn restart(&mut self) {
        self.tally.restarts += 1;
        self.tasks.clear();
        self.reading = self.topic.id;
        self.view = view(&self.topic);
        self.told.clear();
        let view = self.view.clone();
        self.core.restart(&view);
        for partition in 0..PARTITIONS {
            *self.reader(partition) = Reader::default();
            self.assign(partition);
        }
    }

    /// The faults are over: everything arrives, and is what the logs hold.
    pub(in super::super) fn settle(&mut self) {
        self.faults = 0;
        for (partition, log) in &mut self.topic.logs {
            let node = log.leader.unwrap_or(1);
            if log.leader.is_none() {
                log.elect(node, false);
            }
            (1..=NODES).for_each(|other| log.hear(other));
            (1..=NODES).for_each(|other| log.hear(other));
            log.commit(true, &mut self.rng);
            (1..=NODES).for_each(|other| log.replicate(other, usize::MAX));
            self.core.hold(*partition, false);
            self.readers.get_mut(partition).unwrap().held = false;
        }
        self.views = vec![view(&self.topic)];
        for _ in 0..2_000 {
            self.publish();
            (0..4 * PARTITIONS).for_each(|_| self.decide());
            self.ask();
            for node in 1..=NODES {
                while self.wires.get(&node).is_some_and(|wire| !wire.is_empty()) {
                    self.serve(node);
                    self.deliver(node);
                }
            }
            self.readers.values_mut().for_each(Reader::store_all);
            if self.has_arrived() {
                break;
            }
            self.now = self.core.timeout(self.now).unwrap_or(self.now + Duration::from_millis(50));
        }
        self.say((&self.core, self.tasks.len()));
        assert_eq!(self.reading, self.topic.id, "the topic is the one that there is");
        for (partition, reader) in &self.readers {
            let log = &self.topic.logs[partition];
            reader.verify(*partition, log, log.leader.unwrap());
        }
    }

    fn has_arrived(&self) -> bool {
        let at_end = |(partition, reader): (&i32, &Reader)| {
            let log = &self.topic.logs[partition];
            reader.position == log.replicas[&log.leader.unwrap()].end && !reader.is_away
        };
        self.reading == self.topic.id && self.tasks.is_empty() && self.readers.iter().all(at_end)
    }
}
