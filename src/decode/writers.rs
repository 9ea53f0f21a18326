//! Which schema a payload was written with.

use std::fmt;
use std::sync::Arc;

use crate::registry::{Schema, SchemaKind};
use crate::spec::{AvroSchema, ProtobufFile, SchemaId};

/// A schema that payloads are written with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WriterSchema {
    /// Of Avro.
    Avro(Arc<AvroSchema>),
    /// Of Protobuf.
    Protobuf(Arc<ProtobufFile>),
}

/// What is known of a writer's schema.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_enums)] // whoever looks must know what to do about each
pub enum Lookup {
    /// The schema. The same schema is the same `Arc` each time, for what is compiled for it is kept with it.
    Known(WriterSchema),
    /// There is none, or none that can be used: why.
    Failed(Arc<str>),
    /// It has been asked for, and may be known later.
    Pending,
}

impl Lookup {
    /// A schema of a registry, read with all that it refers to.
    pub fn of(schema: &Schema) -> Self {
        let broken = |reason: String| format!("it cannot be read: {reason}");
        let read = match &schema.kind {
            SchemaKind::Avro => {
                let references: Vec<&str> = schema.references.iter().map(|reference| &*reference.text).collect();
                AvroSchema::resolved(&schema.text, &references).map(|avro| WriterSchema::Avro(Arc::new(avro))).map_err(broken)
            }
            SchemaKind::Protobuf => {
                let imports = schema.references.iter().map(|reference| (&*reference.name, &*reference.text));
                let file = ProtobufFile::read(&schema.text, imports);
                file.map(|file| WriterSchema::Protobuf(Arc::new(file))).map_err(broken)
            }
            other => Err(format!("it is of {other}, not of Avro or Protobuf")),
        };
        read.map_or_else(|reason| Self::Failed(reason.into()), Self::Known)
    }
}

/// Where the schemas of writers come from, beside those that a spec gives: a registry.
pub trait WriterSchemas: Send + fmt::Debug {
    /// The schema that a framing names. Answers at once.
    fn get(&self, id: SchemaId) -> Lookup;
}
