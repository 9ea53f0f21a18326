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
mod lists;
mod literal;
mod moments;
mod pace;
mod page;
mod path;
mod spans;
mod tree;

pub(super) use self::index::Level;
use self::lanes::{Block, Lane, Rows};
use self::layout::Layout;
use self::learn::{Learner, Wanted};
use self::lists::Lists;
use self::pace::Pace;
use self::page::{BLOCK, Document, LONGEST, Page};
use self::path::Path;
use self::spans::Span;
use self::tree::{Items, Part, Plan, Tree};
use super::Json;
use super::plan::Target;
use super::shape::{self, Node, ROOT};
use super::walk::Walk;
use crate::decode::{BadPayload, Column};
use crate::spec::{JsonColumn, Options, Pointer};

#[cfg(any(test, fuzzing))]
pub(in crate::decode) mod oracle;
#[cfg(test)]
mod tests;

/// What the fast way has learned, and room for its work.
#[derive(Debug)]
pub(super) struct Fast {
    level: Level,
    /// The lanes, and where their values are.
    wanted: Wanted,
    /// How the columns are made of them.
    trees: Vec<Tree>,
    lists: Vec<Items>,
    /// The places of lists of numbers, by their number.
    wholes: Vec<(usize, usize)>,
    /// The node of each column in the plain decoder's tree.
    nodes: Vec<usize>,
    /// The lanes of columns of which a null or missing value is anything but null.
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
        let mut plan = Plan::default();
        let mut trees = Vec::new();
        for (column, target) in columns.iter().zip(targets) {
            let pointer = column.pointers().ok()?.into_iter().next()?;
            trees.push(plan.column(column, pointer, target.minds_null, options));
        }
        let Plan { lanes, pointers, parts: places, lists } = plan;
        let is_plain = |tree: &Tree| matches!(tree, Tree::Lane(lane) if matches!(lanes.get(*lane), Some(Lane::Plain)));
        // Values that are read one by one are found no faster than by the plain decoder.
        if trees.iter().filter(|tree| is_plain(tree)).count() * 2 > trees.len() {
            return None;
        }
        let mut minds_null = vec![false; lanes.len()];
        for (tree, target) in trees.iter().zip(targets) {
            if let Tree::Lane(lane) = tree {
                minds_null.get_mut(*lane).into_iter().for_each(|minds| *minds = target.minds_null);
            }
        }
        let places_of_lanes = shape::nodes(&pointers);
        // Two fields of one name have one place.
        if places_of_lanes.iter().any(|node| node.columns.len() > 1 || (!node.columns.is_empty() && !node.is_leaf())) {
            return None;
        }
        let mut parts = vec![Part::Plain; places_of_lanes.len()];
        let mut part_nodes = Vec::new();
        for (part, pointer) in &places {
            let node = node_at(&places_of_lanes, pointer)?;
            *parts.get_mut(node)? = *part;
            part_nodes.push(node);
        }
        let mut of_lists = vec![None; lanes.len()];
        for (list, items) in lists.iter().enumerate() {
            for lane in &items.lanes {
                *of_lists.get_mut(*lane)? = Some(list);
            }
        }
        let mut wholes = Vec::new();
        trees.iter().for_each(|tree| tree.wholes(&lists, &mut wholes));
        let of_items = Lists::new(lists.iter().map(|items| items.lanes.clone()));
        Some(Self {
            level,
            trees,
            wholes,
            nodes: node_of.into_iter().collect::<Option<_>>()?,
            minds_null,
            longest: options.size.min(LONGEST),
            page: Page::new(),
            layout: Layout::new(places_of_lanes.len()),
            path: Path::default(),
            learner: Learner::new(),
            block: Block::new(lanes.len(), of_items, places_of_lanes.len(), part_nodes),
            wanted: Wanted { nodes: places_of_lanes, lanes, parts, lists: of_lists },
            lists,
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
        good &= self.read(good);
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
                self.learn(document);
                break; // the next may be like it
            }
        }
        let good = good & (u64::MAX >> (BLOCK - row.clamp(1, BLOCK)));
        if self.pace.count(good.count_ones() as usize, row) {
            self.forget();
        }
        row
    }

    /// Reads the values of rows and of their lists, and gives the rows whose values are such for sure.
    fn read(&mut self, found: u64) -> u64 {
        let Self { page, block, wanted, .. } = self;
        let (bytes, mut good) = (page.bytes(), found);
        for (part, list) in &self.wholes {
            let Some(whole) = self.lists.get(*list).and_then(|items| items.whole) else { continue };
            let node = block.node(*part);
            for row in 0..page.documents().len() {
                let span = if good >> row & 1 == 1 { block.spans.rows(whole).get(row).copied() } else { None };
                match block.lists.split(*list, row, bytes, span.unwrap_or(Span::NONE), &mut block.spans) {
                    Some(true) => block.note(node, 1 << row),
                    Some(false) => {}
                    None => good &= !(1 << row),
                }
            }
            block.lists.begin_one(*list, page.documents().len());
        }
        let of_rows = Rows { bytes, rows: page.documents().len(), odd: page.odd() };
        for (index, lane) in wanted.lanes.iter_mut().enumerate() {
            if wanted.lists.get(index).is_some_and(Option::is_some) {
                continue;
            }
            let Some((spans, values)) = block.chunk_mut(index, 0) else { continue };
            good &= lane.read(of_rows, spans, good, values);
            if self.minds_null.get(index) == Some(&true) {
                good &= values.valid();
            }
        }
        for (list, items) in self.lists.iter().enumerate() {
            let all = block.lists.items(list);
            for chunk in 0..all.div_ceil(BLOCK) {
                let first = chunk * BLOCK;
                let rows = BLOCK.min(all - first);
                let each = u64::MAX >> (BLOCK - rows);
                // The documents of the items: they come one after the other.
                let starts = block.lists.starts(list);
                let row_of = |item: usize| starts.partition_point(|start| *start <= item).saturating_sub(1);
                let odd = match page.odd() {
                    0 => 0,
                    odd => (0..rows).fold(0, |bits, item| bits | (odd >> (row_of(first + item) & 63) & 1) << item),
                };
                let mut wrong = 0;
                for lane in &items.lanes {
                    let (Some(reads), Some((spans, values))) = (wanted.lanes.get_mut(*lane), block.chunk_mut(*lane, chunk))
                    else {
                        continue;
                    };
                    wrong |= each & !reads.read(Rows { bytes, rows, odd }, spans, each, values);
                }
                let starts = block.lists.starts(list);
                for item in (0..rows).filter(|item| wrong >> item & 1 == 1) {
                    let row = starts.partition_point(|start| *start <= first + item).saturating_sub(1);
                    good &= !(1 << (row & 63));
                }
            }
        }
        good
    }

    /// Finds the values of columns in the page's documents: a bit for each in which they were found.
    fn find(&mut self) -> u64 {
        let block = &mut self.block;
        block.clear();
        let marked = self.path.is_taken();
        if !marked {
            block.spans.clear();
        }
        let mut good = self.path.find(&self.page, block);
        let left = self.page.all() & !good;
        if left == 0 {
            block.lists.begin_none();
            return good;
        }
        for row in 0..self.page.documents().len() {
            block.lists.begin(row);
            if left >> row & 1 == 0 {
                continue;
            }
            if marked {
                block.spans.clear_row(row, &self.wanted.lists);
            }
            let Document { start, end, .. } = self.page.document(row);
            if start == end {
                continue;
            }
            let found = if self.path.is_wanted() {
                match self.layout.trace(&self.page, row, block) {
                    Some(steps) if steps.is_empty() => {
                        self.path.refuse();
                        true
                    }
                    Some(steps) => {
                        self.path.take(steps, self.page.bytes(), &self.wanted.lanes);
                        true
                    }
                    None => false,
                }
            } else {
                self.layout.walk(&self.page, row, block)
            };
            if !found {
                block.lists.take_back(row);
            }
            good |= u64::from(found) << row;
        }
        block.lists.begin(self.page.documents().len());
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
            let Some(tree) = self.trees.get(index) else { continue };
            let lanes = &self.wanted.lanes;
            let reached = match (tree, columns.get_mut(index)) {
                (Tree::Lane(lane), _) if matches!(lanes.get(*lane), Some(Lane::Plain)) => {
                    let spans = self.block.spans.rows(*lane);
                    let node = self.nodes.get(index);
                    node.map_or(from, |node| plainly(json, &self.page, bytes, spans, (from, to), columns, (index, *node), before))
                }
                (_, None) => to,
                (tree, Some(column)) => match tree.append(lanes, &self.page, &self.block, (from, to), column) {
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

    fn learn(&mut self, document: &[u8]) {
        if self.learner.learn(document, &self.wanted, &mut self.layout).is_none()
            && (self.layout.is_full() || self.learner.is_full())
        {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.layout = Layout::new(self.wanted.nodes.len());
        self.path = Path::default();
        self.learner = Learner::new();
    }
}

/// The node at a pointer.
fn node_at(nodes: &[Node], pointer: &Pointer) -> Option<usize> {
    pointer.tokens.iter().try_fold(ROOT, |node, token| nodes.get(node)?.keys.declared(token.as_bytes()))
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
