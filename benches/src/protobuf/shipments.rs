//! Messages within messages, lists of them, of texts and of numbers, and a map.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, MapArray, RecordBatch, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{Field, FieldRef, Fields};
use kolumn::spec::{Framing, Nested, Spec};
use prost::Message;
use prost_reflect::{DynamicMessage, MapKey, Value};

use super::{descriptor, generated, kolumn, reflect};
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::Clock;
use crate::orders::text;
use crate::payloads::{BATCH_ROWS, Payloads};
use crate::sums::hundredths_of_cents;

const SCHEMA: &str = r#"
    syntax = "proto3";
    message Shipment {
        int64 id = 1;
        Customer customer = 2;
        repeated Item items = 3;
        repeated string tags = 4;
        map<string, int64> counts = 5;
        repeated int64 stops = 6;
    }
    message Customer { string name = 1; string city = 2; }
    message Item { string name = 1; int64 quantity = 2; double price = 3; }"#;

#[derive(Clone, PartialEq, Message)]
struct Shipment {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(message, optional, tag = "2")]
    customer: Option<Customer>,
    #[prost(message, repeated, tag = "3")]
    items: Vec<Item>,
    #[prost(string, repeated, tag = "4")]
    tags: Vec<String>,
    #[prost(btree_map = "string, int64", tag = "5")]
    counts: BTreeMap<String, i64>,
    #[prost(int64, repeated, tag = "6")]
    stops: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Customer {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    city: String,
}

#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int64, tag = "2")]
    quantity: i64,
    #[prost(double, tag = "3")]
    price: f64,
}

const WORDS: [&str; 8] = ["fragile", "cold", "express", "insured", "bulk", "return", "gift", "oversize"];

pub(super) fn run(arguments: &Measure) -> Outcome<Results> {
    let mut random = fastrand::Rng::with_seed(14);
    let messages = (1..).map(|id| {
        let random = &mut random;
        let word = |random: &mut fastrand::Rng| WORDS[random.usize(..WORDS.len())].to_owned();
        Shipment {
            id,
            customer: Some(Customer { name: format!("customer {}", random.u16(..)), city: word(random) }),
            items: (0..random.usize(..4))
                .map(|_| Item {
                    name: format!("SKU{}", random.u16(..)),
                    quantity: random.i64(1..500),
                    price: random.i64(100..100_000) as f64 / 100.0,
                })
                .collect(),
            tags: (0..random.usize(..3)).map(|_| word(random)).collect(),
            counts: (0..random.usize(..3)).map(|_| (word(random), random.i64(1..10_000))).collect(),
            stops: (0..random.usize(..6)).map(|_| random.i64(1..3000)).collect(),
        }
    });
    let payloads = Payloads::new(arguments.rows / 2, messages.map(|message| message.encode_to_vec()));
    let spec = Spec::from(kolumn::spec::protobuf(SCHEMA).framing(Framing::None).nested(Nested::Struct));
    let descriptor = descriptor(SCHEMA, "Shipment")?;
    let contest =
        Contest::new(format!("Protobuf, nested, repeated and map, {:.1} bytes, all fields", payloads.mean()), Clock::Cpu)
            .bytes(payloads.bytes())
            .subject("kolumn", |watch| kolumn(watch, &payloads, &spec))
            .peer("prost-reflect, values", 10.0, |watch| reflect(watch, &payloads, &descriptor, add))
            .peer("prost struct and arrow builders", 2.0, |watch| generated(watch, &payloads, columns));
    contest.run(arguments.rounds, true)
}

fn add(message: &DynamicMessage, leaves: &mut super::Leaves) {
    fn texts(message: &DynamicMessage, number: u32) -> i64 {
        message.get_field_by_number(number).and_then(|value| value.as_str().map(text)).unwrap_or(0)
    }
    let field = |number| message.get_field_by_number(number);
    let number =
        |message: &DynamicMessage, number| message.get_field_by_number(number).and_then(|value| value.as_i64()).unwrap_or(0);
    leaves.sums.push(number(message, 1));
    if let Some(customer) = field(2).as_deref().and_then(Value::as_message) {
        leaves.sums.extend([texts(customer, 1), texts(customer, 2)]);
    }
    let items = field(3);
    let items = || items.as_deref().and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_message);
    leaves.sums.push(items().map(|item| texts(item, 1)).sum());
    leaves.sums.push(items().map(|item| number(item, 2)).sum());
    let price = |item: &DynamicMessage| item.get_field_by_number(3).and_then(|price| price.as_f64()).unwrap_or(0.0);
    leaves.sums.push(items().map(|item| hundredths_of_cents(price(item))).sum());
    let list = |number, value: fn(&Value) -> i64| {
        field(number).as_deref().and_then(Value::as_list).unwrap_or_default().iter().map(value).sum()
    };
    leaves.sums.push(list(4, |tag| tag.as_str().map_or(0, text)));
    let counts = field(5);
    let counts = || counts.as_deref().and_then(Value::as_map).into_iter().flatten();
    leaves.sums.push(counts().map(|(key, _)| if let MapKey::String(key) = key { text(key) } else { 0 }).sum());
    leaves.sums.push(counts().filter_map(|(_, count)| count.as_i64()).sum());
    leaves.sums.push(list(6, |stop| stop.as_i64().unwrap_or(0)));
}

fn columns(payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
    let numbers = |rows: usize| Int64Builder::with_capacity(rows);
    let texts = |rows: usize| StringBuilder::with_capacity(rows, rows * 10);
    let (mut ids, mut quantities, mut values, mut stops) =
        (numbers(BATCH_ROWS), numbers(BATCH_ROWS * 2), numbers(BATCH_ROWS), numbers(BATCH_ROWS * 3));
    let (mut names, mut cities, mut skus, mut tags, mut keys) =
        (texts(BATCH_ROWS), texts(BATCH_ROWS), texts(BATCH_ROWS * 2), texts(BATCH_ROWS), texts(BATCH_ROWS));
    let mut prices = Float64Builder::with_capacity(BATCH_ROWS * 2);
    let [mut of_items, mut of_tags, mut of_counts, mut of_stops] = std::array::from_fn(|_| Vec::with_capacity(BATCH_ROWS));
    for payload in payloads.iter().flatten() {
        let shipment = Shipment::decode(*payload)?;
        ids.append_value(shipment.id);
        let customer = shipment.customer.ok_or("every message has one")?;
        names.append_value(customer.name);
        cities.append_value(customer.city);
        of_items.push(shipment.items.len());
        for item in shipment.items {
            skus.append_value(item.name);
            quantities.append_value(item.quantity);
            prices.append_value(item.price);
        }
        of_tags.push(shipment.tags.len());
        shipment.tags.iter().for_each(|tag| tags.append_value(tag));
        of_counts.push(shipment.counts.len());
        for (key, value) in shipment.counts {
            keys.append_value(key);
            values.append_value(value);
        }
        of_stops.push(shipment.stops.len());
        stops.append_slice(&shipment.stops);
    }
    let customers = structs(vec![("name", Arc::new(names.finish())), ("city", Arc::new(cities.finish()))], true)?;
    let items = structs(
        vec![
            ("name", Arc::new(skus.finish())),
            ("quantity", Arc::new(quantities.finish())),
            ("price", Arc::new(prices.finish())),
        ],
        true,
    )?;
    let pairs = structs(vec![("keys", Arc::new(keys.finish())), ("values", Arc::new(values.finish()))], false)?;
    let entries: FieldRef = Arc::new(Field::new("entries", pairs.data_type().clone(), false));
    let counts = MapArray::try_new(entries, OffsetBuffer::from_lengths(of_counts), pairs, None, false)?;
    let columns: [(&str, ArrayRef); 6] = [
        ("id", Arc::new(ids.finish())),
        ("customer", Arc::new(customers)),
        ("items", lists(of_items, Arc::new(items))?),
        ("tags", lists(of_tags, Arc::new(tags.finish()))?),
        ("counts", Arc::new(counts)),
        ("stops", lists(of_stops, Arc::new(stops.finish()))?),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// The first field may be null only where `nullable`.
fn structs(columns: Vec<(&str, ArrayRef)>, nullable: bool) -> Outcome<StructArray> {
    let field = |(index, (name, column)): (usize, &(&str, ArrayRef))| {
        Field::new(*name, column.data_type().clone(), nullable || index > 0)
    };
    let fields: Fields = columns.iter().enumerate().map(field).collect();
    Ok(StructArray::try_new(fields, columns.into_iter().map(|(_, column)| column).collect(), None)?)
}

fn lists(lengths: Vec<usize>, items: ArrayRef) -> Outcome<ArrayRef> {
    let item = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), items, None)?))
}
