//! arrow-json on two threads, fed with lines by whoever reads them.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;

use crate::sums;

const THREADS: usize = 2;

/// Rows in one record batch, arrow-json's own default being 1024.
const BATCH_ROWS: usize = 8192;

type Decoded = Result<Vec<RecordBatch>, arrow_schema::ArrowError>;

/// Threads that decode lines of JSON into the columns of orders.
pub(super) struct Decoders {
    lines: SyncSender<Vec<u8>>,
    threads: Vec<JoinHandle<Decoded>>,
}

impl Decoders {
    pub(super) fn start() -> Self {
        // Deep enough that nobody waits, and no deeper: what is queued leaves the cache.
        let (lines, queue) = sync_channel::<Vec<u8>>(2 * THREADS);
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..THREADS).map(|_| Arc::clone(&queue)).map(|queue| std::thread::spawn(move || decode(&queue))).collect();
        Self { lines, threads }
    }

    /// Payloads, each with a line feed behind it.
    pub(super) fn send(&self, lines: Vec<u8>) -> crate::Outcome {
        self.lines.send(lines).map_err(|_| "the decoders have ended".into())
    }

    /// All rows.
    pub(super) fn finish(self) -> crate::Outcome<Vec<RecordBatch>> {
        drop(self.lines);
        let mut batches = Vec::new();
        for thread in self.threads {
            batches.extend(thread.join().map_err(|_| "a decoder panicked")??);
        }
        Ok(batches)
    }
}

fn decode(queue: &Mutex<Receiver<Vec<u8>>>) -> Decoded {
    let mut decoder = ReaderBuilder::new(sums::schema()).with_batch_size(BATCH_ROWS).build_decoder()?;
    let mut batches = Vec::new();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(lines) = next else { break };
        let mut left = lines.as_slice();
        while !left.is_empty() {
            let read = decoder.decode(left)?;
            left = left.get(read..).unwrap_or_default();
            if !left.is_empty() {
                // It stops where a batch is full.
                batches.extend(decoder.flush()?);
            }
        }
    }
    batches.extend(decoder.flush()?);
    Ok(batches)
}
