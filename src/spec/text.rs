//! Specs as text, read and written.
//!
//! ```text
//! spec    = kind [ ":" body ] [ ";" option { "," option } ]
//! simple  = type [ ":" name ]          json   = column { "," column }
//! raw     = name                       column = name ":" type [ "!" ] [ "?" default ] [ "=" path { "|" path } ]
//! object  = file | JSON
//! avro    = file { "," ( "mapped_only" | field "=" name ) }
//! protobuf = file { "," ( "message=" name | "include=" path ) }
//! option  = "lenient" | "tombstones=" ( "rows" | "skip" ) | "zone=" zone | "depth=" number | "size=" number
//!         | "framing=" framing | "nested=" ( "flatten" | "struct" ) | "recursive=" ( "fail" | "raw" ) | "writer=" file
//!         | "enums=" ( "text" | "number" ) | "defaults"
//! ```
//!
//! `!` is not-null, `?` the value where there is none. Names, defaults and paths with `,` `:` `=` `;` `|`, quotes or spaces are in double quotes, where `""` is a quote.

use std::fmt;

use super::avro::{self, AvroSpec};
use super::protobuf::{self, ProtobufSpec};
use super::type_text::WrongType;
use super::{JsonColumn, Kind, ObjectSpec, Options, Spec, Tombstones, Type, Zone};
use crate::error::{Error, Result, nearest};

const KINDS: [&str; 8] = ["ignore", "raw", "simple", "json", "object", "avro", "protobuf", "from_properties"];
const OPTIONS: [&str; 5] = ["lenient", "tombstones", "zone", "depth", "size"];

const NO_DEFAULT: &str = "the default is missing behind ?; an empty text is \"\"";
const NO_PATH: &str = "the path is missing behind =; the whole document is \"\"";

/// What ends a name.
const DELIMITERS: [char; 4] = [',', ':', '=', ';'];

pub(super) fn parse(text: &str) -> Result<Spec> {
    let mut reader = Reader { text, position: 0 };
    let spec = reader.spec().map_err(|Wrong { place, reason }| Error::InvalidSpec { spec: text.into(), place, reason })?;
    // The text as given says more than the text as kolumn would write it.
    spec.validate().map_err(|error| match error {
        Error::InvalidSpec { place, reason, .. } => Error::InvalidSpec { spec: text.into(), place, reason },
        other => other,
    })?;
    Ok(spec)
}

struct Wrong {
    place: String,
    reason: String,
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    position: usize,
}

impl<'a> Reader<'a> {
    fn spec(&mut self) -> Result<Spec, Wrong> {
        self.space();
        if self.rest().starts_with('@') {
            return Err(self.wrong(
                self.position,
                "a spec in a file is read by the command line, or deserialized; here the spec itself is expected",
            ));
        }
        let start = self.position;
        let kind = self.until(&DELIMITERS).trim();
        let mut kind = match kind {
            "ignore" => Kind::Ignore,
            "from_properties" | "from-properties" => Kind::Simple { name: None, data_type: None },
            "raw" => Kind::Raw { name: if self.take(':') { Some(self.name("the column's name")?) } else { None } },
            "simple" => self.simple()?,
            "json" => Kind::Json { columns: self.json()? },
            "object" => Kind::Object(Box::new(self.object()?)),
            "avro" => Kind::Avro(self.avro()?),
            "protobuf" => Kind::Protobuf(Box::new(self.protobuf()?)),
            other => {
                let hint = nearest(other, KINDS).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                return Err(self.wrong(start, format!("{other:?} is no kind of spec{hint}; there are {}", KINDS.join(", "))));
            }
        };
        let options = if self.take(';') { self.options(&mut kind)? } else { Options::default() };
        self.space();
        if !self.rest().is_empty() {
            return Err(self.wrong(self.position, format!("{:?} is left over", self.rest())));
        }
        Ok(Spec { kind, options })
    }

    fn simple(&mut self) -> Result<Kind, Wrong> {
        if !self.take(':') {
            let reason = "the type is missing, as in simple:int64; from_properties takes it from the properties";
            return Err(self.wrong(self.position, reason));
        }
        let data_type = if self.rest().starts_with(':') { None } else { Some(self.data_type(None)?) };
        let name = if self.take(':') { Some(self.name("the column's name")?) } else { None };
        Ok(Kind::Simple { name, data_type })
    }

    fn json(&mut self) -> Result<Vec<JsonColumn>, Wrong> {
        if !self.take(':') {
            let reason = "the columns are missing, as in json:price:float64,symbol:utf8=/instrument/symbol; finding them out is not available yet";
            return Err(self.wrong(self.position, reason));
        }
        let mut columns = Vec::new();
        loop {
            let start = self.position;
            let name = self.name("a column's name")?;
            if !self.take(':') {
                return Err(self.wrong(start, format!("column {name:?} has no type, as in {name}:utf8")));
            }
            let data_type = self.data_type(Some(&name))?;
            let required = self.take('!');
            let default = if self.take('?') { Some(self.path(NO_DEFAULT, &[',', ';', '='])?) } else { None };
            let mut paths = Vec::new();
            if self.take('=') {
                paths.push(self.path(NO_PATH, &[',', ';', '|'])?);
                while self.take('|') {
                    paths.push(self.path(NO_PATH, &[',', ';', '|'])?);
                }
            }
            columns.push(JsonColumn { name, data_type, paths, required, default });
            if !self.take(',') {
                return Ok(columns);
            }
        }
    }

    fn object(&mut self) -> Result<ObjectSpec, Wrong> {
        if !self.take(':') {
            let reason = "the description is missing, as in object:order.json or object:{\"fields\": {\"price\": \"double\"}}";
            return Err(self.wrong(self.position, reason));
        }
        self.space();
        if !self.rest().starts_with(['{', '[']) {
            return Ok(ObjectSpec::in_file(self.item("the description's file")?));
        }
        match ObjectSpec::read(self.rest()) {
            Ok((object, length)) => {
                self.advance(length);
                Ok(object)
            }
            Err((at, reason)) => Err(self.wrong(self.position + at, reason)),
        }
    }

    fn avro(&mut self) -> Result<AvroSpec, Wrong> {
        if !self.take(':') {
            let reason = "the schema is missing, as in avro:order.avsc; a registry is not available yet";
            return Err(self.wrong(self.position, reason));
        }
        let start = self.position;
        let schema = self.item("the schema's file")?;
        if self.take_exactly('=') {
            let reason = "a registry is not available yet; name the schema's file, as in avro:order.avsc";
            return Err(self.wrong(start, reason));
        }
        let mut spec = AvroSpec::read(schema);
        while self.take(',') {
            let start = self.position;
            let path = self.item("a field")?;
            if self.take('=') {
                let column = self.item("the column's name")?;
                spec = spec.mapping([(path, column)]);
            } else if path == "mapped_only" {
                spec = spec.mapped_only(true);
            } else {
                return Err(self.wrong(start, format!("{path:?} is not mapped, as in {path}=Column, and is not mapped_only")));
            }
        }
        Ok(spec)
    }

    fn protobuf(&mut self) -> Result<ProtobufSpec, Wrong> {
        if !self.take(':') {
            let reason = "the schema is missing, as in protobuf:order.proto; a registry is not available yet";
            return Err(self.wrong(self.position, reason));
        }
        let start = self.position;
        let schema = self.item("the schema's file")?;
        if self.take_exactly('=') {
            let reason = "a registry is not available yet; name the schema's file, as in protobuf:order.proto";
            return Err(self.wrong(start, reason));
        }
        let mut spec = ProtobufSpec::read(schema);
        while self.take(',') {
            let start = self.position;
            let name = self.item("message= or include=")?;
            let value = if self.take('=') { Some(self.item("the value")?) } else { None };
            spec = spec.part(&name, value).map_err(|reason| self.wrong(start, reason))?;
        }
        Ok(spec)
    }

    /// A file, a field or a column of an Avro or a Protobuf spec. Only `,` `=` `;` end it.
    fn item(&mut self, what: &str) -> Result<String, Wrong> {
        self.space();
        let start = self.position;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let item = self.until(&[',', '=', ';']).trim_end();
        if item.is_empty() {
            return Err(self.wrong(start, format!("{what} is missing")));
        }
        if item.contains('"') {
            return Err(self.wrong(start, format!("{item:?} holds a quote; put it in double quotes")));
        }
        Ok(item.to_owned())
    }

    fn options(&mut self, kind: &mut Kind) -> Result<Options, Wrong> {
        let mut options = Options::default();
        loop {
            self.space();
            let start = self.position;
            let name = self.until(&DELIMITERS).trim();
            let value = if !self.take('=') {
                None
            } else if self.space_then('"') {
                Some(self.quoted()?)
            } else {
                Some(self.until(&[',', ';']).trim().to_owned())
            };
            let own = match kind {
                Kind::Avro(avro) => avro.option(name, value.as_deref()),
                Kind::Protobuf(protobuf) => protobuf.option(name, value.as_deref()),
                _ => None,
            };
            if let Some(taken) = own {
                taken.map_err(|reason| self.wrong(start, reason))?;
                if self.take(',') {
                    continue;
                }
                return Ok(options);
            }
            match (name, value.as_deref()) {
                ("lenient", None) => options.lenient = true,
                ("tombstones", Some("rows")) => options.tombstones = Tombstones::Rows,
                ("tombstones", Some("skip")) => options.tombstones = Tombstones::Skip,
                ("tombstones", _) => return Err(self.wrong(start, "tombstones are rows or skip, as in tombstones=skip")),
                ("zone", Some(zone)) => options.zone = Some(Zone::read(zone).map_err(|reason| self.wrong(start, reason))?),
                ("depth", Some(depth)) => {
                    options.depth = depth.parse().map_err(|_| self.wrong(start, format!("the depth {depth:?} is no number")))?;
                }
                ("size", Some(size)) => {
                    options.size = size.parse().map_err(|_| self.wrong(start, format!("the size {size:?} is no number")))?;
                }
                (known, value) if OPTIONS.contains(&known) => {
                    let reason = if value.is_some() { "takes no value" } else { "lacks its value" };
                    return Err(self.wrong(start, format!("the option {known} {reason}")));
                }
                (other, _) if avro::OPTIONS.contains(&other) || protobuf::OPTIONS.contains(&other) => {
                    let kinds: Vec<&str> = [("avro", avro::OPTIONS.as_slice()), ("protobuf", protobuf::OPTIONS.as_slice())]
                        .into_iter()
                        .filter_map(|(kind, options)| options.contains(&other).then_some(kind))
                        .collect();
                    let kinds = kinds.join(" and ");
                    return Err(self.wrong(start, format!("the option {other} has a meaning for {kinds} specs only")));
                }
                (other, _) => {
                    let own: &[&str] = match kind {
                        Kind::Avro(_) => &avro::OPTIONS,
                        Kind::Protobuf(_) => &protobuf::OPTIONS,
                        _ => &[],
                    };
                    let known: Vec<&str> = OPTIONS.iter().chain(own).copied().collect();
                    let hint = nearest(other, known.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
                    let (hint, known) = (hint.unwrap_or_default(), known.join(", "));
                    return Err(self.wrong(start, format!("no option is named {other:?}{hint}; there are {known}")));
                }
            }
            if !self.take(',') {
                return Ok(options);
            }
        }
    }

    fn name(&mut self, what: &str) -> Result<String, Wrong> {
        self.space();
        let start = self.position;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let name = self.until(&DELIMITERS).trim_end();
        if name.is_empty() {
            return Err(self.wrong(start, format!("{what} is missing")));
        }
        if name.contains(|character: char| character.is_whitespace() || character == '"') {
            return Err(self.wrong(start, format!("the name {name:?} holds a space or a quote; put it in double quotes")));
        }
        Ok(name.to_owned())
    }

    /// A pointer, a member's name or a default, which may hold `:`, for that cannot follow.
    fn path(&mut self, missing: &str, ends: &[char]) -> Result<String, Wrong> {
        self.space();
        let start = self.position;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let path = self.until(ends).trim_end();
        if path.is_empty() {
            return Err(self.wrong(start, missing));
        }
        if path.contains('"') {
            return Err(self.wrong(start, format!("{path:?} holds a quote; put it in double quotes")));
        }
        Ok(path.to_owned())
    }

    fn data_type(&mut self, column: Option<&str>) -> Result<Type, Wrong> {
        self.space();
        let start = self.position;
        let (mut depth, mut quoted) = (0_usize, false);
        let end = self.rest().find(|character: char| {
            match character {
                // Quotes are the names' within a struct; elsewhere they end the type.
                '"' if depth > 0 => quoted = !quoted,
                _ if quoted => return false,
                '(' | '<' => depth += 1,
                ')' | '>' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && (DELIMITERS.contains(&character) || matches!(character, '!' | '?'))
        });
        let text = self.advance(end.unwrap_or(self.rest().len()));
        Type::read_at(text).map_err(|WrongType { position, reason }| {
            let Wrong { place, reason } = self.wrong(start + position, reason);
            Wrong { place: column.map(|column| format!("column {column:?}, {place}")).unwrap_or(place), reason }
        })
    }

    /// Text in double quotes, where `""` is a quote.
    fn quoted(&mut self) -> Result<String, Wrong> {
        let start = self.position;
        let mut plain = String::new();
        self.take('"');
        loop {
            plain.push_str(self.until(&['"']));
            if !self.take_exactly('"') {
                return Err(self.wrong(start, "the closing quote is missing"));
            }
            if !self.take_exactly('"') {
                return Ok(plain);
            }
            plain.push('"');
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    fn advance(&mut self, bytes: usize) -> &'a str {
        let taken = self.rest().get(..bytes).unwrap_or("");
        self.position += taken.len();
        taken
    }

    fn until(&mut self, ends: &[char]) -> &'a str {
        let rest = self.rest();
        self.advance(rest.find(ends).unwrap_or(rest.len()))
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start().len());
    }

    fn space_then(&mut self, character: char) -> bool {
        self.space();
        self.rest().starts_with(character)
    }

    fn take(&mut self, character: char) -> bool {
        self.space();
        self.take_exactly(character)
    }

    fn take_exactly(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        if found {
            self.position += character.len_utf8();
        }
        found
    }

    fn wrong(&self, position: usize, reason: impl Into<String>) -> Wrong {
        let characters = self.text.get(..position).map_or(0, |before| before.chars().count());
        Wrong { place: format!("character {}", characters + 1), reason: reason.into() }
    }
}

/// A name or path, in quotes where it needs them.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special =
            |character: char| DELIMITERS.contains(&character) || matches!(character, '"' | '|') || character.is_whitespace();
        if self.0.is_empty() || self.0.contains(special) {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        } else {
            f.write_str(self.0)
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Ignore => f.write_str("ignore")?,
            Kind::Raw { name: None } => f.write_str("raw")?,
            Kind::Raw { name: Some(name) } => write!(f, "raw:{}", Quoted(name))?,
            Kind::Simple { name: None, data_type: None } => f.write_str("from_properties")?,
            Kind::Simple { name, data_type } => {
                f.write_str("simple:")?;
                if let Some(data_type) = data_type {
                    write!(f, "{data_type}")?;
                }
                if let Some(name) = name {
                    write!(f, ":{}", Quoted(name))?;
                }
            }
            Kind::Avro(avro) => write!(f, "{avro}")?,
            Kind::Protobuf(protobuf) => write!(f, "{protobuf}")?,
            Kind::Object(object) => write!(f, "{object}")?,
            Kind::Json { columns } => {
                f.write_str("json")?;
                for (index, column) in columns.iter().enumerate() {
                    let before = if index == 0 { ':' } else { ',' };
                    let mark = if column.required { "!" } else { "" };
                    write!(f, "{before}{}:{}{mark}", Quoted(&column.name), column.data_type)?;
                    if let Some(default) = &column.default {
                        write!(f, "?{}", Quoted(default))?;
                    }
                    for (index, path) in column.paths.iter().enumerate() {
                        write!(f, "{}{}", if index == 0 { '=' } else { '|' }, Quoted(path))?;
                    }
                }
            }
        }
        let Options { lenient, tombstones, zone, depth, size } = self.options;
        let options = [
            lenient.then(|| "lenient".to_owned()),
            (tombstones == Tombstones::Skip).then(|| "tombstones=skip".to_owned()),
            zone.map(|zone| format!("zone={zone}")),
            (depth != super::options::DEPTH).then(|| format!("depth={depth}")),
            (size != usize::MAX).then(|| format!("size={size}")),
        ];
        let own = match &self.kind {
            Kind::Avro(avro) => avro.options(),
            Kind::Protobuf(protobuf) => protobuf.options(),
            _ => Vec::new(),
        };
        let given: Vec<String> = own.into_iter().chain(options.into_iter().flatten()).collect();
        if given.is_empty() { Ok(()) } else { write!(f, ";{}", given.join(",")) }
    }
}
