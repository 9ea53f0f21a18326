//! The orders of [`crate::avro`] as Protobuf, into columns: kolumn, which knows the schema at run time only, prost-reflect, which does
//! too and makes values, and a struct of prost's derive macro with Arrow's builders, which a program has that is compiled for them.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use kolumn::spec::{Framing, Spec};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, Value};

use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::{Clock, Stopwatch};
use crate::orders::{orders, text};
use crate::payloads::Payloads;
use crate::sums::{Sums, hundredths_of_cents};

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

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
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
    let payloads = Payloads::new(arguments.rows, messages.map(|order| order.encode_to_vec()));
    let spec = Spec::from(kolumn::spec::protobuf(SCHEMA).framing(Framing::None));
    let descriptor = descriptor()?;
    let contest = Contest::new(format!("Protobuf, orders of {:.1} bytes, 8 of 8 fields", payloads.mean()), Clock::Cpu)
        .bytes(payloads.bytes())
        .subject("kolumn", |watch| crate::payloads::into_columns(watch, &payloads, &spec))
        .peer("prost-reflect, values", 20.0, |watch| reflect(watch, &payloads, &descriptor))
        .peer("prost struct and arrow builders", 2.0, |watch| generated(watch, &payloads));
    Ok(vec![contest.run(arguments.rounds, true)?])
}

fn descriptor() -> Outcome<MessageDescriptor> {
    let file = protox::file::File::from_source("order.proto", SCHEMA)?;
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone())?;
    pool.get_message_by_name("Order").ok_or_else(|| "no message".into())
}

fn reflect(watch: &mut Stopwatch, payloads: &Payloads, descriptor: &MessageDescriptor) -> Outcome<Sums> {
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let messages = watch.measure(|| {
            chunk
                .iter()
                .flatten()
                .map(|payload| DynamicMessage::decode(descriptor.clone(), *payload))
                .collect::<Result<Vec<_>, _>>()
        })?;
        for message in &messages {
            let field = |number| message.get_field_by_number(number);
            let mut columns = [0; 8];
            for (column, number) in columns.iter_mut().zip(1..) {
                *column = match field(number).as_deref() {
                    Some(Value::String(value)) => text(value),
                    Some(Value::F64(value)) => hundredths_of_cents(*value),
                    Some(Value::I64(value)) => *value,
                    _ => 0,
                };
            }
            sums.add_order(columns, i64::from(!message.has_field_by_number(8)));
        }
    }
    Ok(sums)
}

fn generated(watch: &mut Stopwatch, payloads: &Payloads) -> Outcome<Sums> {
    let mut sums = Sums::default();
    let mut texts: [StringBuilder; 4] = std::array::from_fn(|_| StringBuilder::new());
    let mut prices = Float64Builder::new();
    let mut numbers: [Int64Builder; 3] = std::array::from_fn(|_| Int64Builder::new());
    for chunk in payloads.chunks() {
        let batch = watch.measure(|| -> Outcome<RecordBatch> {
            let [symbols, sides, venues, notes] = &mut texts;
            let [quantities, ids, micros] = &mut numbers;
            for payload in chunk.iter().flatten() {
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
        })?;
        sums.add_order_columns(batch.columns());
    }
    Ok(sums)
}
