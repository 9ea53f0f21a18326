//! The decoders that are compared: each takes payloads and gives record batches.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder, TimestampNanosecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder as ArrowDecoder;
use arrow_schema::{Schema, SchemaRef};
use kolumn::Spec;
use kolumn::decode::{Column, Decoder, json_decoder_at};
use kolumn::spec::{Names, Side};
use serde::Deserialize;
use simd_json::prelude::ValueAsScalar;

use super::columns::{schema, spec};
use super::data::Variant;
use crate::Outcome;

/// Rows in one record batch.
pub(super) const BATCH_ROWS: usize = 8192;

/// A decoder with its state.
pub(super) trait Peer {
    /// Decodes payloads, at most [`BATCH_ROWS`], into a batch.
    fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch>;
}

/// The ways in which kolumn does it: with the best instructions, without the fast way, and with others.
pub(super) const SUBJECTS: [&str; 6] = ["kolumn", "kolumn plain", "kolumn scalar", "kolumn neon", "kolumn sse2", "kolumn avx2"];
/// Those of them that have goals of their own, and what they stand for.
pub(super) const KERNELS: [(&str, &str); 4] = [
    ("kolumn plain", "without the fast way"),
    ("kolumn scalar", "without SIMD"),
    ("kolumn sse2", "SSE2 alone"),
    ("kolumn avx2", "AVX2 alone"),
];
pub(super) const PEERS: [&str; 4] = ["arrow-json", "simd-json tape", "sonic-rs typed", "serde_json typed"];

/// The decoder of this name, where it is one for the variant and the machine.
pub(super) fn peer(name: &str, variant: Variant) -> Outcome<Option<Box<dyn Peer>>> {
    Ok(match name {
        "arrow-json" => Some(Box::new(ArrowJson::new(variant)?)),
        "simd-json tape" if variant.is_order() => {
            Some(Box::new(SimdJson { epoch: variant == Variant::Epoch, ..SimdJson::default() }))
        }
        "sonic-rs typed" if variant.is_order() => {
            Some(Box::new(Typed { epoch: variant == Variant::Epoch, sonic: true, orders: Orders::default() }))
        }
        "serde_json typed" if variant.is_order() => {
            Some(Box::new(Typed { epoch: variant == Variant::Epoch, sonic: false, orders: Orders::default() }))
        }
        _ => match name.split_once(' ') {
            None if name == "kolumn" => Kolumn::peer(variant, None)?,
            Some(("kolumn", level)) => Kolumn::peer(variant, Some(level))?,
            _ => None,
        },
    })
}

struct Kolumn {
    decoder: Box<dyn Decoder>,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl Kolumn {
    fn peer(variant: Variant, level: Option<&str>) -> Outcome<Option<Box<dyn Peer>>> {
        let spec = Spec::parse(spec(variant))?;
        let decoder = match level {
            None => kolumn::decode::decoder(&spec, Side::Value, &Names::default())?,
            Some(level) => match json_decoder_at(&spec, level)? {
                Some(decoder) => decoder,
                None => return Ok(None),
            },
        };
        let columns = decoder.fields().iter().map(Column::new).collect::<Result<_, _>>()?;
        let schema = Schema::new(decoder.fields().to_vec()).into();
        Ok(Some(Box::new(Self { decoder, columns, schema })))
    }
}

impl Peer for Kolumn {
    fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
        let mut bad = Vec::new();
        self.decoder.decode(payloads, &mut self.columns, &mut bad);
        if let Some(bad) = bad.first() {
            return Err(bad.error.to_string().into());
        }
        let arrays = self.columns.iter_mut().map(Column::finish).collect::<Result<_, _>>()?;
        Ok(RecordBatch::try_new(SchemaRef::clone(&self.schema), arrays)?)
    }
}

struct ArrowJson {
    decoder: ArrowDecoder,
}

impl ArrowJson {
    fn new(variant: Variant) -> Outcome<Self> {
        Ok(Self { decoder: ReaderBuilder::new(schema(variant)).with_batch_size(BATCH_ROWS).build_decoder()? })
    }
}

impl Peer for ArrowJson {
    fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
        for payload in payloads.iter().flatten() {
            if self.decoder.decode(payload)? != payload.len() {
                return Err("arrow-json did not take the whole payload".into());
            }
        }
        self.decoder.flush()?.ok_or_else(|| "arrow-json has no rows".into())
    }
}

/// Builders of the five columns of orders, for decoders that have none.
#[derive(Default)]
struct Orders {
    symbol: StringBuilder,
    side: StringBuilder,
    price: Float64Builder,
    quantity: Int64Builder,
    stamp: TimestampNanosecondBuilder,
}

impl Orders {
    fn finish(&mut self) -> Outcome<RecordBatch> {
        let stamps = self.stamp.finish().with_timezone("+00:00");
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(self.symbol.finish()),
            Arc::new(self.side.finish()),
            Arc::new(self.price.finish()),
            Arc::new(self.quantity.finish()),
            Arc::new(stamps),
        ];
        Ok(RecordBatch::try_new(schema(Variant::Iso), arrays)?)
    }
}

/// The nanoseconds of a text as the orders have it: days by a table, for the topics are of one month. A peer must not be slow by this.
fn nanos(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        bytes
            .get(from..to)?
            .iter()
            .try_fold(0_i64, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
    };
    if !text.starts_with("2026-11-") || bytes.len() != 30 {
        return None;
    }
    let seconds = (20_775 - 18 + number(8, 10)?) * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(seconds * 1_000_000_000 + number(20, 29)?)
}

/// An order as serde has it.
#[derive(Deserialize)]
struct Order<'a, T> {
    #[serde(rename = "Symbol", borrow)]
    symbol: Option<Cow<'a, str>>,
    #[serde(rename = "Side", borrow)]
    side: Option<Cow<'a, str>>,
    #[serde(rename = "Price")]
    price: Option<f64>,
    #[serde(rename = "Qty")]
    quantity: Option<i64>,
    #[serde(rename = "Tstamp")]
    stamp: Option<T>,
}

struct Typed {
    epoch: bool,
    sonic: bool,
    orders: Orders,
}

impl Typed {
    fn order<'a, T: Deserialize<'a>>(&mut self, payload: &'a [u8], stamp: impl Fn(T) -> Option<i64>) -> Outcome {
        let order: Order<'a, T> = if self.sonic { sonic_rs::from_slice(payload)? } else { serde_json::from_slice(payload)? };
        self.orders.symbol.append_option(order.symbol);
        self.orders.side.append_option(order.side);
        self.orders.price.append_option(order.price);
        self.orders.quantity.append_option(order.quantity);
        self.orders.stamp.append_option(order.stamp.and_then(stamp));
        Ok(())
    }
}

impl Peer for Typed {
    fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
        for payload in payloads.iter().flatten() {
            if self.epoch {
                self.order(payload, |stamp: i64| Some(stamp))?;
            } else {
                self.order(payload, |stamp: Cow<'_, str>| nanos(&stamp))?;
            }
        }
        self.orders.finish()
    }
}

#[derive(Default)]
struct SimdJson {
    epoch: bool,
    bytes: Vec<u8>,
    buffers: simd_json::Buffers,
    orders: Orders,
}

impl Peer for SimdJson {
    fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Outcome<RecordBatch> {
        // The tape's buffer is used again within a batch; its lifetime does not let it live longer.
        for payload in payloads.iter().flatten() {
            self.bytes.clear();
            self.bytes.extend_from_slice(payload);
            let mut tape = simd_json::Tape::null();
            simd_json::fill_tape(&mut self.bytes, &mut self.buffers, &mut tape)?;
            let order = tape.as_value();
            let text = |name: &str| order.get(name).and_then(|value| value.as_str().map(str::to_owned));
            self.orders.symbol.append_option(text("Symbol"));
            self.orders.side.append_option(text("Side"));
            self.orders.price.append_option(order.get("Price").and_then(|value| value.cast_f64()));
            self.orders.quantity.append_option(order.get("Qty").and_then(|value| value.as_i64()));
            let stamp = order.get("Tstamp");
            self.orders.stamp.append_option(if self.epoch {
                stamp.and_then(|stamp| stamp.as_i64())
            } else {
                stamp.and_then(|stamp| stamp.as_str().and_then(nanos))
            });
        }
        self.orders.finish()
    }
}
