//! The orders of [`crate::avro`] as Protobuf.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use kolumn::spec::{Framing, ProtobufSpec, Spec};
use prost::Message;
use prost_reflect::{DynamicMessage, Value};

use super::{Leaves, descriptor, fields, generated, kolumn, reflect};
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::Clock;
use crate::orders::{orders, text};
use crate::payloads::{BATCH_ROWS, Payloads};
use crate::sums::hundredths_of_cents;

const SCHEMA: &str = r#"
    syntax = "proto3";
    message Order {
        string symbol = 1;
        string side = 2;
        string venue = 3;
        double price = 4;
        int64 quantity = 5;
        int64 id = 6;
        int64 micros = 7;
        optional string note = 8;
    }"#;

#[derive(Clone, PartialEq, Message)]
struct Order {
    #[prost(string, tag = "1")]
    symbol: String,
    #[prost(string, tag = "2")]
    side: String,
    #[prost(string, tag = "3")]
    venue: String,
    #[prost(double, tag = "4")]
    price: f64,
    #[prost(int64, tag = "5")]
    quantity: i64,
    #[prost(int64, tag = "6")]
    id: i64,
    #[prost(int64, tag = "7")]
    micros: i64,
    #[prost(string, optional, tag = "8")]
    note: Option<String>,
}

/// Those of its fields that are asked for: a generated program leaves out the others.
#[derive(Clone, PartialEq, Message)]
struct TwoOfOrder {
    #[prost(string, tag = "1")]
    symbol: String,
    #[prost(double, tag = "4")]
    price: f64,
}

/// How the orders are written.
type Rewrite = fn(&[u8], &mut fastrand::Rng) -> Vec<u8>;

pub(super) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let as_they_are: Rewrite = |message, _| message.to_vec();
    let spec = || kolumn::spec::protobuf(SCHEMA).framing(Framing::None);
    let two = || spec().include("/symbol").include("/price");
    let all = [
        ("8 of 8 fields", as_they_are, spec()),
        ("2 of 8 fields", as_they_are, two()),
        ("fields in random order", fields::shuffled, spec()),
        ("fields among unknown ones", fields::with_unknown, spec()),
    ];
    all.into_iter().map(|(title, rewrite, spec)| contest(arguments, title, rewrite, spec)).collect()
}

fn contest(arguments: &Measure, title: &str, rewrite: Rewrite, spec: ProtobufSpec) -> Outcome<Results> {
    let messages = orders().map(|order| Order {
        symbol: order.symbol.into(),
        side: order.side.into(),
        venue: order.venue.into(),
        price: order.price,
        quantity: order.quantity,
        id: order.id,
        micros: order.micros,
        note: order.note,
    });
    let mut random = fastrand::Rng::with_seed(11);
    let payloads = Payloads::new(arguments.rows, messages.map(|order| rewrite(&order.encode_to_vec(), &mut random)));
    let two = title.starts_with('2');
    let spec = Spec::from(spec);
    let descriptor = descriptor(SCHEMA, "Order")?;
    let goals = if title.contains("of 8") { (20.0, 2.0) } else { (5.0, 1.0) };
    let contest = Contest::new(format!("Protobuf, orders of {:.1} bytes, {title}", payloads.mean()), Clock::Cpu)
        .bytes(payloads.bytes())
        .subject("kolumn", |watch| kolumn(watch, &payloads, &spec))
        .peer("prost-reflect, values", goals.0, |watch| {
            reflect(watch, &payloads, &descriptor, |message, leaves| add(message, leaves, if two { &[1, 4] } else { &ALL }))
        })
        .peer("prost struct and arrow builders", goals.1, |watch| {
            generated(watch, &payloads, if two { two_columns } else { columns })
        });
    contest.run(arguments.rounds, true)
}

const ALL: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

fn add(message: &DynamicMessage, leaves: &mut Leaves, numbers: &[u32]) {
    for number in numbers {
        leaves.sums.push(match message.get_field_by_number(*number).as_deref() {
            Some(Value::String(value)) => text(value),
            Some(Value::F64(value)) => hundredths_of_cents(*value),
            Some(Value::I64(value)) => *value,
            _ => 0,
        });
        leaves.nulls += i64::from(*number == 8 && !message.has_field_by_number(8));
    }
}

fn columns(payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
    let texts = |bytes: usize| StringBuilder::with_capacity(BATCH_ROWS, BATCH_ROWS * bytes);
    let (mut symbols, mut sides, mut venues, mut notes) = (texts(5), texts(4), texts(4), texts(20));
    let mut prices = Float64Builder::with_capacity(BATCH_ROWS);
    let [mut quantities, mut ids, mut micros] = std::array::from_fn(|_| Int64Builder::with_capacity(BATCH_ROWS));
    for payload in payloads.iter().flatten() {
        let order = Order::decode(*payload)?;
        symbols.append_value(&order.symbol);
        sides.append_value(&order.side);
        venues.append_value(&order.venue);
        prices.append_value(order.price);
        quantities.append_value(order.quantity);
        ids.append_value(order.id);
        micros.append_value(order.micros);
        notes.append_option(order.note);
    }
    let columns: [(&str, ArrayRef); 8] = [
        ("symbol", Arc::new(symbols.finish())),
        ("side", Arc::new(sides.finish())),
        ("venue", Arc::new(venues.finish())),
        ("price", Arc::new(prices.finish())),
        ("quantity", Arc::new(quantities.finish())),
        ("id", Arc::new(ids.finish())),
        ("micros", Arc::new(micros.finish())),
        ("note", Arc::new(notes.finish())),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn two_columns(payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
    let mut symbols = StringBuilder::with_capacity(BATCH_ROWS, BATCH_ROWS * 5);
    let mut prices = Float64Builder::with_capacity(BATCH_ROWS);
    for payload in payloads.iter().flatten() {
        let order = TwoOfOrder::decode(*payload)?;
        symbols.append_value(&order.symbol);
        prices.append_value(order.price);
    }
    let columns: [(&str, ArrayRef); 2] = [("symbol", Arc::new(symbols.finish())), ("price", Arc::new(prices.finish()))];
    Ok(RecordBatch::try_from_iter(columns)?)
}
