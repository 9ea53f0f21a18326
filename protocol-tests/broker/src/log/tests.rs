use super::*;
use crate::batch::{BatchBuilder, Marker, batches};

fn produced(counts: &[usize]) -> PartitionLog {
    let mut log = PartitionLog::new();
    for count in counts {
        let batch = BatchBuilder::new().values(vec!["value"; *count]).build();
        log.append(BytesMut::from(batch.as_ref()), 3);
    }
    log
}

fn offsets(chunk: &Chunk) -> Vec<(i64, i64)> {
    let bytes = chunk.parts.concat();
    batches(&bytes).map(|batch| batch.expect("a batch").header).map(|header| (header.base_offset, header.last_offset())).collect()
}

#[test]
fn appended_batches_get_the_next_offsets_and_the_leader_epoch() {
    let log = produced(&[3, 2]);
    let chunk = log.read(0, i64::MAX, usize::MAX, true);
    assert_eq!(offsets(&chunk), [(0, 2), (3, 4)]);
    assert_eq!((log.log_end(), log.high_watermark(), log.last_stable(), chunk.upper), (5, 5, 5, 5));
    let bytes = chunk.parts.concat();
    for batch in batches(&bytes) {
        let batch = batch.expect("a batch");
        assert_eq!(batch.header.leader_epoch, 3);
        batch.verify().expect("the checksum holds");
    }
}

#[test]
fn an_offset_inside_a_batch_gets_the_whole_batch() {
    let log = produced(&[3, 2]);
    assert_eq!(offsets(&log.read(1, i64::MAX, usize::MAX, true)), [(0, 2), (3, 4)]);
    assert_eq!(offsets(&log.read(4, i64::MAX, usize::MAX, true)), [(3, 4)]);
    assert_eq!(log.read(5, i64::MAX, usize::MAX, true), Chunk { upper: 5, ..Chunk::default() });
}

#[test]
fn the_first_batch_is_whole_the_next_ones_are_cut_at_the_limit() {
    let log = produced(&[3, 2, 1]);
    let first = log.read(0, 3, usize::MAX, true).len;
    assert_eq!(log.read(0, i64::MAX, 1, true).len, first, "KIP-74");
    assert_eq!(log.read(0, i64::MAX, 0, true).len, first, "KIP-74");
    assert_eq!(log.read(0, i64::MAX, first - 1, false).len, 0, "nothing rather than an incomplete first batch");
    for limit in first..first + 40 {
        let chunk = log.read(0, i64::MAX, limit, true);
        assert_eq!(chunk.len, limit, "cut at exactly {limit}");
        assert_eq!(chunk.parts.concat().len(), limit);
        assert_eq!(offsets(&chunk), [(0, 2)]);
    }
}

#[test]
fn nothing_at_or_above_the_limit_is_read() {
    let log = produced(&[3, 2]);
    assert_eq!(offsets(&log.read(0, 3, usize::MAX, true)), [(0, 2)]);
    assert_eq!(offsets(&log.read(0, 4, usize::MAX, true)), [(0, 2)], "the second batch reaches across");
    assert_eq!(offsets(&log.read(0, 5, usize::MAX, true)).len(), 2);
}

#[test]
fn deleted_records_move_the_start_and_keep_the_batch_that_reaches_across() {
    let mut log = produced(&[3, 3]);
    assert_eq!(log.delete_before(4), 4);
    assert_eq!(log.log_start(), 4);
    assert_eq!(offsets(&log.read(4, i64::MAX, usize::MAX, true)), [(3, 5)]);
    assert_eq!(log.delete_before(2), 4, "it never moves back");
    assert_eq!(log.delete_before(-1), 6, "-1 is the high watermark");
}

#[test]
fn truncation_forgets_whole_batches_and_new_ones_follow_at_the_offset() {
    let mut log = produced(&[3, 3]);
    log.truncate(3);
    assert_eq!(log.log_end(), 3);
    log.append(BytesMut::from(BatchBuilder::new().values(["new"]).build().as_ref()), 4);
    assert_eq!(offsets(&log.read(0, i64::MAX, usize::MAX, true)), [(0, 2), (3, 3)]);
}

#[test]
fn stored_batches_keep_their_offsets_and_leave_gaps() {
    let mut log = PartitionLog::new();
    log.store(BatchBuilder::new().base_offset(40).values(["a"]).last_offset_delta(9).build());
    log.store(BatchBuilder::new().base_offset(80).last_offset_delta(4).build());
    assert_eq!(offsets(&log.read(0, i64::MAX, usize::MAX, true)), [(40, 49), (80, 84)]);
    assert_eq!(log.log_end(), 85);
    assert_eq!(offsets(&log.read(50, i64::MAX, usize::MAX, true)), [(80, 84)]);
}

#[test]
fn an_open_transaction_holds_the_last_stable_offset_and_an_abort_is_listed() {
    let mut log = produced(&[2]);
    let data = |id| BatchBuilder::new().producer(id, 0, 0).transactional().values(["x"]).build();
    let mut append = |batch: Bytes| log.append(BytesMut::from(batch.as_ref()), 0);
    append(data(7));
    append(data(8));
    append(BatchBuilder::marker(Marker::Abort, 7, 0).build());
    assert_eq!((log.high_watermark(), log.last_stable()), (5, 3));
    let listed = Aborted { producer_id: 7, first_offset: 2, last_offset: 4 };
    assert_eq!(log.aborted(0, 5), [listed]);
    assert_eq!(log.aborted(4, 5), [listed], "its marker is still ahead");
    assert_eq!(log.aborted(5, 6), []);
    assert_eq!(log.aborted(0, 2), [], "it begins behind the fetched range");
    log.append(BytesMut::from(BatchBuilder::marker(Marker::Commit, 8, 0).build().as_ref()), 0);
    assert_eq!(log.last_stable(), 6);
    assert_eq!(log.aborted(0, 6), [listed]);
}

#[test]
fn a_repeating_log_serves_one_round_again_and_again_with_sound_batches() {
    let round = [BatchBuilder::new().values(["a", "b", "c"]).build(), BatchBuilder::new().values(["d", "e"]).build()];
    let mut log = PartitionLog::new();
    log.repeat(&round, 1_000_000);
    assert_eq!(log.log_end(), 5_000_000);
    let chunk = log.read(4_999_991, i64::MAX, usize::MAX, true);
    assert_eq!(offsets(&chunk), [(4_999_990, 4_999_992), (4_999_993, 4_999_994), (4_999_995, 4_999_997), (4_999_998, 4_999_999)]);
    let bytes = chunk.parts.concat();
    for batch in batches(&bytes) {
        batch.expect("a batch").verify().expect("the checksum holds");
    }
    assert_eq!(log.read(5_000_000, i64::MAX, usize::MAX, true).len, 0);
}

#[test]
fn a_repeating_log_is_cut_at_every_byte_as_a_stored_one() {
    let batch = BatchBuilder::new().values(["a", "b", "c"]).build();
    let (mut repeating, mut stored) = (PartitionLog::new(), PartitionLog::new());
    repeating.repeat(std::slice::from_ref(&batch), 3);
    for _ in 0..3 {
        stored.append(BytesMut::from(batch.as_ref()), 0);
    }
    for limit in 0..batch.len() * 3 + 2 {
        let (one, other) = (repeating.read(0, i64::MAX, limit, true), stored.read(0, i64::MAX, limit, true));
        assert_eq!(one.parts.concat(), other.parts.concat(), "at {limit}");
        assert_eq!(one.len, other.len);
    }
}
