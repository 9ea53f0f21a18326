//! What every peer must come to: sums over the columns, so that nobody is fast by leaving something out.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampNanosecondType};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Sums over the rows of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    pub(crate) text_bytes: u64,
    pub(crate) quantity: i64,
    /// In ten-thousandths, the resolution of the data, so that the order of the rows does not matter.
    pub(crate) price: i64,
    pub(crate) nanos: i64,
}

/// The five of ten fields that are read.
pub(crate) fn schema() -> SchemaRef {
    SchemaRef::new(Schema::new(vec![
        Field::new("Symbol", DataType::Utf8, true),
        Field::new("Side", DataType::Utf8, true),
        Field::new("Price", DataType::Float64, true),
        Field::new("Qty", DataType::Int64, true),
        Field::new("Tstamp", DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into())), true), // arrow-json knows no name of a zone
    ]))
}

impl Sums {
    /// Adds the rows of a batch that has the five columns among others.
    pub(crate) fn add_orders(&mut self, batch: &RecordBatch) {
        let column = |name: &str| batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
        self.rows += batch.num_rows() as u64;
        for name in ["Symbol", "Side"] {
            let texts = column(name).as_string::<i32>();
            self.text_bytes += texts.iter().flatten().map(|text| text.len() as u64).sum::<u64>();
        }
        self.quantity += column("Qty").as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        let prices = column("Price").as_primitive::<Float64Type>();
        self.price += prices.iter().flatten().map(|price| (price * 10_000.0).round() as i64).sum::<i64>();
        let stamps = column("Tstamp").as_primitive::<TimestampNanosecondType>();
        self.nanos = stamps.iter().flatten().fold(self.nanos, i64::wrapping_add);
    }

    /// Adds raw payloads.
    pub(crate) fn add_raw(&mut self, rows: u64, bytes: u64) {
        self.rows += rows;
        self.text_bytes += bytes;
    }

    pub(crate) fn to_line(self) -> String {
        format!("{} {} {} {} {}", self.rows, self.text_bytes, self.quantity, self.price, self.nanos)
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        Some(Self {
            rows: words.next()?.parse().ok()?,
            text_bytes: words.next()?.parse().ok()?,
            quantity: words.next()?.parse().ok()?,
            price: words.next()?.parse().ok()?,
            nanos: words.next()?.parse().ok()?,
        })
    }
}
