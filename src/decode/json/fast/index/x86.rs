//! The kernels of x86-64: SSE2, which every one of them has, AVX2, and AVX-512 with VBMI2.
#![allow(unsafe_code)]

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _MM_HINT_T0, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_prefetch,
    _mm_set1_epi8, _mm_storeu_si128, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_set1_epi8, _mm256_storeu_si256, _mm512_add_epi16, _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask,
    _mm512_cmplt_epi8_mask, _mm512_cvtepu8_epi16, _mm512_extracti64x4_epi64, _mm512_loadu_si512, _mm512_maskz_compress_epi8,
    _mm512_set1_epi8, _mm512_set1_epi16, _mm512_storeu_si512,
};

use super::{AROUND, Masks, Page, indexed};

pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt")
}

pub(super) fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
}

pub(super) fn sse2(documents: &[&[u8]], page: &mut Page) {
    indexed!(documents, page, masks_sse2, super::positions);
}

/// Where the machine lacks AVX2, which the caller has asked before, SSE2 does it.
pub(super) fn avx2(documents: &[&[u8]], page: &mut Page) {
    if has_avx2() {
        // SAFETY: the machine has the instructions, as the line above asks.
        unsafe { block_avx2(documents, page) }
    } else {
        sse2(documents, page);
    }
}

/// Where the machine lacks AVX-512, which the caller has asked before, AVX2 or SSE2 does it.
pub(super) fn avx512(documents: &[&[u8]], page: &mut Page) {
    if has_avx512() {
        // SAFETY: the machine has the instructions, as the line above asks.
        unsafe { block_avx512(documents, page) }
    } else {
        avx2(documents, page);
    }
}

/// Documents mostly lie one behind the other: what will be read soon is asked for.
#[inline(always)]
fn ask_ahead(chunk: &[u8; 64]) {
    const AHEAD: usize = 1536;
    // SAFETY: a prefetch reads nothing and faults nowhere, whatever the address; every x86-64 has SSE.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(chunk.as_ptr().wrapping_add(AHEAD).cast()) }
}

#[inline]
fn masks_sse2(chunk: &[u8; 64], copy: &mut [u8; 64]) -> Masks {
    ask_ahead(chunk);
    let ((parts, _), (copies, _)) = (chunk.as_chunks::<16>(), copy.as_chunks_mut::<16>());
    let mut masks = Masks { quotes: 0, odd: 0, backslashes: 0 };
    for (index, (part, copy)) in parts.iter().zip(copies).enumerate() {
        // SAFETY: load and store need 16 bytes of any alignment, which `part` and `copy` are; every x86-64 has SSE2.
        let (quotes, odd, backslashes) = unsafe {
            let bytes: __m128i = _mm_loadu_si128(part.as_ptr().cast());
            _mm_storeu_si128(copy.as_mut_ptr().cast(), bytes);
            (
                _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"'.cast_signed()))),
                // As signed bytes, what is not ASCII is below zero.
                _mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20))),
                _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\'.cast_signed()))),
            )
        };
        masks.quotes |= u64::from(quotes.cast_unsigned()) << (index * 16);
        masks.odd |= u64::from(odd.cast_unsigned());
        masks.backslashes |= u64::from(backslashes.cast_unsigned()) << (index * 16);
    }
    masks
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn block_avx2(documents: &[&[u8]], page: &mut Page) {
    indexed!(documents, page, masks_avx2, super::positions);
}

#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn masks_avx2(chunk: &[u8; 64], copy: &mut [u8; 64]) -> Masks {
    ask_ahead(chunk);
    let ((parts, _), (copies, _)) = (chunk.as_chunks::<32>(), copy.as_chunks_mut::<32>());
    let mut masks = Masks { quotes: 0, odd: 0, backslashes: 0 };
    for (index, (part, copy)) in parts.iter().zip(copies).enumerate() {
        // SAFETY: the load needs 32 readable bytes of any alignment, which `part` is.
        let bytes: __m256i = unsafe { _mm256_loadu_si256(part.as_ptr().cast()) };
        // SAFETY: the store needs 32 writable bytes of any alignment, which `copy` is.
        unsafe { _mm256_storeu_si256(copy.as_mut_ptr().cast(), bytes) };
        let quotes = _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"'.cast_signed())));
        // As signed bytes, what is not ASCII is below zero.
        let odd = _mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes));
        let backslashes = _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\'.cast_signed())));
        masks.quotes |= u64::from(quotes.cast_unsigned()) << (index * 32);
        masks.odd |= u64::from(odd.cast_unsigned());
        masks.backslashes |= u64::from(backslashes.cast_unsigned()) << (index * 32);
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
fn block_avx512(documents: &[&[u8]], page: &mut Page) {
    indexed!(documents, page, masks_avx512, positions_avx512);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,popcnt")]
fn masks_avx512(chunk: &[u8; 64], copy: &mut [u8; 64]) -> Masks {
    ask_ahead(chunk);
    // SAFETY: the load needs 64 readable bytes of any alignment, which `chunk` is.
    let bytes: __m512i = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
    // SAFETY: the store needs 64 writable bytes of any alignment, which `copy` is.
    unsafe { _mm512_storeu_si512(copy.as_mut_ptr().cast(), bytes) };
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
