//! Where the quotes of a document are, found 64 bytes at a time.
//!
//! A kernel turns 64 bytes into a bit mask of its quotes, and notes whether a byte is a backslash, a control character or not ASCII. There is
//! one for each set of instructions; which one runs is decided once, by what the machine has ([`Level::best`]).

use std::ops::Range;

#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Longer documents are not indexed: positions take 16 bits.
pub(super) const LONGEST: usize = 65_000;
/// The documents that are indexed together.
pub(super) const BLOCK: usize = 64;
/// What a kernel may write behind the last quote.
const SLACK: usize = 72;

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

/// What else is in a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// A control character, or a byte that is not ASCII.
    pub(super) odd: bool,
    /// A backslash: quotes behind one are not told from others, see [`without_escaped`].
    pub(super) backslash: bool,
}

/// The quotes of a block of documents.
#[derive(Debug, Default)]
pub(super) struct Index {
    quotes: Vec<u16>,
    documents: Vec<(Range<usize>, Notes)>,
}

/// Takes the quotes out of `quotes` that are escaped: behind an odd number of backslashes.
pub(super) fn without_escaped(document: &[u8], quotes: &[u16], into: &mut Vec<u16>) {
    let backslash = |at: usize| document.get(at) == Some(&b'\\');
    let escaped = |quote: usize| match quote.checked_sub(1) {
        Some(before) if backslash(before) => {
            let mut first = before;
            while first > 0 && backslash(first - 1) {
                first -= 1;
            }
            (quote - first) % 2 == 1
        }
        _ => false,
    };
    into.clear();
    if let Some((end, quotes)) = quotes.split_last() {
        into.extend(quotes.iter().copied().filter(|quote| !escaped(usize::from(*quote))));
        into.push(*end);
    }
}

impl Index {
    /// Finds the quotes of documents, of which none is longer than [`LONGEST`].
    pub(super) fn build(&mut self, level: Level, documents: &[&[u8]]) {
        // Room for the block as if all its bytes were quotes.
        let most = documents.iter().map(|document| document.len() + 1).sum::<usize>() + SLACK;
        if self.quotes.len() < most {
            self.quotes.resize(most, 0);
        }
        self.documents.clear();
        match level {
            Level::Scalar => scalar::block(documents, &mut self.quotes, &mut self.documents),
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => x86::sse2(documents, &mut self.quotes, &mut self.documents),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::avx2(documents, &mut self.quotes, &mut self.documents),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::avx512(documents, &mut self.quotes, &mut self.documents),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::block(documents, &mut self.quotes, &mut self.documents),
        }
    }

    /// The positions of the quotes of a document, its length behind them, and its notes.
    #[inline]
    pub(super) fn document(&self, index: usize) -> (&[u16], Notes) {
        match self.documents.get(index) {
            Some((range, notes)) => (self.quotes.get(range.clone()).unwrap_or_default(), *notes),
            None => (&[], Notes::default()),
        }
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
    ($documents:expr, $quotes:expr, $found:expr, $masks:expr) => {{
        let mut at = 0;
        for document in $documents {
            let start = at;
            let (mut odd, mut backslashes) = (0, 0);
            let mut base = 0_u16;
            let (chunks, rest) = document.as_chunks::<64>();
            for chunk in chunks {
                let masks: Masks = $masks(chunk);
                odd |= masks.odd;
                backslashes |= masks.backslashes;
                at = super::positions(masks.quotes, base, $quotes, at);
                base = base.wrapping_add(64);
            }
            if !rest.is_empty() {
                let masks = match document.last_chunk::<64>() {
                    // What was seen before is shifted out.
                    Some(last) => {
                        let masks = $masks(last);
                        let seen = 64 - rest.len();
                        Masks { quotes: masks.quotes >> seen, ..masks }
                    }
                    None => {
                        let mut padded = [b' '; 64];
                        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                        $masks(&padded)
                    }
                };
                odd |= masks.odd;
                backslashes |= masks.backslashes;
                at = super::positions(masks.quotes, base, $quotes, at);
            }
            if let Some(end) = $quotes.get_mut(at) {
                *end = u16::try_from(document.len()).unwrap_or(u16::MAX);
            }
            at += 1;
            $found.push((start..at, Notes { odd: odd != 0, backslash: backslashes != 0 }));
        }
    }};
}
use indexed;

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

    use super::*;

    fn check(documents: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
        for level in Level::available() {
            let mut index = Index::default();
            for _ in 0..2 {
                index.build(level, &slices);
                for (at, document) in documents.iter().enumerate() {
                    let quotes = document.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at);
                    let expected: Vec<u16> = quotes.chain([document.len()]).map(|at| at as u16).collect();
                    let odd = document.iter().any(|byte| !(0x20..0x80).contains(byte));
                    let backslash = document.contains(&b'\\');
                    assert_eq!(index.document(at), (&expected[..], Notes { odd, backslash }), "{level:?} {document:?}");
                }
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_is_told_alike_by_all_kernels() {
        // Miri, which takes a thousand times as long, looks at the edges.
        let lengths: &[usize] = if cfg!(miri) { &[1, 16, 63, 64, 65] } else { &[1, 2, 15, 16, 63, 64, 65, 127, 128, 129, 200] };
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
        let longest = if cfg!(miri) { 2_000 } else { LONGEST };
        check(&[vec![b'"'; longest], vec![], vec![b'"'; 65], vec![b' '; longest], vec![b'"'; 64]]);
    }

    #[test]
    fn a_quote_behind_an_odd_number_of_backslashes_is_escaped() {
        let document = br#"{"a\"b":"\\","c\\\"":"\\\\"}"#;
        let mut index = Index::default();
        index.build(Level::Scalar, &[document]);
        let mut quotes = Vec::new();
        without_escaped(document, index.document(0).0, &mut quotes);
        assert_eq!(quotes, [1, 6, 8, 11, 13, 19, 21, 26, 28]);
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
                prop::collection::vec(prop_oneof![Just(b'"'), Just(b'a'), any::<u8>(), Just(b' ')], 0..300), 0..5),
        ) {
            check(&documents);
        }
    }
}
