//! The fast way above the plain decoder, for documents like those before them.
//!
//! 64 documents at a time: the quotes of each are found ([`index`]); along the texts that have been seen between values ([`layout`], learned
//! by [`learn`] from documents that the plain decoder has taken) the values of columns are found without reading any other; then each
//! column reads its values of all documents ([`lanes`]), and appends them. A document that is in any way unusual, or wrong, goes
//! through the plain decoder, in its turn: what the fast way takes, the plain decoder would take to the same values, and whatever else
//! there is to say about a document the plain decoder says.
//!
//! A topic that does not repeat itself is left to the plain decoder ([`pace`]), but for an attempt now and then.

mod digits;
mod index;
mod lanes;
mod layout;
mod learn;
mod literal;
mod moments;
mod pace;
mod page;
mod path;
mod spans;

pub(super) use self::index::Level;
use self::lanes::{Block, Lane};
use self::layout::Layout;
use self::learn::Learner;
use self::pace::Pace;
use self::page::{BLOCK, Document, LONGEST, Page};
use self::path::Path;
use self::spans::Span;
use super::Json;
use super::plan::Target;
use super::shape::Node;
use super::walk::Walk;
use crate::decode::{BadPayload, Column};
use crate::spec::{JsonColumn, Options};

#[cfg(any(test, fuzzing))]
pub(in crate::decode) mod oracle;
#[cfg(test)]
mod tests;

/// What the fast way has learned, and room for its work.
#[derive(Debug)]
pub(super) struct Fast {
    level: Level,
    lanes: Vec<Lane>,
    /// The node of each column.
    nodes: Vec<usize>,
    /// Whether a null or missing value of a column is anything but null.
    minds_null: Vec<bool>,
    longest: usize,
    page: Page,
    layout: Layout,
    path: Path,
    learner: Learner,
    block: Block,
    pace: Pace,
    /// Documents that went the fast way.
    #[cfg(any(test, fuzzing))]
    taken: usize,
}

impl Fast {
    /// The fast way for these columns, where there is one.
    pub(super) fn new(columns: &[JsonColumn], targets: &[Target], nodes: &[Node], options: Options) -> Option<Self> {
        let level = Level::best();
        let mut node_of = vec![None; columns.len()];
        for (index, node) in nodes.iter().enumerate() {
            // A value that is taken as a whole and in parts, or by several columns, is none of ours.
            if node.columns.len() > 1 || (!node.columns.is_empty() && !node.is_leaf()) {
                return None;
            }
            for column in &node.columns {
                if node_of.get_mut(*column)?.replace(index).is_some() {
                    return None;
                }
            }
        }
        let lanes: Vec<Lane> = columns.iter().map(|column| Lane::new(&column.data_type, options)).collect();
        // Values that are read one by one are found no faster than by the plain decoder.
        if lanes.iter().filter(|lane| matches!(lane, Lane::Plain)).count() * 2 > lanes.len() {
            return None;
        }
        Some(Self {
            level,
            lanes,
            nodes: node_of.into_iter().collect::<Option<_>>()?,
            minds_null: targets.iter().map(|target| target.minds_null).collect(),
            longest: options.size.min(LONGEST),
            page: Page::new(),
            layout: Layout::new(nodes.len()),
            path: Path::default(),
            learner: Learner::new(),
            block: Block::new(columns.len()),
            pace: Pace::new(),
            #[cfg(any(test, fuzzing))]
            taken: 0,
        })
    }

    /// Has another set of instructions do it than the best.
    pub(super) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Appends a row for each payload, as [`Json::row`] would.
    pub(super) fn decode(
        &mut self,
        json: &mut Json,
        payloads: &[Option<&[u8]>],
        columns: &mut [Column],
        bad: &mut Vec<BadPayload>,
    ) {
        let mut at = 0;
        while at < payloads.len() {
            let pause = self.pace.pause(payloads.len() - at);
            for index in at..at + pause {
                json.row(payloads, index, columns, bad);
            }
            at += pause;
            let end = payloads.len().min(at + self.pace.block());
            if at < end {
                at += self.run(json, payloads, (at, end), columns, bad);
            }
        }
    }

    /// Appends a row for each payload from `start` on, and gives for how many: at most to `end`, and at least for one.
    fn run(
        &mut self,
        json: &mut Json,
        payloads: &[Option<&[u8]>],
        (start, end): (usize, usize),
        columns: &mut [Column],
        bad: &mut Vec<BadPayload>,
    ) -> usize {
        let mut bytes: [&[u8]; BLOCK] = [&[]; BLOCK];
        let rows = bytes.iter_mut().zip(payloads.get(start..end).unwrap_or_default()).map(|(slot, payload)| {
            *slot = payload.filter(|payload| payload.len() <= self.longest).unwrap_or_default();
        });
        let rows = rows.count();
        let rows = self.page.fill(self.level, bytes.get(..rows).unwrap_or_default());
        let mut good = self.find();
        let found = good;
        for (column, lane) in self.lanes.iter_mut().enumerate() {
            let (spans, Some(values)) = (self.block.spans.rows(column), self.block.values.get_mut(column)) else { continue };
            good &= lane.read(&self.page, spans, good, values);
            if self.minds_null.get(column) == Some(&true) {
                good &= values.valid();
            }
        }
        let mut row = 0;
        while row < rows {
            let run = ((good >> row).trailing_ones() as usize).min(rows - row);
            let done = self.commit(json, &bytes, (row, row + run), columns);
            row += done;
            #[cfg(any(test, fuzzing))]
            {
                self.taken += done;
            }
            if done == run && run > 0 {
                continue;
            }
            // The payload at `row` is none of ours.
            let before = bad.len();
            json.row(payloads, start + row, columns, bad);
            let document = bytes.get(row).copied().unwrap_or_default();
            row += 1;
            let taken = bad.len() == before && !document.is_empty();
            if taken && found >> (row - 1) & 1 == 0 && self.pace.may_learn() {
                self.learn(document, json);
                break; // the next may be like it
            }
        }
        let good = good & (u64::MAX >> (BLOCK - row.clamp(1, BLOCK)));
        if self.pace.count(good.count_ones() as usize, row) {
            self.forget(json);
        }
        row
    }

    /// Finds the values of columns in the page's documents: a bit for each in which they were found.
    fn find(&mut self) -> u64 {
        let spans = &mut self.block.spans;
        let marked = self.path.is_taken();
        if !marked {
            spans.clear();
        }
        let mut good = self.path.find(&self.page, spans);
        let left = self.page.all() & !good;
        if left == 0 {
            return good;
        }
        for row in (0..BLOCK).filter(|row| left >> row & 1 == 1) {
            if marked {
                spans.clear_row(row);
            }
            let Document { start, end, .. } = self.page.document(row);
            if start == end {
                continue;
            }
            let found = if self.path.is_wanted() {
                match self.layout.trace(&self.page, row, spans) {
                    Some(steps) if steps.is_empty() => {
                        self.path.refuse();
                        true
                    }
                    Some(steps) => {
                        self.path.take(steps, self.page.bytes(), &self.lanes);
                        true
                    }
                    None => false,
                }
            } else {
                self.layout.walk(&self.page, row, spans)
            };
            good |= u64::from(found) << row;
        }
        good
    }

    /// Appends rows whose values were read, and gives how many: all but where a value is wrong that is read only now.
    fn commit(
        &mut self,
        json: &mut Json,
        bytes: &[&[u8]; BLOCK],
        (from, mut to): (usize, usize),
        columns: &mut [Column],
    ) -> usize {
        let before = columns.first().map_or(0, Column::len);
        for index in 0..columns.len() {
            let (Some(lane), Some(values)) = (self.lanes.get(index), self.block.values.get(index)) else { continue };
            let spans = self.block.spans.rows(index);
            let reached = match (lane, columns.get_mut(index)) {
                (Lane::Plain, _) => self
                    .nodes
                    .get(index)
                    .map_or(from, |node| plainly(json, &self.page, bytes, spans, (from, to), columns, (index, *node), before)),
                (_, None) => to,
                (_, Some(column)) => match lane.append(&self.page, spans, (from, to), values, column) {
                    Ok(()) => to,
                    Err(_) => from,
                },
            };
            if reached < to {
                to = reached;
                columns.iter_mut().take(index + 1).for_each(|column| column.truncate(before + to - from));
            }
        }
        to - from
    }

    fn learn(&mut self, document: &[u8], json: &Json) {
        if self.learner.learn(document, &json.nodes, &self.lanes, &mut self.layout).is_none()
            && (self.layout.is_full() || self.learner.is_full())
        {
            self.forget(json);
        }
    }

    fn forget(&mut self, json: &Json) {
        self.layout = Layout::new(json.nodes.len());
        self.path = Path::default();
        self.learner = Learner::new();
    }
}

/// Appends values by the plain reader, and gives the row of the first that is wrong.
#[allow(clippy::too_many_arguments)]
fn plainly(
    json: &mut Json,
    page: &Page,
    bytes: &[&[u8]; BLOCK],
    spans: &[Span; BLOCK],
    (from, to): (usize, usize),
    columns: &mut [Column],
    (column, node): (usize, usize),
    before: usize,
) -> usize {
    for row in from..to {
        let span = spans.get(row).copied().unwrap_or(Span::NONE);
        if span.is_absent() {
            columns.get_mut(column).into_iter().for_each(Column::append_null);
            continue;
        }
        let bytes = bytes.get(row).copied().unwrap_or_default();
        let Document { start, .. } = page.document(row);
        let (at, expected) = (usize::from(span.start().wrapping_sub(start)), usize::from(span.end().wrapping_sub(start)));
        let quote = usize::from(at.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'"'));
        let mut walk = Walk { bytes, json, columns, row: before + row - from };
        match walk.column(column, node, at - quote) {
            Ok(end) if end == expected + quote => {}
            _ => return row,
        }
    }
    to
}
