//! A list of segments that costs little to change although every snapshot keeps it as it was.

use std::sync::Arc;

use super::segment::Segment;

/// Segments in one block of the list.
const BLOCK: usize = 64;

/// A persistent list in two levels: full blocks, and the tail that grows.
///
/// A cycle copies the tail, at most 64 pointers, and every 64 segments the list of blocks. A clone shares everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Segments {
    blocks: Arc<Vec<Arc<Vec<Arc<Segment>>>>>,
    tail: Arc<Vec<Arc<Segment>>>,
}

impl Segments {
    pub(super) fn push(&mut self, segment: Arc<Segment>) {
        if self.tail.len() >= BLOCK {
            let full = std::mem::take(&mut self.tail);
            Arc::make_mut(&mut self.blocks).push(full);
        }
        Arc::make_mut(&mut self.tail).push(segment);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Segment>> {
        self.blocks.iter().flat_map(|block| block.iter()).chain(self.tail.iter())
    }

    pub(super) fn first(&self) -> Option<&Arc<Segment>> {
        self.iter().next()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.len()).sum::<usize>() + self.tail.len()
    }

    /// Takes out the first segment.
    pub(super) fn pop_front(&mut self) -> Option<Arc<Segment>> {
        let Some(block) = self.blocks.first() else {
            return (!self.tail.is_empty()).then(|| Arc::make_mut(&mut self.tail).remove(0));
        };
        let first = block.first().map(Arc::clone);
        let rest: Vec<_> = block.iter().skip(1).map(Arc::clone).collect();
        let blocks = Arc::make_mut(&mut self.blocks);
        match blocks.first_mut() {
            Some(block) if !rest.is_empty() => *block = Arc::new(rest),
            _ => {
                blocks.remove(0);
            }
        }
        first
    }

    /// Puts `segment` where the first one is.
    pub(super) fn replace_first(&mut self, segment: Arc<Segment>) {
        match self.blocks.first() {
            Some(_) => {
                if let Some(first) =
                    Arc::make_mut(&mut self.blocks).first_mut().and_then(|block| Arc::make_mut(block).first_mut())
                {
                    *first = segment;
                }
            }
            None => {
                if let Some(first) = Arc::make_mut(&mut self.tail).first_mut() {
                    *first = segment;
                }
            }
        }
    }

    /// The last segments, oldest first: `count` of them, and those before up to one that `ends` it, a block of them at most.
    pub(super) fn recent(&self, count: usize, ends: impl Fn(&Segment) -> bool) -> Vec<Arc<Segment>> {
        let blocks = self.blocks.iter().rev().flat_map(|block| block.iter().rev());
        let back = self.tail.iter().rev().chain(blocks).enumerate();
        let mut recent: Vec<_> = back
            .take_while(|(at, segment)| *at < count || (*at < count.saturating_add(BLOCK) && !ends(segment)))
            .map(|(_, segment)| Arc::clone(segment))
            .collect();
        recent.reverse();
        recent
    }

    /// Puts others where the last `count` segments are.
    pub(super) fn replace_last(&mut self, count: usize, with: impl IntoIterator<Item = Arc<Segment>>) {
        let mut left = count;
        while left > self.tail.len() && !self.blocks.is_empty() {
            left -= self.tail.len();
            self.tail = Arc::make_mut(&mut self.blocks).pop().unwrap_or_default();
        }
        let tail = Arc::make_mut(&mut self.tail);
        tail.truncate(tail.len().saturating_sub(left));
        with.into_iter().for_each(|segment| self.push(segment));
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, RecordBatch};

    use super::*;

    fn segment(sequence: u64) -> Arc<Segment> {
        let column: arrow_array::ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([("A", column)]).expect("a batch");
        Arc::new(Segment { batch, bytes: 8, sequence, origin: Arc::default() })
    }

    fn sequences(list: &Segments) -> Vec<u64> {
        list.iter().map(|segment| segment.sequence).collect()
    }

    #[test]
    fn a_clone_stays_as_it_was_while_the_list_changes() {
        let mut list = Segments::default();
        (0..200).for_each(|number| list.push(segment(number)));
        let before = list.clone();
        list.pop_front();
        list.push(segment(200));
        list.replace_last(3, [segment(999)]);
        assert_eq!(sequences(&before), (0..200).collect::<Vec<_>>());
        assert_eq!(sequences(&list), (1..198).chain([999]).collect::<Vec<_>>());
    }

    #[test]
    fn all_segments_can_be_taken_from_the_front() {
        let mut list = Segments::default();
        (0..150).for_each(|number| list.push(segment(number)));
        list.replace_first(segment(0));
        for number in 0..150 {
            assert_eq!(list.pop_front().map(|segment| segment.sequence), Some(number));
        }
        assert!(list.pop_front().is_none());
        list.push(segment(7));
        assert_eq!((sequences(&list), list.len()), (vec![7], 1));
    }

    #[test]
    fn what_is_replaced_may_reach_into_full_blocks() {
        let mut list = Segments::default();
        (0..200).for_each(|number| list.push(segment(number)));
        let recent = |count, from| list.recent(count, |segment| segment.sequence < from).len();
        assert_eq!([recent(0, 200), recent(70, 200), recent(150, 1), recent(0, 0), recent(9, 180)], [0, 70, 199, 64, 20]);
        list.replace_last(100, [segment(900), segment(901)]);
        assert_eq!(sequences(&list), (0..100).chain([900, 901]).collect::<Vec<_>>());
        list.replace_last(102, (0..130).map(segment));
        assert_eq!((sequences(&list), list.len()), ((0..130).collect::<Vec<_>>(), 130));
    }
}
