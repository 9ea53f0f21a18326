//! Records with decimals, nullable fields, an array and a map.

use apache_avro::types::Value;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::{apache_avro, arrow_avro, put_long, put_nullable, put_text, spec_of};
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::Clock;
use crate::orders::{Order, orders, text};
use crate::payloads::{Payloads, into_columns_of};
use crate::sums::{Sums, hundredths_of_cents};

const SCHEMA: &str = r#"{"type": "record", "name": "Trade", "fields": [
    {"name": "Id", "type": "long"},
    {"name": "Amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}},
    {"name": "Fee", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}]},
    {"name": "Note", "type": ["null", "string"]},
    {"name": "Parent", "type": ["null", "long"]},
    {"name": "Rate", "type": ["null", "double"]},
    {"name": "Final", "type": "boolean"},
    {"name": "Tags", "type": {"type": "array", "items": "string"}},
    {"name": "Marks", "type": {"type": "map", "values": "long"}}]}"#;
const FIELDS: usize = 9;

pub(super) fn run(arguments: &Measure) -> Outcome<Results> {
    let payloads = Payloads::new(arguments.rows, orders().map(|order| payload(&order)));
    let writers = [SCHEMA.to_owned()];
    let spec = spec_of(&writers, SCHEMA);
    let title = format!("Avro, records of {:.1} bytes with decimals, nulls, an array and a map", payloads.mean());
    Contest::new(title, Clock::Cpu)
        .bytes(payloads.bytes())
        .subject("kolumn", |watch| into_columns_of(watch, &payloads, &spec, add_columns))
        .peer("arrow-avro", 5.0, |watch| arrow_avro(watch, &payloads, &writers, SCHEMA, add_columns))
        .peer("apache-avro, values", 20.0, |watch| apache_avro(watch, &payloads, &writers, SCHEMA, add_value))
        .run(arguments.rounds, true)
}

fn payload(order: &Order) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 1];
    let one_in = |parts: i64| order.id % parts == 0;
    put_long(&mut bytes, order.id);
    put_decimal(&mut bytes, hundredths_of_cents(order.price) * if one_in(2) { -1 } else { 1 });
    put_nullable(&mut bytes, (!one_in(3)).then_some(order.quantity), put_decimal);
    put_nullable(&mut bytes, order.note.as_deref(), put_text);
    put_nullable(&mut bytes, (!one_in(5)).then_some(order.id - 1), put_long);
    put_nullable(&mut bytes, (!one_in(4)).then_some(order.price), |bytes, rate| bytes.extend(rate.to_le_bytes()));
    bytes.push(u8::from(one_in(2)));
    let tags = [order.side, order.venue, order.symbol];
    put_items(&mut bytes, tags.iter().take(order.id.unsigned_abs() as usize % 4), put_text);
    put_items(&mut bytes, tags.iter().take(order.quantity.unsigned_abs() as usize % 3), |bytes, key| {
        put_text(bytes, key);
        put_long(bytes, order.quantity);
    });
    bytes
}

/// As few bytes as the number needs, the first one first.
fn put_decimal(bytes: &mut Vec<u8>, unscaled: i64) {
    let all = unscaled.to_be_bytes();
    let spare = (0..all.len() - 1).take_while(|bytes| unscaled << (8 * (bytes + 1)) >> (8 * (bytes + 1)) == unscaled).count();
    put_long(bytes, (all.len() - spare) as i64);
    bytes.extend(all.iter().skip(spare));
}

fn put_items<'a>(
    bytes: &mut Vec<u8>,
    items: impl ExactSizeIterator<Item = &'a &'a str>,
    mut put: impl FnMut(&mut Vec<u8>, &str),
) {
    if items.len() > 0 {
        put_long(bytes, items.len() as i64);
        items.for_each(|item| put(bytes, item));
    }
    put_long(bytes, 0);
}

fn add_columns(sums: &mut Sums, columns: &[ArrayRef]) {
    let mut each = [0; FIELDS];
    each.iter_mut().zip(columns).for_each(|(sum, column)| *sum = sum_of(column));
    sums.add(columns.first().map_or(0, Array::len), each);
}

fn sum_of(column: &ArrayRef) -> i64 {
    let sum: i64 = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().flatten().map(text).sum(),
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().map(hundredths_of_cents).sum(),
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().iter().flatten().map(|value| value as i64).sum(),
        DataType::Boolean => column.as_boolean().true_count() as i64,
        DataType::List(_) => sum_of(column.as_list::<i32>().values()),
        DataType::Map(..) => sum_of(column.as_map().keys()) + sum_of(column.as_map().values()),
        _ => column.as_primitive::<Int64Type>().iter().flatten().sum(),
    };
    sum + column.null_count() as i64
}

fn add_value(sums: &mut Sums, value: &Value) {
    let Value::Record(fields) = value else { return };
    let mut each = [0; FIELDS];
    each.iter_mut().zip(fields).for_each(|(sum, (_, value))| *sum = sum_of_value(value));
    sums.add(1, each);
}

fn sum_of_value(value: &Value) -> i64 {
    match value {
        Value::Union(_, inner) => sum_of_value(inner),
        Value::Null => 1,
        Value::String(value) => text(value),
        Value::Double(value) => hundredths_of_cents(*value),
        Value::Long(value) => *value,
        Value::Boolean(value) => i64::from(*value),
        Value::Decimal(value) => {
            let bytes = Vec::try_from(value).unwrap_or_default();
            let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
            bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))
        }
        Value::Array(items) => items.iter().map(sum_of_value).sum(),
        Value::Map(entries) => entries.iter().map(|(key, value)| text(key) + sum_of_value(value)).sum(),
        other => unreachable!("no {other:?} was written"),
    }
}
