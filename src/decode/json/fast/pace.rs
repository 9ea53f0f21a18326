//! Whether the fast way is worth it on this topic, and how much is learned of it.

use super::page::BLOCK;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through documents, and gives how many were tried and how many learned from.
    fn tried(pace: &mut Pace, documents: usize, good: bool) -> (usize, usize) {
        let (mut left, mut tried, mut learned) = (documents, 0, 0);
        while left > 0 {
            left -= pace.pause(left);
            let block = pace.block().min(left);
            if block == 0 {
                break;
            }
            let lesson = !good && pace.may_learn();
            // What is learned from ends the block.
            let done = if lesson { 1 } else { block };
            learned += usize::from(lesson);
            pace.count(if good { done } else { 0 }, done);
            tried += done;
            left -= done;
        }
        (tried, learned)
    }

    #[test]
    fn a_topic_that_never_repeats_itself_is_hardly_tried() {
        let mut pace = Pace::new();
        let (few, learned) = tried(&mut pace, 1_000_000, false);
        assert!(few < 10_000, "{few}");
        assert!(learned < 3_000, "{learned}");
    }

    #[test]
    fn a_topic_that_begins_to_repeat_itself_is_tried_all_the_time_after_a_pause() {
        let mut pace = Pace::new();
        tried(&mut pace, 1_000_000, false);
        tried(&mut pace, LONGEST_PAUSE + WINDOW, true);
        assert_eq!(tried(&mut pace, 100_000, true).0, 100_000);
        assert_eq!(pace.block(), BLOCK);
    }
}
