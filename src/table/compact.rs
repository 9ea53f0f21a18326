//! Small segments become large ones, without changing any row.
//!
//! The small ones at the end are kept like a binary counter: each has more rows than the one behind it. So there are about as many as an
//! eighth of a chunk has binary digits, whatever the sizes are in which rows come, and a row is copied as often at most. A segment of an
//! eighth of a chunk or more is never copied: a busy topic pays nothing.

use std::sync::Arc;

use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;

use super::core::Core;
use super::lock::lock;
use super::node::Node;
use super::origin::Origin;
use super::segment::Segment;
use super::table_type::TableType;
use super::view::View;

/// Nothing larger is copied, so that no column of text grows beyond its offsets.
const MOST_BYTES: usize = 16 << 20;

impl Core {
    /// Merges the newest segments of a table, `news` of which came with the last cycle, where they are small. Only a cycle calls it.
    pub(super) fn compact(&self, node: &Node, news: usize) {
        let chunk_rows = match node.table_type {
            TableType::Append => self.settings.chunk_rows,
            // What leaves a ring leaves it by whole segments: they must not be as large as the ring.
            TableType::Ring(rows) => self.settings.chunk_rows.min(rows / 4),
            TableType::Blink => return,
        };
        let mut view = View::clone(&node.seen());
        // What is given up for its bytes leaves by whole segments as well.
        let limits = Limits { rows: (chunk_rows / 8).max(2), bytes: MOST_BYTES.min(node.most_bytes / 8) };
        match merge_newest(&mut view, news, limits) {
            Ok(true) => {
                let _gate = lock(&self.gate);
                node.show(Arc::new(view));
            }
            Ok(false) => {}
            // Small segments are as good as large ones, but for the time that it takes to go through them.
            Err(error) => tracing::warn!(topic = %self.topic, %error, "chunks stay small"),
        }
    }
}

/// What has so many rows or bytes is not merged.
#[derive(Debug, Clone, Copy)]
struct Limits {
    rows: usize,
    bytes: usize,
}

/// Merges segments until the end of the view is a binary counter; false where it is one.
fn merge_newest(view: &mut View, news: usize, limits: Limits) -> Result<bool, ArrowError> {
    let mut recent = view.segments.recent(news);
    // The first segment may have lost rows, and its place is needed to know which.
    if view.skip > 0 && recent.first().zip(view.segments.first()).is_some_and(|(one, first)| Arc::ptr_eq(one, first)) {
        recent.remove(0);
    }
    let groups = grouped(&recent, limits);
    let unchanged = groups.iter().take_while(|group| group.segments.len() == 1).count();
    if unchanged == groups.len() {
        return Ok(false);
    }
    let merged = groups.iter().skip(unchanged).map(Group::joined).collect::<Result<Vec<_>, _>>()?;
    let before: usize = recent.iter().skip(unchanged).map(|segment| segment.bytes).sum();
    let after: usize = merged.iter().map(|segment| segment.bytes).sum();
    view.bytes = view.bytes.saturating_sub(before) + after;
    view.segments.replace_last(recent.len() - unchanged, merged);
    Ok(true)
}

/// Which segments become one.
fn grouped(segments: &[Arc<Segment>], limits: Limits) -> Vec<Group> {
    let is_finished = |group: &Group| group.rows >= limits.rows || group.bytes >= limits.bytes;
    let mut groups: Vec<Group> = Vec::new();
    // Where the groups begin that may still grow.
    let mut open = 0;
    for segment in segments {
        let group = Group::of(segment);
        if is_finished(&group) {
            // Nothing can be put between what is before it and what follows: that is all there will be of the open ones.
            while groups.len() > open + 1 && join_last(&mut groups) {}
            groups.push(group);
            open = groups.len();
            continue;
        }
        groups.push(group);
        while let Some([before, last]) = groups.get(open..).and_then(|open| open.last_chunk()) {
            if before.rows > last.rows || !join_last(&mut groups) {
                break;
            }
        }
        if groups.last().is_some_and(is_finished) {
            open = groups.len();
        }
    }
    groups
}

/// Puts the last group into the one before it; false where they would be too large.
fn join_last(groups: &mut Vec<Group>) -> bool {
    let Some([before, last]) = groups.last_chunk() else { return false };
    if before.bytes + last.bytes > 2 * MOST_BYTES {
        return false;
    }
    let last = groups.pop();
    if let (Some(mut last), Some(before)) = (last, groups.last_mut()) {
        before.segments.append(&mut last.segments);
        (before.rows, before.bytes) = (before.rows + last.rows, before.bytes + last.bytes);
    }
    true
}

/// Segments that are to become one.
struct Group {
    segments: Vec<Arc<Segment>>,
    rows: usize,
    bytes: usize,
}

impl Group {
    fn of(segment: &Arc<Segment>) -> Self {
        Self { segments: vec![Arc::clone(segment)], rows: segment.rows(), bytes: segment.bytes }
    }

    fn joined(&self) -> Result<Arc<Segment>, ArrowError> {
        let Some((first, rest)) = self.segments.split_first() else {
            return Err(ArrowError::ComputeError("there is nothing to put together".into()));
        };
        if rest.is_empty() {
            return Ok(Arc::clone(first));
        }
        let batch = concat_batches(first.batch.schema_ref(), self.segments.iter().map(|segment| &segment.batch))?;
        let bytes = batch.get_array_memory_size();
        let origin = Arc::new(Origin::joined(self.segments.iter().map(|segment| segment.origin.as_ref())));
        Ok(Arc::new(Segment { batch, bytes, sequence: first.sequence, origin }))
    }
}
