//! The types that a column can be declared as.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

/// The type of a column, as specs name it.
///
/// Written as Arrow's names in lower case (`int64`, `utf8`, `timestamp(ms)`, `decimal(18,4)`, `list<int64>`, `struct<a:int32,b:utf8>`,
/// `map<utf8,int64>`); the names of the reference API
/// (`long`, `double`, `string`, `Instant`…) are read as well.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// `bool`: true or false.
    Bool,
    /// `int8`, of the reference API `byte`.
    Int8,
    /// `int16`, of the reference API `short`.
    Int16,
    /// `int32`, of the reference API `int`.
    Int32,
    /// `int64`, of the reference API `long`.
    Int64,
    /// `uint8`.
    UInt8,
    /// `uint16`.
    UInt16,
    /// `uint32`.
    UInt32,
    /// `uint64`.
    UInt64,
    /// `float32`, of the reference API `float`.
    Float32,
    /// `float64`, of the reference API `double`.
    Float64,
    /// `utf8`, of the reference API `string`.
    Utf8,
    /// `binary`, of the reference API `byte[]`. In JSON: base64.
    Binary,
    /// `uuid`: 16 bytes, with Arrow's extension name `arrow.uuid`. Read from text.
    Uuid,
    /// `char`: a text of exactly one character.
    Char,
    /// `timestamp(s|ms|us|ns)`: in UTC. A number is read in this unit, a text as RFC 3339.
    Timestamp(TimeUnit),
    /// `timestamp(ns,number=s)`: a timestamp in one unit, whose numbers come in another. A text is read as RFC 3339.
    TimestampOf {
        /// The unit of the column.
        unit: TimeUnit,
        /// The unit of numbers.
        number: TimeUnit,
    },
    /// `timestamp`, of the reference API `Instant`: nanoseconds in UTC, read from text only, for a number has no declared unit.
    Instant,
    /// `date32`: days since 1970-01-01.
    Date32,
    /// `time(s|ms|us|ns)`: of day. Arrow's `time32` for `s` and `ms`, `time64` for `us` and `ns`.
    Time(TimeUnit),
    /// `decimal(precision,scale)`: decimal128; precision 1 to 38, scale 0 to the precision.
    Decimal(u8, i8),
    /// `decimal256(precision,scale)`: precision 1 to 76, scale 0 to the precision. `decimal(50,4)`, of more than 38 digits, is one.
    Decimal256(u8, i8),
    /// `list<type>`: any number of items of one type, which may be null.
    List(Arc<Self>),
    /// `struct<a:int64,b:utf8>`: named fields, which may be null.
    Struct(Arc<[(String, Self)]>),
    /// `map<utf8,float64>`: from keys, which are neither null nor nested, to values, which may be null.
    Map(Arc<Self>, Arc<Self>),
    /// `int64!` within a list, struct or map: an item, field or value that is neither null nor missing. The Arrow type is that of the
    /// type without it: whether the parent is null is no matter of its own.
    NotNull(Arc<Self>),
    /// `json`: the text of a JSON value as it stands, checked to be valid.
    Json,
}

/// How deep types nest at most: below the depth to which documents are read.
pub(super) const LEVELS: usize = 64;

/// Types without parameters: canonical name first, then the names read as well.
pub(super) const NAMES: &[(Type, &[&str])] = &[
    (Type::Bool, &["bool", "boolean", "Boolean"]),
    (Type::Int8, &["int8", "byte", "Byte"]),
    (Type::Int16, &["int16", "short", "Short"]),
    (Type::Int32, &["int32", "int", "Integer"]),
    (Type::Int64, &["int64", "long", "Long"]),
    (Type::UInt8, &["uint8"]),
    (Type::UInt16, &["uint16"]),
    (Type::UInt32, &["uint32"]),
    (Type::UInt64, &["uint64"]),
    (Type::Float32, &["float32", "float", "Float"]),
    (Type::Float64, &["float64", "double", "Double"]),
    (Type::Utf8, &["utf8", "string", "String"]),
    (Type::Binary, &["binary", "byte[]", "bytes"]),
    (Type::Uuid, &["uuid", "UUID"]),
    (Type::Char, &["char", "Character"]),
    (Type::Instant, &["timestamp", "Instant", "instant"]),
    (Type::Date32, &["date32", "LocalDate"]),
    (Type::Time(TimeUnit::Nanosecond), &["time(ns)", "LocalTime"]),
    (Type::Json, &["json"]),
];

impl Type {
    /// A list of items of one type.
    pub fn list(item: Self) -> Self {
        Self::List(Arc::new(item))
    }

    /// A struct of named fields.
    pub fn structure<N: Into<String>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Struct(fields.into_iter().map(|(name, data_type)| (name.into(), data_type)).collect())
    }

    /// A value that is never null, within a list, struct or map.
    pub fn required(inner: Self) -> Self {
        Self::NotNull(Arc::new(inner))
    }

    /// A map from keys of one type to values of another.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// The Arrow type of the column.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::UInt8 => DataType::UInt8,
            Self::UInt16 => DataType::UInt16,
            Self::UInt32 => DataType::UInt32,
            Self::UInt64 => DataType::UInt64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Utf8 | Self::Char | Self::Json => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::Timestamp(unit) | Self::TimestampOf { unit, .. } => DataType::Timestamp(*unit, Some(Arc::from("UTC"))),
            Self::Instant => DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC"))),
            Self::Date32 => DataType::Date32,
            Self::Time(unit @ (TimeUnit::Second | TimeUnit::Millisecond)) => DataType::Time32(*unit),
            Self::Time(unit) => DataType::Time64(*unit),
            Self::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Self::Decimal256(precision, scale) => DataType::Decimal256(*precision, *scale),
            Self::NotNull(inner) => inner.data_type(),
            Self::List(item) => DataType::List(item.field(Field::LIST_FIELD_DEFAULT_NAME)),
            Self::Struct(fields) => DataType::Struct(fields.iter().map(|(name, data_type)| data_type.field(name)).collect()),
            // As Arrow's own builder of maps names them.
            Self::Map(key, value) => {
                let key = Arc::new(key.field("keys").as_ref().clone().with_nullable(false));
                let entries = DataType::Struct([key, value.field("values")].into_iter().collect());
                DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
            }
        }
    }

    /// The nullable Arrow field of a column of this type.
    pub fn field(&self, name: &str) -> FieldRef {
        let field = Field::new(name, self.data_type(), true);
        Arc::new(match self {
            Self::NotNull(inner) => return inner.field(name),
            Self::Uuid => field.with_metadata(HashMap::from([("ARROW:extension:name".into(), "arrow.uuid".into())])),
            _ => field,
        })
    }
}

impl Type {
    /// Whether the parameters are possible: an enum can be built with any.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::NotNull(_) => {
                Err(format!("{self} is within lists, structs and maps only; a column is declared not-null itself"))
            }
            _ => self.check_within(LEVELS),
        }
    }

    fn check_within(&self, levels: usize) -> Result<(), String> {
        let deeper = |inner: &Self| match levels.checked_sub(1) {
            Some(levels) => inner.check_within(levels),
            None => Err(format!("the type is nested more than {LEVELS} levels deep")),
        };
        let possible = |precision: u8, scale: i8| scale >= 0 && scale.unsigned_abs() <= precision;
        match self {
            Self::Decimal(precision @ 1..=38, scale) if possible(*precision, *scale) => Ok(()),
            Self::Decimal256(precision @ 1..=76, scale) if possible(*precision, *scale) => Ok(()),
            Self::Decimal(39..=76, _) => {
                Err(format!("{self} needs more than the 38 digits of decimal128: declare it as decimal256"))
            }
            Self::Decimal(..) => Err(format!("{self} is not possible: the precision is 1 to 38, the scale 0 to the precision")),
            Self::Decimal256(..) => {
                Err(format!("{self} is not possible: the precision is 1 to 76, the scale 0 to the precision"))
            }
            Self::NotNull(inner) => match **inner {
                Self::NotNull(_) => Err(format!("{self} says twice that it is not-null")),
                _ => inner.check_within(levels),
            },
            Self::List(item) => deeper(item),
            Self::Struct(fields) if fields.is_empty() => Err("a struct has at least one field".into()),
            Self::Struct(fields) => {
                let mut names = HashSet::new();
                for (name, data_type) in fields.iter() {
                    if !names.insert(name) {
                        return Err(format!("two fields of a struct are named {name:?}"));
                    }
                    deeper(data_type)?;
                }
                Ok(())
            }
            Self::Map(key, _) if key.is_nested() || matches!(**key, Self::Json | Self::NotNull(_)) => {
                Err(format!("the keys of a map are no {key}: they are values without parts"))
            }
            Self::Map(key, value) => deeper(key).and_then(|()| deeper(value)),
            _ => Ok(()),
        }
    }

    /// Whether values are made of values.
    pub fn is_nested(&self) -> bool {
        match self {
            Self::NotNull(inner) => inner.is_nested(),
            _ => matches!(self, Self::List(_) | Self::Struct(_) | Self::Map(..)),
        }
    }

    /// How many lists, structs and maps are within one another at the deepest place.
    pub(crate) fn levels(&self) -> usize {
        match self {
            Self::NotNull(inner) => inner.levels(),
            Self::List(item) => 1 + item.levels(),
            Self::Struct(fields) => 1 + fields.iter().map(|(_, data_type)| data_type.levels()).max().unwrap_or(0),
            Self::Map(_, value) => 1 + value.levels(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::builder::{Float64Builder, MapBuilder, StringBuilder};
    use arrow_schema::Fields;

    use super::*;

    #[test]
    fn every_type_is_read_back_from_its_own_text() {
        let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
        let mut all: Vec<Type> = NAMES.iter().map(|(known, _)| known.clone()).collect();
        all.extend(units.map(Type::Timestamp));
        all.extend(units.map(Type::Time));
        all.push(Type::TimestampOf { unit: TimeUnit::Nanosecond, number: TimeUnit::Second });
        all.extend([Type::Decimal(18, 4), Type::Decimal(1, 0), Type::Decimal(38, 38)]);
        all.extend([Type::Decimal256(76, 0), Type::Decimal256(18, 4), Type::Decimal256(76, 76)]);
        let nested = Type::structure([("a", Type::Int64), ("b c", Type::list(Type::Decimal(9, 2))), ("\"<,:>", Type::Json)]);
        let required = Type::required(Type::Decimal(9, 2));
        all.extend([Type::list(required.clone()), Type::structure([("a!", required.clone())]), Type::map(Type::Utf8, required)]);
        all.extend([Type::list(Type::list(Type::Utf8)), Type::map(Type::Utf8, nested.clone()), nested]);
        for one in all {
            assert_eq!(Type::read(&one.to_string()), Ok(one.clone()), "{one}");
        }
    }

    #[test]
    fn the_names_of_the_reference_api_are_read() {
        for (name, expected) in [
            ("long", Type::Int64),
            ("double", Type::Float64),
            ("string", Type::Utf8),
            ("String", Type::Utf8),
            ("Instant", Type::Instant),
            ("short", Type::Int16),
            ("int", Type::Int32),
            ("byte", Type::Int8),
            ("char", Type::Char),
            ("float", Type::Float32),
            ("byte[]", Type::Binary),
        ] {
            assert_eq!(Type::read(name), Ok(expected), "{name}");
        }
    }

    #[test]
    fn a_number_unit_equal_to_the_column_unit_is_the_plain_timestamp() {
        assert_eq!(Type::read("timestamp(ms,number=ms)"), Ok(Type::Timestamp(TimeUnit::Millisecond)));
    }

    #[test]
    fn a_type_that_is_none_names_what_was_meant() {
        for (text, part) in [
            ("flaot64", "did you mean \"float64\"?"),
            ("utf8(3)", "has no parameters"),
            ("timestamp(min)", "no unit of time"),
            ("timestamp(ns,in=s)", "number=s"),
            ("decimal(18)", "lacks precision and scale"),
            ("decimal(2,3)", "not possible"),
            ("decimal128(40,3)", "declare it as decimal256"),
            ("decimal(77,3)", "not possible"),
            ("decimal(a,b)", "not two numbers"),
            ("time", "lacks its unit"),
            ("time32(ns)", "lacks its unit"),
            ("list<itn64>", "did you mean \"int64\"? (at character 6 of"),
            ("list<int64", "no closing >"),
            ("list<int64,utf8>", "more than one type"),
            ("lsit<int64>", "did you mean list<…>?"),
            ("list", "lacks the type of its items"),
            ("map<utf8>", "lacks its two types"),
            ("map<list<utf8>,utf8>", "the keys of a map are no list<utf8>"),
            ("struct<>", "is no name and type"),
            ("struct<a:int64,utf8>", "\"utf8\" is no name and type"),
            ("struct<a:int64,b:map<utf8,utf>>", "(at character 27 of"),
            ("struct<a:int64,a:utf8>", "two fields of a struct are named \"a\""),
            ("struct<a b:int64>", "double quotes"),
            ("struct<\"a:int64>", "not closed"),
            ("list<int64>>", "not closed"),
            ("int64!", "no type is named \"int64!\""),
            ("list<int64!!>", "says twice"),
            ("map<utf8!,int64>", "the keys of a map are no utf8!"),
            ("timestamp(ms", "no closing bracket"),
            ("", "no type is named"),
        ] {
            let error = Type::read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn nested_types_are_what_arrow_s_builders_make() {
        let names = |text: &str| Type::read(text).unwrap().data_type();
        assert_eq!(names("list<int64>"), DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true))));
        let mut map = MapBuilder::new(None, StringBuilder::new(), Float64Builder::new());
        assert_eq!(&names("map<utf8,double>"), map.finish().data_type());
        let fields = Fields::from(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)]);
        assert_eq!(names("struct<a:int64, b : utf8>"), DataType::Struct(fields));
        assert_eq!(names("decimal(39,2)"), DataType::Decimal256(39, 2));
    }

    #[test]
    fn types_nest_as_deep_as_the_limit_and_no_deeper() {
        let nested = |levels: usize| format!("{}utf8{}", "list<".repeat(levels), ">".repeat(levels));
        let deepest = Type::read(&nested(LEVELS)).unwrap();
        assert_eq!((deepest.levels(), deepest.check()), (LEVELS, Ok(())));
        assert!(Type::read(&nested(LEVELS + 1)).unwrap_err().contains("more than 64 levels"));
        assert!(Type::list(deepest).check().unwrap_err().contains("more than 64 levels"));
        assert!(Type::read(&nested(100_000)).is_err());
    }

    #[test]
    fn a_uuid_carries_the_extension_name() {
        let field = Type::Uuid.field("Id");
        assert_eq!(field.data_type(), &DataType::FixedSizeBinary(16));
        assert_eq!(field.metadata().get("ARROW:extension:name").map(String::as_str), Some("arrow.uuid"));
    }
}
