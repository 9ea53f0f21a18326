//! kolumn's own.

use super::property::{Property, used};
use super::{BYTES, LONGEST_WAIT};

pub(super) const PROPERTIES: &[Property] = &[
    used(
        "kolumn.lenient.config",
        &[],
        Some("false"),
        "Whether a property that is unknown is a warning instead of an error. What is refused for another reason stays an error.",
    )
    .boolean(),
    used("kolumn.bootstrap.timeout.ms", &[], Some("10000"), "How long the list of brokers is tried before the start fails.")
        .number(1, LONGEST_WAIT),
    used(
        "kolumn.wait.for.topic.ms",
        &[],
        Some("0"),
        "How long a topic or partition that is not there is waited for: at the start before that is an error, and later before the topic counts as deleted (which takes a few seconds in any case).",
    )
    .number(0, LONGEST_WAIT),
    used("kolumn.lanes", &[], Some("0"), "How many threads fetch and decode; 0 for as many as there are cores.").number(0, 1024),
    used(
        "kolumn.lanes.balance.ms",
        &[],
        Some("1000"),
        "How often is looked whether a lane has more to do than it can while another has time; then a partition changes hands. 0 for never.",
    )
    .number(0, LONGEST_WAIT),
    used("kolumn.fetches.in.flight", &[], Some("0"), "How many fetches a lane has in flight for each broker; 0 for what its distance is worth.").number(0, 16),
    used("kolumn.memory.budget.bytes", &[], Some("268435456"), "The bytes in flight and in tables that are not yet taken.")
        .number(1 << 20, i64::MAX),
    used("kolumn.cycle.ms", &[], Some("10"), "The shortest time between two cycles.").number(0, 60_000),
    used("kolumn.chunk.rows", &[], Some("65536"), "The most rows of a chunk; chunks of less than an eighth of it are compacted.")
        .number(1, 16_777_216),
    used("kolumn.error.raw.bytes", &[], Some("65536"), "The most bytes of a payload that its row of the error table keeps.")
        .number(0, BYTES),
    used("kolumn.max.decompressed.batch.bytes", &[], Some("134217728"), "A batch that decompresses to more is refused.")
        .number(1024, BYTES),
    used(
        "kolumn.on.truncation",
        &[],
        Some("fail"),
        "What happens when the log turns out to have been cut below what was read (an unclean election): fail stops, withdraw takes the rows that the log lost out of the table and reads on.",
    )
    .one_of(&["fail", "withdraw"]),
    used(
        "kolumn.on.recreated.topic",
        &[],
        Some("fail"),
        "What happens when the topic was deleted and created again: fail stops, restart reads the new topic from its first offset, behind the rows of the old one.",
    )
    .one_of(&["fail", "restart"]),
];
