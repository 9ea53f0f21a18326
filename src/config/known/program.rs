//! What is a program's: code to be loaded, callbacks, logs, metrics.

use super::LONGEST_WAIT;
use super::property::{Property, nothing, refused, used, warned};

const CALLBACK: &str = "it is a callback or a pointer of librdkafka's, which no text can give";
const NO_CLASSES: &str = "classes of Java cannot run here";
const LOG: &str = "log lines are tracing events: who subscribes to them chooses (the command: -v to -vvv)";
const METRICS: &str = "metrics are totals since the start, whenever they are asked for (Table::metrics)";

pub(super) const PROPERTIES: &[Property] = &[
    used("builtin.features", &[], Some(""), "What the client must be able to do: a name that is none of these is an error.")
        .some_of(&[
            "gzip",
            "snappy",
            "lz4",
            "zstd",
            "ssl",
            "sasl",
            "sasl_plain",
            "sasl_scram",
            "sasl_oauthbearer",
            "http",
            "oidc",
            "regex",
        ])
        .differs("librdkafka also has sasl_gssapi and plugins."),
    refused(
        "interceptor.classes",
        &[],
        "classes of Java cannot run here, and rows without what they do would be other rows: say it by a spec or a derived table",
    )
    .unless(&[""]),
    refused("interceptors", &[], CALLBACK).unless(&[""]),
    refused("plugin.library.paths", &[], "no libraries are loaded, and rows without what they do would be other rows")
        .unless(&[""]),
    refused(
        "config.providers",
        &[],
        "values are taken as they are, ${…} is not looked up: write the value, or set it by the program",
    )
    .unless(&[""]),
    refused("security.providers", &[], NO_CLASSES).unless(&[""]),
    refused("metric.reporters", &[], "classes of Java cannot run here: ask Table::metrics, which also gives text for Prometheus")
        .unless(&["", "org.apache.kafka.common.metrics.JmxReporter"]),
    nothing("auto.include.jmx.reporter", &[], "there is no JMX without Java").boolean(),
    warned("enable.metrics.push", &[], "no metrics are pushed to the brokers: Table::metrics has them")
        .boolean()
        .unless(&["false"]),
    nothing("metrics.num.samples", &[], METRICS).number(1, LONGEST_WAIT),
    nothing("metrics.sample.window.ms", &[], METRICS).number(0, LONGEST_WAIT),
    nothing("metrics.recording.level", &[], "all metrics are always recorded").one_of(&["INFO", "DEBUG", "TRACE"]),
    warned("statistics.interval.ms", &[], "statistics are not sent at intervals: Table::metrics has them at any time")
        .number(0, 86_400_000)
        .unless(&["0"]),
    warned("enable.partition.eof", &[], "there is no event at the end of a partition: Table::status has its high watermark")
        .boolean()
        .unless(&["false"]),
    warned("debug", &[], LOG).unless(&[""]),
    warned("log_level", &[], LOG).number(0, 7).unless(&["6"]),
    nothing("log.connection.close", &[], LOG).boolean(),
    nothing("log.thread.name", &[], LOG).boolean(),
    nothing("log.queue", &[], LOG).boolean(),
    nothing("enable.random.seed", &[], "the random numbers of the program are left alone").boolean(),
    nothing("internal.termination.signal", &[], "no thread has to be woken by a signal").number(0, 128),
    nothing("consume.callback.max.messages", &[], "there is no callback for messages").number(0, 1_000_000),
    nothing("enabled_events", &[], "there is no queue of events").number(0, LONGEST_WAIT),
    refused("error_cb", &[], CALLBACK),
    refused("throttle_cb", &[], CALLBACK),
    refused("stats_cb", &[], CALLBACK),
    refused("log_cb", &[], CALLBACK),
    refused("background_event_cb", &[], CALLBACK),
    refused("socket_cb", &[], CALLBACK),
    refused("connect_cb", &[], CALLBACK),
    refused("closesocket_cb", &[], CALLBACK),
    refused("open_cb", &[], CALLBACK),
    refused("resolve_cb", &[], CALLBACK),
    refused("consume_cb", &[], CALLBACK),
    refused("rebalance_cb", &[], CALLBACK),
    refused("offset_commit_cb", &[], CALLBACK),
    refused("opaque", &[], CALLBACK),
    refused("default_topic_conf", &[], CALLBACK),
];
