//! The kernel without instructions of a kind: eight bytes at a time.

use super::super::super::scan::eight;
use super::{AROUND, Masks, Page, indexed};

pub(super) fn block(documents: &[&[u8]], page: &mut Page) {
    indexed!(documents, page, masks, super::positions);
}

#[inline]
fn masks(chunk: &[u8; 64], copy: &mut [u8; 64]) -> Masks {
    *copy = *chunk;
    let (mut quotes, mut odd, mut backslashes) = (0, 0, 0);
    let (words, _) = chunk.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        quotes |= gathered(equal(word, b'"')) << (index * 8);
        backslashes |= gathered(equal(word, b'\\')) << (index * 8);
        // Exact as a whole: a borrow runs only out of a byte that is itself below.
        odd |= (word.wrapping_sub(eight(0x20)) & !word & eight(0x80)) | (word & eight(0x80));
    }
    Masks { quotes, odd, backslashes }
}

/// The high bit of each byte that equals `byte`, exactly.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let zeros = word ^ eight(byte);
    !(((zeros & eight(0x7f)) + eight(0x7f)) | zeros | eight(0x7f))
}

/// The high bits of eight bytes as eight bits.
#[inline]
fn gathered(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}
