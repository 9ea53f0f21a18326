//! `cargo run -p kolumn-protocol-tests --bin servers`: the real servers without a test.
//!
//! `prepare` fetches and builds what they need; `kafka [NODES]` and `registry` start one until its input ends, for a look by hand.

use std::process::ExitCode;

use kolumn_protocol_tests::{Kafka, SchemaRegistry};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let nodes = words.get(1).map_or(Ok(1), |text| text.parse());
    let done = match (words.first().copied(), nodes) {
        (Some("prepare"), _) => kolumn_protocol_tests::prepare(),
        (Some("kafka"), Ok(nodes)) => {
            Kafka::builder().nodes(nodes).heap_mib(512).start().map(|kafka| keep("Kafka", &kafka.bootstrap(), kafka))
        }
        (Some("registry"), _) => SchemaRegistry::start().map(|registry| keep("the registry", &registry.url(), registry)),
        _ => {
            eprintln!("usage: servers prepare | servers kafka [NODES] | servers registry");
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

/// Tells where a server is, and keeps it until stdin ends.
fn keep<T>(name: &str, place: &str, server: T) {
    println!("{place}");
    eprintln!("{name} runs until this input ends (Ctrl-D)");
    // Whatever is typed, and an input that breaks, is no reason to do anything but stop at its end.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    drop(server);
}
