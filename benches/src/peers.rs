//! One run of one peer.

mod batch_queue;
mod kolumn_peer;
mod outside;
mod rdkafka_peer;
mod rskafka_peer;
mod socket_peer;
mod two_decoders;

use crate::arguments::Peer;
use crate::measure::Run;

/// Runs the peer, and prints what it came to as one line.
pub(crate) fn run(peer: &Peer) -> crate::Outcome {
    if let Some(run) = outside::run(peer)? {
        println!("{}", run.to_line());
        return Ok(());
    }
    let run = match peer.name.as_str() {
        "kolumn-json" => Run::alone(|| kolumn_peer::json(peer)),
        "kolumn-raw" => Run::alone(|| kolumn_peer::raw(peer)),
        "rdkafka-json" => Run::alone(|| rdkafka_peer::json(peer)),
        "kolumn-one-lane" => Run::alone(|| kolumn_peer::json_by_one_lane(peer)),
        "rdkafka-2-json" => Run::alone(|| rdkafka_peer::json_on_two_threads(peer)),
        "rskafka-json" => Run::alone(|| rskafka_peer::json(peer)),
        "rskafka-raw" => Run::alone(|| rskafka_peer::raw(peer)),
        "rdkafka-raw" => Run::alone(|| rdkafka_peer::raw(peer)),
        "socket-raw" => Run::alone(|| socket_peer::run(peer, 1)),
        "socket-2-raw" => Run::alone(|| socket_peer::run(peer, 2)),
        name => return Err(format!("no peer is named {name}").into()),
    }?;
    println!("{}", run.to_line());
    Ok(())
}
