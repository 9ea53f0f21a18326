//! Schemas as anybody writes them, in `.proto` text.

use std::fmt::Write as _;

use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dialect {
    Proto2,
    Proto3,
    Edition,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Label {
    /// Without presence.
    Plain,
    Optional,
    Required,
    Repeated,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Scalar(&'static str),
    /// `Open` or `Closed`, as far as the dialect has both.
    Enum(bool),
    /// By its index.
    Message(usize),
    Map(&'static str, Box<Self>),
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) label: Label,
    pub(super) of: Type,
    pub(super) delimited: bool,
    pub(super) packed: Option<bool>,
    pub(super) default: Option<&'static str>,
    pub(super) oneof: bool,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

#[derive(Debug)]
pub(super) struct Schema {
    pub(super) dialect: Dialect,
    /// What a file of an edition says of fields that say nothing.
    plain: bool,
    /// The file's own, the first of which is the spec's, and then Google's.
    pub(super) messages: Vec<Message>,
    own: usize,
}

pub(super) const SCALARS: [&str; 15] = [
    "int32", "sint32", "sfixed32", "uint32", "fixed32", "int64", "sint64", "sfixed64", "uint64", "fixed64", "bool", "float",
    "double", "string", "bytes",
];
const KEYS: [&str; 12] =
    ["int32", "sint32", "sfixed32", "uint32", "fixed32", "int64", "sint64", "sfixed64", "uint64", "fixed64", "bool", "string"];

fn google_s(name: &str, fields: Vec<(u32, Label, Type, bool)>) -> Message {
    let field = |(number, label, of, oneof)| Field {
        name: String::new(),
        number,
        label,
        of,
        delimited: false,
        packed: None,
        default: None,
        oneof,
    };
    Message { name: format!("google.protobuf.{name}"), fields: fields.into_iter().map(field).collect() }
}

impl Schema {
    pub(super) fn any(random: &mut Rng) -> Self {
        let dialect = [Dialect::Proto2, Dialect::Proto3, Dialect::Edition][random.usize(..3)];
        let own = random.usize(1..5);
        let mut schema = Self { dialect, plain: random.bool(), messages: Vec::new(), own };
        let count = own + GOOGLE.len();
        for index in 0..own {
            let fields = (0..random.usize(1..8)).map(|field| schema.field(random, index, field, count)).collect();
            let mut message = Message { name: format!("M{index}"), fields };
            message.fields.sort_by_key(|field| field.number);
            message.fields.dedup_by_key(|field| field.number);
            if random.u8(..4) == 0 {
                message.fields.reverse();
            }
            schema.messages.push(message);
        }
        let plain = |name| (1, Label::Plain, Type::Scalar(name), false);
        for name in GOOGLE {
            let own = |offset: usize| Type::Message(own + offset);
            let fields = match name {
                "Timestamp" | "Duration" => vec![plain("int64"), (2, Label::Plain, Type::Scalar("int32"), false)],
                "Int64Value" => vec![plain("int64")],
                "StringValue" => vec![plain("string")],
                "DoubleValue" => vec![plain("double")],
                "FieldMask" => vec![(1, Label::Repeated, Type::Scalar("string"), false)],
                "Any" => vec![plain("string"), (2, Label::Plain, Type::Scalar("bytes"), false)],
                "ListValue" => vec![(1, Label::Repeated, own(8), false)],
                "Value" => vec![
                    (1, Label::Optional, Type::Enum(true), true),
                    (2, Label::Optional, Type::Scalar("double"), true),
                    (3, Label::Optional, Type::Scalar("string"), true),
                    (4, Label::Optional, Type::Scalar("bool"), true),
                    (5, Label::Optional, own(9), true),
                    (6, Label::Optional, own(7), true),
                ],
                _ => vec![(1, Label::Plain, Type::Map("string", Box::new(own(8))), false)],
            };
            schema.messages.push(google_s(name, fields));
        }
        schema
    }

    fn field(&self, random: &mut Rng, message: usize, index: usize, count: usize) -> Field {
        let number = match random.u8(..8) {
            0 => random.u32(1..1 << 29),
            1 => 16 + random.u32(..64),
            _ => u32::try_from(index).unwrap() + 1,
        };
        let number = if (19_000..20_000).contains(&number) { 18_999 } else { number };
        let mut of = match random.u8(..10) {
            0..=4 => Type::Scalar(SCALARS[random.usize(..SCALARS.len())]),
            5 => Type::Enum(random.bool()),
            // Later ones only, so that none contains itself.
            _ => Type::Message(random.usize(message + 1..count)),
        };
        let mut label = [Label::Plain, Label::Optional, Label::Repeated, Label::Required][random.usize(..4)];
        if label == Label::Required && (self.dialect == Dialect::Proto3 || random.bool()) {
            label = Label::Optional;
        }
        let message = matches!(of, Type::Message(_));
        let closed = of == Type::Enum(false) && self.dialect != Dialect::Proto3;
        if label == Label::Plain && (self.dialect == Dialect::Proto2 || message || closed) {
            label = Label::Optional;
        }
        let mut oneof = label == Label::Optional && random.u8(..3) == 0;
        let own = matches!(of, Type::Message(message) if message < self.own);
        let delimited = own && !oneof && self.dialect != Dialect::Proto3 && random.u8(..4) == 0;
        let default = match &of {
            Type::Scalar(scalar) if label == Label::Optional && self.dialect != Dialect::Proto3 && random.bool() => match *scalar
            {
                "bool" => Some("true"),
                "string" => Some("\"d\\\"\\n\""),
                "bytes" => Some("\"\\377x\""),
                "float" | "double" => Some(["-inf", "1.5", "nan"][random.usize(..3)]),
                unsigned if unsigned.starts_with('u') || unsigned.starts_with("fixed") => Some("4000000000"),
                _ => Some("-7"),
            },
            Type::Enum(_) if label == Label::Optional && self.dialect != Dialect::Proto3 => Some("MINUS"),
            _ => None,
        };
        let mut once_in_four = || random.u8(..4) == 0;
        let map = label == Label::Plain && once_in_four() || label == Label::Optional && message && once_in_four();
        if map && !delimited && default.is_none() {
            of = Type::Map(KEYS[random.usize(..KEYS.len())], Box::new(of));
            label = Label::Plain;
            oneof = false;
        }
        let packable = !matches!(of, Type::Message(_) | Type::Scalar("string" | "bytes")) && label == Label::Repeated;
        let packed = (packable && random.bool()).then(|| random.bool());
        Field { name: format!("f{index}"), number, label, of, delimited, packed, default, oneof }
    }

    /// The text in a dialect: its own, or proto2 with the same meaning on the wire.
    pub(super) fn text(&self, dialect: Dialect) -> String {
        let mut text = match dialect {
            Dialect::Proto2 => "syntax = \"proto2\";\n".to_owned(),
            Dialect::Proto3 => "syntax = \"proto3\";\n".to_owned(),
            Dialect::Edition if self.plain => "edition = \"2023\";\noption features.field_presence = IMPLICIT;\n".to_owned(),
            Dialect::Edition => "/* 2023 */ edition = '2023';\n".to_owned(),
        };
        for file in ["timestamp", "duration", "wrappers", "field_mask", "any", "struct"] {
            writeln!(text, "import \"google/protobuf/{file}.proto\";").unwrap();
        }
        let closed = if dialect == Dialect::Edition { "option features.enum_type = CLOSED;" } else { "" };
        writeln!(text, "enum Open {{ ZERO = 0; ONE = 1; MINUS = -5; }}").unwrap();
        writeln!(text, "message Scope {{ enum Closed {{ {closed} ZERO = 0; ONE = 1; MINUS = -5; }} }}").unwrap();
        for message in &self.messages[..self.own] {
            writeln!(text, "message {} {{\n{}}}", message.name, self.body(message, dialect)).unwrap();
        }
        text
    }

    fn type_name(&self, of: &Type) -> String {
        match of {
            Type::Scalar(scalar) => (*scalar).to_owned(),
            Type::Enum(true) => "Open".into(),
            Type::Enum(false) => "Scope.Closed".into(),
            Type::Message(message) if *message < self.own => format!("M{message}"),
            Type::Message(message) => format!("google.protobuf.{}", GOOGLE[message - self.own]),
            Type::Map(key, value) => format!("map<{key}, {}>", self.type_name(value)),
        }
    }

    fn body(&self, message: &Message, dialect: Dialect) -> String {
        let mut body = String::new();
        for field in message.fields.iter().filter(|field| !field.oneof) {
            body += &self.declared(field, dialect);
        }
        if message.fields.iter().any(|field| field.oneof) {
            body += "oneof choice {\n";
            for field in message.fields.iter().filter(|field| field.oneof) {
                body += &self.declared(field, dialect);
            }
            body += "}\n";
        }
        body
    }

    fn declared(&self, field: &Field, dialect: Dialect) -> String {
        let mut options = Vec::new();
        let edition = dialect == Dialect::Edition;
        let map = matches!(field.of, Type::Map(..));
        let label = match (field.label, dialect) {
            _ if field.oneof || map => "",
            (Label::Repeated, _) => "repeated ",
            (Label::Required, Dialect::Proto2) => "required ",
            (Label::Plain | Label::Optional, Dialect::Proto2) | (Label::Optional, Dialect::Proto3) => "optional ",
            _ => "",
        };
        if edition && !field.oneof && !map {
            match field.label {
                Label::Required => options.push("features.field_presence = LEGACY_REQUIRED".to_owned()),
                Label::Optional if self.plain && !matches!(field.of, Type::Message(_)) => {
                    options.push("features = { field_presence: EXPLICIT }".to_owned());
                }
                Label::Plain if !self.plain => options.push("features.field_presence = IMPLICIT".to_owned()),
                _ => {}
            }
        }
        if edition && field.delimited {
            options.push("features.message_encoding = DELIMITED".to_owned());
        }
        if let Some(default) = field.default {
            options.push(format!("default = {default}"));
        }
        match field.packed {
            Some(true) if edition => options.push("features.repeated_field_encoding = PACKED".to_owned()),
            Some(false) if edition => options.push("features.repeated_field_encoding = EXPANDED".to_owned()),
            Some(packed) => options.push(format!("packed = {packed}")),
            None => {}
        }
        let options = if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) };
        let Field { name, number, .. } = field;
        match field.of {
            Type::Message(message) if field.delimited && !edition => {
                let body = self.body(&self.messages[message], dialect);
                format!("{label}group {} = {number}{options} {{\n{body}}}\n", name.to_uppercase())
            }
            _ => format!("{label}{} {name} = {number}{options};\n", self.type_name(&field.of)),
        }
    }

    /// Whether a field of these types is anywhere in the schema.
    pub(super) fn has(&self, what: impl Fn(&Field) -> bool) -> bool {
        self.messages[..self.own].iter().flat_map(|message| &message.fields).any(what)
    }

    /// Whether values may be replaced without being looked into.
    pub(super) fn replaces(&self) -> bool {
        let json = |of: &Type| matches!(of, Type::Message(message) if *message >= self.own + 7);
        self.has(|field| {
            let value = matches!(&field.of, Type::Map(_, value) if json(value));
            field.oneof && matches!(field.of, Type::Message(_)) || json(&field.of) || value
        })
    }
}

/// `ListValue`, `Value` and `Struct` refer to each other by their places.
const GOOGLE: [&str; 10] =
    ["Timestamp", "Duration", "Int64Value", "StringValue", "DoubleValue", "FieldMask", "Any", "ListValue", "Value", "Struct"];
