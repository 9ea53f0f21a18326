//! librdkafka's batch queue, which its Rust binding does not offer: messages by the thousand, without an event for each.

#![allow(unsafe_code)] // the C API is called directly; the binding has no safe form of it

use std::ptr;

use arrow_array::Array;
use arrow_array::builder::BinaryBuilder;
use rdkafka::bindings as rd;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::sums::Sums;

const MESSAGES: usize = 16_384;

const WAIT_MS: i32 = 20;

/// Waits in a row without a message before it is given up.
const SILENCES: u32 = 500;

/// Reads `rows` messages into binary columns of [`MESSAGES`] rows, and gives the number of rows and bytes.
pub(super) fn read(consumer: &BaseConsumer, rows: u64) -> Result<Sums, Box<dyn std::error::Error>> {
    let mut sums = Sums::default();
    let mut messages: Vec<*mut rd::rd_kafka_message_t> = vec![ptr::null_mut(); MESSAGES];
    // SAFETY: the client lives as long as `consumer`, which outlives the queue: it is destroyed below.
    let queue = unsafe { rd::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
    if queue.is_null() {
        return Err("the consumer has no queue".into());
    }
    let mut silences = 0;
    while sums.rows < rows {
        // The call waits until it has as many as it may give: no more than there are, and not for long.
        let most = messages.len().min(usize::try_from(rows - sums.rows)?);
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
        let mut column = BinaryBuilder::with_capacity(count, count * 200);
        for message in messages.iter().take(count) {
            // SAFETY: the call wrote `count` valid messages; each is read here and destroyed once, and nothing of it is kept.
            unsafe {
                let fields = &**message;
                if fields.err == rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && !fields.payload.is_null() {
                    column.append_value(std::slice::from_raw_parts(fields.payload.cast::<u8>(), fields.len));
                }
                rd::rd_kafka_message_destroy(*message);
            }
        }
        let column = column.finish();
        sums.add(column.len(), [column.values().len() as i64]);
    }
    // SAFETY: the queue came from `rd_kafka_queue_get_consumer` and is not used again.
    unsafe { rd::rd_kafka_queue_destroy(queue) };
    Ok(sums)
}
