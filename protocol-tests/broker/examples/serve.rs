//! A cluster for clients outside this process: `cargo run --example serve [NODES]`, until the standard input ends.
//!
//! Topics are created as clients ask for them, with 3 partitions.

use kolumn_test_broker::TestCluster;
use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let nodes = std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(3);
    let cluster = TestCluster::builder().nodes(nodes).auto_create(3).start_blocking()?;
    println!("{}", cluster.bootstrap());
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
