//! Where each partition starts and ends, asked of the brokers.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::plan::Plan;
use super::replay;
use crate::cluster::{Cluster, OffsetQuery, TopicView};
use crate::config::OffsetReset;
use crate::error::{Error, Result};
use crate::ingest::End;
use crate::position::{Offset, Offsets, Partition, Partitions, Stop};

/// A partition that is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) partition: Partition,
    pub(super) position: Offset,
    /// The epoch of the last record before the position; -1 where it is not known.
    pub(super) leader_epoch: i32,
    pub(super) end: End,
}

/// The partitions of `view` that the plan reads.
///
/// # Errors
///
/// [`Error::UnknownPartition`] where one is named that the topic does not have.
pub(super) fn selected(plan: &Plan, view: &TopicView) -> Result<Vec<Partition>> {
    let count = i32::try_from(view.partitions.len()).unwrap_or(i32::MAX);
    let unknown = |partition: Partition| Error::UnknownPartition { topic: plan.topic.to_string(), partition, count };
    let known = |partition: &Partition| view.partitions.contains_key(partition);
    let ends = match &plan.stop {
        Stop::AtEach(ends) => Some(ends.keys()),
        _ => None,
    };
    let named = plan.start.partitions.keys().chain(ends.into_iter().flatten());
    if let Some(partition) = named.copied().find(|partition| !known(partition)) {
        return Err(unknown(partition));
    }
    match &plan.partitions {
        Partitions::All => Ok(view.partitions.keys().copied().collect()),
        Partitions::These(list) if list.is_empty() => Err(Error::Missing {
            what: format!("the partitions of topic {:?} to read", plan.topic),
            hint: "name at least one, or take Partitions::All".into(),
        }),
        Partitions::These(list) => {
            let mut list = list.clone();
            list.sort_unstable();
            list.dedup();
            match list.iter().find(|partition| !known(partition)) {
                Some(partition) => Err(unknown(*partition)),
                None => Ok(list),
            }
        }
    }
}

/// Finds out where each of `partitions` starts and ends.
///
/// # Errors
///
/// [`Error::OffsetOutOfRange`] where an offset is asked for that the log does not hold and no `auto.offset.reset` is set, and
/// whatever the brokers refuse.
pub(super) async fn assignments(plan: &Plan, cluster: &mut Cluster, partitions: &[Partition]) -> Result<Vec<Assignment>> {
    let bounds = Bounds::ask(plan, cluster, partitions).await?;
    if let Some(again) = &plan.again {
        return Ok(replay::assignments(plan, again, &bounds, partitions));
    }
    let bounds_of = |partition| bounds.of(plan, partition);
    let stored = stored(plan, cluster, partitions).await?;
    let by_time = by_time(plan, cluster, partitions).await?;
    let stop_by_time = match plan.stop {
        Stop::Timestamp(time) => Some((time, at_time(plan, cluster, partitions, time).await?)),
        _ => None,
    };
    partitions
        .iter()
        .map(|&partition| {
            let LogBounds { first, next, reset } = bounds_of(partition);
            let position = match plan.start.of(partition) {
                Offsets::Beginning => first,
                Offsets::End => next,
                Offsets::Last(count) => next.saturating_sub(i64::try_from(count).unwrap_or(i64::MAX)).max(first),
                Offsets::At(offset) => in_range(plan, partition, offset, bounds_of(partition))?,
                Offsets::Timestamp(_) => by_time.get(&partition).copied().flatten().unwrap_or(next),
                Offsets::Stored => match stored.get(&partition).copied().flatten() {
                    Some(offset) => in_range(plan, partition, offset, bounds_of(partition))?,
                    None if plan.settings.offset_reset == Some(OffsetReset::None) => {
                        return Err(Error::Missing {
                            what: format!("a committed offset of {}/{partition}", plan.topic),
                            hint: "auto.offset.reset=none asks for one; start at beginning or end instead".into(),
                        });
                    }
                    None => reset.unwrap_or(next),
                },
            };
            let end = match &plan.stop {
                Stop::Never | Stop::After(_) => End::default(),
                Stop::End => End { offset: Some(next), timestamp: None },
                Stop::At(offset) => End { offset: Some(*offset), timestamp: None },
                Stop::AtEach(offsets) => {
                    End { offset: Some(offsets.get(&partition).copied().unwrap_or(position)), timestamp: None }
                }
                Stop::Timestamp(_) => stop_by_time.as_ref().map_or_else(End::default, |(time, offsets)| End {
                    offset: offsets.get(&partition).copied().flatten(),
                    timestamp: Some(*time),
                }),
            };
            Ok(Assignment { partition, position, leader_epoch: -1, end })
        })
        .collect()
}

/// Where the partitions end at `time` (ms), now that the clock has passed it: what has no such record yet ends where its log ends.
pub(super) async fn ends_at_time(
    plan: &Plan,
    cluster: &mut Cluster,
    partitions: &[Partition],
    time: i64,
) -> Result<BTreeMap<Partition, Offset>> {
    let found = at_time(plan, cluster, partitions, time).await?;
    let bounds = Bounds::ask(plan, cluster, partitions).await?;
    Ok(partitions
        .iter()
        .map(|&partition| {
            (partition, found.get(&partition).copied().flatten().unwrap_or_else(|| bounds.of(plan, partition).next))
        })
        .collect())
}

/// What the log of one partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogBounds {
    /// The first offset.
    pub(super) first: Offset,
    /// The one after the last.
    pub(super) next: Offset,
    /// Where `auto.offset.reset` says to begin; none where it is not set, or `none`.
    pub(super) reset: Option<Offset>,
}

/// What the logs of several partitions hold.
pub(super) struct Bounds {
    first: BTreeMap<Partition, Offset>,
    next: BTreeMap<Partition, Offset>,
    /// The first record that is not older than `auto.offset.reset=by_duration` says.
    recent: BTreeMap<Partition, Option<Offset>>,
}

impl Bounds {
    pub(super) async fn ask(plan: &Plan, cluster: &mut Cluster, partitions: &[Partition]) -> Result<Self> {
        let latest = OffsetQuery::Latest { read_committed: plan.settings.read_committed };
        let recent = match plan.settings.offset_reset {
            Some(OffsetReset::ByDuration(duration)) => {
                let ago = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                at_time(plan, cluster, partitions, now_ms().saturating_sub(ago)).await?
            }
            _ => BTreeMap::new(),
        };
        Ok(Self {
            first: ask(plan, cluster, partitions, OffsetQuery::Earliest).await?,
            next: ask(plan, cluster, partitions, latest).await?,
            recent,
        })
    }

    pub(super) fn of(&self, plan: &Plan, partition: Partition) -> LogBounds {
        let first = self.first.get(&partition).copied().unwrap_or(0);
        let next = self.next.get(&partition).copied().unwrap_or(first);
        let reset = match plan.settings.offset_reset {
            Some(OffsetReset::Earliest) => Some(first),
            Some(OffsetReset::Latest) => Some(next),
            Some(OffsetReset::ByDuration(_)) => Some(self.recent.get(&partition).copied().flatten().unwrap_or(next).max(first)),
            Some(OffsetReset::None) | None => None,
        };
        LogBounds { first, next, reset }
    }
}

async fn ask(
    plan: &Plan,
    cluster: &mut Cluster,
    partitions: &[Partition],
    query: OffsetQuery,
) -> Result<BTreeMap<Partition, Offset>> {
    let queries: Vec<_> = partitions.iter().map(|partition| (*partition, query)).collect();
    cluster.offsets(&plan.topic, &queries).await
}

async fn at_time(
    plan: &Plan,
    cluster: &mut Cluster,
    partitions: &[Partition],
    time: i64,
) -> Result<BTreeMap<Partition, Option<Offset>>> {
    let answers = ask(plan, cluster, partitions, OffsetQuery::Timestamp(time)).await?;
    // Kafka answers -1 where no record is that late.
    Ok(answers.into_iter().map(|(partition, offset)| (partition, (offset >= 0).then_some(offset))).collect())
}

async fn by_time(plan: &Plan, cluster: &mut Cluster, partitions: &[Partition]) -> Result<BTreeMap<Partition, Option<Offset>>> {
    let mut by_time: BTreeMap<i64, Vec<Partition>> = BTreeMap::new();
    for &partition in partitions {
        if let Offsets::Timestamp(time) = plan.start.of(partition) {
            by_time.entry(time).or_default().push(partition);
        }
    }
    let mut found = BTreeMap::new();
    for (time, partitions) in by_time {
        found.extend(at_time(plan, cluster, &partitions, time).await?);
    }
    Ok(found)
}

async fn stored(plan: &Plan, cluster: &mut Cluster, partitions: &[Partition]) -> Result<BTreeMap<Partition, Option<Offset>>> {
    let wanted: Vec<Partition> =
        partitions.iter().copied().filter(|partition| plan.start.of(*partition) == Offsets::Stored).collect();
    match &plan.settings.group_id {
        Some(group) if !wanted.is_empty() => cluster.committed(group, &plan.topic, &wanted).await,
        _ => Ok(BTreeMap::new()),
    }
}

/// `offset` if the log holds it or it is the next to come, else what `auto.offset.reset` says, if it is set.
fn in_range(plan: &Plan, partition: Partition, offset: Offset, bounds: LogBounds) -> Result<Offset> {
    let LogBounds { first, next, reset } = bounds;
    let found = if (first..=next).contains(&offset) { Some(offset) } else { reset };
    found.ok_or_else(|| Error::OffsetOutOfRange { topic: plan.topic.to_string(), partition, offset, first, next })
}

/// Milliseconds since the epoch, by this machine's clock.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_millis()).ok()).unwrap_or(0)
}
