//! Orders as JSON, made from a seed: the same seed makes the same orders.

use std::io::Write as _;

use fastrand::Rng;

use crate::calendar::Date;

/// The spec that makes columns of the orders.
pub(crate) const SPEC: &str = "json:Symbol:utf8,Side:utf8,Price:float64,Qty:int64,Venue:utf8,Tstamp:timestamp(ns)";

/// Symbols and about what they cost.
const SYMBOLS: [(&str, f64); 16] = [
    ("AAPL", 228.0),
    ("AMD", 141.0),
    ("AMZN", 202.0),
    ("CRM", 166.0),
    ("GOOG", 177.0),
    ("IBM", 210.0),
    ("INTC", 24.0),
    ("META", 561.0),
    ("MSFT", 416.0),
    ("NFLX", 883.0),
    ("NVDA", 145.0),
    ("ORCL", 188.0),
    ("QCOM", 157.0),
    ("SAP", 233.0),
    ("TSLA", 342.0),
    ("UBER", 69.0),
];
const VENUES: [&str; 5] = ["IEXG", "XNAS", "XNYS", "ARCX", "BATS"];
/// 2026-11-18T09:30:00Z in nanoseconds: the orders have a clock of their own, or no seed could make them again.
const OPENING: i64 = 1_794_994_200_000_000_000;
/// Between two orders, on average.
const STEP: u64 = 20_000;

/// Makes orders, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    random: Rng,
    number: u64,
    nanoseconds: i64,
    prices: [f64; SYMBOLS.len()],
}

/// An order on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The JSON.
    pub(crate) payload: Vec<u8>,
    /// Chooses the partition.
    pub(crate) hash: u32,
}

impl Orders {
    /// Orders from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), number: 0, nanoseconds: OPENING, prices: SYMBOLS.map(|(_, price)| price) }
    }
}

impl Iterator for Orders {
    type Item = Order;

    fn next(&mut self) -> Option<Order> {
        let random = &mut self.random;
        self.number += 1;
        self.nanoseconds = self.nanoseconds.checked_add(i64::try_from(random.u64(1..2 * STEP)).ok()?)?;
        let chosen = random.usize(..SYMBOLS.len());
        let (symbol, base) = *SYMBOLS.get(chosen)?;
        // A walk that is drawn back to where it began: a demo that runs for a week shall not end at zero.
        let price = self.prices.get_mut(chosen)?;
        *price += (random.f64() - 0.5) * base * 0.001 + (base - *price) * 0.0005;
        let side = if random.bool() { "BUY" } else { "SELL" };
        let venue = VENUES.get(random.usize(..VENUES.len()))?;
        let id = random.u64(..);
        let mut payload = Vec::with_capacity(208);
        let _ = write!(
            payload,
            "{{\"Symbol\":\"{symbol}\",\"Side\":\"{side}\",\"OrderId\":\"{id:016x}\",\"Price\":{price:.4},\"Qty\":{},\"Venue\":\"{venue}\",\
             \"Tstamp\":\"",
            random.u32(1..1_000),
        );
        write_time(&mut payload, self.nanoseconds);
        let _ = write!(
            payload,
            "\",\"Meta\":{{\"src\":\"gw-{}\",\"seq\":{},\"flags\":[{},{}]}}}}",
            random.u32(1..100),
            self.number,
            random.u32(..10),
            random.u32(..10),
        );
        // The high bits of the id are as random as the low ones.
        Some(Order { payload, hash: u32::try_from(id >> 32).unwrap_or(0) })
    }
}

fn write_time(out: &mut Vec<u8>, nanoseconds: i64) {
    let seconds = nanoseconds.div_euclid(1_000_000_000);
    let Date { year, month, day } = Date::from_days(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:09}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        nanoseconds.rem_euclid(1_000_000_000)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::decoding::Decoding;
    use kolumn::spec::Side;

    #[test]
    fn the_same_seed_makes_the_same_orders_and_another_one_others() {
        let some = |seed| Orders::new(seed).take(100).collect::<Vec<_>>();
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
    }

    #[test]
    fn an_order_has_about_193_bytes() {
        let bytes: usize = Orders::new(1).take(10_000).map(|order| order.payload.len()).sum();
        let mean = bytes as f64 / 10_000.0;
        assert!((188.0..198.0).contains(&mean), "{mean}");
    }

    #[test]
    fn every_order_fits_the_spec() {
        let mut decoding = Decoding::new(SPEC, Side::Value, &kolumn::config::Properties::new()).unwrap();
        let orders: Vec<Order> = Orders::new(7).take(1_000).collect();
        let payloads: Vec<Option<&[u8]>> = orders.iter().map(|order| Some(order.payload.as_slice())).collect();
        let decoded = decoding.decode(&payloads).unwrap();
        assert_eq!((decoded.rows.num_rows(), decoded.bad.len()), (1_000, 0), "{:?}", decoded.bad.first());
        assert!(decoded.rows.columns().iter().all(|column| column.null_count() == 0));
    }

    #[test]
    fn time_goes_on() {
        let times: Vec<String> = Orders::new(1)
            .take(1_000)
            .map(|order| {
                let value: serde_json::Value = serde_json::from_slice(&order.payload).unwrap();
                value["Tstamp"].as_str().unwrap().to_owned()
            })
            .collect();
        assert!(times.is_sorted());
        assert!(times[0].starts_with("2026-11-18T09:30:00.0000"), "{}", times[0]);
    }
}
