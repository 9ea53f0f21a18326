//! What a record brings with it, as columns: by the builder and by properties.

use crate::common::{self, complete, consume, empty, within};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use kolumn::spec::Type;
use kolumn::{Consume, Error, MetadataColumns, Stop, Table, TableType};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

/// Three records: without headers, with some (one key twice, one that is no text), with a retry count of the wrong length.
fn cluster() -> TestCluster {
    let cluster = empty(1);
    let second = Record::new(r#"{"n":1}"#)
        .header("trace", Some(b"one"))
        .header(b"\xff", None)
        .header("retries", Some(&7_i32.to_be_bytes()))
        .header("trace", Some(b"two"));
    let third = Record::new(r#"{"n":2}"#).header("retries", Some(b"many"[..3].as_ref()));
    let records = [Record::new(r#"{"n":0}"#), second, third];
    cluster.produce("t", 0, records.into_iter().fold(BatchBuilder::new(), BatchBuilder::record).build());
    cluster
}

fn all(cluster: &TestCluster) -> Consume {
    consume(cluster).until(Stop::End)
}

fn batch(table: &Table) -> RecordBatch {
    table.snapshot().to_batch().expect("one batch")
}

fn texts(array: &ArrayRef) -> Vec<Option<&str>> {
    array.as_string::<i32>().iter().collect()
}

#[tokio::test]
async fn c13_headers_are_a_list_with_order_duplicates_and_nulls() {
    let cluster = cluster();
    let mut metadata = MetadataColumns::none();
    metadata.headers = Some("Headers".into());
    let batch = batch(&complete(all(&cluster).metadata(metadata)).await);
    assert_eq!(batch.schema().field(0).data_type().to_string(), "List(Struct(\"key\": Utf8, \"value\": Binary))");
    let headers = batch["Headers"].as_list::<i32>();
    assert_eq!(headers.iter().map(|row| row.map(|row| row.len())).collect::<Vec<_>>(), [Some(0), Some(4), Some(1)]);
    let row = headers.value(1);
    let row = row.as_struct();
    assert_eq!(texts(row.column(0)), [Some("trace"), None, Some("retries"), Some("trace")]);
    let values: Vec<_> = row.column(1).as_binary::<i32>().iter().collect();
    assert_eq!(values, [Some(&b"one"[..]), None, Some(&[0, 0, 0, 7]), Some(b"two")]);
}

#[tokio::test]
async fn one_header_is_a_column_of_its_type_and_what_the_type_does_not_take_is_an_error_record() {
    let cluster = cluster();
    let metadata = MetadataColumns::none().header("trace", "Trace", Type::Utf8).header("retries", "Retries", Type::Int32);
    let table = complete(all(&cluster).metadata(metadata)).await;
    let batch = batch(&table);
    assert_eq!(texts(&batch["Trace"]), [None, Some("two")], "the last of one key counts");
    assert_eq!(batch["Retries"].as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [None, Some(7)]);
    let errors = table.errors().snapshot().to_batch().expect("one batch");
    assert_eq!(texts(&errors["Column"]), [Some("Retries")]);
    assert_eq!(texts(&errors["Reason"]), [Some("header \"retries\": int32 is 4 bytes, the payload has 3")]);
}

#[tokio::test]
async fn properties_say_the_same_as_the_builder() {
    let cluster = cluster();
    let consume = all(&cluster)
        .property("deephaven.timestamp.column.name", "")
        .property("kolumn.topic.column.name", "Topic")
        .property("kolumn.leader.epoch.column.name", "Epoch")
        .property("kolumn.timestamp.type.column.name", "TimestampType")
        .property("kolumn.headers.column.name", "Headers")
        .property("kolumn.header.columns", "Trace:utf8=trace");
    let batch = batch(&complete(consume).await);
    let schema = batch.schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["KafkaPartition", "KafkaOffset", "Topic", "Epoch", "TimestampType", "Headers", "Trace", "n"]);
    assert_eq!(texts(&batch["Topic"]), [Some("t"); 3]);
    assert_eq!(batch["Epoch"].as_primitive::<Int32Type>().null_count(), 0);
    assert_eq!(texts(&batch["TimestampType"]), [Some("CreateTime"); 3]);
    assert_eq!(texts(&batch["Trace"]), [None, Some("two"), None]);
}

#[tokio::test]
async fn columns_of_headers_that_cannot_be_are_refused_before_any_connection() {
    let nowhere = || kolumn::consume("t").brokers("localhost:1").value(common::number());
    let start = async |consume: Consume| within(consume.table(TableType::Append).into_future()).await.expect_err("refused");
    let error = start(nowhere().metadata(MetadataColumns::none().header("h", "H", Type::Date32))).await;
    assert!(matches!(error, Error::InvalidSpec { .. }), "{error}");
    let error = start(nowhere().metadata(MetadataColumns::none().header("h", "n", Type::Utf8))).await;
    assert!(matches!(error, Error::DuplicateColumn { .. }), "{error}");
    for text in ["Trace", "Trace:utf9=trace", "Trace:utf8!=trace", "Trace:utf8=a|b", "Trace:utf8;lenient"] {
        let error = start(nowhere().property("kolumn.header.columns", text)).await;
        assert!(matches!(&error, Error::InvalidProperty { key, .. } if key == "kolumn.header.columns"), "{text}: {error}");
    }
}
