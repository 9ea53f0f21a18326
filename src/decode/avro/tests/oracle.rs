//! Random schemas, values, and pairs of a writer's and a reader's schema, against the `apache-avro` crate.

use std::collections::{BTreeMap, HashMap};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{BigDecimal, Days, Duration, Millis, Months, Schema};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int32Type, Int64Type, Time32MillisecondType,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, UInt32Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::decode;
use crate::spec::{Names, Nested, Recursive, Side, Spec, avro};

/// Whatever comes of a seed.
pub(super) struct Random {
    pub(super) rng: fastrand::Rng,
    names: usize,
    /// How often records that contain themselves do so, at most.
    within: usize,
    /// So many entries a map has, but for one.
    entries: usize,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), names: 0, within: 3, entries: 4 }
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

    /// A record that contains itself, in one way or another.
    fn recursive(&mut self) -> Json {
        // The bytes of a map are another's when it has several entries: their order is left to chance.
        self.entries = 2;
        let mut record = self.record(2);
        let own = record["name"].clone();
        let again = [
            json!(["null", own]),
            json!([own, "null"]),
            json!({"type": "array", "items": own}),
            json!({"type": "map", "values": own}),
        ];
        let fields = record["fields"].as_array_mut().unwrap();
        for again in again {
            if self.rng.bool() {
                continue;
            }
            let at = self.rng.usize(0..=fields.len());
            fields.insert(at, json!({"name": self.name(), "type": again}));
        }
        record
    }

    /// A type that may stand in a union beside null.
    fn branch(&mut self, depth: usize) -> Json {
        let logical = |physical: &str, logical: &str| json!({"type": physical, "logicalType": logical});
        let (precision, scale) = (self.rng.u8(1..=76), self.rng.u8(0..10));
        let scale = scale.min(precision);
        match self.rng.u8(0..if depth == 0 { 25 } else { 30 }) {
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
            23 => json!({"type": "fixed", "name": self.name(), "size": 12, "logicalType": "duration"}),
            24 => logical("bytes", "big-decimal"),
            25 | 26 => self.record(depth - 1),
            27 | 28 => json!({"type": "array", "items": self.schema(depth - 1)}),
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

    /// A value of `schema`, which is `top` or within it.
    pub(super) fn value(&mut self, top: &Schema, schema: &Schema) -> Value {
        let rng = &mut self.rng;
        let ends = |schema: &Schema| self.within == 0 && matches!(schema, Schema::Ref { .. });
        match schema {
            Schema::Ref { .. } => {
                self.within -= 1;
                let value = self.value(top, top);
                self.within += 1;
                value
            }
            Schema::Array(array) if ends(&array.items) => Value::Array(Vec::new()),
            Schema::Map(map) if ends(&map.types) => Value::Map(HashMap::new()),
            Schema::Union(union) if union.variants().iter().any(ends) => {
                let null = union.variants().iter().position(|branch| matches!(branch, Schema::Null)).unwrap();
                Value::Union(u32::try_from(null).unwrap(), Box::new(Value::Null))
            }
            Schema::Duration(_) => {
                Value::Duration(Duration::new(Months::new(rng.u32(..)), Days::new(rng.u32(..)), Millis::new(rng.u32(..))))
            }
            Schema::BigDecimal => Value::BigDecimal(BigDecimal::new(rng.i64(..).into(), rng.i64(0..30))),
            Schema::Null => Value::Null,
            Schema::Boolean => Value::Boolean(rng.bool()),
            Schema::Int => Value::Int(rng.i32(..) >> rng.u32(0..32)),
            Schema::Long => Value::Long(rng.i64(..) >> rng.u32(0..64)),
            Schema::Float => Value::Float(f32::from_bits(rng.u32(..))),
            Schema::Double => Value::Double(f64::from_bits(rng.u64(..))),
            Schema::Bytes => Value::Bytes((0..rng.usize(0..9)).map(|_| rng.u8(0..0x80)).collect()),
            Schema::String => Value::String((0..rng.usize(0..9)).map(|_| rng.char(..)).collect()),
            Schema::Array(array) => Value::Array((0..rng.usize(0..4)).map(|_| self.value(top, &array.items)).collect()),
            Schema::Map(map) => {
                Value::Map((0..rng.usize(0..self.entries)).map(|key| (format!("k{key}"), self.value(top, &map.types))).collect())
            }
            Schema::Union(union) => {
                let branch = rng.usize(0..union.variants().len());
                Value::Union(u32::try_from(branch).unwrap(), Box::new(self.value(top, &union.variants()[branch])))
            }
            Schema::Record(record) => {
                Value::Record(record.fields.iter().map(|field| (field.name.clone(), self.value(top, &field.schema))).collect())
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
        }
    }

    /// The same of a whole schema, whose name is nobody's business.
    pub(super) fn top(&mut self, writer: &Json) -> Json {
        json!({"type": "record", "name": self.name(), "fields": self.fields(&writer["fields"])})
    }

    /// A name for what is called so, or another one and that as an alias.
    fn renamed(&mut self, schema: &mut Json) {
        if self.rng.u8(0..3) == 0 {
            let old = std::mem::replace(&mut schema["name"], json!(self.name()));
            schema["aliases"] = json!(["x.never", old]);
        }
    }

    /// A schema that reads what `writer` writes. `branch` is whether it stands in a union, where the oracle takes no symbol for another.
    fn reader(&mut self, writer: &Json, branch: bool) -> Json {
        let promoted: &[&str] = match writer.as_str() {
            Some("int") => &["int", "long", "float", "double"],
            Some("long") => &["long", "float", "double"],
            Some("float") => &["float", "double"],
            Some("string") => &["string", "bytes"],
            Some("bytes") => &["bytes", "string"],
            _ => &[],
        };
        if !promoted.is_empty() && !branch {
            let promoted = json!(promoted[self.rng.usize(0..promoted.len())]);
            return if self.rng.u8(0..4) == 0 { json!(["null", promoted]) } else { promoted };
        }
        match writer {
            Json::Object(object) if object["type"] == "record" => {
                let mut record = json!({"type": "record", "name": object["name"], "fields": self.fields(&object["fields"])});
                self.renamed(&mut record);
                record
            }
            Json::Object(object) if object["type"] == "array" => {
                json!({"type": "array", "items": self.reader(&object["items"], false)})
            }
            Json::Object(object) if object["type"] == "map" => {
                json!({"type": "map", "values": self.reader(&object["values"], false)})
            }
            Json::Object(object) if object["type"] == "enum" => {
                let mut symbols = object["symbols"].as_array().unwrap().clone();
                self.rng.shuffle(&mut symbols);
                if !branch && self.rng.bool() {
                    symbols.pop();
                }
                symbols.insert(self.rng.usize(0..=symbols.len()), json!("Z"));
                let mut schema = json!({"type": "enum", "name": object["name"], "symbols": symbols, "default": "Z"});
                self.renamed(&mut schema);
                schema
            }
            Json::Object(object) => {
                let mut schema = Json::Object(object.clone());
                if object["type"] == "fixed" {
                    self.renamed(&mut schema);
                } else if let Some(digits) = object.get("precision") {
                    schema["precision"] = json!(self.rng.u64(digits.as_u64().unwrap()..=76));
                }
                schema
            }
            Json::Array(branches) => {
                let mut branches: Vec<Json> = branches.iter().map(|branch| self.reader(branch, true)).collect();
                self.rng.shuffle(&mut branches);
                Json::Array(branches)
            }
            other => other.clone(),
        }
    }

    /// A reader's fields: some of the writer's in another order and perhaps by another name, and some that the writer has not.
    fn fields(&mut self, writer: &Json) -> Vec<Json> {
        let mut fields: Vec<Json> = Vec::new();
        for field in writer.as_array().unwrap() {
            if self.rng.u8(0..5) > 0 {
                let mut own = json!({"name": field["name"], "type": self.reader(&field["type"], false)});
                self.renamed(&mut own);
                fields.push(own);
            }
        }
        // The oracle takes bytes of a default for UTF-8 and only the first branch of a union for its: `resolution` has the rest.
        let [inner, items] = [self.name(), self.name()].map(|name| {
            json!({"type": "record", "name": name, "fields": [
                {"name": "x", "type": "int"}, {"name": "y", "type": {"type": "array", "items": "string"}, "default": ["y"]}]})
        });
        let mut added = vec![
            json!({"type": "string", "default": "dé"}),
            json!({"type": ["null", "long"], "default": null}),
            json!({"type": ["string", "null"], "default": "s"}),
            json!({"type": "double", "default": 7}),
            json!({"type": "float", "default": 0.1}),
            json!({"type": "boolean", "default": true}),
            json!({"type": "int", "default": -5}),
            json!({"type": "long", "default": 1_i64 << 40}),
            json!({"type": "bytes", "default": "ab"}),
            json!({"type": {"type": "fixed", "name": self.name(), "size": 2}, "default": "xy"}),
            json!({"type": {"type": "enum", "name": self.name(), "symbols": ["A", "B"]}, "default": "B"}),
            json!({"type": {"type": "array", "items": "long"}, "default": [1, -2]}),
            json!({"type": {"type": "map", "values": "int"}, "default": {"a": 1}}),
            json!({"type": {"type": "array", "items": items}, "default": [{"x": 1, "y": []}]}),
            json!({"type": inner, "default": {"x": 8}}),
            json!({"type": {"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 1}, "default": "\u{1}"}),
            json!({"type": {"type": "int", "logicalType": "date"}, "default": 3}),
            json!({"type": {"type": "long", "logicalType": "timestamp-millis"}, "default": -3}),
        ];
        for _ in 0..self.rng.usize(1..3) {
            let mut field = added.swap_remove(self.rng.usize(0..added.len()));
            field["name"] = json!(self.name());
            fields.push(field);
        }
        self.rng.shuffle(&mut fields);
        fields
    }
}

/// A schema by the names that the writer has for things: the oracle knows no aliases.
fn without_aliases(schema: &Json) -> Json {
    match schema {
        Json::Object(object) => {
            let mut own: Map<String, Json> = object.iter().map(|(key, value)| (key.clone(), without_aliases(value))).collect();
            if let Some(aliases) = own.remove("aliases") {
                own["name"] = aliases[1].clone();
            }
            Json::Object(own)
        }
        Json::Array(items) => items.iter().map(without_aliases).collect(),
        other => other.clone(),
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

/// The schema that a record which contains itself is of, and how it is written.
struct Top<'a> {
    schema: &'a Schema,
    block: Option<usize>,
}

impl Top<'_> {
    fn bytes(&self, value: &Value) -> Vec<u8> {
        let mut datum = Vec::new();
        let writer = GenericDatumWriter::builder(self.schema).maybe_target_block_size(self.block).build().unwrap();
        writer.write_value_ref(&mut datum, value).unwrap();
        datum
    }
}

/// A value as kolumn is to give it, within a column.
fn expected(top: &Top<'_>, schema: &Schema, value: &Value) -> Json {
    match (schema, value) {
        (Schema::Ref { .. }, value) => hex(&top.bytes(value)),
        (Schema::Union(union), value) => {
            let (branch, value, _) = inner(union, value);
            let valued = valued(union);
            if matches!(branch, Schema::Null) {
                Json::Null
            } else if valued.len() == 1 {
                expected(top, branch, value)
            } else {
                let name = |schema: &Schema| match schema {
                    Schema::Int => "int".to_owned(),
                    Schema::String => "string".to_owned(),
                    Schema::Enum(symbols) => symbols.name.name().to_owned(),
                    Schema::Record(record) => record.name.name().to_owned(),
                    Schema::Long => "long".to_owned(),
                    Schema::Ref { name } => name.name().to_owned(),
                    other => panic!("{other:?}"),
                };
                let mut branches: Map<String, Json> = valued.iter().map(|schema| (name(schema), Json::Null)).collect();
                branches.insert(name(branch), expected(top, branch, value));
                Json::Object(branches)
            }
        }
        (Schema::Record(record), Value::Record(values)) => Json::Object(
            record
                .fields
                .iter()
                .zip(values)
                .map(|(field, (_, value))| (field.name.clone(), expected(top, &field.schema, value)))
                .collect(),
        ),
        (Schema::Array(array), Value::Array(values)) => values.iter().map(|value| expected(top, &array.items, value)).collect(),
        (Schema::Map(map), Value::Map(values)) => {
            Json::Object(values.iter().map(|(key, value)| (key.clone(), expected(top, &map.types, value))).collect())
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
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            bytes.iter().fold(sign, |number: i128, byte| number << 8 | i128::from(*byte)).to_string().into()
        }
        (_, Value::Duration(value)) => {
            let (months, days, millis) = (u32::from(value.months()), u32::from(value.days()), u32::from(value.millis()));
            json!({"months": months, "days": days, "millis": millis})
        }
        (_, Value::BigDecimal(value)) => value.to_plain_string().into(),
        other => panic!("{other:?}"),
    }
}

/// The columns of a value where records are flattened; `None` is null.
fn flattened(top: &Top<'_>, path: &str, schema: &Schema, value: Option<&Value>, columns: &mut BTreeMap<String, Json>) {
    match schema {
        Schema::Record(record) => {
            for (index, field) in record.fields.iter().enumerate() {
                let value = value.map(|value| match value {
                    Value::Record(values) => &values[index].1,
                    other => panic!("{other:?}"),
                });
                let path = if path.is_empty() { field.name.clone() } else { format!("{path}__{}", field.name) };
                flattened(top, &path, &field.schema, value, columns);
            }
        }
        Schema::Union(union) if matches!(valued(union)[..], [Schema::Record(_)]) => {
            let value = value.and_then(|value| match inner(union, value) {
                (Schema::Null, ..) => None,
                (_, value, _) => Some(value),
            });
            flattened(top, path, valued(union)[0], value, columns);
        }
        _ => drop(columns.insert(path.to_owned(), value.map_or(Json::Null, |value| expected(top, schema, value)))),
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
        DataType::UInt32 => number!(UInt32Type).into(),
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
    let [from, to, theirs] = [writer, reader, &without_aliases(reader)].map(|schema| Schema::parse(schema).unwrap());
    let values: Vec<Value> = (0..4).map(|_| random.value(&from, &from)).collect();
    let block = if random.rng.bool() { Some(1) } else { None };
    let top = &Top { schema: &from, block };
    let payloads: Vec<Vec<u8>> = values.iter().map(|value| top.bytes(value)).collect();
    let oracle = GenericDatumReader::builder(&from).reader_schema(&theirs).build().unwrap();
    let values: Vec<Value> = payloads.iter().map(|payload| oracle.read_value(&mut &payload[..]).unwrap()).collect();
    let payloads: Vec<Option<&[u8]>> = payloads.iter().map(|payload| Some(&payload[..])).collect();
    for nested in [Nested::Flatten, Nested::Struct] {
        let spec =
            Spec::from(avro(reader.to_string()).writer_schema(writer.to_string()).nested(nested).recursive(Recursive::Raw));
        let names: Vec<String> =
            spec.columns(Side::Value, &Names::default()).unwrap().iter().map(|field| field.name().clone()).collect();
        let (arrays, bad) = decode(spec, &payloads);
        assert_eq!(bad, [], "{writer}\n{reader}");
        for (row, value) in values.iter().enumerate() {
            let mut columns = BTreeMap::new();
            match (nested, &to, value) {
                (Nested::Struct, Schema::Record(record), Value::Record(values)) => {
                    for (field, (_, value)) in record.fields.iter().zip(values) {
                        columns.insert(field.name.clone(), expected(top, &field.schema, value));
                    }
                }
                _ => flattened(top, "", &to, Some(value), &mut columns),
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
    fn what_contains_itself_is_a_column_of_the_bytes_that_apache_avro_wrote(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let schema = random.recursive();
        compare(&schema, &schema, &mut random);
    }

    #[test]
    fn every_pair_of_schemas_gives_what_apache_avro_gives(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let writer = random.record(3);
        let reader = random.top(&writer);
        compare(&writer, &reader, &mut random);
    }
}
