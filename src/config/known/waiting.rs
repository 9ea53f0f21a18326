//! How long.

use super::LONGEST_WAIT;
use super::property::{Property, used};

pub(super) const PROPERTIES: &[Property] = &[
    used(
        "request.timeout.ms",
        &["socket.timeout.ms"],
        Some("30000"),
        "How long a broker may take to answer; for a fetch, fetch.max.wait.ms more.",
    )
    .number(1, LONGEST_WAIT)
    .differs("librdkafka's socket.timeout.ms is 60000."),
    used("default.api.timeout.ms", &[], Some("60000"), "How long a look-up may take, retries included.").number(1, LONGEST_WAIT),
    used("retry.backoff.ms", &[], Some("100"), "The pause before the first retry; it doubles with each.")
        .number(0, LONGEST_WAIT)
        .differs("0 counts as 1."),
    used("retry.backoff.max.ms", &[], Some("1000"), "The longest pause before a retry.").number(0, LONGEST_WAIT),
    used("reconnect.backoff.ms", &[], Some("50"), "The pause before the first attempt to reconnect; it doubles with each.")
        .number(0, LONGEST_WAIT)
        .differs("librdkafka's is 100. 0 counts as 1."),
    used("reconnect.backoff.max.ms", &[], Some("1000"), "The longest pause before an attempt to reconnect.")
        .number(0, LONGEST_WAIT)
        .differs("librdkafka's is 10000."),
];
