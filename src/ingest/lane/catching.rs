//! Records that are wanted and that no fetch brings: those that an error table holds, and the log does not.

use std::collections::BTreeMap;

use super::{Lane, LaneReport, receive_time};
use crate::ingest::assembler::Outcome;
use crate::position::{Offset, Partition};
use crate::spec::SchemaId;

/// Partitions that wait with such records for a schema, and up to where there are some.
#[derive(Debug, Default)]
pub(super) struct Catching(BTreeMap<Partition, Offset>);

impl Catching {
    pub(super) fn forget(&mut self, partition: Partition) -> Option<Offset> {
        self.0.remove(&partition)
    }
}

impl Lane {
    /// Sees to the records before `until` that are not in the log.
    pub(super) fn catch_up(&mut self, partition: Partition, until: Offset) {
        let Some(end) = self.ends.get(&partition).copied() else { return };
        match self.decoding.catch_up(partition, until, end, receive_time()) {
            Ok(Outcome::Awaits(id)) => self.await_to_catch_up(partition, until, id),
            Ok(Outcome::LimitReached) => {
                self.forget(partition);
                self.report(LaneReport::LimitReached);
            }
            Ok(_) => self.end_if_reached(partition),
            Err(error) => self.fail(partition, error),
        }
    }

    /// The next such record is written with a schema that is asked for. Nothing is fetched meanwhile.
    fn await_to_catch_up(&mut self, partition: Partition, until: Offset, id: SchemaId) {
        self.catching.0.insert(partition, until);
        self.core.hold(partition, true);
        self.awaiting.insert(partition, id);
        // The answer may have come since the record was looked at.
        self.on_schemas();
    }

    /// As [`Lane::await_schema`], where it may be about a record that the log does not hold: behind its end.
    pub(super) fn await_next_schema(&mut self, partition: Partition, id: SchemaId) {
        let end = self.ends.get(&partition).and_then(|end| end.offset);
        match self.publisher.position(partition).zip(end) {
            Some((position, end)) if position >= end => self.await_to_catch_up(partition, Offset::MAX, id),
            _ => self.await_schema(partition, id),
        }
    }
}
