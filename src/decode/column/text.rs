//! Text becomes an Arrow array: checked here, and not once more by Arrow.
//!
//! Arrow's own check looks at each row by itself, which takes as long as decoding two of its columns. This one looks at all bytes and all
//! offsets at once; what it does not find good goes to Arrow's, which says what is wrong.
#![allow(unsafe_code)]

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

/// The array of texts that are side by side: row `i` is `data[offsets[i]..offsets[i + 1]]`.
///
/// Fails, as Arrow's constructor does, where a row is no UTF-8; panics, as that does, where the offsets do not ascend.
pub(super) fn array(offsets: Vec<i32>, data: Vec<u8>, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
    let sound = nulls.as_ref().is_none_or(|nulls| nulls.len() + 1 == offsets.len()) && ascend(&offsets, data.len());
    let sound = sound && (data.is_ascii() || (std::str::from_utf8(&data).is_ok() && at_boundaries(&offsets, &data)));
    let (offsets, data) = (ScalarBuffer::from(offsets), Buffer::from_vec(data));
    if !sound {
        return StringArray::try_new(OffsetBuffer::new(offsets), data, nulls);
    }
    // SAFETY: there is an offset, the first is not negative, and each is at least the one before it (`ascend`).
    let offsets = unsafe { OffsetBuffer::new_unchecked(offsets) };
    // SAFETY: what `try_new` checks was checked above: all of `data` is UTF-8, no offset is beyond its end (`ascend`) or within a character
    // (`at_boundaries`; ASCII has none of more than a byte), and there are as many rows as there are nulls, if any.
    Ok(unsafe { StringArray::new_unchecked(offsets, data, nulls) })
}

/// Whether there are offsets, they ascend from zero or more, and the last is at most `end`.
fn ascend(offsets: &[i32], end: usize) -> bool {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return false };
    // No early end, so that several are compared at once.
    let ascend = offsets.iter().zip(offsets.iter().skip(1)).fold(true, |all, (one, next)| all & (one <= next));
    *first >= 0 && ascend && usize::try_from(*last).is_ok_and(|last| last <= end)
}

/// Whether no offset is within a character of `data`, which is UTF-8; an offset may be at its end.
fn at_boundaries(offsets: &[i32], data: &[u8]) -> bool {
    let begins = |offset: &i32| {
        let byte = usize::try_from(*offset).ok().and_then(|offset| data.get(offset));
        byte.is_none_or(|byte| byte & 0xc0 != 0x80)
    };
    offsets.iter().fold(true, |all, offset| all & begins(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_array_is_what_arrows_constructor_makes_of_the_same() {
        let mut random = fastrand::Rng::with_seed(5);
        let parts: [&[u8]; 7] = [b"", b"a", b"longer than a word", "é".as_bytes(), "日本".as_bytes(), "🦀".as_bytes(), b"\xff"];
        let (mut good, mut bad) = (0, 0);
        for _ in 0..if cfg!(miri) { 20 } else { 2000 } {
            let (mut offsets, mut data) = (vec![0_i32], Vec::new());
            let kinds = [2, 3, 6, 7][random.usize(..4)];
            for _ in 0..random.usize(..40) {
                data.extend_from_slice(parts[random.usize(..kinds)]);
                offsets.push(data.len() as i32);
            }
            let rows = offsets.len() - 1;
            match random.u8(..8) {
                0 if rows > 0 => offsets[rows] += random.i32(0..3), // perhaps beyond the end
                1 if rows > 1 => offsets[rows - 1] = random.i32(offsets[rows - 2]..=offsets[rows]), // perhaps within a character
                _ => {}
            }
            let nulls = [None, Some(NullBuffer::new_null(rows)), Some(NullBuffer::new_null(rows + 1))][random.usize(..3)].clone();
            let expected = StringArray::try_new(
                OffsetBuffer::new(ScalarBuffer::from(offsets.clone())),
                Buffer::from_vec(data.clone()),
                nulls.clone(),
            );
            match (array(offsets, data, nulls), expected) {
                (Ok(own), Ok(expected)) => {
                    assert_eq!(own, expected);
                    good += 1;
                }
                (own, expected) => {
                    assert_eq!(own.map_err(|error| error.to_string()), expected.map_err(|error| error.to_string()));
                    bad += 1;
                }
            }
        }
        assert!(cfg!(miri) || (good > 500 && bad > 200), "{good} good, {bad} bad");
    }

    #[test]
    fn offsets_that_descend_or_are_negative_are_never_taken() {
        for offsets in [vec![], vec![-1, 0], vec![0, 2, 1], vec![0, 1, -1]] {
            assert!(!ascend(&offsets, 2));
            std::panic::catch_unwind(|| array(offsets, b"ab".to_vec(), None)).unwrap_err();
        }
    }
}
