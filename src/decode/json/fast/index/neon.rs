//! The kernel of aarch64.
#![allow(unsafe_code)]

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcltq_s8, vdupq_n_s8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8, vmaxvq_u8,
    vorrq_u8, vreinterpretq_s8_u8,
};
use std::arch::is_aarch64_feature_detected;

use super::{AROUND, Masks, Page, indexed, scalar};

/// Where the machine lacks NEON, which the caller has asked before, the scalar kernel does it.
pub(super) fn block(documents: &[&[u8]], page: &mut Page) {
    if is_aarch64_feature_detected!("neon") {
        // SAFETY: the machine has the instructions, as the line above asks.
        unsafe { block_neon(documents, page) }
    } else {
        scalar::block(documents, page);
    }
}

#[target_feature(enable = "neon")]
fn block_neon(documents: &[&[u8]], page: &mut Page) {
    indexed!(documents, page, masks, super::positions);
}

#[inline]
#[target_feature(enable = "neon")]
fn masks(chunk: &[u8; 64], copy: &mut [u8; 64]) -> Masks {
    *copy = *chunk;
    let (parts, _) = chunk.as_chunks::<16>();
    let (mut quotes, mut backslashes) = (0, 0);
    let mut odd = vdupq_n_u8(0);
    for (index, part) in parts.iter().enumerate() {
        // SAFETY: the load needs 16 readable bytes, which `part` is.
        let bytes: uint8x16_t = unsafe { vld1q_u8(part.as_ptr()) };
        quotes |= gathered(vceqq_u8(bytes, vdupq_n_u8(b'"'))) << (index * 16);
        // As signed bytes, what is not ASCII is below zero.
        odd = vorrq_u8(odd, vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20)));
        backslashes |= gathered(vceqq_u8(bytes, vdupq_n_u8(b'\\'))) << (index * 16);
    }
    Masks { quotes, odd: u64::from(vmaxvq_u8(odd)), backslashes }
}

/// A bit for each byte that is all ones.
#[inline]
#[target_feature(enable = "neon")]
fn gathered(found: uint8x16_t) -> u64 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: the load needs 16 readable bytes, which the table is.
    let bits = vandq_u8(found, unsafe { vld1q_u8(BITS.as_ptr()) });
    u64::from(vaddv_u8(vget_low_u8(bits))) | u64::from(vaddv_u8(vget_high_u8(bits))) << 8
}
