//! Who reads: what it has in its table, what is on the way there, and where it is.

use std::collections::VecDeque;

use super::log::{Log, Serial};

/// Records that the core handed on and that are not in the table yet.
pub(super) struct Piece {
    pub(super) from: i64,
    pub(super) next: i64,
    pub(super) rows: Vec<(i64, Serial)>,
    /// Where each batch ends, and its epoch.
    pub(super) runs: Vec<(i64, i32)>,
}

/// One partition's reader.
#[derive(Default)]
pub(super) struct Reader {
    rows: Vec<(i64, Serial)>,
    runs: Vec<(i64, i32)>,
    pub(super) position: i64,
    pub(super) pending: VecDeque<Piece>,
    pub(super) held: bool,
    /// The core has given it away until somebody decides.
    pub(super) is_away: bool,
    /// Offsets below were reported as lost, and what is below proves nothing.
    verifiable: i64,
}

impl Reader {
    /// What the core must ask for next: a position, and the epoch of the last batch before it.
    pub(super) fn expected(&self) -> (i64, i32) {
        let runs = self.pending.iter().rev().flat_map(|piece| piece.runs.iter().rev()).chain(self.runs.iter().rev());
        let position = self.pending.back().map_or(self.position, |piece| piece.next);
        (position, runs.map(|(_, epoch)| *epoch).next().unwrap_or(-1))
    }

    /// The table's position, and the epoch before it.
    pub(super) fn resume_point(&self) -> (i64, i32) {
        (self.position, self.runs.last().map_or(-1, |(_, epoch)| *epoch))
    }

    /// The oldest piece on its way arrives.
    pub(super) fn store(&mut self) {
        let Some(piece) = self.pending.pop_front() else { return };
        assert_eq!(piece.from, self.position);
        for row in piece.rows {
            assert!(self.rows.last().is_none_or(|(last, _)| *last < row.0), "offsets rise");
            self.rows.push(row);
        }
        self.runs.extend(piece.runs);
        self.position = piece.next;
    }

    pub(super) fn store_all(&mut self) {
        while !self.pending.is_empty() {
            self.store();
        }
    }

    /// The log parted from what was read: of `epoch` and those before it, it has nothing at or beyond `end`.
    pub(super) fn truncate(&mut self, epoch: i32, end: i64) {
        let own = self.runs.iter().rev().find(|(_, run)| *run <= epoch).map_or(self.verifiable, |(run_end, _)| *run_end);
        let to = end.min(own).min(self.position).max(0);
        self.rows.retain(|(offset, _)| *offset < to);
        // A batch that is cut has its epoch still.
        let whole = self.runs.partition_point(|(run_end, _)| *run_end < to);
        let within = self.runs.get(whole).map(|(_, epoch)| (to, *epoch));
        let before = if whole == 0 { self.verifiable.min(to) } else { self.runs[whole - 1].0 };
        self.runs.truncate(whole);
        self.runs.extend(within.filter(|_| to > before));
        self.position = to;
        self.verifiable = self.verifiable.min(to);
    }

    /// Retention was faster: it goes on at `start`.
    pub(super) fn skip_to(&mut self, start: i64) {
        self.position = start;
        self.verifiable = start;
        self.runs.clear();
    }

    /// What is in the table is what the log holds.
    pub(super) fn verify(&self, partition: i32, log: &Log, leader: i32) {
        let replica = &log.replicas[&leader];
        assert_eq!(self.position, replica.end, "partition {partition} arrives");
        let from = self.verifiable.max(log.forgotten);
        let held = log.records(leader, from);
        let rows: Vec<(i64, Serial)> = self.rows.iter().copied().filter(|(offset, _)| *offset >= from).collect();
        for record in &held {
            assert!(rows.binary_search(record).is_ok(), "partition {partition}: record {record:?} of the log was not read");
        }
        for row in &rows {
            let is_there = held.binary_search(row).is_ok() || log.compacted.contains(&row.1);
            assert!(is_there, "partition {partition}: row {row:?} is not of the log");
        }
    }
}
