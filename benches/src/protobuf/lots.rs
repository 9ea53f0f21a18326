//! Messages of proto2, with groups.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields};
use kolumn::spec::{Framing, Nested, Spec};
use prost::Message;
use prost_reflect::{DynamicMessage, Value};

use super::{descriptor, generated, kolumn, reflect};
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::Clock;
use crate::orders::text;
use crate::payloads::{BATCH_ROWS, Payloads};

const SCHEMA: &str = r#"
    syntax = "proto2";
    message Lots {
        required int64 id = 1;
        repeated group Lot = 2 { required string name = 3; optional int64 count = 4; }
        optional group Place = 5 { optional string city = 6; optional string street = 7; }
    }"#;

#[derive(Clone, PartialEq, Message)]
struct Lots {
    #[prost(int64, required, tag = "1")]
    id: i64,
    #[prost(group, repeated, tag = "2")]
    lots: Vec<Lot>,
    #[prost(group, optional, tag = "5")]
    place: Option<Place>,
}

#[derive(Clone, PartialEq, Message)]
struct Lot {
    #[prost(string, required, tag = "3")]
    name: String,
    #[prost(int64, optional, tag = "4")]
    count: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Place {
    #[prost(string, optional, tag = "6")]
    city: Option<String>,
    #[prost(string, optional, tag = "7")]
    street: Option<String>,
}

pub(super) fn run(arguments: &Measure) -> Outcome<Results> {
    let mut random = fastrand::Rng::with_seed(13);
    let messages = (1..).map(|id| {
        let lots = (0..random.usize(1..4))
            .map(|_| Lot { name: format!("lot {}", random.u16(..)), count: (random.u8(..4) > 0).then(|| random.i64(1..1000)) })
            .collect();
        let place = Place { city: Some("Rotterdam".into()), street: Some(format!("Quay {}", random.u8(..))) };
        Lots { id, lots, place: Some(place) }
    });
    let payloads = Payloads::new(arguments.rows / 2, messages.map(|message| message.encode_to_vec()));
    let spec = Spec::from(kolumn::spec::protobuf(SCHEMA).framing(Framing::None).nested(Nested::Struct));
    let descriptor = descriptor(SCHEMA, "Lots")?;
    let contest = Contest::new(format!("Protobuf, proto2 with groups, {:.1} bytes", payloads.mean()), Clock::Cpu)
        .bytes(payloads.bytes())
        .subject("kolumn", |watch| kolumn(watch, &payloads, &spec))
        .peer("prost-reflect, values", 5.0, |watch| {
            reflect(watch, &payloads, &descriptor, |message, leaves| {
                let number = |message: &DynamicMessage, number| {
                    message.get_field_by_number(number).and_then(|value| value.as_i64()).unwrap_or(0)
                };
                let length = |message: &DynamicMessage, number| {
                    message.get_field_by_number(number).and_then(|value| value.as_str().map(text)).unwrap_or(0)
                };
                let lots = message.get_field_by_number(2);
                let lots = || lots.as_deref().and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_message);
                leaves.sums.push(number(message, 1));
                leaves.sums.push(lots().map(|lot| length(lot, 3)).sum());
                leaves.sums.push(lots().map(|lot| number(lot, 4)).sum());
                leaves.nulls = lots().filter(|lot| !lot.has_field_by_number(4)).count() as i64;
                if let Some(place) = message.get_field_by_number(5).as_deref().and_then(Value::as_message) {
                    leaves.sums.extend([length(place, 6), length(place, 7)]);
                }
            })
        })
        .peer("prost struct and arrow builders", 1.0, |watch| generated(watch, &payloads, columns));
    contest.run(arguments.rounds, true)
}

fn columns(payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
    let mut ids = Int64Builder::with_capacity(BATCH_ROWS);
    let mut counts = Int64Builder::with_capacity(BATCH_ROWS * 2);
    let texts = |rows: usize| StringBuilder::with_capacity(rows, rows * 10);
    let (mut names, mut cities, mut streets) = (texts(BATCH_ROWS * 2), texts(BATCH_ROWS), texts(BATCH_ROWS));
    let mut lengths = Vec::with_capacity(BATCH_ROWS);
    for payload in payloads.iter().flatten() {
        let Lots { id, lots, place } = Lots::decode(*payload)?;
        ids.append_value(id);
        lengths.push(lots.len());
        for lot in lots {
            names.append_value(lot.name);
            counts.append_option(lot.count);
        }
        let place = place.ok_or("every message has one")?;
        cities.append_option(place.city);
        streets.append_option(place.street);
    }
    let text = |name| Field::new(name, DataType::Utf8, true);
    let lot: Fields = [text("name"), Field::new("count", DataType::Int64, true)].into_iter().collect();
    let items = StructArray::try_new(lot.clone(), vec![Arc::new(names.finish()), Arc::new(counts.finish())], None)?;
    let item = Arc::new(Field::new_list_field(DataType::Struct(lot), true));
    let lots = ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(items), None)?;
    let place: Fields = [text("city"), text("street")].into_iter().collect();
    let places = StructArray::try_new(place, vec![Arc::new(cities.finish()), Arc::new(streets.finish())], None)?;
    let columns: [(&str, ArrayRef); 3] = [("id", Arc::new(ids.finish())), ("lot", Arc::new(lots)), ("place", Arc::new(places))];
    Ok(RecordBatch::try_from_iter(columns)?)
}
