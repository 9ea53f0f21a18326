//! The JSON order: 193 bytes on average, ten leaves, two levels.
//!
//! ```json
//! {"Symbol":"CRM","Side":"BUY","OrderId":"fbe252c6c2543473","Price":166.1554,"Qty":142,"Venue":"IEXG",
//!  "Tstamp":"2086-11-18T11:06:40.000906366Z","Meta":{"src":"gw-25","seq":1000000,"flags":[6,7]}}
//! ```
//!
//! (in one line). `servers/java/Produce.java` and `servers/python/workload.py` make the same bytes.

use super::random::word;

/// The symbols of orders.
pub const SYMBOLS: [&str; 16] =
    ["A", "F", "GE", "IBM", "CRM", "JPM", "BAC", "XOM", "AAPL", "MSFT", "AMZN", "META", "NVDA", "TSLA", "ORCL", "GOOGL"];
/// The venues of orders.
pub const VENUES: [&str; 8] = ["IEXG", "XNYS", "XNAS", "ARCX", "BATS", "EDGX", "MEMX", "XCHI"];
/// The time of the record 0, in milliseconds since 1970: 2086-11-18T00:00:00Z.
///
/// In the future, because a broker forgets an idempotent producer whose newest record is older than a day when it recovers its log, and then
/// takes a retried batch twice; and because retention would take old records away.
pub const FIRST_TIMESTAMP_MS: i64 = 3_688_416_000_000;
/// Records are a millisecond apart; after twelve days (about a thousand million records) time begins again at the first.
const PERIOD_MS: u64 = 12 * 86_400_000;

/// One order, as values: what a decoder must find in [`Order::write_json`].
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Ticker, 1 to 5 letters.
    pub symbol: &'static str,
    /// `BUY` or `SELL`.
    pub side: &'static str,
    /// 16 lower-case hexadecimal digits.
    pub order_id: String,
    /// The price in ten-thousandths: 10.0000 to 999.9999.
    pub price_ticks: u64,
    /// 1 to 1000.
    pub quantity: i64,
    /// Market identifier, 4 letters.
    pub venue: &'static str,
    /// Nanoseconds since 1970; its millisecond is the record's timestamp.
    pub timestamp_ns: i64,
    /// `gw-10` to `gw-99`.
    pub source: String,
    /// The index of the record in its workload.
    pub sequence: i64,
    /// Two digits.
    pub flags: [u8; 2],
}

impl Order {
    /// The order `index` of the workload `seed`.
    pub fn at(seed: u64, index: u64) -> Self {
        let names = word(seed, index, 1);
        let numbers = word(seed, index, 2);
        let nanoseconds = word(seed, index, 3) % 1_000_000;
        Self {
            symbol: SYMBOLS[(names % 16) as usize],
            side: if (names >> 8) & 1 == 0 { "BUY" } else { "SELL" },
            order_id: format!("{:016x}", word(seed, index, 0)),
            price_ticks: 100_000 + (numbers & 0xFFFF_FFFF) % 9_900_000,
            quantity: 1 + ((numbers >> 32) % 1000) as i64,
            venue: VENUES[((names >> 16) % 8) as usize],
            timestamp_ns: timestamp_ms(index) * 1_000_000 + nanoseconds as i64,
            source: format!("gw-{}", 10 + ((names >> 24) & 0xFF) % 90),
            sequence: index as i64,
            flags: [(((names >> 32) & 0xFF) % 10) as u8, (((names >> 40) & 0xFF) % 10) as u8],
        }
    }

    /// The price, correctly rounded: what the JSON number reads as.
    pub fn price(&self) -> f64 {
        self.price_ticks as f64 / 10_000.0
    }

    /// Appends the JSON text of the order.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let within_period = (self.timestamp_ns - FIRST_TIMESTAMP_MS * 1_000_000) as u64;
        let seconds = within_period / 1_000_000_000;
        out.extend_from_slice(b"{\"Symbol\":\"");
        out.extend_from_slice(self.symbol.as_bytes());
        out.extend_from_slice(b"\",\"Side\":\"");
        out.extend_from_slice(self.side.as_bytes());
        out.extend_from_slice(b"\",\"OrderId\":\"");
        out.extend_from_slice(self.order_id.as_bytes());
        out.extend_from_slice(b"\",\"Price\":");
        number(out, self.price_ticks / 10_000, 1);
        out.push(b'.');
        number(out, self.price_ticks % 10_000, 4);
        out.extend_from_slice(b",\"Qty\":");
        number(out, self.quantity as u64, 1);
        out.extend_from_slice(b",\"Venue\":\"");
        out.extend_from_slice(self.venue.as_bytes());
        out.extend_from_slice(b"\",\"Tstamp\":\"2086-11-");
        number(out, 18 + seconds / 86_400, 2);
        out.push(b'T');
        number(out, seconds / 3600 % 24, 2);
        out.push(b':');
        number(out, seconds / 60 % 60, 2);
        out.push(b':');
        number(out, seconds % 60, 2);
        out.push(b'.');
        number(out, within_period % 1_000_000_000, 9);
        out.extend_from_slice(b"Z\",\"Meta\":{\"src\":\"");
        out.extend_from_slice(self.source.as_bytes());
        out.extend_from_slice(b"\",\"seq\":");
        number(out, self.sequence as u64, 1);
        out.extend_from_slice(b",\"flags\":[");
        number(out, u64::from(self.flags[0]), 1);
        out.push(b',');
        number(out, u64::from(self.flags[1]), 1);
        out.extend_from_slice(b"]}}");
    }

    /// The JSON text of the order.
    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(208);
        self.write_json(&mut out);
        out
    }
}

/// The timestamp of the record `index`, in milliseconds since 1970.
pub(super) fn timestamp_ms(index: u64) -> i64 {
    FIRST_TIMESTAMP_MS + (index % PERIOD_MS) as i64
}

/// Appends `value` in decimal, with zeros in front up to `width` digits.
fn number(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while value > 0 || digits.len() - at < width {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_an_order_says_what_the_order_says() {
        for index in [0, 1, 999, 1_000_000, 123_456_789] {
            let order = Order::at(42, index);
            let json: serde_json::Value = serde_json::from_slice(&order.json()).unwrap();
            assert_eq!(json["Symbol"], order.symbol);
            assert_eq!(json["Side"], order.side);
            assert_eq!(json["OrderId"], *order.order_id);
            assert_eq!(json["Price"].as_f64().unwrap(), order.price());
            assert_eq!(json["Qty"], order.quantity);
            assert_eq!(json["Venue"], order.venue);
            assert_eq!(json["Meta"]["src"], *order.source);
            assert_eq!(json["Meta"]["seq"], index);
            assert_eq!(json["Meta"]["flags"], serde_json::json!(order.flags));
        }
    }

    #[test]
    fn the_time_of_an_order_is_written_with_nine_digits() {
        let order = Order { timestamp_ns: (FIRST_TIMESTAMP_MS + 90_061_007) * 1_000_000 + 42, ..Order::at(1, 0) };
        let json: serde_json::Value = serde_json::from_slice(&order.json()).unwrap();
        assert_eq!(json["Tstamp"], "2086-11-19T01:01:01.007000042Z");
    }

    #[test]
    fn an_order_has_193_bytes_on_average() {
        let bytes: usize = (1_000_000..1_010_000).map(|index| Order::at(7, index).json().len()).sum();
        assert_eq!(bytes / 10_000, 193);
    }
}
