//! A record's headers, read only by who asks for them.

use super::BatchError;
use super::cursor::{Cursor, impossible};

/// The fewest bytes that a header can have: two lengths.
const SMALLEST_HEADER: usize = 2;

/// One header. Its key is bytes: producers are free to write what is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    /// The key.
    pub(crate) key: &'a [u8],
    /// The value, if there is one.
    pub(crate) value: Option<&'a [u8]>,
}

/// A record's headers as they are on the wire: order and duplicates are kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RawHeaders<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl<'a> RawHeaders<'a> {
    /// `count` headers, of which `bytes` is all; `bytes` are looked at by [`Self::iter`].
    pub(crate) fn new(count: i32, bytes: &'a [u8]) -> Result<Self, BatchError> {
        match usize::try_from(count) {
            Ok(0) if !bytes.is_empty() => Err(BatchError::Trailing { left: bytes.len() }),
            Ok(number) if number <= bytes.len() / SMALLEST_HEADER => Ok(Self { count: number, bytes }),
            _ => Err(impossible("the header count", count, bytes.len())),
        }
    }

    /// As [`Self::new`], for the loop over the records, of which most have no headers.
    #[inline(always)]
    pub(super) fn try_new(count: i32, bytes: &'a [u8]) -> Option<Self> {
        if count == 0 && bytes.is_empty() { Some(Self { count: 0, bytes }) } else { Self::new(count, bytes).ok() }
    }

    /// The headers in order. An error is the last item.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Header<'a>, BatchError>> + use<'a> {
        let mut cursor = Cursor::new(self.bytes);
        let mut left = Some(self.count);
        std::iter::from_fn(move || {
            let item = match left? {
                0 => {
                    left = None;
                    let trailing = cursor.left();
                    return (trailing > 0).then_some(Err(BatchError::Trailing { left: trailing }));
                }
                _ => header(&mut cursor),
            };
            left = left.filter(|_| item.is_ok()).map(|left| left - 1);
            Some(item)
        })
    }
}

fn header<'a>(cursor: &mut Cursor<'a>) -> Result<Header<'a>, BatchError> {
    let available = cursor.left();
    let Some(key) = cursor.nullable_bytes("the header key length")? else {
        return Err(impossible("the header key length", -1, available));
    };
    Ok(Header { key, value: cursor.nullable_bytes("the header value length")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Owned = (Vec<u8>, Option<Vec<u8>>);

    fn read(count: i32, bytes: &[u8]) -> Result<Vec<Owned>, BatchError> {
        RawHeaders::new(count, bytes)?
            .iter()
            .map(|header| header.map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec))))
            .collect()
    }

    #[test]
    fn c13_order_duplicates_null_values_and_keys_that_are_no_text_are_kept() {
        let bytes = [2, b'b', 2, b'1', 2, b'a', 1, 2, b'b', 0, 4, 0xff, 0x00, 2, b'2'];
        let expected: Vec<Owned> = vec![
            (b"b".to_vec(), Some(b"1".to_vec())),
            (b"a".to_vec(), None),
            (b"b".to_vec(), Some(vec![])),
            (vec![0xff, 0x00], Some(b"2".to_vec())),
        ];
        assert_eq!(read(4, &bytes), Ok(expected));
    }

    #[test]
    fn c10_a_count_that_the_bytes_cannot_hold_is_refused_before_any_is_read() {
        assert_eq!(
            read(i32::MAX, &[0; 9]),
            Err(BatchError::Length { what: "the header count", value: 2_147_483_647, available: 9 })
        );
        assert_eq!(read(-1, &[]), Err(BatchError::Length { what: "the header count", value: -1, available: 0 }));
    }

    #[test]
    fn a_null_key_a_cut_and_leftovers_are_errors() {
        assert_eq!(read(1, &[1, 1]), Err(BatchError::Length { what: "the header key length", value: -1, available: 2 }));
        assert_eq!(read(2, &[2, b'a', 1, 2]), Err(BatchError::Length { what: "the header key length", value: 1, available: 0 }));
        assert_eq!(read(1, &[2, b'a', 1, 0]), Err(BatchError::Trailing { left: 1 }));
        assert_eq!(read(0, &[0]), Err(BatchError::Trailing { left: 1 }));
    }
}
