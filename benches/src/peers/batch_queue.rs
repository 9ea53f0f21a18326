//! librdkafka's batch queue, which its Rust binding does not offer: messages by the thousand, without an event for each.

#![allow(unsafe_code)] // the C API is called directly; the binding has no safe form of it

use std::ptr;

use arrow_array::Array;
use arrow_array::builder::BinaryBuilder;
use rdkafka::bindings as rd;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::Outcome;
use crate::sums::Sums;

const MESSAGES: usize = 16_384;

const WAIT_MS: i32 = 20;

/// Waits in a row without a message before it is given up.
const SILENCES: u32 = 500;

/// Reads `rows` messages into binary columns of [`MESSAGES`] rows, and gives the number of rows and bytes.
pub(super) fn read(consumer: &BaseConsumer, rows: u64) -> Outcome<Sums> {
    let mut sums = Sums::default();
    let mut column = BinaryBuilder::with_capacity(MESSAGES, MESSAGES * 200);
    messages(
        consumer,
        rows,
        &mut column,
        |column, payload| column.append_value(payload),
        |column| {
            let column = column.finish();
            sums.add(column.len(), [column.values().len() as i64]);
            Ok(())
        },
    )?;
    Ok(sums)
}

/// Reads `rows` messages, and gives their payloads with a line feed behind each, by the thousand.
pub(super) fn lines(consumer: &BaseConsumer, rows: u64, mut take: impl FnMut(Vec<u8>) -> Outcome) -> Outcome {
    let mut lines = Vec::new();
    let append = |lines: &mut Vec<u8>, payload: &[u8]| {
        lines.extend_from_slice(payload);
        lines.push(b'\n');
    };
    messages(consumer, rows, &mut lines, append, |lines| {
        let room = lines.len();
        take(std::mem::replace(lines, Vec::with_capacity(room + room / 8)))
    })
}

/// Reads `rows` messages: `append` for each payload, and `batch` behind each that the queue gives at a time.
fn messages<S>(
    consumer: &BaseConsumer,
    rows: u64,
    state: &mut S,
    append: impl Fn(&mut S, &[u8]),
    mut batch: impl FnMut(&mut S) -> Outcome,
) -> Outcome {
    let mut messages: Vec<*mut rd::rd_kafka_message_t> = vec![ptr::null_mut(); MESSAGES];
    // SAFETY: the client lives as long as `consumer`, which outlives the queue: it is destroyed below.
    let queue = unsafe { rd::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
    if queue.is_null() {
        return Err("the consumer has no queue".into());
    }
    let (mut seen, mut silences) = (0, 0);
    while seen < rows {
        // The call waits until it has as many as it may give: no more than there are, and not for long.
        let most = messages.len().min(usize::try_from(rows - seen)?);
        // SAFETY: `messages` has room for as many pointers as the call may write.
        let count = unsafe { rd::rd_kafka_consume_batch_queue(queue, WAIT_MS, messages.as_mut_ptr(), most) };
        let count = usize::try_from(count)?;
        if count == 0 {
            silences += 1;
            if silences > SILENCES {
                return Err("no message in 10 s".into());
            }
            continue;
        }
        silences = 0;
        for message in messages.iter().take(count) {
            // SAFETY: the call wrote `count` valid messages; each is read here and destroyed once, and nothing of it is kept.
            unsafe {
                let fields = &**message;
                if fields.err == rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && !fields.payload.is_null() {
                    append(state, std::slice::from_raw_parts(fields.payload.cast::<u8>(), fields.len));
                    seen += 1;
                }
                rd::rd_kafka_message_destroy(*message);
            }
        }
        batch(state)?;
    }
    // SAFETY: the queue came from `rd_kafka_queue_get_consumer` and is not used again.
    unsafe { rd::rd_kafka_queue_destroy(queue) };
    Ok(())
}
