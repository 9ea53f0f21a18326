//! The values that an object spec describes, and what builds them. The names are those of the reference API.

use arrow_schema::TimeUnit;
use serde::{Deserialize, Serialize};

use crate::spec::Type;

/// What a JSON value is, and what columns it gives: built by [`string_val`], [`int_val`], [`object_val`] and their like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub(crate) shape: Shape,
    pub(crate) allow: Allow,
    pub(crate) allow_missing: bool,
    pub(crate) allow_null: bool,
    /// What stands for a value that is missing or null, as [`crate::spec::JsonColumn::default_value`] has it.
    pub(crate) on_missing: Option<String>,
    pub(crate) on_null: Option<String>,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar(Scalar),
    /// Any JSON, as its text.
    Any,
    /// Any JSON, which gives no column.
    Skip,
    Array(Box<Value>),
    Tuple(Vec<(Option<String>, Value)>),
    Object(Members),
    Entries {
        key: Box<Value>,
        value: Box<Value>,
    },
    Typed(Box<Typed>),
}

/// A value without parts that becomes one value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Plain(Type),
    /// A number of this unit since the epoch, as a timestamp in nanoseconds.
    InstantNumber(TimeUnit),
    BigInteger,
    /// The digits as they stand.
    BigDecimal,
}

/// The fields of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Members {
    pub(crate) fields: Vec<Field>,
    pub(crate) refuse_unknown: bool,
}

/// An object of one of several types, which one of its fields names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    /// Its value is a text.
    pub(crate) tag: Field,
    pub(crate) shared: Vec<Field>,
    /// Each an object.
    pub(crate) objects: Vec<(String, Value)>,
    pub(crate) refuse_unknown: bool,
}

/// A field of an object: its name, its value, and how it is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) value: Value,
    pub(crate) ignore_case: bool,
    pub(crate) repeated: Repeated,
}

/// What becomes of a field that an object has more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeated {
    /// It is an error of the record.
    #[default]
    Error,
    /// The first counts.
    UseFirst,
}

/// The kinds of JSON values that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Allow {
    pub(crate) string: bool,
    pub(crate) int: bool,
    pub(crate) decimal: bool,
    pub(crate) bool: bool,
    pub(crate) object: bool,
    pub(crate) array: bool,
}

impl Allow {
    pub(crate) const NONE: Self = Self { string: false, int: false, decimal: false, bool: false, object: false, array: false };
    const ALL: Self = Self { string: true, int: true, decimal: true, bool: true, object: true, array: true };
    const STRING: Self = Self { string: true, ..Self::NONE };
    const INT: Self = Self { int: true, ..Self::NONE };
    const NUMBER: Self = Self { int: true, decimal: true, ..Self::NONE };

    /// Name, and whether it is allowed.
    pub(crate) fn each(self) -> [(&'static str, bool); 6] {
        [
            ("allow_string", self.string),
            ("allow_int", self.int),
            ("allow_decimal", self.decimal),
            ("allow_bool", self.bool),
            ("allow_object", self.object),
            ("allow_array", self.array),
        ]
    }
}

impl Scalar {
    /// What is allowed where nothing is said.
    pub(crate) fn standard(&self) -> Allow {
        match self {
            Self::Plain(Type::Bool) => Allow { bool: true, ..Allow::NONE },
            Self::Plain(Type::Float32 | Type::Float64 | Type::Decimal(..) | Type::Decimal256(..)) | Self::BigDecimal => {
                Allow::NUMBER
            }
            Self::Plain(Type::Timestamp(_) | Type::TimestampOf { .. }) => Allow { string: true, ..Allow::INT },
            Self::Plain(data_type) if data_type.is_integer() => Allow::INT,
            Self::InstantNumber(_) | Self::BigInteger => Allow::INT,
            Self::Plain(_) => Allow::STRING,
        }
    }

    /// What can be allowed.
    pub(crate) fn possible(&self) -> Allow {
        match self {
            Self::Plain(Type::Utf8) => Allow { object: false, array: false, ..Allow::ALL },
            Self::Plain(Type::Bool) => Allow { bool: true, ..Allow::STRING },
            Self::Plain(data_type) if data_type.is_text() => Allow::STRING,
            _ => Allow { string: true, ..Allow::NUMBER },
        }
    }

    pub(crate) fn data_type(&self) -> Type {
        match self {
            Self::Plain(data_type) => data_type.clone(),
            Self::InstantNumber(unit) => match unit {
                TimeUnit::Nanosecond => Type::Timestamp(*unit),
                _ => Type::TimestampOf { unit: TimeUnit::Nanosecond, number: *unit },
            },
            Self::BigInteger => Type::Decimal256(76, 0),
            Self::BigDecimal => Type::Utf8,
        }
    }
}

impl Type {
    fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64 | Self::UInt8 | Self::UInt16 | Self::UInt32 | Self::UInt64
        )
    }

    /// Whether values are texts and nothing else.
    fn is_text(&self) -> bool {
        matches!(self, Self::Char | Self::Binary | Self::Uuid | Self::Instant | Self::Date32 | Self::Time(_) | Self::Json)
    }
}

/// A text; `allow_int`, `allow_decimal` and `allow_bool` keep the text of such values as it stands.
pub fn string_val() -> Value {
    type_val(Type::Utf8)
}

/// `true` or `false`; with `allow_string` also as text, trimmed and in any case, where `"null"` is null.
pub fn bool_val() -> Value {
    type_val(Type::Bool)
}

/// A text of exactly one character.
pub fn char_val() -> Value {
    type_val(Type::Char)
}

/// An integer of 8 bits. As all integers: with `allow_decimal` what is behind the point is cut off, with `allow_string` the text of
/// a number is one, beyond the range is an error.
pub fn byte_val() -> Value {
    type_val(Type::Int8)
}

/// An integer of 16 bits.
pub fn short_val() -> Value {
    type_val(Type::Int16)
}

/// An integer of 32 bits.
pub fn int_val() -> Value {
    type_val(Type::Int32)
}

/// An integer of 64 bits.
pub fn long_val() -> Value {
    type_val(Type::Int64)
}

/// A floating-point number of 32 bits, correctly rounded.
pub fn float_val() -> Value {
    type_val(Type::Float32)
}

/// A floating-point number of 64 bits, correctly rounded.
pub fn double_val() -> Value {
    type_val(Type::Float64)
}

/// An instant as text, RFC 3339.
pub fn instant_val() -> Value {
    type_val(Type::Instant)
}

/// An instant as a number of this unit since the epoch.
pub fn instant_number_val(unit: TimeUnit) -> Value {
    Value::scalar(Scalar::InstantNumber(unit))
}

/// A date as text, `2026-11-21`.
pub fn local_date_val() -> Value {
    type_val(Type::Date32)
}

/// An integer of up to 76 digits.
pub fn big_integer_val() -> Value {
    Value::scalar(Scalar::BigInteger)
}

/// A number of any size and precision, as its text. For a decimal column see [`type_val`].
pub fn big_decimal_val() -> Value {
    Value::scalar(Scalar::BigDecimal)
}

/// A value of any type without parts: unsigned integers, decimals of a declared precision, UUIDs, base64, times and timestamps in
/// other units. Nested types are errors of the spec: [`array_val`] and [`object_val`] describe what is nested.
pub fn type_val(data_type: Type) -> Value {
    Value::scalar(Scalar::Plain(data_type))
}

/// Any JSON, as its text, checked to be valid.
pub fn any_val() -> Value {
    Value::new(Shape::Any, Allow::ALL)
}

/// Any JSON, which gives no column. What is inside is not judged.
pub fn skip_val() -> Value {
    Value::new(Shape::Skip, Allow::ALL)
}

/// An array: a list column for each column of the element.
pub fn array_val(element: impl Into<Value>) -> Value {
    Value::new(Shape::Array(Box::new(element.into())), Allow::NONE)
}

/// An array of exactly these elements, whose columns are named by their index. Where there is only one, its name counts for nothing.
pub fn tuple_val<V: Into<Value>>(elements: impl IntoIterator<Item = V>) -> Value {
    let elements = elements.into_iter().map(|element| (None, element.into())).collect();
    Value::new(Shape::Tuple(elements), Allow::NONE)
}

/// An array of exactly these elements, which have names.
pub fn named_tuple_val<N: Into<String>, V: Into<Value>>(elements: impl IntoIterator<Item = (N, V)>) -> Value {
    let elements = elements.into_iter().map(|(name, element)| (Some(name.into()), element.into())).collect();
    Value::new(Shape::Tuple(elements), Allow::NONE)
}

/// An object with these fields, in the order of the columns. Other fields are skipped, see [`Value::allow_unknown_fields`].
pub fn object_val<F: Into<Field>>(fields: impl IntoIterator<Item = F>) -> Value {
    let fields = fields.into_iter().map(Into::into).collect();
    Value::new(Shape::Object(Members { fields, refuse_unknown: false }), Allow::NONE)
}

/// An object whose names are data: a list of the names, `Key`, and one of the values, `Value`, or several for values with parts.
pub fn object_entries_val(value: impl Into<Value>) -> Value {
    entries_val(string_val(), value)
}

/// As [`object_entries_val`], with names that stand for something else than text.
pub fn entries_val(key: impl Into<Value>, value: impl Into<Value>) -> Value {
    Value::new(Shape::Entries { key: Box::new(key.into()), value: Box::new(value.into()) }, Allow::NONE)
}

/// An object of one of several types, which the field `type_field` names: columns of that name, of the shared fields
/// ([`Value::shared_fields`]), and of each type's own, which begin with the type's name. `objects` are types and what [`object_val`] made.
///
/// The type's field may be anywhere in the object. Its value is a text, or an integer of which the text counts.
pub fn typed_object_val<N: Into<String>>(type_field: impl Into<Field>, objects: impl IntoIterator<Item = (N, Value)>) -> Value {
    let objects = objects.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let typed = Typed { tag: type_field.into(), shared: Vec::new(), objects, refuse_unknown: false };
    Value::new(Shape::Typed(Box::new(typed)), Allow::NONE)
}

impl Value {
    pub(crate) fn new(shape: Shape, allow: Allow) -> Self {
        Self { shape, allow, allow_missing: true, allow_null: true, on_missing: None, on_null: None }
    }

    pub(crate) fn scalar(scalar: Scalar) -> Self {
        let allow = scalar.standard();
        Self::new(Shape::Scalar(scalar), allow)
    }

    /// Whether a text is allowed. Where a value has no reading of a kind, to allow it is an error of the spec; this goes for all kinds.
    #[must_use]
    pub fn allow_string(mut self, allow: bool) -> Self {
        self.allow.string = allow;
        self
    }

    /// Whether a number without point and exponent is allowed.
    #[must_use]
    pub fn allow_int(mut self, allow: bool) -> Self {
        self.allow.int = allow;
        self
    }

    /// Whether a number with point or exponent is allowed.
    #[must_use]
    pub fn allow_decimal(mut self, allow: bool) -> Self {
        self.allow.decimal = allow;
        self
    }

    /// Whether `true` and `false` are allowed.
    #[must_use]
    pub fn allow_bool(mut self, allow: bool) -> Self {
        self.allow.bool = allow;
        self
    }

    /// Whether an object is allowed: of [`skip_val`] and [`any_val`].
    #[must_use]
    pub fn allow_object(mut self, allow: bool) -> Self {
        self.allow.object = allow;
        self
    }

    /// Whether an array is allowed: of [`skip_val`] and [`any_val`].
    #[must_use]
    pub fn allow_array(mut self, allow: bool) -> Self {
        self.allow.array = allow;
        self
    }

    /// Whether `null` is allowed, as it is by default; else it is an error of the record.
    #[must_use]
    pub fn allow_null(mut self, allow: bool) -> Self {
        self.allow_null = allow;
        self
    }

    /// Whether the value may be missing, as it may by default; else it is an error of the record.
    #[must_use]
    pub fn allow_missing(mut self, allow: bool) -> Self {
        self.allow_missing = allow;
        self
    }

    /// The value where it is `null`: a text for values that are texts, JSON for all others. Of a typed object: the type.
    #[must_use]
    pub fn on_null(mut self, value: impl Into<String>) -> Self {
        self.on_null = Some(value.into());
        self
    }

    /// The value where it is missing, as [`Self::on_null`].
    #[must_use]
    pub fn on_missing(mut self, value: impl Into<String>) -> Self {
        self.on_missing = Some(value.into());
        self
    }

    /// Neither missing nor null is allowed.
    #[must_use]
    pub fn strict(self) -> Self {
        self.allow_missing(false).allow_null(false)
    }

    /// All kinds are allowed of which the value has a reading.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        if let Shape::Scalar(scalar) = &self.shape {
            self.allow = scalar.possible();
        }
        self
    }

    /// Whether fields that the object does not name are allowed, as they are by default. Of an object, or of all types of a typed one.
    #[must_use]
    pub fn allow_unknown_fields(mut self, allow: bool) -> Self {
        match &mut self.shape {
            Shape::Object(members) => members.refuse_unknown = !allow,
            Shape::Typed(typed) => {
                for (_, object) in &mut typed.objects {
                    if let Shape::Object(members) = &mut object.shape {
                        members.refuse_unknown = !allow;
                    }
                }
            }
            _ => {}
        }
        self
    }

    /// The fields that all types of a typed object have.
    #[must_use]
    pub fn shared_fields<F: Into<Field>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        if let Shape::Typed(typed) = &mut self.shape {
            typed.shared = fields.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Whether types that a typed object does not name are allowed, as they are by default: the type is kept, all else is null.
    #[must_use]
    pub fn allow_unknown_types(mut self, allow: bool) -> Self {
        if let Shape::Typed(typed) = &mut self.shape {
            typed.refuse_unknown = !allow;
        }
        self
    }

    /// Whether names of fields are compared in their case, as they are by default: for all fields that the object has so far.
    #[must_use]
    pub fn case_sensitive(mut self, sensitive: bool) -> Self {
        self.each_field(|field| field.ignore_case = !sensitive);
        self
    }

    /// What becomes of fields that the object has more than once: for all fields that the object has so far.
    #[must_use]
    pub fn repeated(mut self, repeated: Repeated) -> Self {
        self.each_field(|field| field.repeated = repeated);
        self
    }

    fn each_field(&mut self, change: impl Fn(&mut Field) + Copy) {
        match &mut self.shape {
            Shape::Object(members) => members.fields.iter_mut().for_each(change),
            Shape::Typed(typed) => {
                std::iter::once(&mut typed.tag).chain(&mut typed.shared).for_each(change);
                for (_, object) in &mut typed.objects {
                    if let Shape::Object(members) = &mut object.shape {
                        members.fields.iter_mut().for_each(change);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Field {
    /// A field of this name.
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), aliases: Vec::new(), value: value.into(), ignore_case: false, repeated: Repeated::Error }
    }

    /// Adds another name that the field may have in documents; the column keeps the first.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.aliases.push(alias.into());
        self
    }

    /// Whether the names are compared in their case, as they are by default.
    #[must_use]
    pub fn case_sensitive(mut self, sensitive: bool) -> Self {
        self.ignore_case = !sensitive;
        self
    }

    /// What becomes of the field where an object has it more than once.
    #[must_use]
    pub fn repeated(mut self, repeated: Repeated) -> Self {
        self.repeated = repeated;
        self
    }
}

impl<N: Into<String>, V: Into<Value>> From<(N, V)> for Field {
    fn from((name, value): (N, V)) -> Self {
        Self::new(name, value)
    }
}

/// The field of a typed object that names its type.
impl From<&str> for Field {
    fn from(name: &str) -> Self {
        Self::new(name, string_val().allow_int(true))
    }
}

impl From<Type> for Value {
    fn from(data_type: Type) -> Self {
        type_val(data_type)
    }
}
