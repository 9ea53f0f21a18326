//! The text between two values, compared where it is expected.

use super::page::Bytes;

/// A text of keys, punctuation and white space.
///
/// Most are short: their first and last sixteen bytes, which may overlap, tell all of up to 32. Texts are not longer than 16 bits count.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    text: Box<[u8]>,
    head: u128,
    /// The bits of `head` that count: a shorter text has fewer.
    head_mask: u128,
    tail: u128,
    length: u16,
}

impl Literal {
    pub(super) fn new(text: &[u8]) -> Self {
        let (mut head, mut tail) = ([0; 16], [0; 16]);
        head.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        tail.iter_mut().rev().zip(text.iter().rev()).for_each(|(to, from)| *to = *from);
        let missing = 8 * 16_usize.saturating_sub(text.len());
        Self {
            text: text.into(),
            head: u128::from_le_bytes(head),
            head_mask: u128::MAX.checked_shr(u32::try_from(missing).unwrap_or(128)).unwrap_or(0),
            tail: u128::from_le_bytes(tail),
            length: u16::try_from(text.len()).unwrap_or(u16::MAX),
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    #[inline]
    pub(super) fn len(&self) -> u16 {
        self.length
    }

    /// Whether the text stands at a place.
    #[inline(always)]
    pub(super) fn stands_at(&self, bytes: Bytes<'_>, at: u16) -> bool {
        self.short_stands_at(bytes, at)
            && match self.length {
                ..=16 => true,
                17..=32 => bytes.sixteen_before(at.wrapping_add(self.length)) == self.tail,
                _ => self.long_stands_at(bytes, at),
            }
    }

    /// Whether the first 16 bytes, of a text that may be shorter, stand at a place.
    #[inline(always)]
    fn short_stands_at(&self, bytes: Bytes<'_>, at: u16) -> bool {
        self.short_difference(bytes, at) == 0
    }

    /// Zero where the first 16 bytes, of a text that may be shorter, stand at a place.
    #[inline(always)]
    pub(super) fn short_difference(&self, bytes: Bytes<'_>, at: u16) -> u128 {
        (bytes.sixteen_at(at) ^ self.head) & self.head_mask
    }

    /// As [`Self::short_difference`], of a text of 16 to 32 bytes.
    #[inline(always)]
    pub(super) fn middling_difference(&self, bytes: Bytes<'_>, at: u16) -> u128 {
        (bytes.sixteen_at(at) ^ self.head) | (bytes.sixteen_before(at.wrapping_add(self.length)) ^ self.tail)
    }

    pub(super) fn long_stands_at(&self, bytes: Bytes<'_>, at: u16) -> bool {
        at.checked_add(self.length).is_some_and(|end| bytes.slice(at, end) == &*self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::Level;
    use super::super::page::Page;
    use super::*;

    #[test]
    fn a_literal_of_any_length_stands_where_it_stands_and_nowhere_else() {
        let mut page = Page::new();
        let mut stands = |literal: &Literal, document: &[u8], at: usize| {
            page.fill(Level::Scalar, &[document]);
            literal.stands_at(page.bytes(), u16::try_from(at).unwrap())
        };
        for length in 1..70_usize {
            let text: Vec<u8> = (0..length).map(|index| b'0' + u8::try_from(index).unwrap()).collect();
            let literal = Literal::new(&text);
            for before in [0, 1, 3, 15, 16, 40] {
                let document = [vec![b'x'; before], text.clone(), vec![b'y'; 3]].concat();
                assert!(stands(&literal, &document, before));
                for changed in 0..length {
                    let mut other = document.clone();
                    other[before + changed] ^= 1;
                    assert!(!stands(&literal, &other, before), "{length} {before} {changed}");
                }
            }
        }
    }
}
