//! Varints out of a tray.

use crate::decode::tray::Tray;

/// The bit of each byte that says that another follows.
const MORE: u64 = 0x8080_8080_8080_8080;

/// The bytes of a varint at the front of a word, and how many there are: eight also where it goes on behind the word.
#[inline(always)]
pub(super) fn extent(word: u64) -> (u64, u32) {
    let ends = (!word & MORE) | 1 << 63;
    (word & (ends ^ ends.wrapping_sub(1)), ends.trailing_zeros() / 8 + 1)
}

/// Whether it goes on behind the word.
#[inline(always)]
pub(super) fn is_long(word: u64) -> bool {
    word & MORE == MORE
}

/// Whether one of the words whose bits these are may be one of those: the eighth byte of no other varint says that another follows.
#[inline(always)]
pub(super) fn may_be_long(bits: u64) -> bool {
    bits >> 63 == 1
}

/// Whether each byte is one by itself.
#[inline(always)]
pub(super) fn all_short(word: u64) -> bool {
    word & MORE == 0
}

/// Of each byte seven bits, side by side.
#[inline(always)]
pub(super) fn sevens(word: u64) -> u64 {
    four_and_four(two_and_two(one_and_one(word)))
}

#[inline(always)]
fn one_and_one(word: u64) -> u64 {
    (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1)
}

#[inline(always)]
fn two_and_two(word: u64) -> u64 {
    (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2)
}

#[inline(always)]
fn four_and_four(word: u64) -> u64 {
    (word & 0x0000_0000_0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4)
}

/// [`sevens`] of many words, of which `bits` has all bits: most numbers of a field are about as long.
#[inline(always)]
pub(super) fn all_sevens(words: &mut [u64], bits: u64) {
    match bits {
        ..0x80 => {}
        0x80..0x1_0000 => words.iter_mut().for_each(|word| *word = one_and_one(*word)),
        0x1_0000..0x1_0000_0000 => words.iter_mut().for_each(|word| *word = two_and_two(one_and_one(*word))),
        _ => words.iter_mut().for_each(|word| *word = sevens(*word)),
    }
}

/// A varint of any length, and its length; none where it has more than 64 bits.
#[cold]
#[inline(never)]
pub(super) fn long(tray: &Tray, at: u32) -> Option<(u64, u32)> {
    let word = tray.word(at);
    if !is_long(word) {
        let (bytes, length) = extent(word);
        return Some((sevens(bytes), length));
    }
    let rest = tray.word(at.wrapping_add(8));
    let (ninth, tenth) = (rest & 0xff, rest >> 8 & 0xff);
    match (ninth, tenth) {
        (..0x80, _) => Some((sevens(word) | ninth << 56, 9)),
        (_, ..2) => Some((sevens(word) | (ninth & 0x7f) << 56 | tenth << 63, 10)),
        _ => None,
    }
}

/// No run of bytes in a block is longer.
const MOST_LENGTH: u32 = 1 << 16;

/// A length, and how many bytes it has itself; none where it is longer than anything in a block.
#[inline(always)]
pub(super) fn length(tray: &Tray, at: u32) -> Option<(u32, u32)> {
    let first = tray.byte(at);
    if first < 0x80 { Some((u32::from(first), 1)) } else { long_length(tray, at) }
}

/// As [`length`], if there is a run at all; the rest is of no consequence then.
#[inline(always)]
pub(super) fn run(tray: &Tray, there: bool, at: u32, fine: &mut bool) -> (u32, u32) {
    let first = tray.byte(at);
    if there & (first > 0x7f) {
        let long = long_length(tray, at);
        *fine &= long.is_some();
        return long.unwrap_or((0, 0));
    }
    (u32::from(first), 1)
}

#[inline(never)]
fn long_length(tray: &Tray, at: u32) -> Option<(u32, u32)> {
    let (value, length) = long(tray, at)?;
    u32::try_from(value).ok().filter(|value| *value <= MOST_LENGTH).map(|value| (value, length))
}
