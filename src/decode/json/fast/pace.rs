//! Whether the fast way is worth it on this topic, and how much is learned of it.

use super::index::BLOCK;

/// Documents after which is judged.
const WINDOW: usize = 512;
/// An attempt that fails costs about a third of what one that does not saves.
const WORTH_IT: usize = WINDOW / 3;
/// Documents that are learned from in the first window after all was forgotten, and in each other.
const FIRST_LESSONS: usize = 160;
const LESSONS: usize = 16;
/// Documents that go by the plain decoder alone after a window that was not worth it: twice as many each time.
const SHORTEST_PAUSE: usize = 8 * WINDOW;
const LONGEST_PAUSE: usize = 256 * WINDOW;

#[derive(Debug)]
pub(super) struct Pace {
    seen: usize,
    good: usize,
    lessons: usize,
    /// Documents of the pause that are left, and the length of the next.
    pause: usize,
    next_pause: usize,
    block: usize,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { seen: 0, good: 0, lessons: FIRST_LESSONS, pause: 0, next_pause: SHORTEST_PAUSE, block: 1 }
    }

    /// How many of the next documents, of which there are `most`, go by the plain decoder alone.
    pub(super) fn pause(&mut self, most: usize) -> usize {
        let pause = self.pause.min(most);
        self.pause -= pause;
        pause
    }

    /// How many documents are tried together.
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Whether something may be learned, which is counted. A small block follows: others like it are known to come.
    pub(super) fn may_learn(&mut self) -> bool {
        let may = self.lessons > 0;
        if may {
            self.lessons -= 1;
            self.block = 1;
        }
        may
    }

    /// Counts documents, `good` of which went the fast way, and says whether all that was learned is to be forgotten.
    pub(super) fn count(&mut self, good: usize, documents: usize) -> bool {
        self.seen += documents;
        self.good += good;
        if good == documents {
            self.block = (self.block * 2).min(BLOCK);
        }
        if self.seen < WINDOW {
            return false;
        }
        let worth_it = self.good >= WORTH_IT;
        (self.seen, self.good) = (0, 0);
        if worth_it {
            self.lessons = LESSONS;
            self.next_pause = SHORTEST_PAUSE;
            return false;
        }
        self.lessons = FIRST_LESSONS;
        self.pause = self.next_pause;
        self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
        true
    }
}
