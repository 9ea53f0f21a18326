//! What is in the logs: each batch that was ever written, and which of them each replica has.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use crate::record::sample::{Batch, Sample};

/// Unlike that of any other record, in whatever log.
pub(super) type Serial = u64;

/// One batch as it was written, less what compaction has taken from it.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) base: i64,
    pub(super) end: i64,
    pub(super) epoch: i32,
    pub(super) records: Vec<(i64, Serial)>,
    pub(super) bytes: Vec<u8>,
}

impl Written {
    fn seal(&mut self) {
        let samples: Vec<Sample> = self
            .records
            .iter()
            .map(|(offset, serial)| Sample {
                offset_delta: i32::try_from(offset - self.base).unwrap(),
                value: Some(serial.to_be_bytes().to_vec()),
                ..Sample::default()
            })
            .collect();
        let mut batch = Batch::at(self.base).samples(&samples);
        batch.leader_epoch = self.epoch;
        self.bytes = batch.last_offset_delta(i32::try_from(self.end - self.base - 1).unwrap()).bytes();
    }
}

/// What one broker has of a partition.
#[derive(Clone, Default)]
pub(super) struct Replica {
    /// Places in [`Log::written`], in order.
    pub(super) batches: Vec<usize>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) high: i64,
    /// The leader and its epoch, as far as the broker has heard.
    pub(super) epoch: i32,
    pub(super) leader: Option<i32>,
}

/// A partition of one topic, on all brokers.
#[derive(Default)]
pub(super) struct Log {
    pub(super) written: Vec<Written>,
    pub(super) replicas: BTreeMap<i32, Replica>,
    /// As the controller has it.
    pub(super) leader: Option<i32>,
    pub(super) epoch: i32,
    /// Who led in which epoch.
    pub(super) leaders: Vec<(i32, i32)>,
    /// The highest offset that retention has reached on any broker: what is below can be compared with no log any more.
    pub(super) forgotten: i64,
    /// Records that compaction took.
    pub(super) compacted: BTreeSet<Serial>,
}

impl Log {
    pub(super) fn new(nodes: i32, rng: &mut Rng) -> Self {
        let first = rng.i32(1..=nodes);
        let leader = Some(first);
        let replicas = (1..=nodes).map(|node| (node, Replica { leader, ..Replica::default() })).collect();
        Self { replicas, leader, leaders: vec![(first, 0)], ..Self::default() }
    }

    /// The leader that the controller named, once it knows.
    pub(super) fn acting_leader(&self) -> Option<i32> {
        self.leader.filter(|leader| self.replicas[leader].epoch == self.epoch)
    }

    pub(super) fn append(&mut self, serials: &mut Serial, rng: &mut Rng) {
        let Some(leader) = self.acting_leader() else { return };
        let replica = self.replicas.get_mut(&leader).unwrap();
        let base = replica.end;
        let mut offset = base;
        let mut records = Vec::new();
        for _ in 0..rng.usize(1..8) {
            records.push((offset, *serials));
            *serials += 1;
            offset += 1;
        }
        let mut batch = Written { base, end: offset, epoch: self.epoch, records, bytes: vec![] };
        batch.seal();
        replica.end = offset;
        replica.batches.push(self.written.len());
        self.written.push(batch);
    }

    /// Takes records out of a batch, which keeps its extent: its last ones as well, and all of them.
    pub(super) fn compact(&mut self, rng: &mut Rng) {
        if self.written.is_empty() {
            return;
        }
        let which = rng.usize(..self.written.len());
        let batch = &mut self.written[which];
        let keep = rng.usize(..=batch.records.len());
        let mut gone = batch.records.split_off(keep);
        if !batch.records.is_empty() && rng.bool() {
            gone.push(batch.records.remove(0));
        }
        self.compacted.extend(gone.iter().map(|(_, serial)| *serial));
        batch.seal();
    }

    /// A broker hears of the newest leader, and makes its log agree.
    pub(super) fn hear(&mut self, node: i32) {
        let leads = self.leader == Some(node);
        if !leads && self.acting_leader().is_none() && self.leader.is_some() {
            return; // what it would have to agree with does not exist yet
        }
        let (leader, epoch) = (self.leader, self.epoch);
        let replica = self.replicas.get_mut(&node).unwrap();
        (replica.leader, replica.epoch) = (leader, epoch);
        if !leads {
            self.agree(node);
        }
    }

    /// Cuts off what the leader does not have.
    fn agree(&mut self, node: i32) {
        let Some(leader) = self.acting_leader() else { return };
        let lead = self.replicas[&leader].clone();
        let replica = self.replicas.get_mut(&node).unwrap();
        let written = &self.written;
        let known: BTreeSet<usize> = lead.batches.iter().copied().collect();
        let parts = |batch: &usize| written[*batch].end > lead.start && !known.contains(batch);
        if let Some(first) = replica.batches.iter().position(parts) {
            replica.end = written[replica.batches[first]].base;
            replica.batches.truncate(first);
            replica.high = replica.high.min(replica.end);
        }
        if replica.end < lead.start || replica.batches.is_empty() {
            *replica = Replica { end: lead.start, start: lead.start, high: lead.start, batches: vec![], ..replica.clone() };
        }
    }

    /// A follower copies a little.
    pub(super) fn replicate(&mut self, node: i32, batches: usize) {
        let Some(leader) = self.acting_leader().filter(|leader| *leader != node) else { return };
        if self.replicas[&node].epoch != self.epoch {
            return;
        }
        self.agree(node);
        let lead = self.replicas[&leader].clone();
        let replica = self.replicas.get_mut(&node).unwrap();
        let more = lead.batches.iter().filter(|batch| self.written[**batch].base >= replica.end).take(batches);
        for batch in more.copied().collect::<Vec<_>>() {
            replica.batches.push(batch);
            replica.end = self.written[batch].end;
        }
        replica.high = replica.high.max(lead.high.min(replica.end));
    }

    /// What consumers may read grows.
    pub(super) fn commit(&mut self, all: bool, rng: &mut Rng) {
        let Some(leader) = self.acting_leader() else { return };
        let replica = self.replicas.get_mut(&leader).unwrap();
        let ends: Vec<i64> =
            replica.batches.iter().map(|batch| self.written[*batch].end).filter(|end| *end > replica.high).collect();
        let to = if all { ends.last() } else { rng.choice(&ends) };
        replica.high = to.copied().unwrap_or(replica.high);
    }

    /// Retention takes the oldest.
    pub(super) fn forget(&mut self, node: i32, rng: &mut Rng) {
        let replica = self.replicas.get_mut(&node).unwrap();
        let keep = rng.usize(1..3).min(replica.batches.len());
        let can = replica.batches.iter().take_while(|batch| self.written[**batch].end <= replica.high).count();
        let gone = can.saturating_sub(keep).min(3);
        replica.batches.drain(..gone);
        replica.start = replica.batches.first().map_or(replica.end, |first| self.written[*first].base).max(replica.start);
        self.forgotten = self.forgotten.max(replica.start);
    }

    /// Another leader, in a new epoch. A clean election loses nothing that a consumer could read.
    pub(super) fn elect(&mut self, node: i32, clean: bool) {
        let committed: BTreeSet<usize> = match self.acting_leader() {
            Some(leader) => {
                let lead = &self.replicas[&leader];
                lead.batches.iter().copied().filter(|batch| self.written[*batch].end <= lead.high).collect()
            }
            None if clean => return,
            None => BTreeSet::new(),
        };
        let has_all = committed.iter().all(|batch| self.replicas[&node].batches.contains(batch));
        if clean && !has_all {
            return;
        }
        self.leader = Some(node);
        self.epoch += 1;
        self.leaders.push((node, self.epoch));
    }

    /// The epochs of a replica's log, and where each begins.
    fn epochs(&self, node: i32) -> Vec<(i32, i64)> {
        let replica = &self.replicas[&node];
        let mut epochs: Vec<(i32, i64)> = Vec::new();
        for batch in &replica.batches {
            let batch = &self.written[*batch];
            if epochs.last().is_none_or(|(epoch, _)| *epoch < batch.epoch) {
                epochs.push((batch.epoch, batch.base));
            }
        }
        if replica.leader == Some(node) && epochs.last().is_none_or(|(epoch, _)| *epoch < replica.epoch) {
            epochs.push((replica.epoch, replica.end));
        }
        epochs
    }

    /// As a broker answers OffsetForLeaderEpoch: the largest epoch up to this one, and where it ends; none where it does not know.
    pub(super) fn end_of(&self, node: i32, wanted: i32) -> Option<(i32, i64)> {
        let epochs = self.epochs(node);
        let latest = epochs.last()?.0;
        if wanted == latest {
            return Some((wanted, self.replicas[&node].end));
        }
        let (_, higher) = *epochs.iter().find(|(epoch, _)| *epoch > wanted)?;
        let floor = epochs.iter().rev().find(|(epoch, _)| *epoch <= wanted).map_or(wanted, |(epoch, _)| *epoch);
        Some((floor, higher))
    }

    /// The records of a replica from `from` on.
    pub(super) fn records(&self, node: i32, from: i64) -> Vec<(i64, Serial)> {
        let batches = self.replicas[&node].batches.iter().map(|batch| &self.written[*batch]);
        batches.flat_map(|batch| &batch.records).copied().filter(|(offset, _)| *offset >= from).collect()
    }
}
