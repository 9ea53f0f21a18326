//! Orders of eight fields from a seeded generator, and the sums that their columns must come to.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::sums::{Sums, hundredths_of_cents};

const SYMBOLS: [&str; 12] = ["AAPL", "MSFT", "GOOG", "AMZN", "TSLA", "NVDA", "META", "IBM", "ORCL", "INTC", "AMD", "BRK.B"];
const VENUES: [&str; 6] = ["XNAS", "XNYS", "ARCX", "BATS", "EDGX", "IEXG"];
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz 0123456789";

/// One order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) symbol: &'static str,
    pub(crate) side: &'static str,
    pub(crate) venue: &'static str,
    pub(crate) price: f64,
    pub(crate) quantity: i64,
    pub(crate) id: i64,
    pub(crate) micros: i64,
    /// Missing in one of ten.
    pub(crate) note: Option<String>,
}

/// Orders without end, the same ones each time.
pub(crate) fn orders() -> impl Iterator<Item = Order> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut micros = 1_763_000_000_000_000;
    let mut id = 1_000_000;
    std::iter::repeat_with(move || {
        micros += random.i64(1..400);
        id += random.i64(1..5);
        let most = 10_i64.pow(random.u32(1..5));
        Order {
            symbol: SYMBOLS[random.usize(..SYMBOLS.len())],
            side: if random.bool() { "BUY" } else { "SELL" },
            venue: VENUES[random.usize(..VENUES.len())],
            price: random.i64(10_000..5_000_000) as f64 / 10_000.0,
            quantity: random.i64(1..=most),
            id,
            micros,
            note: (random.u8(..10) > 0)
                .then(|| (0..random.usize(12..21)).map(|_| char::from(LETTERS[random.usize(..LETTERS.len())])).collect()),
        }
    })
}

impl Sums {
    /// Adds the columns of orders, in the order of the fields, or those six that have no `Venue` and `OrderId`.
    pub(crate) fn add_order_columns(&mut self, columns: &[ArrayRef]) {
        let rows = columns.first().map_or(0, Array::len);
        let mut sums = [0; 9];
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum = match column.data_type() {
                DataType::Utf8 => column.as_string::<i32>().iter().flatten().map(text).sum(),
                DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().map(hundredths_of_cents).sum(),
                DataType::Int64 => column.as_primitive::<Int64Type>().iter().flatten().sum(),
                _ => column.as_primitive::<TimestampMicrosecondType>().iter().flatten().sum(),
            };
        }
        sums[8] = columns.iter().map(|column| column.null_count() as i64).sum();
        self.add(rows, sums);
    }

    /// Adds an order that a peer made a value of.
    pub(crate) fn add_order(&mut self, fields: [i64; 8], nulls: i64) {
        let [a, b, c, d, e, f, g, h] = fields;
        self.add(1, [a, b, c, d, e, f, g, h, nulls]);
    }
}

/// What a text adds to a sum: its length and its ends.
pub(crate) fn text(text: &str) -> i64 {
    let bytes = text.as_bytes();
    bytes
        .first()
        .zip(bytes.last())
        .map_or(0, |(first, last)| i64::from(*first) * 3 + i64::from(*last) + (bytes.len() as i64) * 1000)
}
