//! What to read.

use super::property::{Property, used};

pub(super) const PROPERTIES: &[Property] = &[
    used("group.id", &[], None, "The group whose committed offsets the start `stored` means; kolumn is no member of it, and commits nothing.")
        .differs("Java's and librdkafka's consumers share the partitions of a topic within a group: here each process reads all that it was asked to, and the offsets live with the table."),
    used(
        "auto.offset.reset",
        &[],
        None,
        "Where to go on when the log does not hold the position, and where to start without a committed offset.",
    )
    .form("earliest (also smallest, beginning), latest (also largest, end), by_duration:PnDTnHnMn.nS (the first record that is at most so old) or none (also error)")
    .differs("Not set: start at the latest, and a position that the log does not hold any more is an error. Java and librdkafka go to the latest, which skips what was not yet read."),
    used(
        "isolation.level",
        &[],
        Some("read_uncommitted"),
        "read_committed leaves out aborted transactions and waits for open ones.",
    )
    .one_of(&["read_uncommitted", "read_committed"])
    .differs("librdkafka's default is read_committed."),
    used("check.crcs", &[], Some("true"), "Whether the checksum of each batch is verified.")
        .boolean()
        .differs("librdkafka's default is false."),
];
