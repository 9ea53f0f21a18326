//! Prometheus' text format.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>, version 0.0.4.

use std::fmt::{self, Write};

use super::histogram::LatencySnapshot;
use super::names::{Kind, METRICS, Metric, Source, Unit, Value};
use super::snapshot::MetricsSnapshot;

/// Its MIME type is `text/plain; version=0.0.4`.
pub(super) fn text(snapshot: &MetricsSnapshot) -> String {
    let mut text = String::new();
    for metric in METRICS {
        // A String takes everything.
        let _ = write_metric(&mut text, metric, snapshot);
    }
    text
}

fn write_metric(text: &mut String, metric: &Metric, snapshot: &MetricsSnapshot) -> fmt::Result {
    let name = name(metric);
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let mut lines = String::new();
    match metric.source {
        Source::Broker(read) => {
            for broker in &snapshot.brokers {
                line(&mut lines, &name, &[("broker", &broker.broker)], read(broker))?;
            }
        }
        Source::Api(read) => {
            for broker in &snapshot.brokers {
                for api in &broker.apis {
                    line(&mut lines, &name, &[("broker", &broker.broker), ("api", api.api)], read(api))?;
                }
            }
        }
        Source::ApiLatency => {
            for broker in &snapshot.brokers {
                for api in &broker.apis {
                    histogram(&mut lines, &name, &[("broker", &broker.broker), ("api", api.api)], &api.latency)?;
                }
            }
        }
        Source::Partition(read) => {
            for partition in &snapshot.partitions {
                let number = partition.partition.to_string();
                line(&mut lines, &name, &[("topic", &snapshot.topic), ("partition", &number)], read(partition))?;
            }
        }
        Source::Whole(read) => line(&mut lines, &name, &[("topic", &snapshot.topic)], read(snapshot))?,
    }
    if lines.is_empty() {
        return Ok(());
    }
    write!(text, "# HELP {name} {}\n# TYPE {name} {kind}\n{lines}", help(metric.doc))
}

fn name(metric: &Metric) -> String {
    let mut name = metric.name.replace('.', "_");
    name.push_str(match metric.unit {
        Unit::Number => "",
        Unit::Bytes => "_bytes",
        Unit::Seconds => "_seconds",
    });
    if metric.kind == Kind::Counter {
        name.push_str("_total");
    }
    name
}

fn line(text: &mut String, name: &str, labels: &[(&str, &str)], value: Option<Value>) -> fmt::Result {
    match value {
        None => Ok(()),
        Some(value) => writeln!(text, "{name}{{{}}} {value}", Labels(labels)),
    }
}

fn histogram(text: &mut String, name: &str, labels: &[(&str, &str)], latency: &LatencySnapshot) -> fmt::Result {
    let labels = Labels(labels);
    let mut below = 0_u64;
    for (limit, count) in &latency.buckets {
        below = below.saturating_add(*count);
        writeln!(text, "{name}_bucket{{{labels},le=\"{}\"}} {below}", Value::Time(*limit))?;
    }
    let count = latency.count();
    writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
    writeln!(text, "{name}_sum{{{labels}}} {}", Value::Time(latency.sum))?;
    writeln!(text, "{name}_count{{{labels}}} {count}")
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Time(time) => time.as_secs_f64().fmt(f),
        }
    }
}

struct Labels<'a>(&'a [(&'a str, &'a str)]);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            write!(f, "{}{name}=\"{value}\"", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

fn help(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}
