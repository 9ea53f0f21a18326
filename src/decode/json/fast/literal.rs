//! The text between two values, compared where it is expected.

/// A text of keys, punctuation and white space.
///
/// Most are short: their first and last sixteen bytes, which may overlap, tell all of up to 32.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    text: Box<[u8]>,
    head: u128,
    /// The bits of `head` that count: a shorter text has fewer.
    head_mask: u128,
    tail: u128,
    tail_mask: u128,
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
            tail_mask: u128::MAX.checked_shl(u32::try_from(missing).unwrap_or(128)).unwrap_or(0),
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the text stands at `at`.
    #[inline]
    pub(super) fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        let length = self.text.len();
        match sixteen_at(bytes, at) {
            Some(head) if length <= 16 => (head ^ self.head) & self.head_mask == 0,
            Some(head) if length <= 32 => {
                head == self.head && sixteen_at(bytes, at + length - 16).is_some_and(|tail| tail == self.tail)
            }
            _ => self.stands_at_an_end(bytes, at),
        }
    }

    /// As [`Self::stands_at`], of a text of any length and anywhere: one that ends the document has no sixteen bytes behind its start.
    #[inline]
    fn stands_at_an_end(&self, bytes: &[u8], at: usize) -> bool {
        let length = self.text.len();
        match (at + length).checked_sub(16).and_then(|start| sixteen_at(bytes, start)) {
            Some(tail) if length <= 16 => (tail ^ self.tail) & self.tail_mask == 0,
            _ => bytes.get(at..at + length) == Some(&self.text),
        }
    }
}

/// Sixteen bytes at `at`, the first the lowest.
#[inline]
pub(super) fn sixteen_at(bytes: &[u8], at: usize) -> Option<u128> {
    let (sixteen, _) = bytes.get(at..)?.split_first_chunk::<16>()?;
    Some(u128::from_le_bytes(*sixteen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_of_any_length_stands_where_it_stands_and_nowhere_else() {
        for length in 1..70_usize {
            let text: Vec<u8> = (0..length).map(|index| b'0' + u8::try_from(index).unwrap()).collect();
            let literal = Literal::new(&text);
            for before in [0, 1, 3, 15, 16, 40] {
                for behind in [0, 1, 15, 16, 40] {
                    let document = [vec![b'x'; before], text.clone(), vec![b'y'; behind]].concat();
                    assert!(literal.stands_at(&document, before));
                    for changed in 0..length {
                        let mut other = document.clone();
                        other[before + changed] ^= 1;
                        assert!(!literal.stands_at(&other, before), "{length} {before} {behind} {changed}");
                    }
                    assert!(!literal.stands_at(&document[..before + length - 1], before));
                }
            }
        }
    }
}
