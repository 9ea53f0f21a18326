//! One run of one peer.

mod batch_queue;
mod kolumn_peer;
pub(crate) mod outside;
mod rdkafka_peer;
mod rskafka_peer;
mod socket_peer;
mod two_decoders;

use std::convert::identity;

use crate::arguments::Peer;
use crate::measure::Run;
use crate::sums::Sums;

/// Runs the peer, and prints what it came to as one line.
pub(crate) fn run(peer: &Peer) -> crate::Outcome {
    if let Some(run) = outside::run(peer)? {
        println!("{}", run.to_line());
        return Ok(());
    }
    let run = match peer.name.as_str() {
        "kolumn-json" => Run::alone(|| kolumn_peer::json(peer), Sums::of_orders),
        "kolumn-one-lane" => Run::alone(|| kolumn_peer::json_by_one_lane(peer), Sums::of_orders),
        "rdkafka-json" => Run::alone(|| rdkafka_peer::json(peer), Sums::of_orders),
        "rdkafka-2-json" => Run::alone(|| rdkafka_peer::json_on_two_threads(peer), Sums::of_orders),
        "rskafka-json" => Run::alone(|| rskafka_peer::json(peer), Sums::of_orders),
        "kolumn-raw" => Run::alone(|| kolumn_peer::raw(peer), identity),
        "rdkafka-raw" => Run::alone(|| rdkafka_peer::raw(peer), identity),
        "rskafka-raw" => Run::alone(|| rskafka_peer::raw(peer), identity),
        "socket-raw" => Run::alone(|| socket_peer::run(peer, 1), identity),
        "socket-2-raw" => Run::alone(|| socket_peer::run(peer, 2), identity),
        name => return Err(format!("no peer is named {name}").into()),
    }?;
    println!("{}", run.to_line());
    Ok(())
}
