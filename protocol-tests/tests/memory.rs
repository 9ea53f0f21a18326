//! How much memory a consumption of gigabytes takes: the peak of a process that does nothing else, held against its budget.
//!
//! `KOLUMN_MEMORY_TEST_BYTES` says how much is read in each test; 10 GB by default, and 200 MB where the code is not optimised.

use std::fmt::Write;
use std::process::Command;
use std::time::Instant;

use bytes::Bytes;
use kolumn_test_broker::{BatchBuilder, TestCluster};

/// What a process takes beside its budget: the program itself, and for each of two lanes frames in the pool and the columns that are open.
const CONSTANT: u64 = 64 << 20;
/// The rows of the ring, and what they take: 193 bytes of value, offsets, partition, timestamp.
const RING_ROWS: u64 = 100_000;
const RING_BYTES: u64 = RING_ROWS * 256;

/// A log of so many bytes that takes no more memory than its first few thousand records.
struct Log {
    cluster: TestCluster,
    rows: u64,
    bytes: u64,
}

impl Log {
    fn new() -> Self {
        let by_default = if env!("OPT_LEVEL") == "0" { 200_000_000 } else { 10_000_000_000 };
        let wanted = std::env::var("KOLUMN_MEMORY_TEST_BYTES").ok();
        let wanted: u64 = wanted.map_or(by_default, |text| text.parse().expect("KOLUMN_MEMORY_TEST_BYTES is a number of bytes"));
        let batches: Vec<Bytes> = (0..16).map(batch).collect();
        let round: u64 = batches.iter().map(|batch| batch.len() as u64).sum();
        let rounds = wanted.div_ceil(round * 2);
        let cluster = TestCluster::builder().topic("gigabytes", 2).start_blocking().expect("the cluster starts");
        for partition in 0..2 {
            cluster.log("gigabytes", partition).repeat(&batches, rounds);
        }
        let rows = cluster.log("gigabytes", 0).log_end().unsigned_abs() * 2;
        Self { cluster, rows, bytes: rounds * round * 2 }
    }

    /// Reads the log in a process of its own.
    fn read(&self, table: &str, budget: u64, reader: &str) -> Peak {
        let begun = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_peak"))
            .args([&self.cluster.bootstrap(), "gigabytes", table, &budget.to_string(), reader])
            .output()
            .expect("the process starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let number = |name: &str| {
            let found = said.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
            found.unwrap_or_else(|| panic!("no {name} in {said:?}"))
        };
        let peak = Peak { rows: number("rows"), bytes: number("peak_bytes"), held_back: number("held_back") };
        println!(
            "{table}, reader {reader}, budget {:.1} MB: {} of {} rows of a log of {:.2} GB, peak {:.1} MB, {:.1} s",
            megabytes(budget),
            peak.rows,
            self.rows,
            self.bytes as f64 / 1e9,
            megabytes(peak.bytes),
            begun.elapsed().as_secs_f64()
        );
        peak
    }
}

struct Peak {
    rows: u64,
    bytes: u64,
    /// What waits for a reader that does not read.
    held_back: u64,
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A thousand records with values of 193 bytes.
fn batch(number: i64) -> Bytes {
    let values = (0..1000).map(|at| {
        let mut value = format!(r#"{{"n":{}"#, number * 1000 + at);
        let rest = 193 - value.len() - 8;
        write!(value, r#","p":"{}"}}"#, "x".repeat(rest)).expect("a string takes everything");
        value
    });
    BatchBuilder::new().values(values).build()
}

#[test]
fn e5_gigabytes_go_through_a_blink_table_within_the_budget() {
    let log = Log::new();
    let budget = 64 << 20;
    let peak = log.read("blink", budget, "none");
    assert_eq!(peak.rows, log.rows);
    assert!(peak.bytes < budget + CONSTANT, "{} bytes", peak.bytes);
}

#[test]
fn e5_gigabytes_go_through_a_ring_within_the_budget_and_the_rows_of_the_ring() {
    let log = Log::new();
    let budget = 64 << 20;
    let peak = log.read(&format!("ring:{RING_ROWS}"), budget, "none");
    assert_eq!(peak.rows, log.rows);
    assert!(peak.bytes < budget + RING_BYTES + CONSTANT, "{} bytes", peak.bytes);
}

#[test]
fn a_reader_that_reads_only_when_the_budget_is_full_gets_gigabytes_within_it() {
    let log = Log::new();
    let budget = 16 << 20;
    let peak = log.read("blink", budget, "slow");
    assert_eq!(peak.rows, log.rows);
    assert!(peak.bytes < budget + CONSTANT, "{} bytes", peak.bytes);
}

#[test]
fn a_reader_that_never_reads_stops_the_fetch_at_the_budget() {
    let log = Log::new();
    for (table, held) in [("blink".to_owned(), 0), (format!("ring:{RING_ROWS}"), RING_BYTES)] {
        let budget = 16 << 20;
        let peak = log.read(&table, budget, "deaf");
        assert!(peak.rows < log.rows / 2, "{} of {} rows were read though nobody took them", peak.rows, log.rows);
        assert!(peak.held_back >= budget, "it stopped at {} bytes, before the budget was full", peak.held_back);
        assert!(peak.bytes < budget + held + CONSTANT, "{} bytes", peak.bytes);
    }
}
