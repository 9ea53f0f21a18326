//! One partition from the test's side: what it holds and who leads it.

use super::TestCluster;
use super::topics::split;
use crate::log::Aborted;
use crate::state::{Follower, PartitionState, State};
use bytes::{Bytes, BytesMut};

/// The log of one partition.
///
/// # Panics
/// Every method, where the topic was deleted meanwhile.
#[derive(Debug)]
pub struct Log<'a> {
    cluster: &'a TestCluster,
    topic: String,
    partition: i32,
}

impl<'a> Log<'a> {
    pub(super) fn new(cluster: &'a TestCluster, topic: &str, partition: i32) -> Self {
        Self { cluster, topic: topic.to_owned(), partition }
    }

    /// Appends batches; see [`TestCluster::produce`].
    #[track_caller]
    pub fn produce(&self, batch: impl Into<Bytes>) -> i64 {
        let bytes = batch.into();
        let copies: Vec<BytesMut> = split(&bytes).iter().map(|batch| BytesMut::from(batch.as_ref())).collect();
        self.change_log(|partition| {
            assert!(partition.log.is_appendable(), "a repeating log cannot be appended to");
            let epoch = partition.leader_epoch;
            let offsets: Vec<i64> = copies.into_iter().map(|batch| partition.log.append(batch, epoch)).collect();
            offsets.first().copied().unwrap_or(-1)
        })
    }

    /// Stores batches as they are, base offsets and leader epochs too: what compaction left. Offsets must ascend; one above the end
    /// leaves a gap.
    #[track_caller]
    pub fn store(&self, batch: impl Into<Bytes>) {
        let bytes = batch.into();
        let whole = split(&bytes);
        self.change_log(|partition| whole.into_iter().for_each(|batch| partition.log.store(batch)));
    }

    /// Stores bytes that need not be a batch, as if they covered these offsets.
    #[track_caller]
    pub fn store_bytes(&self, base_offset: i64, last_offset: i64, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.change_log(|partition| partition.log.store_as(base_offset, last_offset, -1, bytes));
    }

    /// Replaces the log by one that serves these batches again and again, with ascending base offsets, `rounds` times. It takes no
    /// more memory than the batches. It cannot be appended to; [`Log::set_high_watermark`] lets it grow before the client's eyes.
    #[track_caller]
    pub fn repeat(&self, batches: &[Bytes], rounds: u64) {
        let whole: Vec<Bytes> = batches.iter().flat_map(split).collect();
        self.change(|partition| partition.log.repeat(&whole, rounds));
    }

    /// The first offset that can be fetched.
    #[track_caller]
    pub fn log_start(&self) -> i64 {
        self.look(|partition| partition.log.log_start())
    }

    /// The offset that the next batch gets.
    #[track_caller]
    pub fn log_end(&self) -> i64 {
        self.look(|partition| partition.log.log_end())
    }

    /// Up to here read_uncommitted reads.
    #[track_caller]
    pub fn high_watermark(&self) -> i64 {
        self.look(|partition| partition.log.high_watermark())
    }

    /// Up to here read_committed reads.
    #[track_caller]
    pub fn last_stable(&self) -> i64 {
        self.look(|partition| partition.log.last_stable())
    }

    /// Keeps the high watermark at this offset, as if replicas lagged; with nothing it is the log's end again.
    #[track_caller]
    pub fn set_high_watermark(&self, offset: impl Into<Option<i64>>) {
        let limit = offset.into();
        self.change_log(|partition| partition.log.high_watermark_limit = limit);
    }

    /// Keeps the last stable offset at this offset, as if a transaction were open; with nothing it follows the transactions again.
    #[track_caller]
    pub fn set_last_stable(&self, offset: impl Into<Option<i64>>) {
        let limit = offset.into();
        self.change_log(|partition| partition.log.last_stable_limit = limit);
    }

    /// The aborted transactions of the log, as its batches say.
    #[track_caller]
    pub fn aborted(&self) -> Vec<Aborted> {
        self.look(|partition| partition.log.aborted(0, i64::MAX))
    }

    /// What every read_committed fetch is told instead, in this order and whatever it fetches; with nothing it is the truth again.
    #[track_caller]
    pub fn set_aborted(&self, aborted: impl Into<Option<Vec<Aborted>>>) {
        let aborted = aborted.into();
        self.change_log(|partition| partition.log.aborted_override = aborted);
    }

    /// Moves the log start to this offset, as retention does; -1 is the high watermark. Returns the log start.
    #[track_caller]
    pub fn delete_records(&self, before: i64) -> i64 {
        self.change_log(|partition| partition.log.delete_before(before))
    }

    /// Forgets everything from this offset on and begins a new leader epoch, as an unclean election does. Returns the epoch.
    #[track_caller]
    pub fn truncate(&self, offset: i64) -> i32 {
        self.change(|partition| {
            partition.log.truncate(offset);
            partition.new_epoch();
            partition.leader_epoch
        })
    }

    /// Lets a node lead that has the log only up to this offset, as an unclean election does: everything from there on is forgotten,
    /// and a new epoch begins. Returns the epoch.
    #[track_caller]
    pub fn elect_unclean(&self, node: i32, offset: i64) -> i32 {
        self.cluster.address(node);
        self.change(|partition| {
            partition.without_leader();
            partition.log.truncate(offset);
            partition.lead(node);
            partition.leader_epoch
        })
    }

    /// Which nodes have it, the preferred leader first.
    #[track_caller]
    pub fn replicas(&self) -> Vec<i32> {
        self.look(|partition| partition.replicas.clone())
    }

    /// Lets a follower have the log only up to this offset, from now on, until it leads or [`Log::catch_up`].
    #[track_caller]
    pub fn lag(&self, node: i32, log_end: i64) {
        self.change_follower(node, |follower| follower.log_end = Some(log_end));
    }

    /// Lets a follower not know that what lies behind this offset is on all replicas.
    #[track_caller]
    pub fn lag_high_watermark(&self, node: i32, offset: i64) {
        self.change_follower(node, |follower| follower.high_watermark = Some(offset));
    }

    /// Lets a follower have nothing below this offset.
    #[track_caller]
    pub fn lag_log_start(&self, node: i32, offset: i64) {
        self.change_follower(node, |follower| follower.log_start = Some(offset));
    }

    /// Lets a follower know only of this leader epoch.
    #[track_caller]
    pub fn lag_epoch(&self, node: i32, epoch: i32) {
        self.change_follower(node, |follower| follower.leader_epoch = Some(epoch));
    }

    /// Lets a follower be as its leader again.
    #[track_caller]
    pub fn catch_up(&self, node: i32) {
        self.change_follower(node, |follower| *follower = Follower::default());
    }

    /// Says which replicas are in sync: the others are not named as preferred ones. It holds until a node dies or comes back.
    #[track_caller]
    pub fn set_in_sync(&self, nodes: &[i32]) {
        self.change(|partition| nodes.clone_into(&mut partition.in_sync));
    }

    /// Lets the leader send all consumers to this node, one that is dead or does not exist too; with nothing it follows racks again.
    #[track_caller]
    pub fn prefer(&self, node: impl Into<Option<i32>>) {
        let node = node.into();
        self.change(|partition| partition.preferred = node);
    }

    #[track_caller]
    fn change_follower(&self, node: i32, change: impl FnOnce(&mut Follower)) {
        self.cluster.address(node);
        self.change(|partition| change(partition.followers.entry(node).or_default()));
    }

    /// Who leads, if anybody.
    #[track_caller]
    pub fn leader(&self) -> Option<i32> {
        self.look(|partition| partition.leader)
    }

    /// The leader epoch.
    #[track_caller]
    pub fn leader_epoch(&self) -> i32 {
        self.look(|partition| partition.leader_epoch)
    }

    /// Lets another node lead, in a new epoch, which is returned.
    #[track_caller]
    pub fn move_leader(&self, node: i32) -> i32 {
        self.cluster.address(node);
        self.change(|partition| {
            partition.lead(node);
            partition.leader_epoch
        })
    }

    /// Leaves the partition without a leader until [`Log::move_leader`] or a restart.
    #[track_caller]
    pub fn remove_leader(&self) {
        self.change(PartitionState::without_leader);
    }

    /// The stored batches, as a fetch gets them; of a repeating log one round.
    #[track_caller]
    pub fn batches(&self) -> Vec<Bytes> {
        self.look(|partition| partition.log.batches(0).map(|batch| batch.whole()).collect())
    }

    #[track_caller]
    fn look<R>(&self, look: impl FnOnce(&PartitionState) -> R) -> R {
        let state = self.cluster.shared.state();
        let result = state.partition(&self.topic, self.partition).map(look);
        drop(state);
        self.there(result)
    }

    /// What concerns nothing but this log.
    #[track_caller]
    fn change_log<R>(&self, change: impl FnOnce(&mut PartitionState) -> R) -> R {
        let (topic, partition) = (&self.topic, self.partition);
        let change = |state: &mut State| state.partition_mut(topic, partition).map(change);
        self.there(self.cluster.shared.change_log(topic, partition, change))
    }

    #[track_caller]
    fn change<R>(&self, change: impl FnOnce(&mut PartitionState) -> R) -> R {
        let result = self.cluster.shared.change(|state| state.partition_mut(&self.topic, self.partition).map(change));
        self.there(result)
    }

    #[track_caller]
    fn there<R>(&self, result: Option<R>) -> R {
        result.unwrap_or_else(|| panic!("the cluster has no partition {}/{} any more", self.topic, self.partition))
    }
}
