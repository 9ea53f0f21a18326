//! Finding the spec that fits payloads of which nothing is known.
//!
//! [`infer`] looks at a sample of keys or values and says what they are (JSON objects and the types of their members, text, numbers
//! of a fixed size, payloads with a registry's schema id in front, bytes), which spec reads them, and what it is not sure of.
//!
//! ```
//! use kolumn::infer::infer;
//! use kolumn::spec::Side;
//!
//! let values: [&[u8]; 2] = [br#"{"symbol":"CRM","px":{"last":166.25}}"#, br#"{"symbol":"X","px":{"last":7},"qty":1}"#];
//! let found = infer(Side::Value).look(values.map(Some));
//! assert_eq!(found.spec.to_string(), "json:symbol:utf8,px__last:float64=/px/last,qty:int64");
//! assert_eq!(found.columns[2].missing, 1);
//! ```

mod columns;
mod framed;
mod number;
mod rust;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

pub use framed::Framed;
pub use rust::rust;

use crate::decode::{BadPayload, Column, Lookup, WriterSchemas, decoder, decoder_with_registry};
use crate::error::Result;
use crate::registry::{Registry, framing};
use crate::spec::{self, JsonColumn, Kind, Names as ColumnNames, Options, SchemaId, Side, Spec, Type};
use shape::Shape;

/// Of a hundred payloads so many must be of a kind for all to be taken for it: the others become error rows.
const ENOUGH: usize = 80;

/// Begins to find out what the keys or the values of a topic are.
pub fn infer(side: Side) -> Infer {
    Infer { side, taken: Vec::new() }
}

/// How payloads are looked at; see [`infer`].
#[derive(Debug, Clone)]
pub struct Infer {
    side: Side,
    taken: Vec<String>,
}

/// A payload of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Payload<'a> {
    /// The key or value; none is null.
    pub bytes: Option<&'a [u8]>,
    /// What the record's header [`framing::KEY_SCHEMA_ID`] or [`framing::VALUE_SCHEMA_ID`] holds, where it has one.
    pub schema_id: Option<&'a [u8]>,
}

impl<'a> Payload<'a> {
    /// A payload, and the header that names its schema.
    pub fn new(bytes: Option<&'a [u8]>, schema_id: Option<&'a [u8]>) -> Self {
        Self { bytes, schema_id }
    }
}

impl<'a> From<Option<&'a [u8]>> for Payload<'a> {
    fn from(bytes: Option<&'a [u8]>) -> Self {
        Self { bytes, schema_id: None }
    }
}

/// What payloads are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// There are none, or null ones only.
    Nothing,
    /// JSON objects.
    Json,
    /// UTF-8 text.
    Text,
    /// UUIDs as text.
    Uuid,
    /// Numbers, all of so many bytes.
    Number(usize),
    /// Payloads that name their schema.
    Framed(Framed),
    /// None of these.
    Binary,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Json => f.write_str("JSON objects"),
            Self::Text => f.write_str("text"),
            Self::Uuid => f.write_str("UUIDs as text"),
            Self::Number(1) => f.write_str("numbers of 1 byte"),
            Self::Number(width) => write!(f, "numbers of {width} bytes"),
            Self::Framed(framed) => framed.fmt(f),
            Self::Binary => f.write_str("bytes of an unknown kind"),
        }
    }
}

/// What was found out about the keys or the values of a topic.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Of which side.
    pub side: Side,
    /// What they are.
    pub content: Content,
    /// The spec that reads them.
    pub spec: Spec,
    /// How many payloads were looked at.
    pub payloads: usize,
    /// How many of them are null.
    pub nulls: usize,
    /// How many of them are empty.
    pub empty: usize,
    /// How many of them the spec cannot decode; none where that cannot be tried without a registry.
    pub unfit: Option<usize>,
    /// The columns, where they are JSON.
    pub columns: Vec<ColumnFinding>,
    /// What is not sure, and what else the payloads may be.
    pub notes: Vec<String>,
}

/// A column that was found in JSON objects.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ColumnFinding {
    column: JsonColumn,
    /// In how many of the documents the member is not there.
    pub missing: u64,
    /// In how many it is null.
    pub nulls: u64,
    /// What is not sure about it.
    pub notes: Vec<String>,
}

impl ColumnFinding {
    /// The column.
    pub fn column(&self) -> &JsonColumn {
        &self.column
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.column.name
    }

    /// Its type.
    pub fn data_type(&self) -> &Type {
        &self.column.data_type
    }
}

impl Infer {
    /// Names that columns must not have: those of metadata columns, and of the other side's.
    #[must_use]
    pub fn apart_from<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.taken.extend(names.into_iter().map(Into::into));
        self
    }

    /// Looks at payloads. The spec is one that can be used; [`Finding::notes`] say what it rests upon.
    pub fn look<'a, P: Into<Payload<'a>>>(&self, payloads: impl IntoIterator<Item = P>) -> Finding {
        let payloads: Vec<Payload<'a>> = payloads.into_iter().map(Into::into).collect();
        self.finding(&payloads)
    }

    /// As [`Infer::look`], and where the payloads name schemas asks `registry` what these are. `topic` names the subject.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Registry`] where the registry does not answer. A schema that it does not have is a note.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what was asked for.
    pub async fn look_with<'a, P: Into<Payload<'a>>>(
        &self,
        payloads: impl IntoIterator<Item = P>,
        topic: &str,
        registry: &Registry,
    ) -> Result<Finding> {
        let payloads: Vec<Payload<'a>> = payloads.into_iter().map(Into::into).collect();
        let found = self.finding(&payloads);
        framed::ask(self, found, &payloads, topic, registry).await
    }

    fn finding(&self, payloads: &[Payload<'_>]) -> Finding {
        let bytes = || payloads.iter().filter_map(|payload| payload.bytes);
        let full: Vec<&[u8]> = bytes().filter(|bytes| !bytes.is_empty()).collect();
        let mut found = Finding {
            side: self.side,
            content: Content::Nothing,
            spec: spec::ignore(),
            payloads: payloads.len(),
            nulls: payloads.iter().filter(|payload| payload.bytes.is_none()).count(),
            empty: bytes().filter(|bytes| bytes.is_empty()).count(),
            unfit: None,
            columns: Vec::new(),
            notes: Vec::new(),
        };
        if full.is_empty() {
            self.nothing(&mut found);
        } else if let Some(framed) = Framed::by_header(payloads) {
            found.content = Content::Framed(framed);
            framed_spec(&mut found);
        } else if !self.json(&mut found, &full) {
            self.bytes(&mut found, &full);
        }
        self.try_out(&mut found, payloads);
        found
    }

    fn nothing(&self, found: &mut Finding) {
        if found.empty > 0 {
            (found.content, found.spec) = (Content::Text, simple(Type::Utf8));
            found.notes.push("all are empty: they may be anything".to_owned());
        } else if self.side == Side::Value {
            found.spec = raw();
        }
        if found.nulls > 0 && found.empty == 0 {
            found.notes.push("all are null".to_owned());
        } else if found.payloads == 0 {
            found.notes.push("there are no records to look at".to_owned());
        }
    }

    /// Whether they are JSON objects, bare or behind a registry's id.
    fn json(&self, found: &mut Finding, full: &[&[u8]]) -> bool {
        let framed = full.iter().filter(|bytes| framing::json(bytes).is_some()).count();
        let is_framed = enough(framed, full.len());
        let (mut shape, mut places, mut objects) = (Shape::default(), 0, 0);
        for bytes in full {
            let document = if is_framed { framing::json(bytes).map_or(*bytes, |(_, rest)| rest) } else { bytes };
            objects += usize::from(shape::observe(document, &mut shape, &mut places));
        }
        if objects == 0 || !enough(objects, full.len()) {
            return false;
        }
        found.content = match is_framed {
            true => Content::Framed(Framed::of(full, framing::confluent).with_json()),
            false => Content::Json,
        };
        let mut names = Names::new(&self.taken);
        found.columns = columns::columns(&shape, &mut names);
        found.spec = json_spec(&found.columns);
        if is_framed {
            framed_spec(found);
        }
        true
    }

    fn bytes(&self, found: &mut Finding, full: &[&[u8]]) {
        let text = full.iter().filter(|bytes| is_text(bytes)).count();
        let width = full.first().map_or(0, |first| first.len());
        let one_width = full.iter().all(|bytes| bytes.len() == width);
        let framed = Framed::found(full);
        if enough(text, full.len()) {
            self.text(found, full);
        } else if let Some((data_type, notes)) = number::number(width, full).filter(|_| one_width) {
            found.content = Content::Number(width);
            found.spec = simple(data_type);
            found.notes = notes;
            if let Some(framed) = framed {
                found.notes.push(format!("or they are {framed}: a registry (-r) can tell"));
            }
        } else if let Some(framed) = framed {
            found.content = Content::Framed(framed);
            framed_spec(found);
        } else {
            found.content = Content::Binary;
            found.spec = raw();
            if one_width && width == 16 {
                found.notes.push("all are 16 bytes: they may be UUIDs".to_owned());
            }
        }
    }

    fn text(&self, found: &mut Finding, full: &[&[u8]]) {
        let texts: Vec<&str> = full.iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()).collect();
        if texts.iter().all(|text| crate::decode::Form::of(text) == crate::decode::Form::Uuid) {
            (found.content, found.spec) = (Content::Uuid, simple(Type::Uuid));
            return;
        }
        (found.content, found.spec) = (Content::Text, simple(Type::Utf8));
        let json = texts.iter().filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()).count();
        let width = texts.first().map_or(0, |first| first.len());
        if texts.iter().all(|text| text.parse::<i64>().is_ok()) {
            found.notes.push("all are numbers written as text".to_owned());
        } else if enough(json, full.len()) {
            found.notes.push("they are JSON, but no objects: only the members of objects become columns".to_owned());
        } else if matches!(width, 1 | 2 | 4 | 8) && texts.iter().all(|text| text.len() == width) {
            found.notes.push(format!("all are {width} bytes long: they may be numbers that look like text by chance"));
        }
    }

    /// Decodes the sample with the spec that was found.
    fn try_out(&self, found: &mut Finding, payloads: &[Payload<'_>]) {
        found.unfit = None;
        let names = ColumnNames::default();
        let decoder = match &found.content {
            // Where there is a registry, its ids are taken off.
            Content::Framed(_) => decoder_with_registry(&found.spec, self.side, &names, Box::new(NoSchemas)),
            _ => decoder(&found.spec, self.side, &names),
        };
        let Ok(mut decoder) = decoder else { return };
        let Ok(mut columns) = decoder.fields().iter().map(Column::new).collect::<Result<Vec<_>>>() else { return };
        let bytes: Vec<Option<&[u8]>> = payloads.iter().map(|payload| payload.bytes).collect();
        let mut bad: Vec<BadPayload> = Vec::new();
        decoder.decode(&bytes, &mut columns, &mut bad);
        found.unfit = Some(bad.len());
        if let Some(first) = bad.first() {
            found.notes.push(format!("{} of {} do not fit, the first: {}", bad.len(), payloads.len(), first.error));
        }
    }
}

/// JSON needs no schema.
#[derive(Debug)]
struct NoSchemas;

impl WriterSchemas for NoSchemas {
    fn get(&self, _: SchemaId) -> Lookup {
        Lookup::Failed("it was not asked for".into())
    }
}

fn json_spec(columns: &[ColumnFinding]) -> Spec {
    spec::json(columns.iter().map(|column| column.column.clone()))
}

/// What can be said without the registry.
fn framed_spec(found: &mut Finding) {
    found.spec = raw();
    if let Content::Framed(framed) = &found.content {
        found.notes.push(framed.hint().to_owned());
    }
}

/// A column that the properties name.
fn simple(data_type: Type) -> Spec {
    spec::simple_type(data_type)
}

fn raw() -> Spec {
    Spec { kind: Kind::Raw { name: None }, options: Options::default() }
}

fn enough(of_a_kind: usize, all: usize) -> bool {
    of_a_kind > 0 && of_a_kind.saturating_mul(100) >= all.saturating_mul(ENOUGH)
}

/// UTF-8 without control characters beside tabs and ends of lines.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.chars().any(|character| character.is_control() && !matches!(character, '\t' | '\n' | '\r')))
}

/// Names of columns, each given once.
struct Names {
    taken: HashSet<String>,
}

impl Names {
    fn new(taken: &[String]) -> Self {
        Self { taken: taken.iter().cloned().collect() }
    }

    /// `wanted`, or the like where that is taken or empty.
    fn take(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() { "column" } else { wanted };
        let mut name = wanted.to_owned();
        for number in 2_u64.. {
            if self.taken.insert(name.clone()) {
                break;
            }
            name = format!("{wanted}_{number}");
        }
        name
    }
}
