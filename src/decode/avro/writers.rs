//! The schemas of writers that a spec gives.

use std::collections::HashMap;
use std::sync::Arc;

use crate::decode::{Lookup, WriterSchema, WriterSchemas};
use crate::spec::{AvroSchema, SchemaId};

/// The schemas that the spec gives.
#[derive(Debug)]
pub(super) struct Given {
    named: HashMap<SchemaId, Arc<AvroSchema>>,
    /// For data whose framing names nothing that is known.
    otherwise: Arc<AvroSchema>,
}

impl Given {
    pub(super) fn new(reader: &Arc<AvroSchema>, writers: Vec<(Option<SchemaId>, AvroSchema)>) -> Self {
        let mut named = HashMap::from([(SchemaId::Fingerprint(reader.fingerprint()), Arc::clone(reader))]);
        let mut otherwise = None;
        for (id, schema) in writers {
            let schema = Arc::new(schema);
            match id {
                Some(id) => drop(named.insert(id, Arc::clone(&schema))),
                None => drop(otherwise.get_or_insert_with(|| Arc::clone(&schema))),
            }
            // A writer's schema that is given goes before the reader's of the same canonical form.
            named.insert(SchemaId::Fingerprint(schema.fingerprint()), schema);
        }
        Self { named, otherwise: otherwise.unwrap_or_else(|| Arc::clone(reader)) }
    }

    /// Every schema that may have written something.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<AvroSchema>> {
        std::iter::once(&self.otherwise).chain(self.named.values())
    }

    /// The schema of a datum: the one that is given for its id, else what `registry` says, else the one for all.
    pub(super) fn get(&self, id: Option<SchemaId>, registry: Option<&dyn WriterSchemas>) -> Lookup {
        let known = |schema: &Arc<AvroSchema>| Lookup::Known(WriterSchema::Avro(Arc::clone(schema)));
        let named = id.and_then(|id| self.named.get(&id));
        match (named, registry, id) {
            (Some(schema), ..) => known(schema),
            (None, Some(registry), Some(id)) => registry.get(id),
            // It says for certain that it is another schema.
            (None, None, Some(SchemaId::Fingerprint(_))) => Lookup::Failed("it is none of those that are given".into()),
            _ => known(&self.otherwise),
        }
    }
}
