//! What happened to a consumption that its reader should know.

use std::fmt;
use std::time::SystemTime;

use crate::error::Error;
use crate::position::{Offset, Partition};

/// Something that happened and matters to the reader of the table. Its text is one line for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// When it was noticed.
    pub at: SystemTime,
    /// The partition that it is about; none where it is about more than one.
    pub partition: Option<Partition>,
    /// What happened.
    pub what: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The log was cut below what was read of it (KIP-320).
    Truncated {
        /// The offset after the last that was read.
        position: Offset,
        /// The first offset at which what was read is not what the log holds.
        to: Offset,
        /// The last leader epoch in which both agree; -1 where that is not known.
        epoch: i32,
        /// How many rows were taken out of the table again; none where they stay (`kolumn.on.truncation=fail`).
        withdrawn: Option<u64>,
    },
    /// The log no longer held the position, and reading went on behind what is gone.
    OffsetsLost {
        /// The first offset that is gone.
        from: Offset,
        /// The first that the log held.
        to: Offset,
        /// Where reading went on.
        resumed: Offset,
    },
    /// The topic was deleted and created again.
    TopicRecreated {
        /// The id of the topic that was read; nil where brokers do not tell ids.
        before: uuid::Uuid,
        /// The id of the topic that has the name now.
        now: uuid::Uuid,
        /// Whether the new topic is read, from its first offset.
        restarted: bool,
    },
    /// The topic is no longer there.
    TopicDeleted,
    /// The topic is not there at the moment. It is waited for (`kolumn.wait.for.topic.ms`), or about to be known as deleted.
    TopicMissing,
    /// The topic gained partitions, which are read from offset 0.
    PartitionsAdded {
        /// Their numbers.
        partitions: Vec<Partition>,
    },
    /// The topic that was created again does not have these partitions. Their rows stay.
    PartitionsGone {
        /// Their numbers.
        partitions: Vec<Partition>,
    },
    /// Other brokers lead, or none.
    LeaderChanged {
        /// The partitions, with the broker that leads each now.
        leaders: Vec<(Partition, Option<i32>)>,
    },
    /// None of the brokers that were known could be used, and the configured list was gone back to (KIP-899, KIP-1102).
    Rebootstrapped,
    /// A broker belongs to another cluster, and nothing is read from it.
    OtherClusterSeen {
        /// `host:port`.
        broker: String,
        /// The cluster that the positions belong to.
        expected: String,
        /// The cluster that it is of.
        found: String,
    },
    /// What is needed to go on is not allowed. It is asked for again every now and then.
    NotAuthorized {
        /// What was refused.
        error: Error,
    },
    /// What was not allowed is allowed again.
    AuthorizedAgain,
    /// The partition cannot go on. The others do.
    PartitionFailed {
        /// Why.
        error: Error,
    },
}

impl EventKind {
    /// Whether somebody should look at it.
    pub(crate) fn is_warning(&self) -> bool {
        !matches!(self, Self::PartitionsAdded { .. } | Self::LeaderChanged { .. } | Self::AuthorizedAgain)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(partition) = self.partition {
            write!(f, "partition {partition}: ")?;
        }
        self.what.fmt(f)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { position, to, epoch, withdrawn } => {
                write!(f, "the log was truncated from {position} to {to} (unclean election")?;
                if *epoch >= 0 {
                    write!(f, ", epoch {epoch}")?;
                }
                match withdrawn {
                    Some(rows) => write!(f, "): {rows} rows withdrawn"),
                    None => write!(f, "): the rows from {to} on are not in the log any more"),
                }
            }
            Self::OffsetsLost { from, to, resumed } => {
                write!(f, "{} offsets lost, {from} to {to} (exclusive): the log holds them no more", to.saturating_sub(*from))?;
                if resumed > to {
                    write!(f, "; {} more left out on purpose", resumed.saturating_sub(*to))?;
                }
                write!(f, "; going on at {resumed}")
            }
            Self::TopicRecreated { before, now, restarted } => {
                write!(f, "the topic was deleted and created again")?;
                if !before.is_nil() && !now.is_nil() {
                    write!(f, " (its id was {before}, now {now})")?;
                }
                f.write_str(if *restarted {
                    "; reading the new one from its first offset"
                } else {
                    "; the table is of the old one"
                })
            }
            Self::TopicDeleted => f.write_str("the topic was deleted; the table keeps what it has"),
            Self::TopicMissing => f.write_str("the brokers do not know the topic at the moment; asking again"),
            Self::PartitionsAdded { partitions } => {
                write!(f, "the topic has gained {}, read from offset 0", Numbers(partitions))
            }
            Self::PartitionsGone { partitions } => {
                write!(f, "the topic that was created again does not have {}; their rows stay", Numbers(partitions))
            }
            Self::LeaderChanged { leaders } => {
                for (at, (partition, leader)) in leaders.iter().take(SHOWN).enumerate() {
                    f.write_str(if at > 0 { "; " } else { "" })?;
                    match leader {
                        Some(leader) => write!(f, "partition {partition} is led by broker {leader}")?,
                        None => write!(f, "partition {partition} has no leader")?,
                    }
                }
                match leaders.len().checked_sub(SHOWN) {
                    Some(more) if more > 0 => write!(f, "; {more} more changed"),
                    _ => Ok(()),
                }
            }
            Self::Rebootstrapped => f.write_str("no known broker could be used; beginning again with the configured list"),
            Self::OtherClusterSeen { broker, expected, found } => {
                write!(f, "{broker} belongs to cluster {found}, not {expected}; nothing is read from it")
            }
            Self::NotAuthorized { error } => write!(f, "{error}; asking again every now and then"),
            Self::AuthorizedAgain => f.write_str("access is granted again"),
            Self::PartitionFailed { error } => write!(f, "stopped, the others go on: {error}"),
        }
    }
}

/// More items of a list than these are counted instead of told.
const SHOWN: usize = 8;

struct Numbers<'a>(&'a [Partition]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.len() == 1 { "partition " } else { "partitions " })?;
        for (at, partition) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{partition}", if at > 0 { ", " } else { "" })?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(partition: Option<Partition>, what: EventKind) -> String {
        Event { at: SystemTime::UNIX_EPOCH, partition, what }.to_string()
    }

    #[test]
    fn an_event_is_one_line_for_an_operator() {
        let cut = EventKind::Truncated { position: 20, to: 10, epoch: 2, withdrawn: Some(10) };
        assert_eq!(
            line(Some(3), cut),
            "partition 3: the log was truncated from 20 to 10 (unclean election, epoch 2): 10 rows withdrawn"
        );
        let lost = EventKind::OffsetsLost { from: 500, to: 700, resumed: 700 };
        assert_eq!(
            line(Some(0), lost),
            "partition 0: 200 offsets lost, 500 to 700 (exclusive): the log holds them no more; going on at 700"
        );
        let gained = EventKind::PartitionsAdded { partitions: (4..14).collect() };
        assert_eq!(line(None, gained), "the topic has gained partitions 4, 5, 6, 7, 8, 9, 10, 11 and 2 more, read from offset 0");
        let leaders = EventKind::LeaderChanged { leaders: vec![(1, Some(2)), (5, None)] };
        assert_eq!(line(None, leaders), "partition 1 is led by broker 2; partition 5 has no leader");
    }
}
