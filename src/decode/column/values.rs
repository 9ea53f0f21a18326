//! Where a column's values lie until they become an Arrow array.

use std::borrow::Cow;

use arrow_buffer::{BooleanBufferBuilder, i256};
use arrow_schema::{DataType, TimeUnit};

use super::Column;

/// The values of a column, by how they are stored: a timestamp and an `int64` are both 64-bit integers here.
///
/// A null row holds a zero or an empty run of bytes, so that row `i` is always at index `i`.
#[derive(Debug)]
pub(crate) enum Values {
    Bool(BooleanBufferBuilder),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    UInt8(Vec<u8>),
    UInt16(Vec<u16>),
    UInt32(Vec<u32>),
    UInt64(Vec<u64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Int128(Vec<i128>),
    Int256(Vec<i256>),
    /// Text and binary: row `i` is `data[offsets[i]..offsets[i + 1]]`.
    Bytes {
        offsets: Vec<i32>,
        data: Vec<u8>,
    },
    /// Runs of one width.
    Fixed {
        width: usize,
        data: Vec<u8>,
    },
    /// Lists and maps: the items of row `i` are the child's rows `offsets[i]..offsets[i + 1]`. A map's items are its entries.
    List {
        offsets: Vec<i32>,
        child: Box<Column>,
    },
    /// Structs: row `i` is row `i` of every child.
    Struct {
        children: Vec<Column>,
    },
}

/// What applies to the vector of every kind whose rows are native numbers, and what applies to the others, in one match.
macro_rules! each_native {
    ($values:expr, $vector:ident => $native:expr, $($other:tt)*) => {
        match $values {
            Values::Int8($vector) => $native,
            Values::Int16($vector) => $native,
            Values::Int32($vector) => $native,
            Values::Int64($vector) => $native,
            Values::UInt8($vector) => $native,
            Values::UInt16($vector) => $native,
            Values::UInt32($vector) => $native,
            Values::UInt64($vector) => $native,
            Values::Float32($vector) => $native,
            Values::Float64($vector) => $native,
            Values::Int128($vector) => $native,
            Values::Int256($vector) => $native,
            $($other)*
        }
    };
}
pub(super) use each_native;

impl Values {
    /// Empty values for a type; `None` where kolumn has no columns of it.
    pub(super) fn new(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Bool(BooleanBufferBuilder::new(0)),
            DataType::Int8 => Self::Int8(Vec::new()),
            DataType::Int16 => Self::Int16(Vec::new()),
            DataType::Int32 | DataType::Date32 | DataType::Time32(TimeUnit::Second | TimeUnit::Millisecond) => {
                Self::Int32(Vec::new())
            }
            DataType::Int64
            | DataType::Timestamp(..)
            | DataType::Duration(TimeUnit::Nanosecond)
            | DataType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond) => Self::Int64(Vec::new()),
            DataType::UInt8 => Self::UInt8(Vec::new()),
            DataType::UInt16 => Self::UInt16(Vec::new()),
            DataType::UInt32 => Self::UInt32(Vec::new()),
            DataType::UInt64 => Self::UInt64(Vec::new()),
            DataType::Float32 => Self::Float32(Vec::new()),
            DataType::Float64 => Self::Float64(Vec::new()),
            DataType::Decimal128(..) => Self::Int128(Vec::new()),
            DataType::Decimal256(..) => Self::Int256(Vec::new()),
            DataType::Utf8 | DataType::Binary => Self::Bytes { offsets: vec![0], data: Vec::new() },
            DataType::FixedSizeBinary(width) => Self::Fixed { width: usize::try_from(*width).ok()?, data: Vec::new() },
            DataType::List(item) | DataType::Map(item, _) => {
                Self::List { offsets: vec![0], child: Box::new(Column::new(item).ok()?) }
            }
            DataType::Struct(fields) if !fields.is_empty() => {
                Self::Struct { children: fields.iter().map(Column::new).collect::<Result<_, _>>().ok()? }
            }
            _ => return None,
        })
    }

    pub(super) fn append_nulls(&mut self, rows: usize) {
        each_native!(self, vector => vector.resize(vector.len() + rows, Default::default()),
            Self::Bool(bits) => bits.append_n(rows, false),
            Self::Bytes { offsets, .. } | Self::List { offsets, .. } => {
                let end = offsets.last().copied().unwrap_or(0);
                offsets.resize(offsets.len() + rows, end);
            }
            Self::Fixed { width, data } => data.resize(data.len() + rows * *width, 0),
            Self::Struct { children } => children.iter_mut().for_each(|child| child.append_nulls(rows)),
        );
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        each_native!(self, vector => vector.truncate(rows),
            Self::Bool(bits) => bits.truncate(rows),
            Self::Bytes { offsets, data } => {
                offsets.truncate(rows + 1);
                data.truncate(end(offsets));
            }
            Self::Fixed { width, data } => data.truncate(rows * *width),
            Self::List { offsets, child } => {
                offsets.truncate(rows + 1);
                child.truncate(end(offsets));
            }
            Self::Struct { children } => children.iter_mut().for_each(|child| child.truncate(rows)),
        );
    }

    /// Room for `rows` more rows and, in all, `bytes` more bytes of text.
    pub(super) fn reserve(&mut self, rows: usize, bytes: usize) {
        each_native!(self, vector => vector.reserve(rows),
            Self::Bool(bits) => bits.reserve(rows),
            Self::Bytes { offsets, data } => {
                offsets.reserve(rows);
                data.reserve(bytes);
            }
            Self::Fixed { width, data } => data.reserve(rows * *width),
            Self::List { offsets, child } => {
                offsets.reserve(rows);
                child.reserve(0); // as many as the last array had
            }
            Self::Struct { children } => children.iter_mut().for_each(|child| child.reserve(rows)),
        );
    }

    /// The bytes held, unused capacity included.
    pub(super) fn bytes(&self) -> usize {
        each_native!(self, vector => size_of_val(vector.as_slice()) + spare(vector),
            Self::Bool(bits) => bits.capacity() / 8,
            Self::Bytes { offsets, data } => offsets.capacity() * size_of::<i32>() + data.capacity(),
            Self::Fixed { data, .. } => data.capacity(),
            Self::List { offsets, child } => offsets.capacity() * size_of::<i32>() + child.bytes(),
            Self::Struct { children } => children.iter().map(Column::bytes).sum(),
        )
    }

    /// The bytes that rows take.
    pub(super) fn used(&self) -> usize {
        each_native!(self, vector => size_of_val(vector.as_slice()),
            Self::Bool(bits) => bits.len() / 8,
            Self::Bytes { offsets, data } => size_of_val(offsets.as_slice()) + data.len(),
            Self::Fixed { data, .. } => data.len(),
            Self::List { offsets, child } => size_of_val(offsets.as_slice()) + child.used(),
            Self::Struct { children } => children.iter().map(Column::used).sum(),
        )
    }

    /// A table keeps its arrays for long: capacity of more than a sixteenth beyond the rows is not kept with them.
    pub(super) fn give_back(&mut self) {
        each_native!(self, vector => shrink(vector),
            Self::Bytes { offsets, data } => {
                shrink(offsets);
                shrink(data);
            }
            Self::Fixed { data, .. } => shrink(data),
            Self::Bool(_) | Self::List { .. } | Self::Struct { .. } => {}
        );
    }

    /// See [`Column::room`].
    pub(super) fn room(&self) -> usize {
        let left = |taken: usize| usize::try_from(i32::MAX).unwrap_or(usize::MAX).saturating_sub(taken);
        match self {
            Self::Bytes { data, .. } => left(data.len()),
            Self::List { child, .. } => left(child.len()).min(child.room()),
            Self::Struct { children } => children.iter().map(Column::room).min().unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    /// Bytes that two rows have in common if and only if they hold the same value; none for nested values.
    pub(super) fn identity(&self, row: usize) -> Cow<'_, [u8]> {
        each_native!(self, vector => vector.get(row).map(|number| number.to_le_bytes().to_vec()).unwrap_or_default().into(),
            Self::Bool(bits) => vec![u8::from(row < bits.len() && bits.get_bit(row))].into(),
            Self::Bytes { offsets, data } => {
                let bound = |index: usize| offsets.get(index).and_then(|offset| usize::try_from(*offset).ok());
                bound(row).zip(bound(row + 1)).and_then(|(from, to)| data.get(from..to)).unwrap_or_default().into()
            }
            Self::Fixed { width, data } => data.get(row * *width..(row + 1) * *width).unwrap_or_default().into(),
            Self::List { .. } | Self::Struct { .. } => Cow::Borrowed(&[]),
        )
    }

    /// Whether two rows hold the same value: as [`Self::identity`] says, without a copy of numbers.
    pub(super) fn same(&self, row: usize, other: usize) -> bool {
        each_native!(self, vector => match (vector.get(row), vector.get(other)) {
                (Some(one), Some(other)) => one.to_le_bytes() == other.to_le_bytes(),
                _ => false,
            },
            Self::Bool(_) | Self::Bytes { .. } | Self::Fixed { .. } | Self::List { .. } | Self::Struct { .. } => {
                self.identity(row) == self.identity(other)
            }
        )
    }
}

/// The last of offsets: how far they reach.
pub(super) fn end(offsets: &[i32]) -> usize {
    offsets.last().and_then(|end| usize::try_from(*end).ok()).unwrap_or(0)
}

fn spare<T>(vector: &Vec<T>) -> usize {
    (vector.capacity() - vector.len()) * size_of::<T>()
}

/// Gives back capacity of more than a sixteenth beyond what there is.
pub(super) fn shrink<T>(vector: &mut Vec<T>) {
    if vector.capacity() - vector.len() > vector.len() / 16 {
        vector.shrink_to_fit();
    }
}

/// A number that a column stores as it is.
pub(crate) trait Native: Copy + Default {
    /// The vector that holds numbers of this type, if the values are such.
    fn of(values: &mut Values) -> Option<&mut Vec<Self>>;
}

macro_rules! native {
    ($($native:ty => $kind:ident),* $(,)?) => {$(
        impl Native for $native {
            #[inline]
            fn of(values: &mut Values) -> Option<&mut Vec<Self>> {
                match values {
                    Values::$kind(vector) => Some(vector),
                    _ => None,
                }
            }
        }
    )*};
}

native!(
    i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, i128 => Int128, i256 => Int256,
    u8 => UInt8, u16 => UInt16, u32 => UInt32, u64 => UInt64,
    f32 => Float32, f64 => Float64,
);
