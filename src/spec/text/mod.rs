//! Specs as text, read and written.
//!
//! ```text
//! spec    = kind [ ":" body ] [ ";" option { "," option } ]
//! simple  = type [ ":" name ]          json   = column { "," column }
//! raw     = name                       column = name ":" type { none } [ "=" path { "|" path } ]
//!                                      none   = "!" [ "missing" | "null" ] | "?" [ "missing:" | "null:" ] default
//! object  = file | JSON
//! avro    = schema { "," ( "mapped_only" | field "=" name ) }
//! protobuf = ( schema | "descriptors=" base64 ) { "," ( "message=" name | "include=" path ) }
//! schema  = file | [ "subject=" subject ] [ "," "version=" ( number | "latest" ) ]
//! option  = "lenient" | "tombstones=" ( "rows" | "skip" ) | "zone=" zone | "depth=" number | "size=" number
//!         | "framing=" framing | "nested=" ( "flatten" | "struct" ) | "recursive=" ( "fail" | "raw" ) | "writer=" file
//!         | "enums=" ( "text" | "number" ) | "flatten" | "defaults" | "import@" name "=" text
//! ```
//!
//! `!` is not-null, `?` the value where there is none; of missing and null both are meant where neither is named. Names, defaults and paths with `,` `:` `=` `;` `|`, quotes or
//! spaces are in double quotes, where `""` is a quote.
//! A spec of `avro` or `protobuf` without file and subject means the subject of the topic.

mod options;
mod reader;
mod schema;

use std::fmt;

pub(super) use reader::Quoted;
use reader::{DELIMITERS, Reader, Wrong};

use super::type_text::WrongType;
use super::{JsonColumn, Kind, ObjectSpec, Options, Otherwise, Spec, Tombstones, Type, column};
use crate::error::{Error, Result, nearest};

const KINDS: [&str; 8] = ["ignore", "raw", "simple", "json", "object", "avro", "protobuf", "from_properties"];

const NO_DEFAULT: &str = "the default is missing behind ?; an empty text is \"\"";
const NO_PATH: &str = "the path is missing behind =; the whole document is \"\"";

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

impl Reader<'_> {
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
            let mut column = self.otherwise(column(name, data_type))?;
            if self.take('=') {
                column.paths.push(self.path(NO_PATH, &[',', ';', '|'])?);
                while self.take('|') {
                    column.paths.push(self.path(NO_PATH, &[',', ';', '|'])?);
                }
            }
            columns.push(column);
            if !self.take(',') {
                return Ok(columns);
            }
        }
    }

    /// What stands for values that are missing or null.
    fn otherwise(&mut self, mut column: JsonColumn) -> Result<JsonColumn, Wrong> {
        const APART: [char; 5] = [',', ';', '=', '!', '?'];
        loop {
            if self.take('!') {
                column = match () {
                    () if self.take_word("missing") => column.allow_missing(false),
                    () if self.take_word("null") => column.allow_null(false),
                    () => column.not_null(),
                };
            } else if self.take('?') {
                column = match () {
                    () if self.take_word("missing:") => column.on_missing(self.path(NO_DEFAULT, &APART)?),
                    () if self.take_word("null:") => column.on_null(self.path(NO_DEFAULT, &APART)?),
                    () => column.default_value(self.path(NO_DEFAULT, &[',', ';', '='])?),
                };
            } else {
                return Ok(column);
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
                    write!(f, "{before}{}:{}", Quoted(&column.name), column.data_type)?;
                    let JsonColumn { missing, null, .. } = column;
                    match missing {
                        _ if missing != null => {
                            for (when, otherwise) in [("missing", missing), ("null", null)] {
                                match otherwise {
                                    Otherwise::Null => {}
                                    Otherwise::Error => write!(f, "!{when}")?,
                                    Otherwise::Value(value) => write!(f, "?{when}:\"{}\"", value.replace('"', "\"\""))?,
                                }
                            }
                        }
                        Otherwise::Null => {}
                        Otherwise::Error => f.write_str("!")?,
                        Otherwise::Value(value) => write!(f, "?{}", Quoted(value))?,
                    }
                    for (index, path) in column.paths.iter().enumerate() {
                        write!(f, "{}{}", if index == 0 { '=' } else { '|' }, Quoted(path))?;
                    }
                }
            }
        }
        let Options { lenient, tombstones, zone, depth, size, framing } = self.options;
        let options = [
            lenient.then(|| "lenient".to_owned()),
            (tombstones == Tombstones::Skip).then(|| "tombstones=skip".to_owned()),
            zone.map(|zone| format!("zone={zone}")),
            (depth != super::options::DEPTH).then(|| format!("depth={depth}")),
            (size != usize::MAX).then(|| format!("size={size}")),
            framing.map(|framing| format!("framing={}", framing.name())),
        ];
        let own = match &self.kind {
            Kind::Avro(avro) => [avro.options(), avro.schemas()].concat(),
            Kind::Protobuf(protobuf) => [protobuf.options(), protobuf.schemas()].concat(),
            _ => Vec::new(),
        };
        let given: Vec<String> = own.into_iter().chain(options.into_iter().flatten()).collect();
        if given.is_empty() { Ok(()) } else { write!(f, ";{}", given.join(",")) }
    }
}
