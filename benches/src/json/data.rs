//! Documents as topics have them, from a seed.

use std::fmt::Write;

use fastrand::Rng;

/// Documents in one run of bytes, as a fetched batch has them.
pub(super) struct Documents {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Documents {
    pub(super) fn generate(variant: Variant, rows: usize, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut documents = Self { bytes: Vec::new(), ends: Vec::with_capacity(rows) };
        for row in 0..rows {
            let text = variant.document(row, &mut random);
            documents.bytes.extend_from_slice(text.as_bytes());
            documents.ends.push(documents.bytes.len());
        }
        documents
    }

    pub(super) fn payloads(&self) -> Vec<Option<&[u8]>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end)).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn mean(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }
}

/// What the documents are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// An order of ten fields; the timestamp is a text.
    Iso,
    /// The timestamp is a number of nanoseconds.
    Epoch,
    /// White space behind colons and commas.
    Spaced,
    /// Each field is missing in every tenth order.
    Sparse,
    /// Keys in any order.
    Shuffled,
    /// Fifty leaves.
    Wide,
    /// Objects and lists.
    Nested,
    /// An escape in every text.
    Escapes,
    /// Letters beyond ASCII in most texts.
    Foreign,
    /// An order among fields that no other order has.
    Hostile,
    /// Orders of two layouts in turns, of as many quotes: what is known of the last is wrong for the next.
    Turns,
}

impl Variant {
    /// Their names, and how many times as fast as arrow-json kolumn is to be.
    pub(super) const ALL: [(&'static str, Self, f64); 11] = [
        ("iso", Self::Iso, 12.0),
        ("epoch", Self::Epoch, 10.0),
        ("spaced", Self::Spaced, 12.0),
        ("sparse", Self::Sparse, 6.0),
        ("shuffled", Self::Shuffled, 2.5),
        ("wide", Self::Wide, 20.0),
        ("nested", Self::Nested, 5.0),
        ("escapes", Self::Escapes, 2.0),
        ("foreign", Self::Foreign, 2.0),
        ("hostile", Self::Hostile, 1.0),
        ("turns", Self::Turns, 2.5),
    ];

    /// The goal of a kernel that is not the best, where that of the best is `best`.
    pub(super) fn goal(self, kernel: &str, best: f64) -> f64 {
        match kernel {
            "kolumn plain" | "kolumn scalar" => 1.0,
            _ => best.min(10.0),
        }
    }

    /// Whether the documents are orders.
    pub(super) fn is_order(self) -> bool {
        !matches!(self, Self::Wide | Self::Nested)
    }

    fn document(self, row: usize, random: &mut Rng) -> String {
        match self {
            Self::Wide => wide(random),
            Self::Nested => nested(row, random),
            _ => self.order(row, random),
        }
    }

    fn text(self, text: &str, random: &mut Rng) -> String {
        const ESCAPES: [&str; 5] = ["\\\"", "\\n", "\\\\", "\\u00e9", "\\t"];
        const LETTERS: [&str; 4] = ["é", "ß", "日本", "ж"];
        let at = random.usize(..=text.len());
        let (before, behind) = text.split_at(at);
        match self {
            Self::Escapes => format!("\"{before}{}{behind}\"", ESCAPES[random.usize(..ESCAPES.len())]),
            Self::Foreign => format!("\"{before}{}{behind}\"", LETTERS[random.usize(..LETTERS.len())]),
            _ => format!("\"{text}\""),
        }
    }

    fn order(self, row: usize, random: &mut Rng) -> String {
        const SYMBOLS: [&str; 12] = ["AAPL", "MSFT", "CRM", "IBM", "F", "GE", "GOOGL", "BRK.B", "TSLA", "NVDA", "T", "AMZN"];
        const VENUES: [&str; 5] = ["XNAS", "XNYS", "IEXG", "BATS", "ARCX"];
        let symbol = SYMBOLS[random.usize(..SYMBOLS.len())];
        let nanos = 1_795_000_000_000_000_000 + row as u64 * 1_250_000 + random.u64(..1_000_000);
        let stamp = match self {
            Self::Epoch => nanos.to_string(),
            _ => format!("\"{}\"", iso(nanos)),
        };
        let flags: Vec<String> = (0..random.usize(1..4)).map(|_| random.u8(..10).to_string()).collect();
        let source = self.text(&format!("gw-{}", random.u8(1..60)), random);
        let meta = [
            format!("\"src\":{source}"),
            format!("\"seq\":{}", 1_000_000 + row),
            format!("\"flags\":[{}]", flags.join(if self == Self::Spaced { ", " } else { "," })),
        ];
        let price = f64::from(random.u32(10_000..5_000_000)) / 10_000.0;
        let mut members = vec![
            format!("\"Symbol\":{}", self.text(symbol, random)),
            format!("\"Side\":{}", self.text(["BUY", "SELL"][random.usize(..2)], random)),
            format!("\"OrderId\":{}", self.text(&format!("{:016x}", random.u64(..)), random)),
            format!("\"Price\":{price}"),
            format!("\"Qty\":{}", random.u32(1..2_000)),
            format!("\"Venue\":{}", self.text(VENUES[random.usize(..VENUES.len())], random)),
            format!("\"Tstamp\":{stamp}"),
            format!("\"Meta\":{{{}}}", meta.join(",")),
        ];
        match self {
            Self::Sparse => members.retain(|_| random.u8(..10) > 0),
            Self::Shuffled => random.shuffle(&mut members),
            Self::Turns if row % 2 == 1 => members.swap(0, 1),
            Self::Hostile => {
                for _ in 0..3 {
                    let at = random.usize(..=members.len());
                    members.insert(at, format!("\"{:08x}\":{}", random.u32(..), random.u8(..)));
                }
                random.shuffle(&mut members);
            }
            _ => {}
        }
        let text = format!("{{{}}}", members.join(","));
        match self {
            // No text of an order holds these.
            Self::Spaced => text.replace("\":", "\": ").replace(",\"", ", \""),
            _ => text,
        }
    }
}

fn iso(nanos: u64) -> String {
    let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let of_day = seconds % 86_400;
    // Day 20775 is 2026-11-18; the topics here are not long enough for another month.
    let day = 18 + seconds / 86_400 - 20_775;
    format!("2026-11-{day:02}T{:02}:{:02}:{:02}.{nanos:09}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// 40 leaves beside two objects of five.
fn wide(random: &mut Rng) -> String {
    let mut text = String::from("{");
    let leaf = |text: &mut String, number: usize, random: &mut Rng| {
        let _ = match number % 4 {
            0 => write!(text, "\"field_{number:02}\":\"{:06x}\"", random.u32(..1 << 24)),
            1 => write!(text, "\"field_{number:02}\":{}", random.u32(..100_000)),
            2 => write!(text, "\"field_{number:02}\":{}", f64::from(random.u32(..10_000_000)) / 1000.0),
            _ => write!(text, "\"field_{number:02}\":{}", random.bool()),
        };
        text.push(',');
    };
    for number in 0..40 {
        leaf(&mut text, number, random);
        if number == 13 || number == 29 {
            let _ = write!(text, "\"object_{number}\":{{");
            for inner in 40..45 {
                leaf(&mut text, inner, random);
            }
            text.pop();
            text.push_str("},");
        }
    }
    text.pop();
    text.push('}');
    text
}

fn nested(row: usize, random: &mut Rng) -> String {
    const CITIES: [&str; 5] = ["Berlin", "New York", "Paris", "Rio de Janeiro", "Oslo"];
    let items: Vec<String> = (0..random.usize(1..5))
        .map(|_| {
            let price = f64::from(random.u32(100..100_000)) / 100.0;
            format!("{{\"sku\":\"SKU-{:05}\",\"qty\":{},\"price\":{price}}}", random.u32(..100_000), random.u8(1..20))
        })
        .collect();
    let tags: Vec<String> = (0..random.usize(..4)).map(|_| format!("\"tag{}\"", random.u8(..50))).collect();
    let scores: Vec<String> = (0..random.usize(..5)).map(|_| (f64::from(random.u16(..)) / 64.0).to_string()).collect();
    format!(
        "{{\"id\":\"{:016x}\",\"number\":{row},\"user\":{{\"name\":\"user {}\",\"age\":{},\"address\":{{\"city\":\"{}\",\"zip\":\"{:05}\",\"lat\":{},\"lon\":{}}}}},\"items\":[{}],\"tags\":[{}],\"scores\":[{}],\"active\":{}}}",
        random.u64(..),
        random.u16(..),
        random.u8(18..90),
        CITIES[random.usize(..CITIES.len())],
        random.u32(..100_000),
        f64::from(random.u32(..18_000_000)) / 100_000.0,
        f64::from(random.u32(..18_000_000)) / 100_000.0,
        items.join(","),
        tags.join(","),
        scores.join(","),
        random.bool(),
    )
}
