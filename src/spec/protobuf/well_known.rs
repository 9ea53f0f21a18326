//! Messages of Google's that have columns of their own.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

pub(super) enum WellKnown {
    Timestamp,
    Duration,
    Any,
    Struct,
    Value,
    ListValue,
    /// Wrappers and `FieldMask`: what their only field holds.
    Only(FieldDescriptor),
}

impl WellKnown {
    /// Which one a message is. Fails where one has the name and not the fields.
    pub(super) fn of(descriptor: &MessageDescriptor) -> Result<Option<Self>, String> {
        let name = descriptor.full_name();
        let Some(short) = name.strip_prefix("google.protobuf.") else { return Ok(None) };
        let only = || descriptor.get_field(1);
        let found = match short {
            "Timestamp" => Self::Timestamp,
            "Duration" => Self::Duration,
            "Any" => Self::Any,
            "Struct" => Self::Struct,
            "Value" => Self::Value,
            "ListValue" => Self::ListValue,
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" | "BoolValue"
            | "StringValue" | "BytesValue" | "FieldMask" => match only() {
                Some(field) => Self::Only(field),
                None => return Err(not_google_s(name)),
            },
            _ => return Ok(None),
        };
        let google_s = DescriptorPool::global().get_message_by_name(name);
        if google_s.is_some_and(|google_s| fields(&google_s) == fields(descriptor)) {
            return Ok(Some(found));
        }
        Err(not_google_s(name))
    }
}

fn not_google_s(name: &str) -> String {
    format!("{name} is not what Google declares by this name; leave the import to kolumn, or name the message otherwise")
}

/// What a message's fields are on the wire.
fn fields(descriptor: &MessageDescriptor) -> Vec<(u32, String, bool)> {
    let kind = |kind: Kind| match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(names) => names.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    };
    descriptor.fields().map(|field| (field.number(), kind(field.kind()), field.is_list())).collect()
}
