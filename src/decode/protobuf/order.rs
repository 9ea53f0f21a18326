//! In which order the fields of a message are expected.
//!
//! Most writers write them in the order of their numbers, and all of them always in the same. A field that is not there costs a look at
//! the next, so what is not known is only which comes before which: a message that came otherwise shows it.

use super::plan::{Plan, Step};
use crate::decode::blocks::Trials;

/// So many times in a row another order is learned at once; after that it is tried ever more seldom.
const PATIENCE: u32 = 4;
/// The most fields that nobody knows.
const MOST_UNKNOWN: usize = 64;

/// What is expected next, and how that went.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) turns: Vec<Turn>,
    trials: Trials,
    patience: u32,
    /// By a tag of one byte the step, and one more than there are where there is none.
    by_byte: Box<[u16; 128]>,
}

/// What is gone through.
#[derive(Debug)]
pub(super) enum Turn {
    /// The step of that index.
    Step(usize),
    /// A field that is left out, or that nobody knows, as it was found.
    Passed(Step),
}

impl Order {
    /// That of the numbers.
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut by_byte = Box::new([u16::MAX; 128]);
        for (index, step) in steps.iter().enumerate() {
            for byte in [Some(&step.tag), step.single()].into_iter().flatten().filter_map(|tag| tag.byte()) {
                if let (Some(place), Ok(index), false) = (by_byte.get_mut(byte), u16::try_from(index), step.is_skip()) {
                    *place = index;
                }
            }
        }
        Self { turns: (0..steps.len()).map(Turn::Step).collect(), trials: Trials::default(), patience: PATIENCE, by_byte }
    }

    /// The step whose tag is that byte, if it is one of a column.
    #[inline(always)]
    pub(super) fn of_byte(&self, byte: u8) -> Option<usize> {
        self.by_byte.get(usize::from(byte)).map(|index| usize::from(*index)).filter(|index| *index < usize::from(u16::MAX))
    }

    /// Whether so many messages should be tried in this order.
    pub(super) fn worth(&mut self, rows: usize) -> bool {
        self.trials.worth(rows)
    }

    pub(super) fn kept(&mut self) {
        self.trials.succeeded();
        self.patience = (self.patience + 1).min(PATIENCE);
    }

    /// Of `rows` messages not all kept it; `other` says whether another was learned.
    pub(super) fn broken(&mut self, rows: usize, other: bool) {
        if other && self.patience > 0 {
            self.patience -= 1;
        } else {
            self.trials.failed(rows);
        }
    }
}

impl Plan {
    pub(super) fn step_of(&self, number: u32) -> Option<usize> {
        self.steps.binary_search_by_key(&number, |step| step.number).ok()
    }

    /// Learns the order of a message that has these fields, numbers and wire types. Whether it is another.
    pub(super) fn learn(&mut self, fields: &[(u32, u8)]) -> bool {
        let mut turns: Vec<Turn> = Vec::with_capacity(self.order.turns.len());
        let mut seen: Vec<u32> = Vec::new();
        for (number, wire_type) in fields {
            if seen.last() == Some(number) {
                if let Some(Turn::Passed(step)) = turns.last_mut() {
                    *step = Step { oneof: step.oneof, ..Step::skip(*number, *wire_type, true) };
                }
                continue;
            }
            if seen.contains(number) || seen.len() > self.steps.len() + MOST_UNKNOWN {
                return false;
            }
            seen.push(*number);
            turns.push(match self.step_of(*number).and_then(|index| Some((index, self.steps.get(index)?))) {
                Some((index, step)) if !step.is_skip() => Turn::Step(index),
                Some((_, step)) => Turn::Passed(Step { oneof: step.oneof, ..Step::skip(*number, *wire_type, step.takes_many()) }),
                None => Turn::Passed(Step::skip(*number, *wire_type, false)),
            });
        }
        let before: Vec<(u32, u8)> = self.order.turns.iter().filter_map(|turn| self.field(turn)).collect();
        // The others stay behind those that they were behind.
        let mut place = 0;
        let mut unknown = turns.len();
        for turn in std::mem::take(&mut self.order.turns) {
            let Some((number, _)) = self.field(&turn) else { continue };
            if seen.contains(&number) {
                place = turns.iter().position(|turn| self.field(turn).is_some_and(|(other, _)| other == number)).unwrap_or(0) + 1;
                continue;
            }
            if self.step_of(number).is_none() {
                unknown += 1;
                if unknown > MOST_UNKNOWN {
                    continue;
                }
            }
            turns.insert(place.min(turns.len()), turn);
            place += 1;
        }
        self.order.turns = turns;
        let after = self.order.turns.iter().filter_map(|turn| self.field(turn));
        !after.eq(before)
    }

    /// Number and wire type of what is expected.
    fn field(&self, turn: &Turn) -> Option<(u32, u8)> {
        let step = match turn {
            Turn::Step(index) => self.steps.get(*index)?,
            Turn::Passed(step) => step,
        };
        Some((step.number, step.tag.wire_type))
    }
}
