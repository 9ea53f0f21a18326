//! What a key or a value looks like.

use std::fmt;

use super::order::Order;
use super::random::word;

/// What a key or a value looks like. The text form is the argument of the producers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// No key, or a tombstone.
    Null,
    /// A JSON [`Order`].
    Order,
    /// `acct-0000` to `acct-9999`.
    Account,
    /// Four bytes, big-endian, any value.
    Int32,
    /// Eight bytes, big-endian, any value.
    Int64,
    /// Eight bytes, big-endian: -500 to 500 in steps of a ten-thousandth.
    Float64,
    /// Sixteen random bytes.
    Uuid,
    /// 0 to 32 random bytes.
    Bytes,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 8] =
        [Self::Null, Self::Order, Self::Account, Self::Int32, Self::Int64, Self::Float64, Self::Uuid, Self::Bytes];

    /// The payload of the record `index`; `lane` keeps keys and values apart.
    pub(super) fn payload(self, seed: u64, index: u64, lane: u64) -> Option<Vec<u8>> {
        let first = word(seed, index, lane);
        Some(match self {
            Self::Null => return None,
            Self::Order => Order::at(seed, index).json(),
            Self::Account => format!("acct-{:04}", first % 10_000).into_bytes(),
            Self::Int32 => ((first >> 32) as u32).to_be_bytes().to_vec(),
            Self::Int64 => first.to_be_bytes().to_vec(),
            Self::Float64 => (((first % 10_000_000) as i64 - 5_000_000) as f64 / 10_000.0).to_be_bytes().to_vec(),
            Self::Uuid => random_bytes(seed, index, lane, 16),
            Self::Bytes => random_bytes(seed, index, lane, (first % 33) as usize),
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Order => "order",
            Self::Account => "account",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Uuid => "uuid",
            Self::Bytes => "bytes",
        })
    }
}

/// The bytes of the words of the lanes after `lane`, big-endian, four words at most.
fn random_bytes(seed: u64, index: u64, lane: u64, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (1..=4).flat_map(|step| word(seed, index, lane + step).to_be_bytes()).collect();
    bytes.truncate(length);
    bytes
}
