//! Orders as JSON, made from a seed: the same seed makes the same orders.

use std::io::Write as _;

use fastrand::Rng;

use crate::output::text::write_timestamp;

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

impl Orders {
    /// Orders from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), number: 0, nanoseconds: OPENING, prices: SYMBOLS.map(|(_, price)| price) }
    }
}

impl Orders {
    /// Writes the next order as JSON in place of what `payload` held; gives a number that is as good as random, and the order's for ever.
    pub(crate) fn write_next(&mut self, payload: &mut Vec<u8>) -> u32 {
        payload.clear();
        let random = &mut self.random;
        self.number += 1;
        self.nanoseconds = self.nanoseconds.saturating_add(i64::try_from(random.u64(1..2 * STEP)).unwrap_or(0));
        let chosen = random.usize(..SYMBOLS.len());
        let (symbol, base) = SYMBOLS.get(chosen).copied().unwrap_or(("CRM", 166.0));
        let price = self.prices.get_mut(chosen).map_or(base, |price| {
            // A walk that is drawn back to where it began: a demo that runs for a week shall not end at zero.
            *price += (random.f64() - 0.5) * base * 0.001 + (base - *price) * 0.0005;
            *price
        });
        // Whole numbers are written much faster than floats, and a demo is made of orders.
        let price = crate::figures::whole(price * 10_000.0);
        let side = if random.bool() { "BUY" } else { "SELL" };
        let venue = VENUES.get(random.usize(..VENUES.len())).copied().unwrap_or("XNAS");
        let id = random.u64(..);
        // A vector takes all that is written.
        let _ = write!(
            payload,
            "{{\"Symbol\":\"{symbol}\",\"Side\":\"{side}\",\"OrderId\":\"{id:016x}\",\"Price\":{}.{:04},\"Qty\":{},\
             \"Venue\":\"{venue}\",\"Tstamp\":\"",
            price / 10_000,
            price % 10_000,
            random.u32(1..1_000),
        );
        write_timestamp(payload, self.nanoseconds, 9, true);
        let _ = write!(
            payload,
            "\",\"Meta\":{{\"src\":\"gw-{}\",\"seq\":{},\"flags\":[{},{}]}}}}",
            random.u32(1..100),
            self.number,
            random.u32(..10),
            random.u32(..10),
        );
        // The high bits of the id are as random as the low ones.
        u32::try_from(id >> 32).unwrap_or(0)
    }

    /// The next `count` orders.
    #[cfg(test)]
    pub(crate) fn some(mut self, count: usize) -> Vec<Vec<u8>> {
        let mut payload = Vec::new();
        (0..count)
            .map(|_| {
                self.write_next(&mut payload);
                payload.clone()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::decoding::Decoding;
    use kolumn::spec::Side;

    #[test]
    fn the_same_seed_makes_the_same_orders_and_another_one_others() {
        let some = |seed| Orders::new(seed).some(100);
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
    }

    #[test]
    fn an_order_has_about_193_bytes() {
        let bytes: usize = Orders::new(1).some(10_000).iter().map(Vec::len).sum();
        let mean = bytes as f64 / 10_000.0;
        assert!((188.0..198.0).contains(&mean), "{mean}");
    }

    #[tokio::test]
    async fn every_order_fits_the_spec() {
        let mut decoding =
            Decoding::new(&crate::source::spec::spec(SPEC, Side::Value).unwrap(), Side::Value, &kolumn::Properties::new(), None)
                .unwrap();
        let orders = Orders::new(7).some(1_000);
        let payloads: Vec<Option<&[u8]>> = orders.iter().map(|order| Some(order.as_slice())).collect();
        let decoded = decoding.decode(&payloads).await.unwrap();
        assert_eq!((decoded.rows.num_rows(), decoded.bad.len()), (1_000, 0), "{:?}", decoded.bad.first());
        assert!(decoded.rows.columns().iter().all(|column| column.null_count() == 0));
    }

    #[test]
    fn time_goes_on() {
        let times: Vec<String> = Orders::new(1)
            .some(1_000)
            .iter()
            .map(|order| {
                let value: serde_json::Value = serde_json::from_slice(order).unwrap();
                value["Tstamp"].as_str().unwrap().to_owned()
            })
            .collect();
        assert!(times.is_sorted());
        assert!(times[0].starts_with("2026-11-18T09:30:00.0000"), "{}", times[0]);
    }
}
