//! The columns of the table, by the names of the reference API; kolumn's own by names of its own.

use super::property::{Property, used};

pub(super) const PROPERTIES: &[Property] = &[
    used("key.deserializer", &[], None, "The Java class whose type the key has, for the spec `from_properties`."),
    used("value.deserializer", &[], None, "The Java class whose type the value has, for the spec `from_properties`."),
    used("deephaven.partition.column.name", &[], Some("KafkaPartition"), "The column of the partition; empty for none."),
    used("deephaven.offset.column.name", &[], Some("KafkaOffset"), "The column of the offset; empty for none."),
    used("deephaven.timestamp.column.name", &[], Some("KafkaTimestamp"), "The column of the record's timestamp; empty for none."),
    used("deephaven.receivetime.column.name", &[], Some(""), "The column of the time of receipt; empty for none."),
    used("deephaven.keybytes.column.name", &[], Some(""), "The column of the key's size in bytes; empty for none."),
    used("deephaven.valuebytes.column.name", &[], Some(""), "The column of the value's size in bytes; empty for none."),
    used("kolumn.topic.column.name", &[], Some(""), "The column of the topic; empty for none."),
    used(
        "kolumn.leader.epoch.column.name",
        &[],
        Some(""),
        "The column of the leader epoch of the record's batch; empty for none.",
    ),
    used(
        "kolumn.timestamp.type.column.name",
        &[],
        Some(""),
        "The column that says who set the timestamp, `CreateTime` or `LogAppendTime`; empty for none.",
    ),
    used("kolumn.headers.column.name", &[], Some(""), "The column of all headers, a list of key and value; empty for none."),
    used(
        "kolumn.header.columns",
        &[],
        Some(""),
        "Single headers as columns, each `column:type=header` with the types of simple specs: `TraceId:utf8=trace-id,Retries:int32`; empty for none.",
    ),
    used("deephaven.key.column.name", &[], Some("KafkaKey"), "The column of a key that is one value."),
    used("deephaven.value.column.name", &[], Some("KafkaValue"), "The column of a value that is one value."),
    used("deephaven.key.column.type", &[], None, "The type of a key that is one value."),
    used("deephaven.value.column.type", &[], None, "The type of a value that is one value."),
];
