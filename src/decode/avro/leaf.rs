//! Single values: which of a writer's types become which columns of the reader's.

use arrow_schema::TimeUnit;

use super::plan::{Integer, Read, Width};
use crate::decode::text::per_second;
use crate::spec::{AvroKind as Kind, AvroSchema, Leaf, Logical, NodeId};

/// How a writer's value becomes a reader's; `None` where the types do not resolve.
pub(super) fn read(writer: (&AvroSchema, NodeId), reader: (&AvroSchema, NodeId), leaf: Leaf) -> Option<Read> {
    let (from, to) = (writer.0.node(writer.1), reader.0.node(reader.1));
    // Where both say what the bytes mean, it must be the same: a date is no number of milliseconds.
    let same_meaning = match (from.logical, to.logical) {
        (Some(from), Some(to)) => means(from, to),
        _ => false,
    };
    if !same_meaning {
        if from.logical.is_some() && to.logical.is_some() {
            return None;
        }
        if !physical(&from.kind, &to.kind) {
            return None;
        }
    }
    match leaf {
        Leaf::Bool => Some(Read::Boolean),
        Leaf::Int | Leaf::Date => Some(Read::Int),
        Leaf::Long => Some(Read::Long { from: integer(&from.kind)? }),
        Leaf::Float => Some(match from.kind {
            Kind::Float => Read::Float,
            _ => Read::LongAsFloat { from: integer(&from.kind)? },
        }),
        Leaf::Double => Some(match from.kind {
            Kind::Double => Read::Double,
            Kind::Float => Read::FloatAsDouble,
            _ => Read::LongAsDouble { from: integer(&from.kind)? },
        }),
        Leaf::Bytes => match from.kind {
            Kind::Fixed { size, .. } => Some(Read::Fixed(size)),
            _ => Some(Read::Bytes),
        },
        Leaf::String => Some(Read::String),
        Leaf::Enum => {
            let (Kind::Enum { symbols, .. }, Kind::Enum { symbols: known, default, .. }) = (&from.kind, &to.kind) else {
                return None;
            };
            let text = |symbol: &String| {
                let found = if known.contains(symbol) { Some(symbol) } else { default.as_ref() };
                found.map(|text| text.as_str().into())
            };
            Some(Read::Enum(symbols.iter().map(text).collect()))
        }
        Leaf::Duration => matches!(from.kind, Kind::Fixed { size: 12, .. }).then_some(Read::Duration),
        Leaf::Fixed(_) => match from.kind {
            Kind::Fixed { size, .. } => Some(Read::Fixed(size)),
            _ => None,
        },
        Leaf::Decimal { precision, .. } => {
            let width = match from.kind {
                Kind::Fixed { size, .. } => Width::Fixed(size),
                _ => Width::Said,
            };
            let narrow = precision <= 38;
            Some(if narrow { Read::Decimal { width, precision } } else { Read::WideDecimal { width, precision } })
        }
        Leaf::BigDecimal => Some(Read::BigDecimal),
        Leaf::Uuid => Some(match (&from.kind, &to.kind) {
            (Kind::Fixed { .. }, _) => Read::Uuid,
            // Bytes that mean a UUID are its 16; bytes that a text is promoted from are the text.
            (Kind::Bytes, _) if from.logical.is_some() => Read::UuidBytes,
            (_, Kind::Bytes) if from.logical.is_none() => Read::UuidBytes,
            _ => Read::UuidText,
        }),
        Leaf::Time(unit) => {
            let source = match from.logical {
                Some(Logical::Time(source)) => source,
                _ => unit,
            };
            let (multiply, divide) = ratio(source, unit);
            let narrow = unit == TimeUnit::Millisecond;
            // Finer times are not promoted to coarser ones: a long is no int.
            (divide == 1).then_some(Read::Time {
                from: integer(&from.kind)?,
                multiply,
                day: 86_400 * i64::from(per_second(source)),
                narrow,
            })
        }
        Leaf::Timestamp { unit, .. } => {
            let source = match from.logical {
                Some(Logical::Timestamp { unit, .. }) => unit,
                _ => unit,
            };
            let from = integer(&from.kind)?;
            let (multiply, divide) = ratio(source, unit);
            Some(if source == unit { Read::Long { from } } else { Read::Timestamp { from, multiply, divide } })
        }
    }
}

/// Whether the specification resolves one physical type to another.
fn physical(from: &Kind, to: &Kind) -> bool {
    use Kind as K;
    match (from, to) {
        (K::Boolean, K::Boolean)
        | (K::Int, K::Int | K::Long | K::Float | K::Double)
        | (K::Long, K::Long | K::Float | K::Double)
        | (K::Float, K::Float | K::Double)
        | (K::Double, K::Double)
        | (K::Bytes | K::String, K::Bytes | K::String) => true,
        (K::Enum { name: from, .. }, K::Enum { name: to, .. }) => to.answers_to(from),
        (K::Fixed { name: from, size: length }, K::Fixed { name: to, size }) => to.answers_to(from) && length == size,
        _ => false,
    }
}

/// Whether a value that means `from` can be one that means `to`, whatever the physical types.
fn means(from: Logical, to: Logical) -> bool {
    match (from, to) {
        (Logical::Decimal { precision: from, scale: theirs }, Logical::Decimal { precision: to, scale }) => {
            from <= to && theirs == scale
        }
        (Logical::Time(from), Logical::Time(to)) => ratio(from, to).1 == 1,
        (Logical::Timestamp { local: from, .. }, Logical::Timestamp { local: to, .. }) => from == to,
        (from, to) => from == to,
    }
}

fn integer(kind: &Kind) -> Option<Integer> {
    match kind {
        Kind::Int => Some(Integer::Int),
        Kind::Long => Some(Integer::Long),
        _ => None,
    }
}

/// What a number of one unit is multiplied and divided by to be one of another.
fn ratio(from: TimeUnit, to: TimeUnit) -> (i64, i64) {
    let (from, to) = (i64::from(per_second(from)), i64::from(per_second(to)));
    if to >= from { (to / from, 1) } else { (1, from / to) }
}
