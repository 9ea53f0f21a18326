//! The documents of a block side by side, and where their quotes are.
//!
//! A place is 16 bits wide and there are as many bytes, and some more around them: what is read at a place needs no look at where it is.
//! Behind the end of a document there is what other documents left. Who reads it must see that it does not count.

use super::index::{self, Level};

/// The documents that are worked on together.
pub(super) const BLOCK: usize = 64;
/// Longer documents have no page.
pub(super) const LONGEST: usize = 65_000;
/// The bytes of a page.
const ROOM: usize = 1 << 16;
/// What may be read before and behind a place.
pub(super) const AROUND: usize = 64;
/// The quotes of a page, and what a kernel may write behind the last.
pub(super) const QUOTES: usize = ROOM + 64;
/// A page with so many bytes is full, that the first cache may hold it.
const FULL: usize = 3 << 13;

/// Where a document is, and its quotes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Document {
    pub(super) start: u16,
    pub(super) end: u16,
    /// The number of its first quote among those of the page.
    pub(super) first: u16,
    /// How many quotes it has.
    pub(super) quotes: u16,
    /// Whether it holds a control character, a backslash, or a byte that is not ASCII.
    pub(super) odd: bool,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) bytes: Box<[u8; AROUND + ROOM + AROUND]>,
    /// The quotes of each document that are not escaped, and its end behind them.
    pub(super) quotes: Box<[u16; QUOTES]>,
    pub(super) documents: [Document; BLOCK],
    rows: usize,
    odd: u64,
}

impl Page {
    pub(super) fn new() -> Self {
        Self {
            bytes: Box::new([0; AROUND + ROOM + AROUND]),
            quotes: Box::new([0; QUOTES]),
            documents: [Document::default(); BLOCK],
            rows: 0,
            odd: 0,
        }
    }

    /// Takes documents until the page is full, and gives how many: at least the first. None may be longer than [`LONGEST`].
    pub(super) fn fill(&mut self, level: Level, documents: &[&[u8]]) -> usize {
        let (mut place, mut rows) = (0, 0);
        for (document, slot) in documents.iter().zip(&mut self.documents) {
            // A byte more than it has, for its end is among its quotes.
            let next = place + (document.len() + 1).next_multiple_of(64);
            let (true, Ok(start), Ok(end)) =
                (rows == 0 || next <= FULL, u16::try_from(place), u16::try_from(place + document.len()))
            else {
                break;
            };
            (slot.start, slot.end) = (start, end);
            place = next;
            rows += 1;
        }
        self.rows = rows;
        index::find(level, documents.get(..rows).unwrap_or_default(), self);
        self.odd = self.documents().iter().enumerate().fold(0, |odd, (row, document)| odd | u64::from(document.odd) << row);
        rows
    }

    /// The documents of the page.
    #[inline]
    pub(super) fn documents(&self) -> &[Document] {
        self.documents.get(..self.rows).unwrap_or_default()
    }

    #[inline]
    pub(super) fn document(&self, row: usize) -> Document {
        self.documents.get(row).copied().unwrap_or_default()
    }

    /// A bit for each document.
    #[inline]
    pub(super) fn all(&self) -> u64 {
        u64::MAX.unbounded_shr(u32::try_from(BLOCK.saturating_sub(self.rows)).unwrap_or(0))
    }

    /// A bit for each document that holds a control character, a backslash, or a byte that is not ASCII.
    #[inline]
    pub(super) fn odd(&self) -> u64 {
        self.odd
    }

    /// The quotes of a document that are not escaped, and its end.
    #[inline]
    pub(super) fn quotes(&self, document: Document) -> &[u16] {
        let first = usize::from(document.first);
        self.quotes.get(first..=first + usize::from(document.quotes)).unwrap_or_default()
    }

    #[inline]
    pub(super) fn bytes(&self) -> Bytes<'_> {
        Bytes(&self.bytes)
    }
}

/// The bytes of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'p>(&'p [u8; AROUND + ROOM + AROUND]);

impl<'p> Bytes<'p> {
    /// What is read at a place.
    #[inline(always)]
    pub(super) fn at<const WIDTH: usize>(self, place: u16) -> [u8; WIDTH] {
        self.chunk(AROUND + usize::from(place))
    }

    /// What is read before a place.
    #[inline(always)]
    pub(super) fn before<const WIDTH: usize>(self, place: u16) -> [u8; WIDTH] {
        self.chunk(AROUND - WIDTH + usize::from(place))
    }

    #[inline(always)]
    fn chunk<const WIDTH: usize>(self, at: usize) -> [u8; WIDTH] {
        self.0.get(at..at + WIDTH).and_then(|chunk| chunk.try_into().ok()).unwrap_or([0; WIDTH])
    }

    #[inline(always)]
    pub(super) fn byte(self, place: u16) -> u8 {
        let [byte] = self.at(place);
        byte
    }

    /// Eight bytes at a place, the first the lowest.
    #[inline(always)]
    pub(super) fn eight_at(self, place: u16) -> u64 {
        u64::from_le_bytes(self.at(place))
    }

    /// Sixteen bytes at a place, the first the lowest.
    #[inline(always)]
    pub(super) fn sixteen_at(self, place: u16) -> u128 {
        u128::from_le_bytes(self.at(place))
    }

    #[inline(always)]
    pub(super) fn eight_before(self, place: u16) -> u64 {
        u64::from_le_bytes(self.before(place))
    }

    #[inline(always)]
    pub(super) fn sixteen_before(self, place: u16) -> u128 {
        u128::from_le_bytes(self.before(place))
    }

    /// From one place to another; nothing where the second is before the first.
    #[inline]
    pub(super) fn slice(self, start: u16, end: u16) -> &'p [u8] {
        self.0.get(AROUND + usize::from(start)..AROUND + usize::from(end)).unwrap_or_default()
    }

    /// A document as it was.
    #[cfg(test)]
    pub(super) fn of(self, document: Document) -> &'p [u8] {
        self.slice(document.start, document.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stand_as_they_were_until_the_page_is_full() {
        let document = |length: usize| (0..=255_u8).cycle().skip(length).take(length).collect::<Vec<u8>>();
        for lengths in [vec![0, 1, 63, 64, 65, 127, 128, 129, 200, 300], vec![LONGEST, 1], vec![1, LONGEST], vec![250; 100]] {
            if cfg!(miri) && lengths.contains(&LONGEST) {
                continue; // a minute there
            }
            let documents: Vec<Vec<u8>> = lengths.iter().map(|length| document(*length)).collect();
            let slices: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
            for level in Level::available() {
                let mut page = Page::new();
                let rows = page.fill(level, &slices);
                assert_eq!(rows, page.documents().len());
                assert!(rows == slices.len() || rows == 1 || rows == BLOCK, "{rows}");
                for (row, expected) in slices.iter().take(rows).enumerate() {
                    assert_eq!(page.bytes().of(page.document(row)), *expected, "{level:?}");
                }
                assert_eq!(page.all().count_ones() as usize, rows);
            }
        }
    }

    #[test]
    fn there_is_something_to_read_around_every_place() {
        let page = Page::new();
        assert_eq!(page.bytes().at::<64>(u16::MAX), [0; 64]);
        assert_eq!(page.bytes().before::<64>(0), [0; 64]);
    }
}
