//! Decoding again what an error table holds: only these records, and those of them that the log does not hold any more from what was
//! kept, or not at all.

use super::{Assembler, End, Outcome, Unit};
use crate::decode::{DecodeError, Reason};
use crate::error::Result;
use crate::ingest::again::{Again, Kept};
use crate::ingest::block::{Block, distance};
use crate::ingest::errors::Bad;
use crate::ingest::metadata::Origin;
use crate::position::{Offset, Partition, Span};

const GONE: &str = "the log does not hold the record any more";
const ANOTHER: &str = "another record is at this offset now";

impl Assembler {
    /// Brings a partition of which an error table's records are decoded again to `position`: what lies before it is not in the log.
    pub(crate) fn catch_up(
        &mut self,
        partition: Partition,
        position: Offset,
        end: End,
        receive_time_nanos: i64,
    ) -> Result<Outcome> {
        let Some(again) = self.settings.again.clone() else { return Ok(Outcome::Done) };
        let position = again.range(partition).map_or(position, |(_, last)| position.min(last.saturating_add(1)));
        let Some(begun) = self.publisher.position(partition).filter(|begun| *begun < position) else { return Ok(Outcome::Done) };
        let mut unit = Unit { partition, end, receive_time_nanos, span: Span::empty(partition, begun) };
        let outcome = self.lose(&mut unit, &again, position)?;
        if outcome == Outcome::Done {
            unit.span.gaps += distance(unit.span.next, position);
            unit.span.next = unit.span.next.max(position);
        }
        self.keep(&mut unit);
        self.seal()?;
        Ok(outcome)
    }

    /// Sees to the records before `until` that are wanted and were not in the log.
    pub(super) fn lose(&mut self, unit: &mut Unit, again: &Again, until: Offset) -> Result<Outcome> {
        for wanted in again.between(unit.partition, unit.span.next, until) {
            unit.span.gaps += distance(unit.span.next, wanted.offset);
            unit.span.next = wanted.offset;
            let kept = again.kept(wanted);
            match kept.record(wanted.offset).filter(|(side, _)| self.rows.needs_only(*side)) {
                Some((_, record)) => {
                    let origin = Origin::unknown(unit.partition, unit.receive_time_nanos);
                    let mut block = Block::new(wanted.offset, false);
                    block.push(&record);
                    let outcome = self.block(unit, &origin, &mut block)?;
                    if outcome != Outcome::Done {
                        return Ok(outcome);
                    }
                }
                None => self.report_lost(unit, &kept, GONE),
            }
        }
        Ok(Outcome::Done)
    }

    /// The record at the unit's position is not the one that was kept.
    pub(super) fn replaced(&mut self, unit: &mut Unit, kept: &Kept<'_>) {
        self.report_lost(unit, kept, ANOTHER);
    }

    fn report_lost(&mut self, unit: &mut Unit, kept: &Kept<'_>, what: &str) {
        let message = format!("{what}; it could not be decoded because: {}", kept.reason);
        let error = DecodeError { column: None, position: 0, reason: Reason::Lost, message };
        self.errors.append(Bad {
            partition: unit.partition,
            offset: unit.span.next,
            timestamp: kept.timestamp,
            side: kept.side_name,
            raw: kept.raw,
            raw_bytes: kept.raw_bytes,
            error: &error,
        });
        unit.span.errors += 1;
        unit.span.next += 1;
    }
}
