//! Groups: kolumn keeps the offsets with the tables, and is no member of a group.

use super::property::{Property, nothing, refused, warned};
use super::{BYTES, LONGEST_WAIT};

const NO_COMMIT: &str = "kolumn commits no offsets: they live with the table (snapshots and updates carry their positions)";
const NO_MEMBER: &str = "kolumn is no member of a group: it reads all partitions that it was asked to (partitions(…), -p)";
const NO_HEARTBEAT: &str = "it keeps a group's membership alive, and kolumn is no member of a group";
const NO_FILE: &str = "offsets are kept in no file of librdkafka's";

pub(super) const PROPERTIES: &[Property] = &[
    warned("enable.auto.commit", &["auto.commit.enable"], NO_COMMIT).boolean().unless(&["false"]),
    nothing("auto.commit.interval.ms", &[], NO_COMMIT).number(0, LONGEST_WAIT),
    nothing("enable.auto.offset.store", &[], NO_COMMIT).boolean(),
    refused("offset.store.method", &[], "offsets are kept in no file: they live with the table")
        .one_of(&["broker", "none", "file"])
        .unless(&["broker", "none"]),
    nothing("offset.store.path", &[], NO_FILE),
    nothing("offset.store.sync.interval.ms", &[], NO_FILE).number(-1, 86_400_000),
    warned("partition.assignment.strategy", &[], NO_MEMBER).unless(&[""]),
    warned("group.instance.id", &[], NO_MEMBER).unless(&[""]),
    warned("group.remote.assignor", &[], NO_MEMBER).unless(&[""]),
    nothing("group.protocol", &[], "it says how members of a group talk to its coordinator, and kolumn is no member")
        .one_of(&["classic", "consumer"]),
    nothing("group.protocol.type", &[], "it says how members of a group talk to its coordinator, and kolumn is no member"),
    nothing("session.timeout.ms", &[], NO_HEARTBEAT).number(1, BYTES),
    nothing("heartbeat.interval.ms", &[], NO_HEARTBEAT).number(1, BYTES),
    nothing("max.poll.interval.ms", &[], NO_HEARTBEAT).number(1, BYTES),
    nothing("coordinator.query.interval.ms", &[], "the coordinator is looked for when committed offsets are asked for")
        .number(1, 3_600_000),
    nothing("internal.leave.group.on.close", &[], NO_HEARTBEAT).boolean(),
    nothing(
        "internal.throw.on.fetch.stable.offset.unsupported",
        &[],
        "committed offsets are asked for as stable where the broker can and isolation.level=read_committed",
    )
    .boolean(),
    refused("share.acknowledgement.mode", &[], "kolumn reads partitions from end to end, it is no member of a share group")
        .one_of(&["implicit", "explicit"])
        .unless(&["implicit"]),
    refused("share.acquire.mode", &[], "kolumn reads partitions from end to end, it is no member of a share group")
        .one_of(&["batch_optimized", "record_limit"])
        .unless(&["batch_optimized"]),
];
