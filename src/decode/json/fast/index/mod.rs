//! Where the quotes of a document are, found 64 bytes at a time.
//!
//! A kernel copies 64 bytes, turns them into a bit mask of their quotes, and notes its backslashes, and whether a byte is a control character or not ASCII. There is
//! one for each set of instructions; which one runs is decided once, by what the machine has ([`Level::best`]).

use super::page::{AROUND, Page};

#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

/// A set of instructions that there is a kernel for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Level {
    /// What this machine has, the best last.
    pub(crate) fn available() -> Vec<Self> {
        let mut levels = vec![Self::Scalar];
        // Miri has SSE2, and AVX2 where it is told so.
        #[cfg(target_arch = "x86_64")]
        {
            levels.push(Self::Sse2);
            if x86::has_avx2() {
                levels.push(Self::Avx2);
            }
            if x86::has_avx512() {
                levels.push(Self::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            levels.push(Self::Neon);
        }
        levels
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => "sse2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
        }
    }

    pub(crate) fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::Scalar)
    }
}

/// Copies documents into a page, where they have their places already, and finds their quotes.
pub(super) fn find(level: Level, documents: &[&[u8]], page: &mut Page) {
    match level {
        Level::Scalar => scalar::block(documents, page),
        #[cfg(target_arch = "x86_64")]
        Level::Sse2 => x86::sse2(documents, page),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => x86::avx2(documents, page),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => x86::avx512(documents, page),
        #[cfg(target_arch = "aarch64")]
        Level::Neon => neon::block(documents, page),
    }
}

/// What a kernel says of 64 bytes: a bit for each that is a quote, control or not ASCII, a backslash.
#[derive(Debug, Clone, Copy)]
struct Masks {
    quotes: u64,
    odd: u64,
    backslashes: u64,
}

/// Runs a kernel over a block: the loop that all of them have in common, made anew within each set of instructions.
macro_rules! indexed {
    ($documents:expr, $page:expr, $masks:expr, $positions:expr) => {{
        let Page { bytes, quotes, documents: slots, .. } = $page;
        let mut at = 0;
        for (document, slot) in $documents.iter().zip(slots.iter_mut()) {
            let Some(room) = bytes.get_mut(AROUND + usize::from(slot.start)..) else { break };
            let first = at;
            let (mut odd, mut escaping) = (0, 0);
            let mut base = slot.start;
            let mut note = |masks: Masks, base: u16| {
                odd |= masks.odd | masks.backslashes;
                let mut found = masks.quotes;
                if masks.backslashes | escaping != 0 {
                    found &= !super::escaped(masks.backslashes, &mut escaping);
                }
                at = $positions(found, base, quotes.as_mut_slice(), at);
            };
            let (chunks, rest) = document.as_chunks::<64>();
            let (rooms, _) = room.as_chunks_mut::<64>();
            for (chunk, room) in chunks.iter().zip(rooms) {
                note($masks(chunk, room), base);
                base = base.wrapping_add(64);
            }
            if !rest.is_empty() {
                match document.last_chunk::<64>() {
                    // What was seen before is shifted out.
                    Some(last) => {
                        let Some(to) = room.get_mut(document.len() - 64..).and_then(|room| room.first_chunk_mut()) else { break };
                        let masks = $masks(last, to);
                        let seen = 64 - rest.len();
                        note(
                            Masks { quotes: masks.quotes >> seen, odd: masks.odd, backslashes: masks.backslashes >> seen },
                            base,
                        );
                    }
                    None => {
                        let mut padded = [b' '; 64];
                        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                        let Some(to) = room.first_chunk_mut() else { break };
                        note($masks(&padded, to), base);
                    }
                }
            }
            // No document has as many quotes as a page has places, nor have all of a page.
            slot.first = u16::try_from(first).unwrap_or(0);
            slot.quotes = u16::try_from(at - first).unwrap_or(0);
            slot.odd = odd != 0;
            quotes.get_mut(at).into_iter().for_each(|end| *end = slot.end);
            at += 1;
        }
    }};
}
use indexed;

/// The bytes that are escaped: each behind a backslash that is not escaped itself. `escaping` says whether the first of these 64 is, and
/// then whether the first of the next is.
#[inline]
fn escaped(backslashes: u64, escaping: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let backslashes = backslashes & !*escaping;
    let behind = backslashes << 1 | *escaping;
    // Runs of backslashes that begin at an odd place: adding their beginning carries a bit to their end.
    let odd_starts = backslashes & !EVEN & !behind;
    let (ends, carried) = odd_starts.overflowing_add(backslashes);
    *escaping = u64::from(carried);
    (EVEN ^ (ends << 1)) & behind
}

/// Writes the positions of the bits of `mask`, and gives where the next one goes.
#[inline(always)]
fn positions(mut mask: u64, base: u16, out: &mut [u16], at: usize) -> usize {
    const STEP: usize = 8;
    let count = mask.count_ones() as usize;
    let mut written = 0;
    // More than there are: what is too much is overwritten by the next.
    while written < count {
        let Some(slots) = out.get_mut(at + written..).and_then(|rest| rest.first_chunk_mut::<STEP>()) else { break };
        for slot in slots {
            *slot = base.wrapping_add(u16::try_from(mask.trailing_zeros()).unwrap_or(0));
            mask &= mask.wrapping_sub(1);
        }
        written += STEP;
    }
    at + count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::page::{BLOCK, LONGEST};
    use super::*;

    /// Byte by byte.
    fn expected(document: &[u8]) -> (Vec<usize>, bool) {
        let (mut quotes, mut escaped) = (Vec::new(), false);
        for (at, byte) in document.iter().enumerate() {
            if *byte == b'"' && !escaped {
                quotes.push(at);
            }
            escaped = *byte == b'\\' && !escaped;
        }
        quotes.push(document.len());
        (quotes, document.iter().any(|byte| !(0x20..0x80).contains(byte) || *byte == b'\\'))
    }

    fn check(documents: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
        for level in Level::available() {
            let mut page = Page::new();
            for _ in 0..2 {
                let mut left = &slices[..];
                while !left.is_empty() {
                    let rows = page.fill(level, &left[..left.len().min(BLOCK)]);
                    for (row, document) in left.iter().take(rows).enumerate() {
                        let at = page.document(row);
                        let found: Vec<usize> = page.quotes(at).iter().map(|quote| usize::from(quote - at.start)).collect();
                        assert_eq!((found, at.odd), expected(document), "{level:?} {document:?}");
                    }
                    left = &left[rows..];
                }
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_is_told_alike_by_all_kernels() {
        // Miri, which takes a thousand times as long, looks at the edges.
        let lengths: &[usize] = if cfg!(miri) { &[1, 65] } else { &[1, 2, 15, 16, 63, 64, 65, 127, 128, 129, 200] };
        for &length in lengths {
            for at in (0..length).filter(|at| !cfg!(miri) || [0, 15].contains(&(at % 16))) {
                let documents: Vec<Vec<u8>> = [b'"', b'\\', 0, 0x1f, 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff]
                    .into_iter()
                    .map(|byte| {
                        let mut document = vec![b'a'; length];
                        document[at] = byte;
                        document
                    })
                    .collect();
                check(&documents);
            }
        }
    }

    #[test]
    fn documents_of_quotes_alone_and_of_the_greatest_length_are_indexed() {
        let longest = if cfg!(miri) { 300 } else { LONGEST };
        check(&[vec![b'"'; longest], vec![], vec![b'"'; 65], vec![b' '; longest], vec![b'"'; 64]]);
    }

    #[test]
    fn a_quote_behind_an_odd_number_of_backslashes_is_escaped() {
        let documents: Vec<Vec<u8>> = (0..140)
            .step_by(if cfg!(miri) { 21 } else { 1 })
            .flat_map(|before| (0..5).map(move |run| [vec![b'a'; before], vec![b'\\'; run], b"\"a\"".to_vec()].concat()))
            .collect();
        check(&documents);
        check(&[vec![b'\\'; 200], br#"{"a\"b":"\\","c\\\"":"\\\\"}"#.to_vec()]);
    }

    #[test]
    fn bytes_by_chance_are_indexed_as_byte_by_byte() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..if cfg!(miri) { 3 } else { 300 } {
            let documents =
                (0..3).map(|_| (0..random.usize(..200)).map(|_| [b'"', b'a', b' ', random.u8(..)][random.usize(..4)]).collect());
            check(&documents.collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "what proptest itself does takes minutes there")]
        fn any_bytes_are_indexed_as_byte_by_byte(
            documents in prop::collection::vec(
                prop::collection::vec(prop_oneof![Just(b'"'), Just(b'a'), Just(b'\\'), any::<u8>(), Just(b' ')], 0..300), 0..5),
        ) {
            check(&documents);
        }
    }
}
