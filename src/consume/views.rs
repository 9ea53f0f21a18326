//! What metadata changes for a running consumption: leaders, partitions that the topic gains, and a topic that is another one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::identity::Meeting;
use super::start::Assignment;
use super::supervision::{Control, Next, Turnover};
use crate::cluster::TopicView;
use crate::config::OnRecreatedTopic;
use crate::error::{Error, Result};
use crate::ingest::End as PartitionEnd;
use crate::position::{Partition, Partitions, Stop};
use crate::table::{EventKind, PartitionState};

impl Control {
    /// Learns who leads what, of partitions that the topic has gained, and whether it is the topic still.
    pub(super) fn on_view(&mut self, view: TopicView) -> Result<Next> {
        self.metadata_came();
        match self.identity.meet(view.topic_id) {
            Meeting::Former => {
                tracing::info!(topic = &*self.plan.topic, id = %view.topic_id, "metadata of a topic that is no more");
                self.refresh_was_stale();
                return Ok(Next::Go);
            }
            Meeting::Doubtful => {
                // The lanes read nothing by the name of a topic that is perhaps another one.
                self.lanes.set_view(&Arc::new(view));
                return Ok(Next::Go);
            }
            Meeting::Other => return self.on_recreated(view),
            Meeting::SameAfterAll => {
                let view = Arc::new(self.merged(view));
                self.take_view(view);
                return self.turn_over(false);
            }
            Meeting::Same => {}
        }
        if self.turnover.is_some() {
            return Ok(Next::Go);
        }
        if view.topic_id.is_nil() && self.is_older(&view) {
            // Without ids nothing else tells a topic that was created again: its leader epochs begin anew. A stale broker says the same,
            // but not again and again.
            if self.regressed.confirmed(Duration::ZERO) {
                self.regressed.dispel();
                return self.on_recreated(view);
            }
            return Ok(Next::Go);
        }
        self.regressed.dispel();
        let view = Arc::new(self.merged(view));
        self.lanes.set_view(&view);
        self.take_view(view);
        self.gain()?;
        self.refresh_worked();
        Ok(Next::Go)
    }

    /// Whether metadata tells an older leader epoch of any partition than was known.
    fn is_older(&self, view: &TopicView) -> bool {
        view.partitions.iter().any(|(partition, told)| {
            let known = self.view.partitions.get(partition);
            known.is_some_and(|known| told.leader_epoch >= 0 && told.leader_epoch < known.leader_epoch)
        })
    }

    /// What is new in a view, with what is older in it, or missing, as it was: a topic loses no partitions, and epochs do not fall.
    fn merged(&self, mut view: TopicView) -> TopicView {
        for (partition, known) in &self.view.partitions {
            let told = view.partitions.entry(*partition).or_insert(*known);
            if told.leader_epoch >= 0 && told.leader_epoch < known.leader_epoch {
                *told = *known;
            }
            // A leader that is no broker any more cannot be asked.
            told.leader = told.leader.filter(|leader| view.brokers.contains_key(leader));
        }
        view
    }

    fn take_view(&mut self, view: Arc<TopicView>) {
        let before = std::mem::replace(&mut self.view, view);
        let leader = |view: &TopicView, partition| view.partitions.get(partition).and_then(|found| found.leader);
        let changed: Vec<_> = self
            .unfinished
            .keys()
            .filter(|partition| before.partitions.contains_key(partition))
            .map(|partition| (*partition, leader(&before, partition), leader(&self.view, partition)))
            .filter(|(_, before, now)| before != now)
            .map(|(partition, _, now)| (partition, now))
            .collect();
        if !changed.is_empty() {
            self.publisher.status().event(None, EventKind::LeaderChanged { leaders: changed });
        }
        self.note_leaders();
    }

    /// Which partitions nobody leads, and since when.
    pub(super) fn note_leaders(&mut self) {
        for partition in self.unfinished.keys() {
            let led = self.view.partitions.get(partition).is_some_and(|found| found.leader.is_some());
            if !led && self.leaderless.insert(*partition) {
                let since = SystemTime::now();
                self.publisher.status().state(*partition, PartitionState::Leaderless { since });
            }
            if led && self.leaderless.remove(partition) {
                self.publisher.status().state(*partition, PartitionState::Reading);
            }
        }
        let unfinished = &self.unfinished;
        self.leaderless.retain(|partition| unfinished.contains_key(partition));
    }

    fn takes_new(&self) -> bool {
        self.plan.partitions == Partitions::All && matches!(self.plan.stop, Stop::Never | Stop::After(_))
    }

    fn gain(&mut self) -> Result<()> {
        let gained: Vec<Partition> =
            self.view.partitions.keys().copied().filter(|partition| !self.begun.contains(partition)).collect();
        if gained.is_empty() || !self.takes_new() {
            return Ok(());
        }
        self.publisher.status().event(None, EventKind::PartitionsAdded { partitions: gained.clone() });
        self.begin_at_zero(gained)?;
        self.note_leaders();
        Ok(())
    }

    /// From offset 0: what was written before they were discovered must not be lost.
    fn begin_at_zero(&mut self, partitions: Vec<Partition>) -> Result<()> {
        let from_zero = |partition| Assignment { partition, position: 0, leader_epoch: -1, end: PartitionEnd::default() };
        self.unnamed.extend(partitions.iter().map(|partition| (*partition, 0)));
        self.begin(partitions.into_iter().map(from_zero).collect())
    }

    /// The name is another topic's now: the positions, which may well be valid in it, mean nothing.
    fn on_recreated(&mut self, view: TopicView) -> Result<Next> {
        let (before, now) = (self.identity.id(), view.topic_id);
        // An end was asked for in the old topic; the new one has no such place.
        let endless = matches!(self.plan.stop, Stop::Never | Stop::After(_));
        let restarted = endless && self.plan.settings.on_recreated_topic == OnRecreatedTopic::Restart;
        self.publisher.status().event(None, EventKind::TopicRecreated { before, now, restarted });
        if !restarted {
            return Err(Error::RecreatedTopic { topic: self.plan.topic.to_string(), expected: before, found: now });
        }
        self.identity.adopt(now);
        self.view = Arc::new(view);
        self.turn_over(true)
    }

    /// Lets the lanes let go of all partitions, so that nothing that was fetched before comes into the table afterwards.
    fn turn_over(&mut self, anew: bool) -> Result<Next> {
        self.era = self.era.wrapping_add(1);
        self.forget_waiting();
        let anew = anew || self.turnover.as_ref().is_some_and(|turnover| turnover.anew);
        let awaited = self.turnover.as_ref().map_or(0, |turnover| turnover.awaited);
        let awaited = awaited + self.lanes.restart(&self.view);
        self.turnover = Some(Turnover { awaited, anew });
        if awaited == 0 { self.on_let_go() } else { Ok(Next::Go) }
    }

    /// A lane has let go. When all have, the partitions are given out again.
    pub(super) fn on_let_go(&mut self) -> Result<Next> {
        let Some(turnover) = &mut self.turnover else { return Ok(Next::Go) };
        turnover.awaited = turnover.awaited.saturating_sub(1);
        if turnover.awaited > 0 {
            return Ok(Next::Go);
        }
        let anew = turnover.anew;
        self.turnover = None;
        if anew {
            self.begin_anew()?;
        } else {
            for (partition, end) in self.unfinished.clone() {
                let Some((position, leader_epoch)) = self.publisher.resume_point(partition) else { continue };
                self.lanes.assign(&self.plan, Assignment { partition, position, leader_epoch, end })?;
            }
        }
        self.refresh_worked();
        Ok(Next::Go)
    }

    /// Every partition of the new topic that is to be read, from its first offset.
    fn begin_anew(&mut self) -> Result<()> {
        let wanted: Vec<Partition> = match &self.plan.partitions {
            Partitions::All => self.view.partitions.keys().copied().collect(),
            Partitions::These(list) => {
                list.iter().copied().filter(|partition| self.view.partitions.contains_key(partition)).collect()
            }
        };
        let gone: Vec<Partition> = self.unfinished.keys().copied().filter(|partition| !wanted.contains(partition)).collect();
        for partition in &gone {
            self.unfinished.remove(partition);
            self.publisher.status().state(*partition, PartitionState::Ended);
        }
        if !gone.is_empty() {
            self.publisher.status().event(None, EventKind::PartitionsGone { partitions: gone });
        }
        for partition in wanted.iter().filter(|partition| self.begun.contains(partition)) {
            self.publisher.restart_partition(*partition, 0)?;
            self.publisher.status().state(*partition, PartitionState::Reading);
        }
        self.leaderless.clear();
        self.begin_at_zero(wanted)?;
        self.note_leaders();
        Ok(())
    }
}
