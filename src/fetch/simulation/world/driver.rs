//! What the control thread does about what the core hands over.

use super::super::reader::Reader;
use super::{PARTITIONS, Task, World, view};

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
}
