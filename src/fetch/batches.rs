//! The walk over an answer's batch headers: the position moves before anything is decoded.

use std::time::Instant;

use kafka_protocol::messages::fetch_response::PartitionData;

use super::core::FetchCore;
use super::planted::Defect;
use super::ticket::{Action, Asked, PartitionRecords};
use crate::error::Error;
use crate::position::Offset;
use crate::record::{RawBatch, Walk};

impl FetchCore {
    /// Walks the batch headers, moves the position, and hands the bytes on.
    pub(super) fn on_records(&mut self, asked: &Asked, data: PartitionData, now: Instant, actions: &mut Vec<Action>) {
        let partition = asked.partition;
        let planted = self.planted;
        let end = if self.settings.read_committed { data.last_stable_offset } else { data.high_watermark };
        let Some(state) = self.partitions.get_mut(&partition) else { return };
        state.has_more = end > asked.position;
        let Some(records) = data.records.filter(|records| !records.is_empty()) else {
            state.stalls = 0;
            return;
        };
        let mut walk = Walk::new(&records);
        let mut next = asked.position;
        let mut last_epoch = state.last_epoch;
        let mut whole = 0;
        let mut damaged = false;
        let mut beyond = false;
        // A broker sends nothing beyond its high watermark: a base offset there is damaged (no checksum covers it), or the log grew
        // between the broker's look at the one and at the other. Either way the same question gives another answer, once.
        let limit = if asked.stalled || data.high_watermark < 0 { Offset::MAX } else { data.high_watermark };
        // Batches of a log ascend. Where two overlap, the base offset of one of them is damaged, and nobody knows of which.
        if !asked.stalled && overlap(&records) {
            beyond = true;
        }
        while let Some(batch) = walk.next().filter(|_| !beyond) {
            let after = batch.and_then(|batch| batch.header.next_offset().map(|after| (after, batch)));
            match after {
                Ok((after, _)) if after > limit => {
                    beyond = true;
                    break;
                }
                Ok((after, batch)) if after > next => {
                    next = if planted.has(Defect::NextAfterTheLastRecord) { after_last_record(&batch, next) } else { after };
                    last_epoch = batch.header.leader_epoch.max(-1);
                }
                // A batch that ends below the position is a stale answer's, or the first of a compacted log: not an error.
                Ok(_) => {}
                Err(_) => {
                    damaged = true;
                    break;
                }
            }
            whole = walk.consumed();
        }
        if damaged {
            whole = records.len(); // whoever decodes it, says what is wrong
        }
        if next > asked.position || damaged {
            state.position = next + i64::from(planted.has(Defect::NextOffsetOneTooFar));
            state.last_epoch = last_epoch;
            state.stalls = 0;
            state.has_more = end > next;
            let aborted = data.aborted_transactions.unwrap_or_default();
            actions.push(Action::Records(PartitionRecords {
                partition,
                from: asked.position,
                next,
                records: records.slice(..whole),
                aborted: aborted.iter().map(|entry| (entry.producer_id.0, entry.first_offset)).collect(),
            }));
            return;
        }
        // A broker sends the first batch whole, however large (KIP-74): bytes without progress twice will be so for ever.
        state.stalls += 1;
        if state.stalls >= 2 {
            let error =
                Error::NoProgress { topic: self.topic.to_string(), partition, offset: asked.position, bytes: records.len() };
            self.fail(partition, error, actions);
        } else if !beyond {
            self.pause(partition, now);
        }
    }
}

/// Whether a batch begins below the end of the one before it; of a last one that was cut the base offset is enough.
fn overlap(records: &[u8]) -> bool {
    let mut walk = Walk::new(records);
    let mut end = Offset::MIN;
    while let Some(Ok(batch)) = walk.next() {
        let Ok(after) = batch.header.next_offset() else { return false };
        if batch.header.base_offset < end {
            return true;
        }
        end = after;
    }
    let cut = records.get(walk.consumed()..).and_then(|rest| rest.first_chunk::<8>());
    cut.is_some_and(|base| Offset::from_be_bytes(*base) < end)
}

/// What the next offset would be if compaction never took the last records of a batch.
fn after_last_record(batch: &RawBatch<'_>, position: Offset) -> Offset {
    let count = i64::from(batch.header.record_count);
    position.max(batch.header.base_offset.saturating_add(count))
}
