//! Which partition moves to which lane, when one lane has more to do than it can and another has time.

use std::time::Duration;

use crate::position::Partition;

/// A lane whose thread works for more than this part of the time is at its limit.
const FULL: f64 = 0.9;

/// A move is worth it where the two lanes' work differs by more than this part of the time.
const WORTH_IT: f64 = 0.25;

/// What a lane did in an interval.
#[derive(Debug, Clone, Default)]
pub(super) struct LaneUse {
    /// The part of the interval for which its thread worked.
    pub(super) busy: f64,
    /// Its partitions, and the bytes that were fetched of each.
    pub(super) partitions: Vec<(Partition, u64)>,
}

impl LaneUse {
    /// Whether its thread has no time left.
    pub(super) fn is_full(&self) -> bool {
        self.busy >= FULL
    }
}

/// A partition that changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) partition: Partition,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The one move that helps most; none where no lane is at its limit, or none would help.
///
/// A partition's share of its lane's work is its share of the bytes. A partition is not moved where the other lane would then have more
/// to do than this one has left: it would come back.
pub(super) fn best_move(lanes: &[LaneUse]) -> Option<Move> {
    let by_work = |(_, a): &(usize, &LaneUse), (_, b): &(usize, &LaneUse)| a.busy.total_cmp(&b.busy);
    let (from, busiest) = lanes.iter().enumerate().max_by(by_work)?;
    let (to, idlest) = lanes.iter().enumerate().min_by(by_work)?;
    let difference = busiest.busy - idlest.busy;
    if !busiest.is_full() || difference < WORTH_IT {
        return None;
    }
    let bytes: u64 = busiest.partitions.iter().map(|(_, bytes)| bytes).sum();
    let left = |moved: u64| {
        let work = busiest.busy * part(moved, bytes);
        // What the busier of the two has to do afterwards.
        (busiest.busy - work).max(idlest.busy + work)
    };
    let (partition, moved) = busiest
        .partitions
        .iter()
        .copied()
        .filter(|(_, bytes)| *bytes > 0)
        .min_by(|(_, a), (_, b)| left(*a).total_cmp(&left(*b)))?;
    let gain = busiest.busy - left(moved);
    (gain > difference / 4.0).then_some(Move { partition, from, to })
}

/// The part of an interval for which a thread worked that has worked `before` at its begin and `now` at its end.
pub(super) fn part_worked(before: Duration, now: Duration, interval: Duration) -> f64 {
    let worked = now.saturating_sub(before).as_secs_f64();
    (worked / interval.as_secs_f64().max(f64::MIN_POSITIVE)).min(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn part(of: u64, all: u64) -> f64 {
    of as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(busy: f64, partitions: &[(Partition, u64)]) -> LaneUse {
        LaneUse { busy, partitions: partitions.to_vec() }
    }

    #[test]
    fn of_two_hot_partitions_on_one_lane_one_moves_to_the_lane_that_has_time() {
        let lanes = [lane(1.0, &[(0, 500), (2, 480), (4, 0)]), lane(0.05, &[(1, 10), (3, 0)])];
        assert_eq!(best_move(&lanes), Some(Move { partition: 2, from: 0, to: 1 }));
    }

    #[test]
    fn a_partition_that_is_all_of_the_work_stays_where_it_is() {
        let lanes = [lane(1.0, &[(0, 1000), (2, 0)]), lane(0.0, &[(1, 0)])];
        assert_eq!(best_move(&lanes), None, "it would be the other lane's trouble");
        let lanes = [lane(1.0, &[(0, 900), (2, 100)]), lane(0.3, &[(1, 1)])];
        assert_eq!(best_move(&lanes), None, "what could move is too little to be worth it");
    }

    #[test]
    fn lanes_that_are_not_at_their_limit_or_all_are_keep_what_they_have() {
        assert_eq!(best_move(&[lane(0.8, &[(0, 1), (1, 1)]), lane(0.0, &[])]), None);
        assert_eq!(best_move(&[lane(1.0, &[(0, 1), (1, 1)]), lane(0.95, &[(2, 1)])]), None);
        assert_eq!(best_move(&[lane(1.0, &[(0, 1), (1, 1)])]), None);
        assert_eq!(best_move(&[]), None);
    }

    #[test]
    fn whatever_moves_no_partition_moves_back_at_once() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..10_000 {
            let mut lanes: Vec<LaneUse> = (0..random.usize(2..5)).map(|_| LaneUse::default()).collect();
            let bytes: Vec<u64> = (0..random.usize(1..9)).map(|_| random.u64(0..1000)).collect();
            // A lane's work is its bytes, and more than all of its time is none.
            for (at, bytes) in bytes.iter().enumerate() {
                let lane = random.usize(0..lanes.len());
                lanes[lane].partitions.push((Partition::try_from(at).expect("few"), *bytes));
            }
            let work = |lane: &LaneUse| part(lane.partitions.iter().map(|(_, bytes)| bytes).sum(), 1500);
            lanes.iter_mut().for_each(|lane| lane.busy = work(lane).min(1.0));
            let Some(first) = best_move(&lanes) else { continue };
            let at =
                lanes[first.from].partitions.iter().position(|(partition, _)| *partition == first.partition).expect("it has it");
            let moved = lanes[first.from].partitions.remove(at);
            lanes[first.to].partitions.push(moved);
            lanes.iter_mut().for_each(|lane| lane.busy = work(lane).min(1.0));
            let back = Move { partition: first.partition, from: first.to, to: first.from };
            assert_ne!(best_move(&lanes), Some(back), "{lanes:?}");
        }
    }

    #[test]
    fn a_thread_is_busy_for_the_part_of_the_time_that_it_worked() {
        let seconds = Duration::from_secs;
        assert!((part_worked(seconds(10), seconds(11), seconds(2)) - 0.5).abs() < 1e-9);
        assert!((part_worked(seconds(10), seconds(20), seconds(2)) - 1.0).abs() < 1e-9, "more than all of it is all of it");
        assert!(part_worked(seconds(10), seconds(9), seconds(0)).abs() < 1e-9);
    }
}
