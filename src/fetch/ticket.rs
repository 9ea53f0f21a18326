//! What goes out with a request, and what comes of its answer.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::cluster::BrokerAddress;
use crate::error::Error;
use crate::position::{Offset, Partition};

/// Belongs to one request, and is given back with its answer or its failure.
///
/// It says what was asked of whom; an answer that says otherwise is not believed.
#[derive(Debug)]
pub(crate) struct FetchTicket {
    pub(super) broker: i32,
    /// The broker's connection that it was sent over, counted.
    pub(super) connection: u64,
    pub(super) version: i16,
    pub(super) sent: Instant,
    /// Since when nothing else was done than to wait for the answer.
    pub(super) idle_since: Option<Instant>,
    /// How long the broker was allowed to wait for news.
    pub(super) wait: Duration,
    /// There was something to read when it was asked for.
    pub(super) had_more: bool,
    pub(super) session_epoch: i32,
    /// The answer holds only what is new.
    pub(super) is_incremental: bool,
    /// Everything that the answer may be about, named in the request or kept by the broker.
    pub(super) asked: Vec<Asked>,
}

impl FetchTicket {
    /// The version that the request is to be sent in.
    pub(crate) fn version(&self) -> i16 {
        self.version
    }

    /// Nothing else was done since `moment` than to wait for answers.
    pub(crate) fn idle_since(&mut self, moment: Instant) {
        self.idle_since = Some(moment);
    }
}

/// One partition of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) partition: Partition,
    pub(super) position: Offset,
    /// The partition's generation at that time: an answer to an older one changes nothing.
    pub(super) generation: u64,
    /// The answer before this one made no progress.
    pub(super) stalled: bool,
    /// As it is sent: -1 where the version has no place for it.
    pub(super) leader_epoch: i32,
    /// As it is sent: -1 where it is unknown, or where the version has no place for it.
    pub(super) last_epoch: i32,
}

/// What a lane is to do about an answer.
#[derive(Debug)]
pub(crate) enum Action {
    /// Decode these batches.
    Records(PartitionRecords),
    /// The broker told how long the partition's log is.
    Watermarks(Watermarks),
    /// Somebody else may lead the partition.
    RefreshMetadata { partition: Partition, reason: String },
    /// A broker told where another one is.
    Endpoint(BrokerAddress),
    /// The partition makes no progress for the moment, and why.
    Trouble { partition: Partition, error: Error },
    /// The log does not hold the position.
    OutOfRange { partition: Partition, position: Offset },
    /// The log parted from what was read: the leader's has nothing of the last epoch that was read, or of `epoch`, the next lower one
    /// that it knows, at or beyond `end_offset`.
    Diverged { partition: Partition, position: Offset, epoch: i32, end_offset: Offset },
    /// There is a new leader epoch, and the broker is too old to compare logs when it is fetched from.
    Validate { partition: Partition, position: Offset, last_epoch: i32, current_epoch: i32 },
    /// The partition cannot go on.
    Failed { partition: Partition, error: Error },
}

/// Whole batches of one partition, as slices of the frame that they came in.
#[derive(Debug, Clone)]
pub(crate) struct PartitionRecords {
    pub(crate) partition: Partition,
    /// The position that was asked for: the first batch may begin below it.
    pub(crate) from: Offset,
    /// The offset after the last batch.
    #[cfg_attr(not(test), expect(dead_code, reason = "the records say it too; tests compare"))]
    pub(crate) next: Offset,
    pub(crate) records: Bytes,
    /// Producer id and first offset of the aborted transactions among them.
    pub(crate) aborted: Vec<(i64, Offset)>,
}

/// How long a partition's log is, as its leader sees it; -1 where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watermarks {
    pub(crate) partition: Partition,
    pub(crate) high_watermark: Offset,
    pub(crate) last_stable_offset: Offset,
}
