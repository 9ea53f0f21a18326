//! What every peer must come to: sums over the columns, so that nobody is fast by leaving something out.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampNanosecondType};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// How many rows, and a sum for each column or whatever else must be the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    columns: Vec<i64>,
}

impl Sums {
    /// Adds rows, and to each column's sum a number.
    pub(crate) fn add<const COLUMNS: usize>(&mut self, rows: usize, columns: [i64; COLUMNS]) {
        self.add_all(rows, &columns);
    }

    /// As [`Self::add`], of as many columns as there are.
    pub(crate) fn add_all(&mut self, rows: usize, columns: &[i64]) {
        self.rows += rows as u64;
        self.columns.resize(columns.len(), 0);
        for (sum, more) in self.columns.iter_mut().zip(columns) {
            *sum = sum.wrapping_add(*more);
        }
    }

    /// Of batches that have the columns of [`schema`] among others.
    pub(crate) fn of_orders(batches: Vec<RecordBatch>) -> Self {
        let mut sums = Self::default();
        batches.iter().for_each(|batch| sums.add_orders(batch));
        sums
    }

    /// Whether both are of the same work. Who looks at no row, and says so by having no column, has only the rows to compare.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let counted_alone = self.columns.is_empty() || other.columns.is_empty();
        self.rows == other.rows && (counted_alone || self.columns == other.columns)
    }

    /// Adds the rows of a batch that has the columns of [`schema`] among others.
    pub(crate) fn add_orders(&mut self, batch: &RecordBatch) {
        let column = |name: &str| batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
        let texts = |name: &str| column(name).as_string::<i32>().iter().flatten().map(|text| text.len() as i64).sum();
        let prices = column("Price").as_primitive::<Float64Type>().iter().flatten().map(hundredths_of_cents).sum();
        let quantities = column("Qty").as_primitive::<Int64Type>().iter().flatten().sum();
        let stamps = column("Tstamp").as_primitive::<TimestampNanosecondType>().iter().flatten().fold(0, i64::wrapping_add);
        self.add(batch.num_rows(), [texts("Symbol"), texts("Side"), prices, quantities, stamps]);
    }

    pub(crate) fn to_line(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        format!("{} {}", self.rows, columns.join(" "))
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        Some(Self { rows: words.next()?.parse().ok()?, columns: words.map(|word| word.parse().ok()).collect::<Option<_>>()? })
    }
}

/// A price in the resolution of the data, so that the order of the rows does not matter to the sum.
pub(crate) fn hundredths_of_cents(price: f64) -> i64 {
    (price * 10_000.0).round() as i64
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
