//! `docs/observability.md`, written from the table of metrics and the list of events.

use std::fmt::Write;
use std::path::Path;

use super::names::{Kind, METRICS, Unit};

const HEAD: &str = "\
<!-- Written from src/metrics by `KOLUMN_WRITE_DOCS=1 cargo test -p kolumn --lib metrics::document`. -->
# What an operator sees

`Table::status` says what a consumption is at: what it waits for, since when, and what is done about it; the last 100 events that matter
to the reader of the table. `Table::metrics` says it in numbers: as values, and as text for Prometheus (`MetricsSnapshot::prometheus`).
Events of `tracing` tell the rest.

## Metrics

The names stay what they are. In Prometheus' text dots are underscores, the unit is put behind the name, and `_total` behind a counter:
`kolumn.broker.received` is `kolumn_broker_received_bytes_total`. A value that is not known has no line.

| metric | kind | unit | labels | what it says |
|---|---|---|---|---|
";

const EVENTS: &str = "
## Events

Targets are `kolumn::*`. The fields are the same everywhere: `broker` (`host:port`, or the number of a node in `kolumn::ingest`), `topic`,
`partition`, `offset`, `error`. No event comes with every fetch above the level `TRACE`, and what is tried again and again is warned of
once. They stand in spans: `consume` (topic) around a consumption, in it `lane` (topic, lane) around each thread that reads, `connect` (broker)
around the opening of a connection, TLS included, and `authenticate` (broker, mechanism) around a login.

| level | target | event | fields | when |
|---|---|---|---|---|
| INFO | `kolumn::cluster` | bootstrapped | broker | the first broker answered |
| DEBUG | `kolumn::wire` | connected | broker | a connection is open, its versions negotiated |
| DEBUG | `kolumn::wire` | versions negotiated | broker, version, apis | the broker said what it speaks |
| DEBUG | `kolumn::wire` | connection given up | broker, error | an error ended a connection |
| WARN | `kolumn::ingest` | connection lost | topic, broker, error | the connection that fetches is gone, or could not be opened |
| DEBUG | `kolumn::ingest` | no connection yet | topic, broker, error | another attempt failed |
| DEBUG | `kolumn::wire` | throttled | broker, api, throttle | the broker asks for rest (KIP-219) |
| INFO | `kolumn::cluster` | asking again | what, attempt, error, delay | a question about the cluster is retried |
| WARN | `kolumn::consume` | metadata refresh failed | topic, error | nobody says who leads; the attempts after it are DEBUG |
| INFO | `kolumn::cluster` | beginning again with the configured brokers | | no known broker could be used (KIP-899, KIP-1102) |
| DEBUG, INFO | `kolumn::consume`, `kolumn::ingest` | metadata refresh asked for | topic, partition, reason | a leader is not the leader, or a broker is gone |
| DEBUG | `kolumn::consume` | a new leader epoch | topic, partition, offset, last_epoch, current_epoch | the log is compared with what was read (KIP-320) |
| INFO | `kolumn::consume` | the log does not hold the position | topic, partition, offset | retention or DeleteRecords was faster, or the log was cut |
| INFO | `kolumn::consume` | the log is not the one that was read | topic, partition, offset, epoch, end_offset | an unclean election |
| INFO | `kolumn::ingest` | no progress | topic, partition, error | the broker refuses a partition for now |
| INFO | `kolumn::ingest` | a schema of the registry is known | schema | it was asked for the first time |
| WARN | `kolumn::ingest` | no schema | schema, error | the registry has none, or does not answer; that it still does not is told by the status |
| DEBUG | `kolumn::registry` | asked again after a pause | what, error, pause | the registry does not answer |
| DEBUG | `kolumn::registry` | no schema from the registry | error | it has none, or the retries were in vain |
| WARN | `kolumn::ingest` | damaged batch, fetching it again | topic, partition, error | a checksum or a length is wrong |
| WARN, INFO | `kolumn::table` | the text of a `table::Event` | | leader changes, truncation, lost offsets, a topic recreated or deleted, partitions added, access denied and granted |
| INFO, WARN | `kolumn::wire` | the certificates on disk have changed | error | they were read again, or cannot be used |
| WARN | `kolumn::config` | has no effect | property | a property that many files carry asks for what does not happen |
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for metric in METRICS {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let unit = match metric.unit {
            Unit::Number => "",
            Unit::Bytes => "bytes",
            Unit::Seconds => "seconds",
        };
        // A String takes everything.
        let _ = writeln!(text, "| `{}` | {kind} | {unit} | {} | {} |", metric.name, metric.labels.join(", "), metric.doc);
    }
    text.push_str(EVENTS);
    text
}

#[test]
fn the_document_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/observability.md");
    let due = document();
    if std::env::var_os("KOLUMN_WRITE_DOCS").is_some() {
        std::fs::write(&path, &due).expect("docs/ can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == due, "docs/observability.md is not current: run with KOLUMN_WRITE_DOCS=1");
}
