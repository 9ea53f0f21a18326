//! The kernels of x86-64: SSE2, which every one of them has, AVX2, and AVX-512 with VBMI2.
#![allow(unsafe_code)]

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8,
    _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm512_add_epi16,
    _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epi8_mask, _mm512_cvtepu8_epi16, _mm512_extracti64x4_epi64,
    _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_set1_epi8, _mm512_set1_epi16, _mm512_storeu_si512,
};
use std::ops::Range;

use super::{Masks, Notes, indexed};

pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt")
}

pub(super) fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
}

pub(super) fn sse2(documents: &[&[u8]], quotes: &mut [u16], found: &mut Vec<(Range<usize>, Notes)>) {
    indexed!(documents, quotes, found, masks_sse2);
}

/// Where the machine lacks AVX2, which the caller has asked before, SSE2 does it.
pub(super) fn avx2(documents: &[&[u8]], quotes: &mut [u16], found: &mut Vec<(Range<usize>, Notes)>) {
    if has_avx2() {
        // SAFETY: the machine has the instructions, as the line above asks.
        unsafe { block_avx2(documents, quotes, found) }
    } else {
        sse2(documents, quotes, found);
    }
}

/// Where the machine lacks AVX-512, which the caller has asked before, AVX2 or SSE2 does it.
pub(super) fn avx512(documents: &[&[u8]], quotes: &mut [u16], found: &mut Vec<(Range<usize>, Notes)>) {
    if has_avx512() {
        // SAFETY: the machine has the instructions, as the line above asks.
        unsafe { block_avx512(documents, quotes, found) }
    } else {
        avx2(documents, quotes, found);
    }
}

#[inline]
fn masks_sse2(chunk: &[u8; 64]) -> Masks {
    let (parts, _) = chunk.as_chunks::<16>();
    let mut masks = Masks { quotes: 0, odd: 0, backslashes: 0 };
    for (index, part) in parts.iter().enumerate() {
        // SAFETY: the load needs 16 readable bytes of any alignment, which `part` is; every x86-64 has SSE2.
        let (quotes, odd, backslashes) = unsafe {
            let bytes: __m128i = _mm_loadu_si128(part.as_ptr().cast());
            (
                _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"'.cast_signed()))),
                // As signed bytes, what is not ASCII is below zero.
                _mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20))),
                _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\'.cast_signed()))),
            )
        };
        masks.quotes |= u64::from(quotes.cast_unsigned()) << (index * 16);
        masks.odd |= u64::from(odd.cast_unsigned());
        masks.backslashes |= u64::from(backslashes.cast_unsigned());
    }
    masks
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn block_avx2(documents: &[&[u8]], quotes: &mut [u16], found: &mut Vec<(Range<usize>, Notes)>) {
    indexed!(documents, quotes, found, masks_avx2);
}

#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn masks_avx2(chunk: &[u8; 64]) -> Masks {
    let (parts, _) = chunk.as_chunks::<32>();
    let mut masks = Masks { quotes: 0, odd: 0, backslashes: 0 };
    for (index, part) in parts.iter().enumerate() {
        // SAFETY: the load needs 32 readable bytes of any alignment, which `part` is.
        let bytes: __m256i = unsafe { _mm256_loadu_si256(part.as_ptr().cast()) };
        let quotes = _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"'.cast_signed())));
        // As signed bytes, what is not ASCII is below zero.
        let odd = _mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes));
        let backslashes = _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\'.cast_signed())));
        masks.quotes |= u64::from(quotes.cast_unsigned()) << (index * 32);
        masks.odd |= u64::from(odd.cast_unsigned());
        masks.backslashes |= u64::from(backslashes.cast_unsigned());
    }
    masks
}

/// 0, 1, 2, … 63.
const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut place = 0;
    while place < 64 {
        places[place as usize] = place;
        place += 1;
    }
    places
};

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,popcnt")]
fn block_avx512(documents: &[&[u8]], quotes: &mut [u16], found: &mut Vec<(Range<usize>, Notes)>) {
    let mut at = 0;
    for document in documents {
        let start = at;
        let (mut odd, mut backslashes) = (0, 0);
        let mut base = 0_u16;
        let (chunks, rest) = document.as_chunks::<64>();
        for chunk in chunks {
            let masks = masks_avx512(chunk);
            odd |= masks.odd;
            backslashes |= masks.backslashes;
            at = positions_avx512(masks.quotes, base, quotes, at);
            base = base.wrapping_add(64);
        }
        if !rest.is_empty() {
            let mut padded = [b' '; 64];
            let (chunk, seen) = match document.last_chunk::<64>() {
                // What was seen before is shifted out.
                Some(last) => (last, 64 - rest.len()),
                None => {
                    padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                    (&padded, 0)
                }
            };
            let masks = masks_avx512(chunk);
            odd |= masks.odd;
            backslashes |= masks.backslashes;
            at = positions_avx512(masks.quotes >> seen, base, quotes, at);
        }
        if let Some(end) = quotes.get_mut(at) {
            *end = u16::try_from(document.len()).unwrap_or(u16::MAX);
        }
        at += 1;
        found.push((start..at, Notes { odd: odd != 0, backslash: backslashes != 0 }));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,popcnt")]
fn masks_avx512(chunk: &[u8; 64]) -> Masks {
    // SAFETY: the load needs 64 readable bytes of any alignment, which `chunk` is.
    let bytes: __m512i = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
    Masks {
        quotes: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"'.cast_signed())),
        // As signed bytes, what is not ASCII is below zero.
        odd: _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20)),
        backslashes: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\\'.cast_signed())),
    }
}

/// Writes the positions of the bits of `mask`, and gives where the next one goes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,popcnt")]
fn positions_avx512(mask: u64, base: u16, out: &mut [u16], at: usize) -> usize {
    let count = mask.count_ones() as usize;
    // SAFETY: the load needs 64 readable bytes of any alignment, which the table is.
    let places: __m512i = unsafe { _mm512_loadu_si512(PLACES.as_ptr().cast()) };
    let places = _mm512_maskz_compress_epi8(mask, places);
    let base = _mm512_set1_epi16(base.cast_signed());
    let halves = [_mm512_castsi512_si256(places), _mm512_extracti64x4_epi64::<1>(places)];
    for (index, half) in halves.into_iter().enumerate() {
        if index * 32 >= count {
            break;
        }
        let positions = _mm512_add_epi16(_mm512_cvtepu8_epi16(half), base);
        // More than there are: what is too much is overwritten by the next.
        let Some(slots) = out.get_mut(at + index * 32..).and_then(|rest| rest.first_chunk_mut::<32>()) else { break };
        // SAFETY: the store needs 64 writable bytes of any alignment, which `slots` is.
        unsafe { _mm512_storeu_si512(slots.as_mut_ptr().cast(), positions) };
    }
    at + count
}
