//! What is done with a datum of one writer's schema, compiled once.

use std::ops::Range;

use super::resolve;
use super::skip::Skips;
use crate::spec::{AvroSchema, Layout, NodeId};

/// The way from a writer's datum to the reader's columns.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) op: Op,
    /// How many steps a block takes through it.
    pub(super) steps: usize,
    /// Of the writer's types.
    pub(super) skips: Skips,
    /// Of the reader's, which default values are of.
    pub(super) reader_skips: Skips,
}

/// Why a writer's schema does not resolve to the reader's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// The reader's field, with dots; empty for the schema itself.
    pub(super) path: String,
    pub(super) reason: String,
}

/// A step. Columns are counted within the innermost struct, list or map.
#[derive(Debug)]
pub(super) enum Op {
    /// No column asks for the value.
    Skip(NodeId),
    /// The writer's branch is none of the reader's.
    Fail(Box<str>),
    /// One after the other.
    Sequence(Vec<Self>),
    /// The writer's union: the branch is read, and goes its own way.
    Union(Vec<Self>),
    /// Nulls, and nothing is read.
    Nulls(Range<usize>),
    /// One value.
    Value { column: usize, read: Read },
    /// The bytes of the value.
    Raw { column: usize, node: NodeId },
    /// A field that the writer has not: the datum of its default value goes through `op`.
    Default { datum: Box<[u8]>, op: Box<Self> },
    /// A row of a struct, whose fields `inner` fills.
    Struct { column: usize, inner: Box<Self> },
    /// A row of a list.
    List { column: usize, item: Box<Self> },
    /// A row of a map.
    Map { column: usize, value: Box<Self> },
}

/// How one value is read from what the writer wrote, and into which kind of column it goes.
#[derive(Debug)]
pub(super) enum Read {
    Boolean,
    /// An int for a column of 32 bits.
    Int,
    /// An int or long for a column of 64 bits.
    Long {
        from: Integer,
    },
    /// An int or long for a float column.
    LongAsFloat {
        from: Integer,
    },
    /// An int or long for a double column.
    LongAsDouble {
        from: Integer,
    },
    Float,
    FloatAsDouble,
    Double,
    Bytes,
    /// A string, or bytes, which must be UTF-8.
    String,
    /// The text of each of the writer's symbols; `None` where the reader knows it not.
    Enum(Box<[Option<Box<str>>]>),
    Fixed(usize),
    /// A decimal of up to 38 digits.
    Decimal {
        width: Width,
        precision: u8,
    },
    /// A decimal of up to 76 digits.
    WideDecimal {
        width: Width,
        precision: u8,
    },
    BigDecimal,
    /// Months, days and milliseconds.
    Duration,
    UuidText,
    UuidBytes,
    Uuid,
    /// A time of day of the unit that so many make a day of.
    Time {
        from: Integer,
        multiply: i64,
        day: i64,
        narrow: bool,
    },
    /// A timestamp in another unit.
    Timestamp {
        from: Integer,
        multiply: i64,
        divide: i64,
    },
}

/// Which integer the writer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Integer {
    Int,
    Long,
}

/// How many bytes the writer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// As many as it says.
    Said,
    Fixed(usize),
}

impl Plan {
    /// Resolves `writer` to `reader`, for the reader's columns.
    pub(super) fn new(writer: &AvroSchema, reader: &AvroSchema, layout: &Layout) -> Result<Self, Mismatch> {
        let op = resolve::resolve(writer, reader, &layout.shape)?;
        Ok(Self { steps: op.steps(), op, skips: Skips::new(writer), reader_skips: Skips::new(reader) })
    }
}
