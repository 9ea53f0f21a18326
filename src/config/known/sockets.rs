//! What connections are like.

use super::LONGEST_WAIT;
use super::property::{Property, nothing, refused, used, warned};

/// What may be asked of the operating system for a socket: as much as librdkafka allows.
const BUFFER: i64 = 100_000_000;

pub(super) const PROPERTIES: &[Property] = &[
    used("socket.connection.setup.timeout.ms", &[], Some("10000"), "How long a connection may take to open; it doubles with each attempt that took too long.")
        .number(1, LONGEST_WAIT)
        .differs("librdkafka's is 30000."),
    used(
        "socket.connection.setup.timeout.max.ms",
        &[],
        Some("30000"),
        "The longest that a connection may take to open, after several attempts that took too long.",
    )
    .number(1, LONGEST_WAIT),
    used(
        "connections.max.idle.ms",
        &[],
        Some("540000"),
        "A connection that nothing was asked on for this long is closed; -1 or 0 for never. Connections that fetch are never idle.",
    )
    .number(-1, LONGEST_WAIT)
    .differs("librdkafka's default is 0."),
    used("receive.buffer.bytes", &["socket.receive.buffer.bytes"], Some("-1"), "The operating system's receive buffer of a connection; -1 or 0 for its own choice.")
        .number(-1, BUFFER)
        .differs("Java asks for 65536: a fixed size turns off the operating system's own tuning, which grows with the distance."),
    used("send.buffer.bytes", &["socket.send.buffer.bytes"], Some("-1"), "The operating system's send buffer of a connection; -1 or 0 for its own choice.")
        .number(-1, BUFFER)
        .differs("Java asks for 131072; what is sent here are requests of a few bytes."),
    used("socket.keepalive.enable", &[], Some("true"), "Whether the operating system probes a connection that is silent (SO_KEEPALIVE).")
        .boolean()
        .differs("librdkafka's default is false, Java always probes."),
    used("socket.nagle.disable", &[], Some("true"), "Whether a request leaves at once (TCP_NODELAY).").boolean(),
    used("broker.address.family", &[], Some("any"), "Which addresses of a broker are tried: any, v4 or v6.").one_of(&["any", "v4", "v6"]),
    nothing("broker.address.ttl", &[], "names are resolved anew for each connection").number(0, 86_400_000),
    refused(
        "client.dns.lookup",
        &[],
        "all addresses of a name are tried; canonical names are for Kerberos, which kolumn does not speak: name each broker in bootstrap.servers",
    )
    .one_of(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"])
    .unless(&["use_all_dns_ips"]),
    warned("socket.max.fails", &[], "the first request that gets no answer in time ends the connection")
        .number(0, 1_000_000)
        .unless(&["1"]),
    nothing("socket.blocking.max.ms", &[], "librdkafka does not use it any more").number(1, 60_000),
    nothing("reconnect.backoff.jitter.ms", &[], "librdkafka does not use it any more; pauses vary by a fifth").number(0, 3_600_000),
];
