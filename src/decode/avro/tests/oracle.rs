//! Random schemas, values, and pairs of a writer's and a reader's schema, against the `apache-avro` crate.

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int32Type, Int64Type, Time32MillisecondType,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::decode;
use crate::spec::{Names, Nested, Side, Spec, avro};

/// Whatever comes of a seed.
pub(super) struct Random {
    pub(super) rng: fastrand::Rng,
    names: usize,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), names: 0 }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    pub(super) fn record(&mut self, depth: usize) -> Json {
        let name = self.name();
        let fields: Vec<Json> =
            (0..self.rng.usize(1..6)).map(|_| json!({"name": self.name(), "type": self.schema(depth)})).collect();
        json!({"type": "record", "name": name, "fields": fields})
    }

    /// A type that may stand in a union beside null.
    fn branch(&mut self, depth: usize) -> Json {
        let logical = |physical: &str, logical: &str| json!({"type": physical, "logicalType": logical});
        let (precision, scale) = (self.rng.u8(1..=76), self.rng.u8(0..10));
        let scale = scale.min(precision);
        match self.rng.u8(0..if depth == 0 { 23 } else { 28 }) {
            0 => json!("boolean"),
            1 => json!("int"),
            2 => json!("long"),
            3 => json!("float"),
            4 => json!("double"),
            5 => json!("bytes"),
            6..=8 => json!("string"),
            9 => json!({"type": "enum", "name": self.name(), "symbols": ["A", "B", "C"]}),
            10 => json!({"type": "fixed", "name": self.name(), "size": self.rng.u8(1..20)}),
            11 | 12 => json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}),
            13 => {
                json!({"type": "fixed", "name": self.name(), "size": 33, "logicalType": "decimal", "precision": precision, "scale": scale})
            }
            14 => logical("int", "date"),
            15 => logical("int", "time-millis"),
            16 => logical("long", "time-micros"),
            17 => logical("long", "timestamp-millis"),
            18 => logical("long", "timestamp-micros"),
            19 => logical("long", "timestamp-nanos"),
            20 => logical(
                "long",
                ["local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos"][self.rng.usize(0..3)],
            ),
            21 => logical("string", "uuid"),
            22 => json!({"type": "fixed", "name": self.name(), "size": 16, "logicalType": "uuid"}),
            23 | 24 => self.record(depth - 1),
            25 | 26 => json!({"type": "array", "items": self.schema(depth - 1)}),
            _ => json!({"type": "map", "values": self.schema(depth - 1)}),
        }
    }

    fn schema(&mut self, depth: usize) -> Json {
        match self.rng.u8(0..10) {
            0 | 1 => json!(["null", self.branch(depth)]),
            2 => json!([self.branch(depth), "null"]),
            3 if depth > 0 => {
                let enumeration = json!({"type": "enum", "name": self.name(), "symbols": ["A", "B"]});
                let mut branches = vec![json!("int"), json!("string"), enumeration, self.record(depth - 1)];
                if self.rng.bool() {
                    branches.push(json!("null"));
                }
                self.rng.shuffle(&mut branches);
                Json::Array(branches)
            }
            _ => self.branch(depth),
        }
    }

    pub(super) fn value(&mut self, schema: &Schema) -> Value {
        let rng = &mut self.rng;
        match schema {
            Schema::Null => Value::Null,
            Schema::Boolean => Value::Boolean(rng.bool()),
            Schema::Int => Value::Int(rng.i32(..) >> rng.u32(0..32)),
            Schema::Long => Value::Long(rng.i64(..) >> rng.u32(0..64)),
            Schema::Float => Value::Float(f32::from_bits(rng.u32(..))),
            Schema::Double => Value::Double(f64::from_bits(rng.u64(..))),
            Schema::Bytes => Value::Bytes((0..rng.usize(0..9)).map(|_| rng.u8(0..0x80)).collect()),
            Schema::String => Value::String((0..rng.usize(0..9)).map(|_| rng.char(..)).collect()),
            Schema::Array(array) => Value::Array((0..rng.usize(0..4)).map(|_| self.value(&array.items)).collect()),
            Schema::Map(map) => Value::Map((0..rng.usize(0..4)).map(|key| (format!("k{key}"), self.value(&map.types))).collect()),
            Schema::Union(union) => {
                let branch = rng.usize(0..union.variants().len());
                Value::Union(u32::try_from(branch).unwrap(), Box::new(self.value(&union.variants()[branch])))
            }
            Schema::Record(record) => {
                Value::Record(record.fields.iter().map(|field| (field.name.clone(), self.value(&field.schema))).collect())
            }
            Schema::Enum(symbols) => {
                let symbol = rng.usize(0..symbols.symbols.len());
                Value::Enum(u32::try_from(symbol).unwrap(), symbols.symbols[symbol].clone())
            }
            Schema::Fixed(fixed) => Value::Fixed(fixed.size, (0..fixed.size).map(|_| rng.u8(..)).collect()),
            Schema::Decimal(decimal) => {
                let digits = u32::try_from(decimal.precision.min(38)).unwrap();
                let value = rng.i128(..) % 10_i128.pow(rng.u32(0..=digits));
                let sign = if value < 0 { 0xff } else { 0 };
                let mut bytes = vec![sign; 17];
                bytes.extend(value.to_be_bytes());
                Value::Decimal(bytes.into())
            }
            Schema::Uuid(_) => Value::Uuid(uuid::Uuid::from_u128(rng.u128(..))),
            Schema::Date => Value::Date(rng.i32(..)),
            Schema::TimeMillis => Value::TimeMillis(rng.i32(0..86_400_000)),
            Schema::TimeMicros => Value::TimeMicros(rng.i64(0..86_400_000_000)),
            Schema::TimestampMillis => Value::TimestampMillis(rng.i64(..)),
            Schema::TimestampMicros => Value::TimestampMicros(rng.i64(..)),
            Schema::TimestampNanos => Value::TimestampNanos(rng.i64(..)),
            Schema::LocalTimestampMillis => Value::LocalTimestampMillis(rng.i64(..)),
            Schema::LocalTimestampMicros => Value::LocalTimestampMicros(rng.i64(..)),
            Schema::LocalTimestampNanos => Value::LocalTimestampNanos(rng.i64(..)),
            other => panic!("no values for {other:?}"),
        }
    }

    /// A schema that reads what `writer` writes.
    pub(super) fn reader(&mut self, writer: &Json) -> Json {
        let promoted: &[&str] = match writer.as_str() {
            Some("int") => &["int", "long", "double"],
            Some("long") => &["long", "double"],
            Some("float") => &["float", "double"],
            Some("string") => &["string", "bytes"],
            _ => &[],
        };
        if !promoted.is_empty() {
            let promoted = json!(promoted[self.rng.usize(0..promoted.len())]);
            return if self.rng.u8(0..4) == 0 { json!(["null", promoted]) } else { promoted };
        }
        match writer {
            Json::Object(object) if object["type"] == "record" => {
                let mut fields: Vec<Json> = Vec::new();
                for field in object["fields"].as_array().unwrap() {
                    if self.rng.u8(0..5) > 0 {
                        fields.push(json!({"name": field["name"], "type": self.reader(&field["type"])}));
                    }
                }
                self.rng.shuffle(&mut fields);
                let added = [
                    json!({"name": self.name(), "type": "string", "default": "dé"}),
                    json!({"name": self.name(), "type": ["null", "long"], "default": null}),
                    json!({"name": self.name(), "type": "double", "default": 7}),
                    json!({"name": self.name(), "type": {"type": "array", "items": "long"}, "default": [1, -2]}),
                    json!({"name": self.name(), "type": {"type": "map", "values": "int"}, "default": {"a": 1}}),
                ];
                fields.push(added[self.rng.usize(0..added.len())].clone());
                json!({"type": "record", "name": object["name"], "fields": fields})
            }
            Json::Object(object) if object["type"] == "array" => json!({"type": "array", "items": self.reader(&object["items"])}),
            Json::Object(object) if object["type"] == "map" => json!({"type": "map", "values": self.reader(&object["values"])}),
            other => other.clone(),
        }
    }
}

fn hex(bytes: &[u8]) -> Json {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

fn inner<'a>(union: &'a apache_avro::schema::UnionSchema, value: &'a Value) -> (&'a Schema, &'a Value, usize) {
    let Value::Union(branch, value) = value else { panic!("{value:?} is of no union") };
    let branch = usize::try_from(*branch).unwrap();
    (&union.variants()[branch], value, branch)
}

fn valued(union: &apache_avro::schema::UnionSchema) -> Vec<&Schema> {
    union.variants().iter().filter(|branch| !matches!(branch, Schema::Null)).collect()
}

/// A value as kolumn is to give it, within a column.
fn expected(schema: &Schema, value: &Value) -> Json {
    match (schema, value) {
        (Schema::Union(union), value) => {
            let (branch, value, _) = inner(union, value);
            let valued = valued(union);
            if matches!(branch, Schema::Null) {
                Json::Null
            } else if valued.len() == 1 {
                expected(branch, value)
            } else {
                let name = |schema: &Schema| match schema {
                    Schema::Int => "int".to_owned(),
                    Schema::String => "string".to_owned(),
                    Schema::Enum(symbols) => symbols.name.name().to_owned(),
                    Schema::Record(record) => record.name.name().to_owned(),
                    Schema::Long => "long".to_owned(),
                    other => panic!("{other:?}"),
                };
                let mut branches: Map<String, Json> = valued.iter().map(|schema| (name(schema), Json::Null)).collect();
                branches.insert(name(branch), expected(branch, value));
                Json::Object(branches)
            }
        }
        (Schema::Record(record), Value::Record(values)) => Json::Object(
            record
                .fields
                .iter()
                .zip(values)
                .map(|(field, (_, value))| (field.name.clone(), expected(&field.schema, value)))
                .collect(),
        ),
        (Schema::Array(array), Value::Array(values)) => values.iter().map(|value| expected(&array.items, value)).collect(),
        (Schema::Map(map), Value::Map(values)) => {
            Json::Object(values.iter().map(|(key, value)| (key.clone(), expected(&map.types, value))).collect())
        }
        (_, Value::Boolean(value)) => (*value).into(),
        (_, Value::Int(value) | Value::Date(value) | Value::TimeMillis(value)) => (*value).into(),
        (
            _,
            Value::Long(value)
            | Value::TimeMicros(value)
            | Value::TimestampMillis(value)
            | Value::TimestampMicros(value)
            | Value::TimestampNanos(value)
            | Value::LocalTimestampMillis(value)
            | Value::LocalTimestampMicros(value)
            | Value::LocalTimestampNanos(value),
        ) => (*value).into(),
        (_, Value::Float(value)) => format!("{value:?}").into(),
        (_, Value::Double(value)) => format!("{value:?}").into(),
        (_, Value::Bytes(value) | Value::Fixed(_, value)) => hex(value),
        (_, Value::String(value) | Value::Enum(_, value)) => value.as_str().into(),
        (_, Value::Uuid(value)) => hex(value.as_bytes()),
        (_, Value::Decimal(value)) => {
            let bytes = <Vec<u8>>::try_from(value).unwrap();
            let start = bytes.len().saturating_sub(16);
            i128::from_be_bytes(bytes[start..].try_into().unwrap()).to_string().into()
        }
        other => panic!("{other:?}"),
    }
}

/// The columns of a value where records are flattened; `None` is null.
fn flattened(path: &str, schema: &Schema, value: Option<&Value>, columns: &mut BTreeMap<String, Json>) {
    match schema {
        Schema::Record(record) => {
            for (index, field) in record.fields.iter().enumerate() {
                let value = value.map(|value| match value {
                    Value::Record(values) => &values[index].1,
                    other => panic!("{other:?}"),
                });
                let path = if path.is_empty() { field.name.clone() } else { format!("{path}__{}", field.name) };
                flattened(&path, &field.schema, value, columns);
            }
        }
        Schema::Union(union) if matches!(valued(union)[..], [Schema::Record(_)]) => {
            let value = value.and_then(|value| match inner(union, value) {
                (Schema::Null, ..) => None,
                (_, value, _) => Some(value),
            });
            flattened(path, valued(union)[0], value, columns);
        }
        _ => drop(columns.insert(path.to_owned(), value.map_or(Json::Null, |value| expected(schema, value)))),
    }
}

/// What is in a column.
fn found(array: &ArrayRef, row: usize) -> Json {
    if array.is_null(row) {
        return Json::Null;
    }
    macro_rules! number {
        ($type:ty) => {
            array.as_primitive::<$type>().value(row)
        };
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int32 => number!(Int32Type).into(),
        DataType::Int64 => number!(Int64Type).into(),
        DataType::Date32 => number!(Date32Type).into(),
        DataType::Time32(_) => number!(Time32MillisecondType).into(),
        DataType::Time64(_) => number!(Time64MicrosecondType).into(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => number!(TimestampMillisecondType).into(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => number!(TimestampMicrosecondType).into(),
        DataType::Timestamp(_, _) => number!(TimestampNanosecondType).into(),
        DataType::Float32 => format!("{:?}", number!(Float32Type)).into(),
        DataType::Float64 => format!("{:?}", number!(Float64Type)).into(),
        DataType::Decimal128(..) => number!(Decimal128Type).to_string().into(),
        DataType::Decimal256(..) => number!(Decimal256Type).to_string().into(),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Binary => hex(array.as_binary::<i32>().value(row)),
        DataType::FixedSizeBinary(_) => hex(array.as_fixed_size_binary().value(row)),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len()).map(|item| found(&items, item)).collect()
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1));
            Json::Object((0..entries.len()).map(|entry| (keys.value(entry).to_owned(), found(values, entry))).collect())
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            Json::Object(fields.iter().zip(columns).map(|(field, column)| (field.name().clone(), found(column, row))).collect())
        }
        other => panic!("{other}"),
    }
}

fn compare(writer: &Json, reader: &Json, random: &mut Random) {
    let (from, to) = (Schema::parse(writer).unwrap(), Schema::parse(reader).unwrap());
    let values: Vec<Value> = (0..4).map(|_| random.value(&from)).collect();
    let block = if random.rng.bool() { Some(1) } else { None };
    let payloads: Vec<Vec<u8>> = values
        .iter()
        .map(|value| {
            let mut datum = Vec::new();
            let writer = GenericDatumWriter::builder(&from).maybe_target_block_size(block).build().unwrap();
            writer.write_value_ref(&mut datum, value).unwrap();
            datum
        })
        .collect();
    let oracle = GenericDatumReader::builder(&from).reader_schema(&to).build().unwrap();
    let values: Vec<Value> = payloads.iter().map(|payload| oracle.read_value(&mut &payload[..]).unwrap()).collect();
    let payloads: Vec<Option<&[u8]>> = payloads.iter().map(|payload| Some(&payload[..])).collect();
    for nested in [Nested::Flatten, Nested::Struct] {
        let spec = Spec::from(avro(reader.to_string()).writer_schema(writer.to_string()).nested(nested));
        let names: Vec<String> =
            spec.columns(Side::Value, &Names::default()).unwrap().iter().map(|field| field.name().clone()).collect();
        let (arrays, bad) = decode(spec, &payloads);
        assert_eq!(bad, [], "{writer}\n{reader}");
        for (row, value) in values.iter().enumerate() {
            let mut columns = BTreeMap::new();
            match (nested, &to, value) {
                (Nested::Struct, Schema::Record(record), Value::Record(values)) => {
                    for (field, (_, value)) in record.fields.iter().zip(values) {
                        columns.insert(field.name.clone(), expected(&field.schema, value));
                    }
                }
                _ => flattened("", &to, Some(value), &mut columns),
            }
            let found: BTreeMap<String, Json> =
                names.iter().zip(&arrays).map(|(name, array)| (name.clone(), found(array, row))).collect();
            assert_eq!(found, columns, "{writer}\n{reader}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_schema_gives_what_apache_avro_gives(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let schema = random.record(3);
        compare(&schema, &schema, &mut random);
    }

    #[test]
    fn every_pair_of_schemas_gives_what_apache_avro_gives(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let writer = random.record(3);
        let reader = random.reader(&writer);
        compare(&writer, &reader, &mut random);
    }
}
