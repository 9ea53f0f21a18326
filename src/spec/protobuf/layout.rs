//! What becomes of a message.

use arrow_schema::FieldRef;

/// A message as kolumn reads it: the fields that become columns, in the order of the columns.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) entries: Vec<Entry>,
    /// Number and index of the entry, by number.
    pub(crate) numbers: Vec<(u32, usize)>,
    /// The fields that are left out. Their values clear those of the other members of the oneof.
    pub(crate) left_out: Vec<LeftOut>,
}

/// A field that becomes no column.
#[derive(Debug)]
pub(crate) struct LeftOut {
    pub(crate) number: u32,
    /// The oneof that it is a member of.
    pub(crate) oneof: Option<usize>,
    /// As it is most likely written.
    pub(crate) wire_type: u8,
    pub(crate) repeated: bool,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The column, or the field of a struct.
    pub(crate) name: String,
    pub(crate) required: bool,
    /// What it is where it is not there; nothing is null.
    pub(crate) absent: Option<Absent>,
    /// The oneof that it is a member of.
    pub(crate) oneof: Option<usize>,
    pub(crate) shape: Shape,
    /// Whether, as a message, it stands between the marks of a group.
    pub(crate) delimited: bool,
    /// The first of the columns that it fills, among those of its message.
    pub(crate) first: usize,
    /// The columns that it fills.
    pub(crate) width: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Absent {
    Number(u64),
    Bytes(Vec<u8>),
}

#[derive(Debug)]
pub(crate) enum Shape {
    One(Item),
    /// A message whose fields are columns beside the others.
    Flat(Message),
    List(Item),
    /// A repeated message, or a map, whose fields are lists of one length beside the other columns.
    Lists {
        message: Message,
        map: bool,
    },
    /// The entry, of key and value.
    Map(Message),
}

/// A value that is one value of a column.
#[derive(Debug)]
pub(crate) enum Item {
    Scalar(Scalar),
    Struct(Message),
    Timestamp,
    Duration,
    /// The value of a message's only field.
    Only(Box<Message>),
    /// A message that holds JSON, as its text.
    Json(Json),
    /// The bytes of a message.
    Raw,
}

/// The messages that hold JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Json {
    Struct,
    Value,
    List,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Bool,
    Int32,
    SInt32,
    SFixed32,
    UInt32,
    Fixed32,
    Int64,
    SInt64,
    SFixed64,
    UInt64,
    Fixed64,
    Float,
    Double,
    String,
    Bytes,
    /// Numbers and names, by number, and whether there are no others.
    Enum(Vec<(i32, String)>, bool),
    EnumNumber,
}

/// What cannot become columns, and where.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// What the columns of a spec are made of.
#[derive(Debug)]
pub(crate) struct ProtobufLayout {
    pub(crate) fields: Vec<FieldRef>,
    pub(crate) message: Message,
    /// The indexes by which Confluent's framing names the message.
    pub(crate) indexes: Vec<i32>,
    pub(crate) name: String,
}
