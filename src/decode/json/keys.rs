//! The keys of one kind of object, learned as they come.
//!
//! Topics repeat themselves: behind one key there mostly comes the one that came there last time. So each key remembers its
//! successor, and a document like the last one needs one comparison per key. All else is a look-up by hash.

use std::collections::HashMap;

use super::scan::{space, unexpected, word_at};
use super::string;
use crate::decode::Step;

/// Unknown keys that are remembered per object: a topic whose keys are data must not fill the memory.
const LEARNED_LIMIT: usize = 512;
/// Longer unknown keys are not worth it.
const LENGTH_LIMIT: usize = 128;

/// The place before the first key.
pub(super) const START: usize = 0;

#[derive(Debug)]
pub(super) struct Keys {
    entries: Vec<Entry>,
    index: HashMap<Box<[u8]>, usize>,
    /// Entries of keys that are declared in any case, by the key in lower case.
    any_case: HashMap<String, usize>,
    /// Entries that no column declared.
    learned: usize,
}

#[derive(Debug, Default)]
struct Entry {
    literal: Literal,
    /// The node that the key leads to, if a column asks for it.
    child: Option<usize>,
    /// The key that came after this one last time.
    next: usize,
}

/// A key as documents mostly have it, `"key":`; empty where it cannot stand there without escapes.
///
/// Keys are short: their first and last eight bytes, which may overlap, tell all of most.
#[derive(Debug, Default)]
struct Literal {
    text: Box<[u8]>,
    head: u64,
    /// The bits of `head` that count: a shorter text has fewer.
    mask: u64,
    tail: u64,
}

impl Literal {
    fn new(text: Vec<u8>) -> Self {
        let mut padded = text.clone();
        padded.resize(8.max(text.len()), 0);
        let head = word_at(&padded, 0).unwrap_or(0);
        let tail = word_at(&padded, padded.len() - 8).unwrap_or(0);
        let mask = if text.len() < 8 { (1 << (text.len() * 8)) - 1 } else { u64::MAX };
        Self { text: text.into(), head, mask, tail }
    }

    /// The length of the literal, if it is there and `rest` begins with it.
    #[inline]
    fn begins(&self, rest: &[u8]) -> Option<usize> {
        let length = self.text.len();
        let equal = match word_at(rest, 0) {
            Some(head) if length <= 16 => {
                (head ^ self.head) & self.mask == 0 && (length <= 8 || word_at(rest, length - 8) == Some(self.tail))
            }
            _ => rest.starts_with(&self.text),
        };
        (equal && length > 0).then_some(length)
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self { entries: vec![Entry::default()], index: HashMap::new(), any_case: HashMap::new(), learned: 0 }
    }
}

impl Keys {
    /// The child of a key that was declared.
    pub(super) fn declared(&self, key: &[u8]) -> Option<usize> {
        self.index.get(key).and_then(|entry| self.entries[*entry].child)
    }

    /// Adds a key that leads to a node.
    pub(super) fn declare(&mut self, key: &[u8], child: usize) {
        self.add(key, Some(child));
    }

    /// Adds a key that leads to a node however its letters are written.
    pub(super) fn declare_in_any_case(&mut self, key: &str, child: usize) {
        let entry = self.add(key.as_bytes(), Some(child));
        self.any_case.insert(key.to_lowercase(), entry);
    }

    /// Whether any key leads on.
    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// If the key after `previous` is the one that came there last time: its entry, and how many bytes it and its colon take.
    #[inline]
    pub(super) fn predicted(&self, previous: usize, rest: &[u8]) -> Option<(usize, usize)> {
        let next = self.entries[previous].next;
        self.entries[next].literal.begins(rest).map(|length| (next, length))
    }

    /// The entry of a key, learned if it is new; `START` for one that is not worth learning.
    pub(super) fn find(&mut self, previous: usize, key: &[u8]) -> usize {
        let learns = self.learned < LEARNED_LIMIT && key.len() <= LENGTH_LIMIT;
        let found = match self.index.get(key) {
            Some(found) => *found,
            None => match self.in_any_case(key) {
                Some(entry) if !learns => entry,
                None if !learns => return START,
                known => {
                    self.learned += 1;
                    self.add(key, known.and_then(|entry| self.entries[entry].child))
                }
            },
        };
        self.entries[previous].next = found;
        found
    }

    #[cold]
    fn in_any_case(&self, key: &[u8]) -> Option<usize> {
        if self.any_case.is_empty() {
            return None;
        }
        self.any_case.get(&str::from_utf8(key).ok()?.to_lowercase()).copied()
    }

    /// The key at `at`, which comes after the key `previous`: its entry, and where its colon ends.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], previous: usize, at: usize, lenient: bool) -> Step<(usize, usize)> {
        match self.predicted(previous, bytes.get(at..).unwrap_or_default()) {
            Some((key, length)) => Ok((key, at + length)),
            None => self.surprise(bytes, previous, at, lenient),
        }
    }

    fn surprise(&mut self, bytes: &[u8], previous: usize, at: usize, lenient: bool) -> Step<(usize, usize)> {
        if bytes.get(at) != Some(&b'"') {
            return unexpected(bytes, at, "a name in double quotes");
        }
        let text = string::scan(bytes, at)?;
        let key = self.find(previous, &text.content(bytes, lenient)?);
        Ok((key, colon(bytes, text.end + 1)?))
    }

    #[inline]
    pub(super) fn child(&self, entry: usize) -> Option<usize> {
        self.entries[entry].child
    }

    fn add(&mut self, key: &[u8], child: Option<usize>) -> usize {
        let plain = key.iter().all(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\'));
        let literal = if plain { Literal::new([b"\"", key, b"\":"].concat()) } else { Literal::default() };
        let entry = self.entries.len();
        self.entries.push(Entry { literal, child, next: START });
        self.index.insert(key.into(), entry);
        entry
    }
}

/// Where the colon ends that comes next.
pub(super) fn colon(bytes: &[u8], at: usize) -> Step<usize> {
    let colon = space(bytes, at);
    if bytes.get(colon) == Some(&b':') { Ok(colon + 1) } else { unexpected(bytes, colon, "':'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_predicted_where_it_came_last_time() {
        let mut keys = Keys::default();
        keys.declare(b"b", 7);
        let a = keys.find(START, b"a");
        let b = keys.find(a, b"b");
        assert_eq!((keys.child(a), keys.child(b)), (None, Some(7)));
        assert_eq!(keys.predicted(START, b"\"a\":1"), Some((a, 4)));
        assert_eq!(keys.predicted(a, b"\"b\":2"), Some((b, 4)));
        assert_eq!(keys.predicted(a, b"\"c\":2"), None);
        assert_eq!(keys.predicted(b, b"\"b\":2"), None);
    }

    #[test]
    fn a_key_with_a_quote_is_never_compared_as_it_stands() {
        let mut keys = Keys::default();
        let odd = keys.find(START, b"a\":1,\"b");
        assert_eq!(keys.predicted(START, b"\"a\":1,\"b\":2"), None);
        assert_eq!(keys.find(START, b"a\":1,\"b"), odd);
    }

    #[test]
    fn a_literal_of_any_length_begins_what_it_begins_and_nothing_else() {
        for length in 1..40_usize {
            let text: Vec<u8> = (b'A'..).take(length).collect();
            let literal = Literal::new(text.clone());
            for behind in [0, 1, 20] {
                let mut rest = text.clone();
                rest.resize(length + behind, b'x');
                assert_eq!(literal.begins(&rest), Some(length));
                for changed in 0..length {
                    let mut other = rest.clone();
                    other[changed] ^= 1;
                    assert_eq!(literal.begins(&other), None, "{length} {changed}");
                }
            }
            assert_eq!(literal.begins(&text[..length - 1]), None);
        }
        assert_eq!(Literal::default().begins(b"anything at all"), None);
    }

    #[test]
    fn what_is_learned_is_bounded_and_what_is_declared_is_not() {
        let mut keys = Keys::default();
        (0..1000).for_each(|child| keys.declare(format!("declared {child}").as_bytes(), child));
        for number in 0..10_000 {
            keys.find(START, format!("learned {number}").as_bytes());
        }
        assert_eq!(keys.entries.len(), 1 + 1000 + LEARNED_LIMIT);
        assert_eq!(keys.declared(b"declared 999"), Some(999));
    }
}
