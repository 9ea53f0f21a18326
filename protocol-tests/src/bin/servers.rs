//! `cargo run -p kolumn-protocol-tests --bin servers`: the real servers without a test.
//!
//! `prepare` fetches and builds what they need; `kafka [NODES]` starts one until its input ends, for a look by hand.

use std::process::ExitCode;

use kolumn_protocol_tests::{Kafka, Result};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let nodes = words.get(1).map_or(Ok(1), |text| text.parse());
    let done = match (words.first().copied(), nodes) {
        (Some("prepare"), _) => kolumn_protocol_tests::prepare(),
        (Some("kafka"), Ok(nodes)) => serve(nodes),
        _ => {
            eprintln!("usage: servers prepare | servers kafka [NODES]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts Kafka and keeps it until stdin ends.
fn serve(nodes: i32) -> Result<()> {
    let kafka = Kafka::builder().nodes(nodes).heap_mib(512).start()?;
    println!("{}", kafka.bootstrap());
    eprintln!("Kafka runs until this input ends (Ctrl-D)");
    // Whatever is typed, and an input that breaks, is no reason to do anything but stop at its end.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    drop(kafka);
    Ok(())
}
