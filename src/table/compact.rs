//! Small segments become large ones, without changing any row.

use std::sync::Arc;

use arrow_select::concat::concat_batches;

use super::core::Core;
use super::lock::lock;
use super::node::Node;
use super::segment::{Origin, Segment};
use super::table_type::TableType;
use super::view::View;

/// So many segments of a size become one of the next. A row is copied once for each size: at 65 536 rows, not more than six times.
const FANOUT: usize = 8;

/// Nothing larger is copied.
const MOST_BYTES: usize = 8 << 20;

impl Core {
    /// Merges the newest segments of a table where enough of them are small.
    pub(super) fn compact(&self, node: &Node) {
        let most = match node.table_type {
            TableType::Append => self.settings.chunk_rows,
            // What leaves a ring leaves it by whole segments: they must not be as large as the ring.
            TableType::Ring(rows) => self.settings.chunk_rows.min(rows / 4),
            TableType::Blink => return,
        };
        let mut view = View::clone(&node.seen());
        let mut merged = false;
        while merge_newest(&mut view, most) {
            merged = true;
        }
        if merged {
            let _gate = lock(&self.gate);
            node.show(Arc::new(view));
        }
    }
}

/// Merges the newest segments that are alike in size; false where there are too few.
fn merge_newest(view: &mut View, most: usize) -> bool {
    let recent = view.segments.recent();
    let Some(newest) = recent.last() else { return false };
    let level = level(newest.rows());
    let alike: Vec<&Arc<Segment>> = recent
        .iter()
        .rev()
        .take(FANOUT)
        .take_while(|segment| {
            segment.rows().saturating_mul(FANOUT) <= most.max(FANOUT)
                && segment.bytes < MOST_BYTES
                && self::level(segment.rows()) <= level
        })
        .collect();
    // The first one may have lost rows, and its place is needed to know which.
    let first = view.segments.first();
    if alike.len() < FANOUT || alike.iter().any(|segment| first.is_some_and(|first| Arc::ptr_eq(first, segment)) && view.skip > 0)
    {
        return false;
    }
    let batches: Vec<_> = alike.iter().rev().map(|segment| &segment.batch).collect();
    let Some(oldest) = alike.last() else { return false };
    // Where Arrow cannot put them together (offsets of text beyond 2 GiB), they stay as they are.
    let Ok(batch) = concat_batches(oldest.batch.schema_ref(), batches) else { return false };
    let bytes = batch.get_array_memory_size();
    let before: usize = alike.iter().map(|segment| segment.bytes).sum();
    let origin = Arc::new(Origin::joined(alike.iter().rev().map(|segment| segment.origin.as_ref())));
    let merged = Arc::new(Segment { batch, bytes, sequence: oldest.sequence, origin });
    view.bytes = view.bytes.saturating_sub(before) + bytes;
    view.segments.merge_last(FANOUT, merged);
    true
}

fn level(rows: usize) -> u32 {
    rows.max(1).ilog2() / FANOUT.ilog2()
}
