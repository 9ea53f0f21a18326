//! How much at once. The two size limits are kolumn's own: frames of this size stay in the cache and come from a pool.

use super::property::{Property, nothing, used, warned};
use super::{BYTES, LONGEST_WAIT};

pub(super) const PROPERTIES: &[Property] = &[
    used("fetch.min.bytes", &[], Some("1"), "A broker waits until it has this many bytes, or fetch.max.wait.ms have passed.")
        .number(0, BYTES),
    used("fetch.max.wait.ms", &["fetch.wait.max.ms"], Some("500"), "How long a broker waits for fetch.min.bytes.")
        .number(0, LONGEST_WAIT),
    used(
        "fetch.max.bytes",
        &[],
        Some("8388608"),
        "The size of a fetch response over all partitions; one larger batch still comes whole.",
    )
    .number(1, BYTES)
    .differs("Java and librdkafka ask for 52428800: smaller answers stay in the processor's cache, and arrive sooner."),
    used(
        "max.partition.fetch.bytes",
        &["fetch.message.max.bytes"],
        Some("2097152"),
        "The bytes of one partition in a fetch response; one larger batch still comes whole.",
    )
    .number(1, BYTES)
    .differs("Java and librdkafka ask for 1048576: a few partitions fill an answer."),
    used("receive.message.max.bytes", &[], Some("104857600"), "A response larger than this is refused.")
        .number(1000, BYTES)
        .differs("It is at least 1 MiB more than fetch.max.bytes, whatever is given; librdkafka refuses such a value, Java has no limit."),
    warned(
        "queued.max.messages.kbytes",
        &[],
        "there is no queue of messages: kolumn.memory.budget.bytes bounds what is in flight and not yet taken",
    )
    .number(1, 2_097_151),
    nothing("queued.min.messages", &[], "it fetches ahead as far as kolumn.memory.budget.bytes allows").number(1, 10_000_000),
    nothing("fetch.queue.backoff.ms", &[], "fetching goes on as soon as kolumn.memory.budget.bytes has room").number(0, 300_000),
    nothing("fetch.error.backoff.ms", &[], "a partition that was refused is asked for again by retry.backoff.ms").number(0, 300_000),
    nothing("message.max.bytes", &[], "a batch larger than fetch.max.bytes comes whole, and kolumn sends no messages")
        .number(1000, 1_000_000_000),
    nothing("message.copy.max.bytes", &[], "it is about how messages are sent, and kolumn sends none").number(0, 1_000_000_000),
    nothing(
        "max.in.flight.requests.per.connection",
        &["max.in.flight"],
        "how many fetches are under way is kolumn.fetches.in.flight, and other questions are asked one at a time",
    )
    .number(1, 1_000_000),
    nothing("max.poll.records", &[], "nobody polls: rows come in cycles of kolumn.cycle.ms").number(1, BYTES),
];
