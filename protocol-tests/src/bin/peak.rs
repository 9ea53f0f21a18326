//! Reads a topic to its end in a process of its own, and says how much memory that process ever had.
//!
//! ```text
//! peak BOOTSTRAP TOPIC TABLE BUDGET READER
//! ```
//!
//! TABLE is `blink`, `ring:100000`; BUDGET the bytes of the memory budget; READER is `none`, `deaf` (a subscriber that never reads: it
//! stops where the budget is full), or `slow` (a subscriber that reads one update whenever the budget is full, and not before).
//! The answer is one line: `rows=… peak_bytes=… held_back=…`. That every offset is accounted for is checked here.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use kolumn::{Offsets, Result, Stop, Table, TableType, Updates, spec};

/// When nothing has come for so long, nothing will.
const QUIET: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<String, Box<dyn std::error::Error>> {
    let [bootstrap, topic, table, budget, reader] = arguments else {
        return Err("peak BOOTSTRAP TOPIC TABLE BUDGET READER".into());
    };
    let table = kolumn::consume(topic)
        .brokers(bootstrap)
        .value(spec::raw("Value"))
        .offsets(Offsets::Beginning)
        .until(Stop::End)
        .lanes(2)
        .memory_budget(budget.parse()?)
        .table(table.parse::<TableType>()?)
        .await?;
    let held_back = match reader.as_str() {
        "none" => table.finished().await.map(|()| 0)?,
        "deaf" => deaf(&table).await,
        "slow" => slow(&table, table.updates()).await.map(|()| 0)?,
        other => return Err(format!("what is a reader {other:?}?").into()),
    };
    let mut rows = 0;
    for (partition, position) in table.snapshot().positions().iter() {
        if !position.account.adds_up() {
            return Err(format!("partition {partition}: {position:?}").into());
        }
        rows += position.account.rows;
    }
    Ok(format!("rows={rows} peak_bytes={} held_back={held_back}", peak_bytes()?))
}

/// Holds a subscription that is not read until nothing moves any more, and says how many bytes then wait for it.
async fn deaf(table: &Table) -> usize {
    let updates = table.updates();
    let mut news = table.updates_lossy(1);
    while let Ok(Some(_)) = tokio::time::timeout(QUIET, news.next()).await {}
    let used = table.status().budget_used;
    drop(updates);
    used
}

/// Takes an update only when the budget is full, or when there will be no more.
async fn slow(table: &Table, mut updates: Updates) -> Result<()> {
    let mut news = table.updates_lossy(1);
    loop {
        let status = table.status();
        if status.budget_used >= status.budget_limit {
            updates.next().await;
        } else if tokio::time::timeout(QUIET, news.next()).await.is_ok_and(|update| update.is_none()) {
            return table.finished().await;
        }
    }
}

/// The most memory that this process ever had in use, as the kernel counts it.
fn peak_bytes() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel does not say VmHWM")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024)
}
