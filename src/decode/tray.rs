//! The payloads of a block side by side in one buffer, and how far each has been read.
//!
//! A decoder that does one step for all of them before the next reads them here without a look at where each ends: it may read on into
//! the next payload, or the buffer's remains. Reading only ever goes forward, so a payload that has been read to its very end at last
//! has never been read beyond it; all others are refused then, with whatever came of them ([`Tray::all_at_end`]).

use super::column::{BLOCK_ROWS, Lengths};

/// Payloads of a block have at most so many bytes together: they stay in the first cache, and each decoder has a buffer of its own.
const ROOM: usize = 1 << 14;
/// What may be copied behind a run of bytes.
const BEHIND: usize = 64;
/// What is seen at a position.
const WINDOW: usize = 72;
/// Longer payloads are no part of a block: they gain nothing from it.
const LONGEST: usize = ROOM / 4;

/// Payloads side by side.
#[derive(Debug)]
pub(super) struct Tray {
    bytes: Box<[u8; ROOM + WINDOW]>,
    rows: usize,
    filled: usize,
    /// Where each payload begins.
    starts: [u32; BLOCK_ROWS],
    /// Where each payload ends.
    ends: [u32; BLOCK_ROWS],
    /// Where each payload is read next but for `ahead`, and where it was before the last walk.
    places: [[u32; BLOCK_ROWS]; 2],
    /// Which of the two is which.
    second: bool,
    /// How many bytes further each payload is read next.
    ahead: u32,
}

/// Where the payloads are read next, until the second walk from there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    second: bool,
    ahead: u32,
}

/// What is read at a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'t>(&'t [u8; WINDOW]);

impl Window<'_> {
    #[inline(always)]
    pub(super) fn byte<const AT: usize>(self) -> u8 {
        self.0.get(AT).copied().unwrap_or(0)
    }

    #[inline(always)]
    pub(super) fn chunk<const AT: usize, const WIDTH: usize>(self) -> [u8; WIDTH] {
        self.0.get(AT..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; WIDTH])
    }
}

impl Default for Tray {
    fn default() -> Self {
        let none = [0; BLOCK_ROWS];
        Self {
            bytes: Box::new([0; ROOM + WINDOW]),
            rows: 0,
            filled: 0,
            starts: none,
            ends: none,
            places: [none; 2],
            second: false,
            ahead: 0,
        }
    }
}

impl Tray {
    /// Takes payloads up to the first that is null, has another header, which has been read then, or has no room.
    pub(super) fn fill(&mut self, payloads: &[Option<&[u8]>], header: &[u8]) {
        (self.rows, self.filled, self.ahead) = (0, 0, 0);
        // A header of up to eight bytes is compared as one number.
        let (mut word, mut mask) = ([0; 8], [0; 8]);
        let short = header.len() <= 8;
        for ((word, mask), byte) in word.iter_mut().zip(&mut mask).zip(header) {
            (*word, *mask) = (*byte, 0xff);
        }
        let (word, mask) = (u64::from_le_bytes(word), u64::from_le_bytes(mask));
        let (bytes, mut filled) = (&mut *self.bytes, 0);
        for ((payload, start), end) in payloads.iter().zip(&mut self.starts).zip(&mut self.ends) {
            let Some(payload) = *payload else { break };
            let same = match payload.first_chunk() {
                Some(chunk) if short => u64::from_le_bytes(*chunk) & mask == word,
                _ => payload.starts_with(header),
            };
            if !same || payload.len() > LONGEST.min(ROOM - filled) {
                break;
            }
            let Some(room) = bytes.get_mut(filled..filled + payload.len()) else { break };
            copy(payload, room);
            *start = filled as u32; // within the buffer
            filled += payload.len();
            *end = filled as u32;
            self.rows += 1;
        }
        self.filled = filled;
        let (_, at) = split(&mut self.places, !self.second);
        at.iter_mut().zip(&self.starts).for_each(|(at, start)| *at = start.wrapping_add(header.len() as u32));
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Where each payload is read next.
    #[inline]
    fn at(&self) -> &[u32; BLOCK_ROWS] {
        let [first, second] = &self.places;
        if self.second { second } else { first }
    }

    /// Where what is to be read of each payload begins.
    pub(super) fn begins(&self) -> &[u32; BLOCK_ROWS] {
        self.at()
    }

    /// Where each payload ends.
    pub(super) fn ends(&self) -> &[u32; BLOCK_ROWS] {
        &self.ends
    }

    /// The byte at a place, which may be any.
    #[inline(always)]
    pub(super) fn byte(&self, place: u32) -> u8 {
        self.bytes.get(place as usize & (ROOM - 1)).copied().unwrap_or(0)
    }

    /// The eight bytes from a place on, which may be any.
    #[inline(always)]
    pub(super) fn word(&self, place: u32) -> u64 {
        u64::from_le_bytes(self.chunk(place))
    }

    /// So many bytes from a place on, which may be any.
    #[inline(always)]
    pub(super) fn chunk<const BYTES: usize>(&self, place: u32) -> [u8; BYTES] {
        let rest = self.bytes.get(place as usize & (ROOM - 1)..).and_then(|rest| rest.first_chunk());
        *rest.unwrap_or(&[0; BYTES])
    }

    /// What is from one place to another.
    pub(super) fn bytes(&self, from: u32, to: u32) -> Option<&[u8]> {
        self.bytes.get(from as usize..to as usize)
    }

    /// Whether every payload has been read to its end, and so none beyond it.
    pub(super) fn all_at_end(&self) -> bool {
        let ends = self.at().iter().zip(&self.ends).take(self.rows);
        ends.fold(true, |all, (at, end)| all & (at.wrapping_add(self.ahead) == *end))
    }

    /// Reads at the position of each payload, and moves it on by as many bytes as `read` says beside what it finds, which comes to `to`.
    /// Where it turns out to be of another kind than was thought, whoever walked [returns](Self::return_to).
    #[inline(always)]
    pub(super) fn walk<T>(&mut self, to: &mut [T; BLOCK_ROWS], mut read: impl FnMut(Window<'_>) -> (T, u32)) {
        let (rows, ahead) = (self.rows.min(BLOCK_ROWS), self.ahead);
        let bytes = &*self.bytes;
        let (before, at) = split(&mut self.places, self.second);
        (self.second, self.ahead) = (!self.second, 0);
        for ((before, at), to) in before.iter().zip(at).zip(to).take(rows) {
            let place = before.wrapping_add(ahead);
            let (found, on) = read(window(bytes, place));
            *to = found;
            *at = place.wrapping_add(on);
        }
    }

    /// As [`Self::walk`], where every payload is moved on by as many bytes.
    #[inline(always)]
    pub(super) fn look<'t, T: 't>(
        &'t mut self,
        on: u32,
        mut read: impl FnMut(Window<'_>) -> T + 't,
    ) -> impl ExactSizeIterator<Item = T> + 't {
        let ahead = self.ahead;
        self.ahead = ahead.wrapping_add(on);
        let (bytes, before) = (&*self.bytes, self.at().get(..self.rows).unwrap_or_default());
        before.iter().map(move |before| read(window(bytes, before.wrapping_add(ahead))))
    }

    /// Moves every payload on.
    pub(super) fn go(&mut self, bytes: u32) {
        self.ahead = self.ahead.wrapping_add(bytes);
    }

    /// Where the payloads are read next.
    pub(super) fn places(&self) -> Places {
        Places { second: self.second, ahead: self.ahead }
    }

    /// Undoes what has been done since, which is one walk at most.
    pub(super) fn return_to(&mut self, places: Places) {
        (self.second, self.ahead) = (places.second, places.ahead);
    }

    /// Says to each payload itself how far ahead it is.
    pub(super) fn settle(&mut self) {
        let ahead = std::mem::take(&mut self.ahead);
        let (_, at) = split(&mut self.places, !self.second);
        at.iter_mut().for_each(|at| *at = at.wrapping_add(ahead));
    }

    /// The payload of a row, and how much of it has been read; none where it was read beyond its end. To be [settled](Self::settle) before.
    pub(super) fn payload(&self, row: usize) -> Option<(&[u8], usize)> {
        let (start, end) = (*self.starts.get(row)? as usize, *self.ends.get(row)? as usize);
        let read = (*self.at().get(row)? as usize).checked_sub(start)?;
        Some((self.bytes.get(start..end)?, read)).filter(|(payload, read)| *read <= payload.len())
    }

    /// Says how much of the payload of a row has been read.
    pub(super) fn went_to(&mut self, row: usize, read: usize) {
        let (_, at) = split(&mut self.places, !self.second);
        if let (Some(at), Some(start)) = (at.get_mut(row), self.starts.get(row)) {
            *at = start.saturating_add(u32::try_from(read).unwrap_or(u32::MAX));
        }
    }

    /// Copies the runs of these lengths, each of which ends where its payload is read next, side by side to the front of `to`, which
    /// has room for [`BEHIND`] bytes more.
    pub(super) fn copy_runs(&self, lengths: &Lengths, to: &mut [u8]) -> Option<()> {
        self.copy_runs_to(self.at(), lengths, to)
    }

    /// As [`Self::copy_runs`], of runs that end elsewhere.
    pub(super) fn copy_runs_to(&self, ends: &[u32; BLOCK_ROWS], lengths: &Lengths, to: &mut [u8]) -> Option<()> {
        match lengths.bound() {
            ..16 => self.copy_wide::<16>(ends, lengths, to),
            16..32 => self.copy_wide::<32>(ends, lengths, to),
            32..64 => self.copy_wide::<BEHIND>(ends, lengths, to),
            _ => self.copy_exactly(ends, lengths, to),
        }
    }

    /// Copies so many bytes of each run, whatever its length, since lengths that differ would be mispredicted branches; what is too much
    /// the next one overwrites.
    #[inline(always)]
    fn copy_wide<const WIDTH: usize>(&self, ends: &[u32; BLOCK_ROWS], lengths: &Lengths, to: &mut [u8]) -> Option<()> {
        let mut rest = to;
        for (at, length) in ends.iter().zip(lengths.each()) {
            let place = at.wrapping_sub(*length) as usize & (ROOM - 1);
            *rest.first_chunk_mut::<WIDTH>()? = *self.bytes.get(place..)?.first_chunk()?;
            rest = rest.get_mut(*length as usize..)?;
        }
        Some(())
    }

    fn copy_exactly(&self, ends: &[u32; BLOCK_ROWS], lengths: &Lengths, to: &mut [u8]) -> Option<()> {
        let mut rest = to;
        for (at, length) in ends.iter().zip(lengths.each()) {
            let (room, behind) = rest.split_at_mut_checked(*length as usize)?;
            room.copy_from_slice(self.bytes.get(at.checked_sub(*length)? as usize..*at as usize)?);
            rest = behind;
        }
        Some(())
    }
}

/// What is seen at a place, which may be any.
#[inline(always)]
fn window(bytes: &[u8; ROOM + WINDOW], place: u32) -> Window<'_> {
    let seen = bytes.get(place as usize & (ROOM - 1)..).and_then(|rest| rest.first_chunk());
    Window(seen.unwrap_or(&[0; WINDOW]))
}

/// Of two arrays of places the one that is `second` to read from, and the other to write to.
#[inline(always)]
fn split(places: &mut [[u32; BLOCK_ROWS]; 2], second: bool) -> (&[u32; BLOCK_ROWS], &mut [u32; BLOCK_ROWS]) {
    let [a, b] = places;
    if second { (b, a) } else { (a, b) }
}

/// Copies all of `from` to `to`, which is as long. What is as short as most payloads is copied without a call, in two parts that overlap.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        16..32 => copy_ends::<16>(from, to),
        32..=64 => copy_ends::<32>(from, to),
        65..=128 => copy_ends::<64>(from, to),
        _ => to.copy_from_slice(from),
    }
}

#[inline(always)]
fn copy_ends<const WIDTH: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<WIDTH>(), to.first_chunk_mut()) {
        *to = *from;
    }
    if let (Some(from), Some(to)) = (from.last_chunk::<WIDTH>(), to.last_chunk_mut()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tray: &mut Tray, length: u32) {
        tray.walk(&mut [(); BLOCK_ROWS], |_| ((), length));
    }

    #[test]
    fn what_has_been_read_beyond_its_end_is_never_at_its_end_again() {
        let mut tray = Tray::default();
        tray.fill(&[Some(b"xabc"), Some(b"xdef")], b"x");
        let mut firsts = [0; BLOCK_ROWS];
        tray.walk(&mut firsts, |window| (window.byte::<0>(), 1));
        assert_eq!(firsts.first_chunk(), Some(b"ad"));
        let seconds: Vec<u8> = tray.look(1, |window| window.byte::<0>()).collect();
        assert_eq!(seconds, b"be");
        tray.go(1);
        assert!(tray.all_at_end());
        tray.settle();
        assert!(tray.all_at_end());
        assert_eq!(tray.payload(0), Some((&b"xabc"[..], 4)));
        let end = tray.places();
        read(&mut tray, 1);
        assert!(!tray.all_at_end());
        assert_eq!(tray.payload(0), None);
        tray.return_to(end);
        assert!(tray.all_at_end());
        tray.go(1);
        let beyond = tray.places();
        read(&mut tray, 0);
        tray.return_to(beyond);
        assert!(!tray.all_at_end(), "what it was ahead it is again");
        tray.settle();
        assert_eq!(tray.payload(0), None);
    }

    #[test]
    fn payloads_of_every_length_are_copied_whole() {
        let longest: Vec<u8> = (0..=255).collect();
        for length in 0..=256 {
            let payload = longest.get(..length).unwrap();
            let mut tray = Tray::default();
            tray.fill(&[Some(payload), Some(payload)], b"");
            assert_eq!([tray.payload(0), tray.payload(1)], [Some((payload, 0)); 2]);
        }
    }

    #[test]
    fn payloads_are_taken_up_to_one_that_is_null_has_another_header_or_has_no_room() {
        let mut tray = Tray::default();
        tray.fill(&[Some(&[0; LONGEST + 1]), Some(b"x")], b"");
        assert_eq!(tray.rows(), 0);
        let mut payloads = [Some(&[7; LONGEST][..]); ROOM / LONGEST + 1];
        payloads[ROOM / LONGEST] = Some(b"x");
        tray.fill(&payloads, b"");
        assert_eq!(tray.rows(), ROOM / LONGEST);
        read(&mut tray, LONGEST as u32);
        assert!(tray.all_at_end());
        // The positions are at the end of the buffer, and behind it there is something to read still.
        assert_eq!(tray.look(0, |window| window.chunk::<0, 8>()).last(), Some([7; 8]));
        let mut rows = |payloads: &[&[u8]], header: &[u8]| {
            let payloads: Vec<Option<&[u8]>> = payloads.iter().map(|payload| (*payload != b"null").then_some(*payload)).collect();
            tray.fill(&payloads, header);
            tray.rows()
        };
        assert_eq!(rows(&[&b"x"[..]; BLOCK_ROWS + 1], b""), BLOCK_ROWS);
        assert_eq!(rows(&[b"xa", b"xb", b"ya", b"xc"], b"x"), 2);
        assert_eq!(rows(&[b"123456789a", b"123456789", b"12345678"], b"123456789"), 2);
        assert_eq!(rows(&[b"", b"null", b""], b""), 1);
    }
}
