//! A borrowed cursor over bytes that may end anywhere.

use super::BatchError;

/// Reads forward through a slice; every read says what it was for when the bytes end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], BatchError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(BatchError::End { what })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BatchError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(BatchError::End { what })?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A zigzag variable-length number of at most ten bytes.
    pub(super) fn varlong(&mut self, what: &'static str) -> Result<i64, BatchError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array::<1>(what)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(BatchError::Varint { what })
    }

    /// A length of bytes that follow; -1 is null.
    pub(super) fn nullable(&mut self, what: &'static str) -> Result<Option<&'a [u8]>, BatchError> {
        match self.varlong(what)? {
            -1 => Ok(None),
            length => {
                let count = usize::try_from(length).map_err(|_| BatchError::Length { what, value: length })?;
                Ok(Some(self.take(count, what)?))
            }
        }
    }
}

/// Appends a zigzag variable-length number.
pub(super) fn put_varlong(out: &mut Vec<u8>, value: i64) {
    let mut bits = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while bits >= 0x80 {
        out.push((bits & 0x7f) as u8 | 0x80);
        bits >>= 7;
    }
    out.push(bits as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_length_numbers_come_back_as_they_were_written() {
        for value in [0, 1, -1, 63, 64, -64, -65, 300, i64::from(i32::MIN), i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_varlong(&mut out, value);
            let mut cursor = Cursor::new(&out);
            assert_eq!(cursor.varlong("number"), Ok(value));
            assert_eq!(cursor.remaining(), 0);
        }
    }

    #[test]
    fn a_variable_length_number_of_eleven_bytes_is_refused() {
        assert_eq!(Cursor::new(&[0xff; 11]).varlong("number"), Err(BatchError::Varint { what: "number" }));
    }

    #[test]
    fn bytes_that_end_inside_a_field_are_an_error_that_names_it() {
        assert_eq!(Cursor::new(&[8, b'a']).nullable("key"), Err(BatchError::End { what: "key" }));
        assert_eq!(Cursor::new(&[3, b'a']).nullable("key"), Err(BatchError::Length { what: "key", value: -2 }));
    }
}
