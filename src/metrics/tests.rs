//! The names, and the text for Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::*;

fn snapshot() -> MetricsSnapshot {
    let metrics = Metrics::new();
    let broker = metrics.broker("kafka-1:9092");
    broker.asked(1, 100);
    broker.answered(1, 4096, Duration::from_millis(3));
    broker.asked(3, 40);
    broker.failed(3);
    broker.throttled(Duration::from_millis(250));
    metrics.partition(0).led(Some(1), 4);
    metrics.partition(0).fetched(1, &AnswerClock::new(Instant::now()), 4000);
    let places = [
        PartitionPlace { partition: 0, position: 12, high_watermark: Some(20), lag: Some(8), records: 12 },
        PartitionPlace { partition: 1, position: 0, high_watermark: None, lag: None, records: 0 },
    ];
    let schemas = std::sync::Arc::<SchemaMetrics>::default();
    schemas.asked();
    schemas.asked();
    schemas.failed();
    metrics.count_schemas(schemas);
    MetricsSnapshot {
        topic: "a \"b\"\\c".into(),
        brokers: metrics.brokers(),
        partitions: metrics.partitions(&places),
        schemas: metrics.schemas(5),
        bytes_held: 1,
        budget_used: 2,
        budget_limit: 3,
    }
}

/// A line that is no comment: its name, its labels, its value.
fn sample(line: &str) -> (&str, &str, f64) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = series.split_once('{').expect("labels");
    (name, labels.strip_suffix('}').expect("an end"), value.parse().expect("a number"))
}

#[test]
fn names_are_unique_dotted_and_lower_case_and_their_docs_are_sentences() {
    let mut seen = BTreeSet::new();
    for metric in METRICS {
        assert!(seen.insert(metric.name), "{}", metric.name);
        assert!(
            metric.name.starts_with("kolumn.") && metric.name.chars().all(|c| c.is_ascii_lowercase() || c == '.'),
            "{}",
            metric.name
        );
        assert!(metric.doc.ends_with('.') && !metric.labels.is_empty(), "{}", metric.name);
    }
}

#[test]
fn the_text_for_prometheus_has_help_and_type_before_the_samples_of_each_family_and_no_family_twice() {
    let text = snapshot().prometheus();
    assert!(text.ends_with('\n'));
    let (mut families, mut family) = (BTreeMap::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().expect("a name").to_owned();
            let kind = lines.next().expect("a type").strip_prefix(&format!("# TYPE {family} ")).expect("of the same family");
            assert!(families.insert(family.clone(), kind).is_none(), "{family} is there twice");
            continue;
        }
        let (name, _, _) = sample(line);
        let suffix = name.strip_prefix(&family).expect("below its family");
        match families.get(&family).copied() {
            Some("histogram") => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
            Some("counter") => assert!(suffix.is_empty() && family.ends_with("_total"), "{line}"),
            Some("gauge") => assert!(suffix.is_empty() && !family.ends_with("_total"), "{line}"),
            kind => panic!("{kind:?}"),
        }
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{line}");
    }
    assert_eq!(families.len(), METRICS.len(), "every metric has a value in the example");
}

#[test]
fn the_text_for_prometheus_has_the_values_with_escaped_labels() {
    let text = snapshot().prometheus();
    for line in [
        "kolumn_broker_requests_total{broker=\"kafka-1:9092\",api=\"Fetch\"} 1",
        "kolumn_broker_request_failures_total{broker=\"kafka-1:9092\",api=\"Metadata\"} 1",
        "kolumn_broker_sent_bytes_total{broker=\"kafka-1:9092\"} 140",
        "kolumn_broker_throttle_time_seconds_total{broker=\"kafka-1:9092\"} 0.25",
        "kolumn_partition_lag{topic=\"a \\\"b\\\"\\\\c\",partition=\"0\"} 8",
        "kolumn_partition_leader{topic=\"a \\\"b\\\"\\\\c\",partition=\"1\"} -1",
        "kolumn_registry_requests_total{topic=\"a \\\"b\\\"\\\\c\"} 2",
        "kolumn_registry_request_failures_total{topic=\"a \\\"b\\\"\\\\c\"} 1",
        "kolumn_registry_partitions_waiting{topic=\"a \\\"b\\\"\\\\c\"} 5",
        "# TYPE kolumn_partition_fetch_age_seconds gauge",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
    let unknown = "kolumn_partition_lag{topic=\"a \\\"b\\\"\\\\c\",partition=\"1\"}";
    assert!(!text.contains(unknown), "what is not known has no line");
}

#[test]
fn the_buckets_of_a_histogram_add_up_and_end_with_all() {
    let text = snapshot().prometheus();
    let fetches: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("kolumn_broker_request_latency_seconds_bucket") && line.contains("api=\"Fetch\""))
        .map(sample)
        .collect();
    let counts: Vec<_> = fetches.iter().map(|(_, _, count)| *count).collect();
    assert!(counts.is_sorted() && counts.first() == Some(&0.0) && counts.last() == Some(&1.0), "{counts:?}");
    assert!(fetches.last().is_some_and(|(_, labels, _)| labels.ends_with("le=\"+Inf\"")));
    assert!(fetches.iter().any(|(_, labels, count)| labels.ends_with("le=\"0.004096\"") && *count == 1.0));
    assert!(text.contains("kolumn_broker_request_latency_seconds_sum{broker=\"kafka-1:9092\",api=\"Fetch\"} 0.003\n"));
}
