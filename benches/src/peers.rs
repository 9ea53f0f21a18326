//! One run of one peer.

mod batch_queue;
mod kolumn_peer;
mod rdkafka_peer;

use crate::arguments::Peer;
use crate::measure::Run;

/// Runs the peer, and prints what it came to as one line.
pub(crate) fn run(peer: &Peer) -> crate::Outcome {
    let run = match peer.name.as_str() {
        "kolumn-json" => Run::alone(|| kolumn_peer::json(peer)),
        "kolumn-raw" => Run::alone(|| kolumn_peer::raw(peer)),
        "rdkafka-json" => Run::alone(|| rdkafka_peer::json(peer)),
        "rdkafka-raw" => Run::alone(|| rdkafka_peer::raw(peer)),
        name => return Err(format!("no peer is named {name}").into()),
    }?;
    println!("{}", run.to_line());
    Ok(())
}
