//! Avro and Protobuf specs as data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::fields::{Fields, Misplaced, wrong};
use super::node::Node;
use crate::registry::Version;
use crate::spec::avro::{self, AvroSpec, SchemaText};
use crate::spec::protobuf::{self, ProtoSchema, ProtobufSpec};
use crate::spec::subject::{self, Subject};
use crate::spec::{avro_topic_subject, protobuf_topic_subject};

/// The entries of an object in the making.
pub(super) type Entries = Vec<(String, Node)>;

pub(super) fn put(entries: &mut Entries, key: &str, node: Node) {
    entries.push((key.to_owned(), node));
}

/// Where a schema is from.
enum Source {
    Text(String),
    File(String),
    Descriptors(Vec<u8>),
    Subject(Subject),
}

/// Takes the keys that say where the schema is from: one at most.
fn source(fields: &mut Fields, descriptors: bool) -> Result<Source, Misplaced> {
    let schema = match fields.take("schema") {
        None => None,
        Some(Node::Text(text)) => Some(Source::Text(text)),
        // Avro's schemas are JSON themselves.
        Some(node @ (Node::Map(_) | Node::List(_))) if !descriptors => match serde_json::to_string(&node) {
            Ok(text) => Some(Source::Text(text)),
            Err(error) => return wrong(fields.place("schema"), error.to_string()),
        },
        Some(other) => return wrong(fields.place("schema"), format!("the schema's text is expected, not {}", other.what())),
    };
    let file = fields.text("file")?.map(Source::File);
    let set = if descriptors { fields.text("descriptors")? } else { None };
    let set = set.map(|text| match BASE64.decode(text) {
        Ok(bytes) => Ok(Source::Descriptors(bytes)),
        Err(error) => wrong(fields.place("descriptors"), format!("it is no base64: {error}")),
    });
    let name = fields.text("subject")?;
    let version = match fields.take("version") {
        None => None,
        Some(Node::Integer(number)) => Some(number.to_string()),
        Some(Node::Text(text)) => Some(text),
        Some(other) => {
            return wrong(fields.place("version"), format!("a number or \"latest\" is expected, not {}", other.what()));
        }
    };
    let version = version.map(|text| subject::version(&text)).transpose();
    let version = version.or_else(|reason| wrong(fields.place("version"), reason))?;
    let given: Vec<Source> = schema.into_iter().chain(file).chain(set.transpose()?).collect();
    let mut given = given.into_iter();
    match (given.next(), given.next()) {
        (None, _) => Ok(Source::Subject(Subject { name, version: version.unwrap_or(Version::Latest), schema: None })),
        (Some(source), None) if name.is_none() && version.is_none() => Ok(source),
        (Some(_), None) => {
            let key = if name.is_some() { "subject" } else { "version" };
            wrong(fields.place(key), "it is for schemas of the registry, and the schema is given")
        }
        (Some(_), Some(_)) => wrong(fields.place("schema"), "the schema is given twice"),
    }
}

/// Takes the options that are a word or a flag, as text has them.
fn options(
    fields: &mut Fields,
    names: &[&'static str],
    mut option: impl FnMut(&str, Option<&str>) -> Option<Result<(), String>>,
) -> Result<(), Misplaced> {
    for name in names {
        let taken = match fields.take(name) {
            None | Some(Node::Bool(false)) => continue,
            Some(Node::Bool(true)) => option(name, None),
            Some(Node::Text(text)) => option(name, Some(&text)),
            Some(other) => return wrong(fields.place(name), format!("a text is expected, not {}", other.what())),
        };
        if let Some(Err(reason)) = taken {
            return wrong(fields.place(name), reason);
        }
    }
    Ok(())
}

fn put_options(entries: &mut Entries, options: Vec<String>) {
    for option in options {
        match option.split_once('=') {
            Some((name, value)) => put(entries, name, Node::text(value)),
            None => put(entries, &option, Node::Bool(true)),
        }
    }
}

fn put_subject(entries: &mut Entries, subject: &Subject) {
    if let Some(name) = &subject.name {
        put(entries, "subject", Node::text(name));
    }
    if let Version::Number(number) = subject.version {
        put(entries, "version", Node::Integer(number.into()));
    }
}

fn put_schema(entries: &mut Entries, schema: &SchemaText) {
    match schema {
        SchemaText::Text(text) => put(entries, "schema", Node::text(text)),
        SchemaText::File { path, .. } => put(entries, "file", Node::text(path.display())),
        SchemaText::Subject(subject) => put_subject(entries, subject),
    }
}

pub(super) fn put_avro(entries: &mut Entries, spec: &AvroSpec) {
    put_schema(entries, &spec.schema);
    put_options(entries, spec.options());
    if spec.mapped_only {
        put(entries, "mapped_only", Node::Bool(true));
    }
    if !spec.mapping.is_empty() {
        let pairs = spec.mapping.iter().map(|(path, column)| (path.clone(), Node::text(column)));
        put(entries, "mapping", Node::Map(pairs.collect()));
    }
    if !spec.writers.is_empty() {
        let writer = |(id, schema): &(Option<avro::SchemaId>, SchemaText)| {
            let mut writer = Entries::new();
            if let Some(id) = id {
                put(&mut writer, "id", Node::text(id));
            }
            put_schema(&mut writer, schema);
            Node::Map(writer)
        };
        put(entries, "writers", Node::List(spec.writers.iter().map(writer).collect()));
    }
}

pub(super) fn avro(fields: &mut Fields) -> Result<AvroSpec, Misplaced> {
    let mut spec = avro_topic_subject();
    spec.schema = schema_text(source(fields, false)?);
    spec = spec.mapped_only(fields.flag("mapped_only")?);
    spec = spec.mapping(fields.pairs("mapping")?);
    options(fields, &["framing", "nested", "recursive"], |name, value| spec.option(name, value))?;
    for mut writer in fields.objects("writers")?.unwrap_or_default() {
        let id = match writer.take("id") {
            None => None,
            Some(Node::Text(text)) => Some(text),
            Some(Node::Integer(id)) => Some(id.to_string()),
            Some(other) => return wrong(writer.place("id"), format!("a text or a number is expected, not {}", other.what())),
        };
        let id = id.map(|id| avro::SchemaId::read(&id)).transpose().or_else(|reason| wrong(writer.place("id"), reason))?;
        let schema = match source(&mut writer, false)? {
            Source::Subject(Subject { name: None, version: Version::Latest, .. }) => {
                return wrong(writer.place("schema"), "it is missing; there are schema and file");
            }
            Source::Subject(_) => {
                return wrong(
                    writer.place("subject"),
                    "the registry is asked for writers' schemas by their ids; here are those it has not",
                );
            }
            given => schema_text(given),
        };
        writer.end("a writer's schema")?;
        spec.writers.push((id, schema));
    }
    Ok(spec)
}

fn schema_text(source: Source) -> SchemaText {
    match source {
        Source::Text(text) => SchemaText::Text(text),
        Source::File(path) => SchemaText::File { path: path.into(), text: None },
        Source::Subject(subject) => SchemaText::Subject(subject),
        Source::Descriptors(_) => SchemaText::Text(String::new()), // Avro has none
    }
}

pub(super) fn put_protobuf(entries: &mut Entries, spec: &ProtobufSpec) {
    match &spec.schema {
        ProtoSchema::Text(text) => put(entries, "schema", Node::text(text)),
        ProtoSchema::File { path, .. } => put(entries, "file", Node::text(path.display())),
        ProtoSchema::Descriptors(bytes) => put(entries, "descriptors", Node::text(BASE64.encode(bytes))),
        ProtoSchema::Subject(subject) => put_subject(entries, subject),
    }
    if let Some(message) = &spec.message {
        put(entries, "message", Node::text(message));
    }
    put_options(entries, spec.options());
    if !spec.include.is_empty() {
        put(entries, "include", Node::texts(&spec.include));
    }
    if !spec.imports.is_empty() {
        let imports = spec.imports.iter().map(|(name, text)| (name.clone(), Node::text(text)));
        put(entries, "imports", Node::Map(imports.collect()));
    }
}

pub(super) fn protobuf(fields: &mut Fields) -> Result<ProtobufSpec, Misplaced> {
    let mut spec = protobuf_topic_subject();
    spec.schema = match source(fields, true)? {
        Source::Text(text) => ProtoSchema::Text(text),
        Source::File(path) => ProtoSchema::File { path: path.into(), text: None },
        Source::Descriptors(bytes) => ProtoSchema::Descriptors(bytes),
        Source::Subject(subject) => ProtoSchema::Subject(subject),
    };
    spec.message = fields.text("message")?;
    spec.include = fields.texts("include")?.unwrap_or_default();
    spec.imports = fields.pairs("imports")?.into_iter().collect();
    options(fields, &protobuf::OPTIONS, |name, value| spec.option(name, value))?;
    Ok(spec)
}
