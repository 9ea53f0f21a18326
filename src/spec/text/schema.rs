//! Specs whose columns are those of a schema: its file, or its subject in the registry, and what is taken of it.

use super::reader::{Reader, Wrong};
use crate::spec::subject::version;
use crate::spec::{AvroSpec, ProtobufSpec, avro_topic_subject, protobuf_topic_subject};

/// One of the parts between commas.
pub(super) enum Part {
    /// A single word, and whether it was in quotes.
    Word(String, bool),
    /// A name, whether it was in quotes, and its value.
    Named(String, bool, String),
}

impl Reader<'_> {
    pub(super) fn avro(&mut self) -> Result<AvroSpec, Wrong> {
        let mut spec = avro_topic_subject();
        if !self.take(':') {
            return Ok(spec);
        }
        let mut given = Given::default();
        loop {
            let start = self.position;
            match self.part("the schema's file, subject= or a field", "the column's name")? {
                Part::Word(word, false) if word == "mapped_only" => spec = spec.mapped_only(true),
                Part::Word(schema, _) if given.first => {
                    spec = AvroSpec::read(schema);
                    given.file = true;
                }
                Part::Word(path, _) => {
                    let reason = format!("{path:?} is not mapped, as in {path}=Column, and is not mapped_only");
                    return Err(self.wrong(start, reason));
                }
                Part::Named(name, false, value) if name == "subject" || name == "version" => {
                    given.refuse(&name).map_err(|reason| self.wrong(start, reason))?;
                    spec = match version(&value) {
                        _ if name == "subject" => spec.subject_named(value),
                        Ok(version) => spec.version(version),
                        Err(reason) => return Err(self.wrong(start, reason)),
                    };
                }
                Part::Named(path, _, column) => spec = spec.mapping([(path, column)]),
            }
            given.first = false;
            if !self.take(',') {
                return Ok(spec);
            }
        }
    }

    pub(super) fn protobuf(&mut self) -> Result<ProtobufSpec, Wrong> {
        let mut spec = protobuf_topic_subject();
        if !self.take(':') {
            return Ok(spec);
        }
        let mut given = Given::default();
        loop {
            let start = self.position;
            match self.part("the schema's file, subject=, message= or include=", "the value")? {
                Part::Word(schema, _) if given.first => {
                    spec = ProtobufSpec::read(schema);
                    given.file = true;
                }
                Part::Word(word, _) => {
                    let reason = format!("{word:?} is neither message= nor include=; options follow a semicolon");
                    return Err(self.wrong(start, reason));
                }
                Part::Named(name, _, value) => {
                    let taken = match name.as_str() {
                        "subject" => given.refuse(&name).map(|()| spec.subject_named(value)),
                        "version" => given.refuse(&name).and_then(|()| Ok(spec.version(version(&value)?))),
                        "descriptors" if !given.first => Err("descriptors= is the schema, and comes first".to_owned()),
                        "descriptors" => {
                            given.file = true;
                            ProtobufSpec::read_descriptors(&value)
                        }
                        _ => spec.part(&name, value),
                    };
                    spec = taken.map_err(|reason| self.wrong(start, reason))?;
                }
            }
            given.first = false;
            if !self.take(',') {
                return Ok(spec);
            }
        }
    }

    fn part(&mut self, what: &str, value: &str) -> Result<Part, Wrong> {
        let quoted = self.space_then('"');
        let name = self.item(what)?;
        Ok(if self.take('=') { Part::Named(name, quoted, self.item(value)?) } else { Part::Word(name, quoted) })
    }
}

/// What has been given so far.
struct Given {
    first: bool,
    file: bool,
    subject: bool,
    version: bool,
}

impl Default for Given {
    fn default() -> Self {
        Self { first: true, file: false, subject: false, version: false }
    }
}

impl Given {
    /// Refuses `subject` and `version` beside a file, or a second time.
    fn refuse(&mut self, name: &str) -> Result<(), String> {
        let before = if name == "subject" { &mut self.subject } else { &mut self.version };
        if self.file {
            return Err(format!(
                "{name}= is for schemas of the registry, and the schema is given; a field named {name} is in quotes"
            ));
        }
        if std::mem::replace(before, true) {
            return Err(format!("{name}= is there twice"));
        }
        Ok(())
    }
}
