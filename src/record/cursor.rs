//! The only way to touch bytes from outside: a slice that gets shorter from the front.

use super::BatchError;

/// What is left to read. A failed read leaves it in an unspecified place; whoever sees the error stops.
///
/// The `try_` functions are for the loop over the records: no error to build, and always inlined, because as calls they cost as
/// much as the reading. The others say what is wrong, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes have not been read yet.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next `count` bytes.
    #[inline(always)]
    pub(super) fn try_take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A zigzag number of at most 5 bytes.
    ///
    /// Nearly all of them (lengths, offset deltas) have one or two bytes: these are read without a loop.
    #[inline(always)]
    pub(super) fn try_varint(&mut self) -> Option<i32> {
        match *self.rest {
            [first, ref rest @ ..] if first < 0x80 => {
                self.rest = rest;
                Some(zigzag_32(u32::from(first)))
            }
            [first, second, ref rest @ ..] if second < 0x80 => {
                self.rest = rest;
                Some(zigzag_32(u32::from(first & 0x7f) | u32::from(second) << 7))
            }
            _ => self.varint("").ok(),
        }
    }

    /// A zigzag number of at most 10 bytes.
    #[inline(always)]
    pub(super) fn try_varlong(&mut self) -> Option<i64> {
        match *self.rest {
            [first, ref rest @ ..] if first < 0x80 => {
                self.rest = rest;
                Some(zigzag_64(u64::from(first)))
            }
            [first, second, ref rest @ ..] if second < 0x80 => {
                self.rest = rest;
                Some(zigzag_64(u64::from(first & 0x7f) | u64::from(second) << 7))
            }
            _ => self.varlong("").ok(),
        }
    }

    /// The bytes behind a length: `Some(None)` where the length is -1.
    #[inline(always)]
    pub(super) fn try_nullable_bytes(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.try_varint()?;
        match usize::try_from(length) {
            Ok(count) => self.try_take(count).map(Some),
            Err(_) => (length == -1).then_some(None),
        }
    }

    /// As [`Self::try_take`]; `what` names the field in the error.
    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], BatchError> {
        self.try_take(count).ok_or(BatchError::UnexpectedEnd { what })
    }

    /// The next `N` bytes, as an array.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BatchError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(BatchError::UnexpectedEnd { what })?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, BatchError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    /// As [`Self::try_varint`].
    pub(super) fn varint(&mut self, what: &'static str) -> Result<i32, BatchError> {
        let raw = self.unsigned(5, what)?;
        u32::try_from(raw).map(zigzag_32).map_err(|_| BatchError::Varint { what })
    }

    /// As [`Self::try_varlong`].
    pub(super) fn varlong(&mut self, what: &'static str) -> Result<i64, BatchError> {
        self.unsigned(10, what).map(zigzag_64)
    }

    /// As [`Self::try_nullable_bytes`].
    pub(super) fn nullable_bytes(&mut self, what: &'static str) -> Result<Option<&'a [u8]>, BatchError> {
        let length = self.varint(what)?;
        if length == -1 {
            return Ok(None);
        }
        let available = self.left();
        let bytes = usize::try_from(length).ok().and_then(|count| self.try_take(count));
        bytes.map(Some).ok_or_else(|| impossible(what, length, available))
    }

    /// An unsigned number, seven bits a byte, of at most `limit` bytes (at most 10).
    fn unsigned(&mut self, limit: u32, what: &'static str) -> Result<u64, BatchError> {
        let mut value = 0_u64;
        for place in 0..limit {
            let byte = self.byte(what)?;
            let bits = u64::from(byte & 0x7f);
            let shifted = bits << (7 * place);
            if shifted >> (7 * place) != bits {
                break; // bits beyond the 64th
            }
            value |= shifted;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BatchError::Varint { what })
    }
}

#[inline(always)]
fn zigzag_32(raw: u32) -> i32 {
    (raw >> 1).cast_signed() ^ -((raw & 1).cast_signed())
}

#[inline(always)]
fn zigzag_64(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ -((raw & 1).cast_signed())
}

/// A length that the bytes left cannot hold.
pub(super) fn impossible(what: &'static str, value: i32, available: usize) -> BatchError {
    BatchError::Length { what, value: i64::from(value), available }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{put_varint, put_varlong};
    use super::*;

    #[test]
    fn every_width_of_a_number_is_read_back() {
        for shift in 0..32 {
            for value in [1_i32.wrapping_shl(shift), 1_i32.wrapping_shl(shift).wrapping_sub(1), !(1_i32.wrapping_shl(shift))] {
                let mut bytes = Vec::new();
                put_varint(&mut bytes, value);
                let (mut cursor, mut quick) = (Cursor::new(&bytes), Cursor::new(&bytes));
                assert_eq!((cursor.varint("n"), cursor.left()), (Ok(value), 0));
                assert_eq!((quick.try_varint(), quick.left()), (Some(value), 0));
            }
        }
        for shift in 0..64 {
            for value in [1_i64.wrapping_shl(shift), 1_i64.wrapping_shl(shift).wrapping_sub(1), !(1_i64.wrapping_shl(shift))] {
                let mut bytes = Vec::new();
                put_varlong(&mut bytes, value);
                let (mut cursor, mut quick) = (Cursor::new(&bytes), Cursor::new(&bytes));
                assert_eq!((cursor.varlong("n"), cursor.left()), (Ok(value), 0));
                assert_eq!((quick.try_varlong(), quick.left()), (Some(value), 0));
            }
        }
    }

    #[test]
    fn a_number_of_too_many_bytes_or_bits_is_refused() {
        let long = |bytes: &[u8]| Cursor::new(bytes).varlong("n");
        let short = |bytes: &[u8]| Cursor::new(bytes).varint("n");
        assert_eq!(short(&[0x80; 6]), Err(BatchError::Varint { what: "n" }));
        assert_eq!(short(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err(BatchError::Varint { what: "n" }));
        assert_eq!(short(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MIN));
        assert_eq!(long(&[0x80; 11]), Err(BatchError::Varint { what: "n" }));
        assert_eq!(long(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]), Err(BatchError::Varint { what: "n" }));
        assert_eq!(long(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), Ok(i64::MIN));
        assert_eq!(short(&[0x80]), Err(BatchError::UnexpectedEnd { what: "n" }));
        assert_eq!(long(&[]), Err(BatchError::UnexpectedEnd { what: "n" }));
    }

    #[test]
    fn a_length_is_compared_with_the_bytes_left() {
        let read = |length: i32, more: usize| {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, length);
            bytes.resize(bytes.len() + more, 7);
            let named = Cursor::new(&bytes).nullable_bytes("key");
            assert_eq!(Cursor::new(&bytes).try_nullable_bytes(), named.clone().ok());
            named.map(|bytes| bytes.map(<[u8]>::len))
        };
        assert_eq!(read(-1, 3), Ok(None));
        assert_eq!(read(0, 3), Ok(Some(0)));
        assert_eq!(read(3, 3), Ok(Some(3)));
        assert_eq!(read(4, 3), Err(BatchError::Length { what: "key", value: 4, available: 3 }));
        assert_eq!(read(-2, 3), Err(BatchError::Length { what: "key", value: -2, available: 3 }));
    }
}
