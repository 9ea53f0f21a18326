//! A number and 64 packed floats.

use std::sync::Arc;

use arrow_array::builder::{Float32Builder, Int64Builder, ListBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use kolumn::spec::{Framing, Spec};
use prost::Message;
use prost_reflect::Value;

use super::{descriptor, generated, kolumn, reflect};
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::Clock;
use crate::payloads::{BATCH_ROWS, Payloads};
use crate::sums::hundredths_of_cents;

const SCHEMA: &str = r#"syntax = "proto3"; message Embedding { int64 id = 1; repeated float values = 2; }"#;
const VALUES: usize = 64;

#[derive(Clone, PartialEq, Message)]
struct Embedding {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(float, repeated, tag = "2")]
    values: Vec<f32>,
}

pub(super) fn run(arguments: &Measure) -> Outcome<Results> {
    let mut random = fastrand::Rng::with_seed(12);
    let messages = (1..).map(|id| Embedding { id, values: (0..VALUES).map(|_| random.f32()).collect() });
    let payloads = Payloads::new(arguments.rows / 4, messages.map(|message| message.encode_to_vec()));
    let spec = Spec::from(kolumn::spec::protobuf(SCHEMA).framing(Framing::None));
    let descriptor = descriptor(SCHEMA, "Embedding")?;
    let contest = Contest::new(format!("Protobuf, {VALUES} packed floats, {:.1} bytes", payloads.mean()), Clock::Cpu)
        .bytes(payloads.bytes())
        .subject("kolumn", |watch| kolumn(watch, &payloads, &spec))
        .peer("prost-reflect, values", 5.0, |watch| {
            reflect(watch, &payloads, &descriptor, |message, leaves| {
                leaves.sums.push(message.get_field_by_number(1).and_then(|id| id.as_i64()).unwrap_or(0));
                let values = message.get_field_by_number(2);
                let values = values.as_deref().and_then(Value::as_list).unwrap_or_default();
                let number = |value: &Value| hundredths_of_cents(value.as_f32().unwrap_or(0.0).into());
                leaves.sums.push(values.iter().map(number).sum());
            })
        })
        .peer("prost struct and arrow builders", 1.0, |watch| generated(watch, &payloads, columns));
    contest.run(arguments.rounds, true)
}

fn columns(payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
    let mut ids = Int64Builder::with_capacity(BATCH_ROWS);
    let mut lists = ListBuilder::with_capacity(Float32Builder::with_capacity(BATCH_ROWS * VALUES), BATCH_ROWS);
    for payload in payloads.iter().flatten() {
        let embedding = Embedding::decode(*payload)?;
        ids.append_value(embedding.id);
        lists.values().append_slice(&embedding.values);
        lists.append(true);
    }
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids.finish())), ("values", Arc::new(lists.finish()))];
    Ok(RecordBatch::try_from_iter(columns)?)
}
