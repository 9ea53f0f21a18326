//! The items of lists: those of all documents of a page, one behind the other.

use super::page::{BLOCK, Bytes};
use super::spans::{Span, Spans};

/// Items of one list on a page: a document with more of them is left to the plain decoder.
const MOST: usize = 64 * BLOCK;

/// How many items each list has.
#[derive(Debug)]
pub(super) struct Lists {
    lists: Vec<List>,
}

#[derive(Debug, Clone)]
struct List {
    /// Where the items of each row begin, and where the next will.
    starts: [usize; BLOCK + 1],
    rows: usize,
    items: usize,
    /// The lanes of the items.
    lanes: Vec<usize>,
}

impl Lists {
    pub(super) fn new(lanes: impl Iterator<Item = Vec<usize>>) -> Self {
        Self { lists: lanes.map(|lanes| List { starts: [0; BLOCK + 1], rows: 0, items: 0, lanes }).collect() }
    }

    pub(super) fn clear(&mut self) {
        self.lists.iter_mut().for_each(|list| list.items = 0);
    }

    /// What is added from now on belongs to a row, all rows before which have their items.
    pub(super) fn begin(&mut self, row: usize) {
        for list in &mut self.lists {
            list.begin(row);
        }
    }

    /// No row has items.
    pub(super) fn begin_none(&mut self) {
        self.lists.iter_mut().for_each(|list| (list.starts, list.rows) = ([0; BLOCK + 1], BLOCK));
    }

    /// As [`Self::begin`], of one list.
    pub(super) fn begin_one(&mut self, list: usize, row: usize) {
        self.lists.get_mut(list).into_iter().for_each(|list| list.begin(row));
    }

    /// Takes away the items of the last row.
    pub(super) fn take_back(&mut self, row: usize) {
        for list in &mut self.lists {
            list.items = list.starts.get(row).copied().unwrap_or(0);
        }
    }

    /// Adds an item, and says whether there is room for it.
    #[inline]
    pub(super) fn add(&mut self, list: usize, spans: &mut Spans) -> bool {
        self.lists.get_mut(list).is_some_and(|list| list.add(spans))
    }

    /// The number of the last item.
    #[inline]
    pub(super) fn last(&self, list: usize) -> usize {
        self.lists.get(list).map_or(0, |list| list.items.saturating_sub(1))
    }

    pub(super) fn items(&self, list: usize) -> usize {
        self.lists.get(list).map_or(0, |list| list.items)
    }

    /// Where the items of each row begin, and where they end.
    pub(super) fn starts(&self, list: usize) -> &[usize] {
        self.lists.get(list).and_then(|list| list.starts.get(..=list.rows)).unwrap_or_default()
    }

    /// Adds the items of a list of numbers, which is a row's value as a whole. `None` where it is no such list; else whether it is there.
    pub(super) fn split(&mut self, list: usize, row: usize, bytes: Bytes<'_>, whole: Span, spans: &mut Spans) -> Option<bool> {
        let list = self.lists.get_mut(list)?;
        list.begin(row);
        if whole.is_absent() {
            return Some(false);
        }
        let (start, end) = (whole.start(), whole.end());
        match bytes.slice(start, end) {
            b"null" => return Some(false),
            b"[]" => return Some(true),
            [b'[', .., b']'] => {}
            _ => return None,
        }
        let (mut from, last) = (start + 1, end - 1);
        for place in start + 1..=last {
            if place == last || bytes.byte(place) == b',' {
                let lane = *list.lanes.first()?;
                if !list.add(spans) {
                    return None;
                }
                spans.set(lane, list.items - 1, Span::new(from, place));
                from = place + 1;
            }
        }
        Some(true)
    }
}

impl List {
    fn begin(&mut self, row: usize) {
        if let Some(start) = self.starts.get_mut(row) {
            (*start, self.rows) = (self.items, row);
        }
    }

    #[inline]
    fn add(&mut self, spans: &mut Spans) -> bool {
        let item = self.items;
        if item >= MOST {
            return false;
        }
        self.lanes.iter().for_each(|lane| spans.renew(*lane, item));
        self.items += 1;
        true
    }
}
