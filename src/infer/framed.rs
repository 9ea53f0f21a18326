//! Payloads that name the schema which wrote them, and asking a registry for it.

use std::fmt;
use std::sync::Arc;

use super::{Content, Finding, Infer, Payload, enough, json_spec, raw};
use crate::error::{Error, Result};
use crate::registry::framing::{self, Frame};
use crate::registry::{Registry, RegistryFault, Schema, SchemaKind, Version};
use crate::spec::{self, Side, Spec};

/// So many different schemas of a sample are named, and asked for.
const MOST_SCHEMAS: usize = 16;

/// More different ids than this among so many payloads are no ids.
const PAYLOADS_PER_SCHEMA: usize = 4;

/// How payloads name the schemas that wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Framed {
    /// What names the schemas, each once, the first few.
    pub frames: Vec<Frame>,
    /// Whether that is in a header of the record, and not in front of the payload.
    pub in_header: bool,
    /// What the schemas are written in, where that is known.
    pub kind: Option<SchemaKind>,
}

impl Framed {
    /// By headers of the records.
    pub(super) fn by_header(payloads: &[Payload<'_>]) -> Option<Self> {
        let headers: Vec<&[u8]> = payloads.iter().filter_map(|payload| payload.schema_id).collect();
        let full = payloads.iter().filter(|payload| payload.bytes.is_some()).count();
        let found = headers.iter().filter(|header| framing::header(header).is_some()).count();
        enough(found, full).then(|| Self { in_header: true, ..Self::of(&headers, framing::header) })
    }

    /// By what is in front of each; none where it is nothing that is known.
    pub(super) fn found(full: &[&[u8]]) -> Option<Self> {
        let usual = |bytes: &&&[u8]| match framing::any(bytes) {
            Some((Frame::Id(id), _)) => id > 0,
            Some(_) => true,
            None => false,
        };
        if !enough(full.iter().filter(usual).count(), full.len()) {
            return None;
        }
        let framed = Self::of(full, framing::any);
        // Each payload its own: these are numbers or the like.
        let few = framed.frames.len() <= 1.max(full.len() / PAYLOADS_PER_SCHEMA) && framed.frames.len() < MOST_SCHEMAS;
        few.then_some(framed)
    }

    pub(super) fn of<'a>(payloads: &[&'a [u8]], read: impl Fn(&'a [u8]) -> Option<(Frame, &'a [u8])>) -> Self {
        let mut frames = Vec::new();
        for (frame, _) in payloads.iter().filter_map(|bytes| read(bytes)) {
            if frames.len() < MOST_SCHEMAS && !frames.contains(&frame) {
                frames.push(frame);
            }
        }
        let avro = frames.iter().any(|frame| matches!(frame, Frame::Fingerprint(_)));
        Self { frames, in_header: false, kind: avro.then_some(SchemaKind::Avro) }
    }

    pub(super) fn with_json(self) -> Self {
        Self { kind: Some(SchemaKind::Json), ..self }
    }

    /// What is to be done about it.
    pub(super) fn hint(&self) -> &'static str {
        match self.frames.first() {
            _ if self.kind == Some(SchemaKind::Json) => {
                "JSON behind ids: where a registry is given (-r), these are taken off, and the members are columns"
            }
            Some(Frame::Fingerprint(_)) => "Avro's single objects: avro:FILE with ;framing=single-object reads them",
            Some(Frame::Glue(..)) => "framed by AWS Glue: avro:FILE with ;framing=glue reads them",
            _ => "the registry (-r) knows what they are; avro:FILE with ;framing=confluent reads Avro without it",
        }
    }
}

impl fmt::Display for Framed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{kind}, ")?,
            None => f.write_str("payloads ")?,
        }
        f.write_str(if self.in_header { "with the schema's " } else { "behind the schema's " })?;
        for (index, frame) in self.frames.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            match frame {
                Frame::Id(id) => write!(f, "id {id}")?,
                Frame::Guid(guid) => write!(f, "GUID {guid}")?,
                Frame::Glue(id, _) => write!(f, "Glue id {id}")?,
                Frame::Fingerprint(fingerprint) => write!(f, "fingerprint {fingerprint:016x}")?,
            }
        }
        f.write_str(if self.in_header { " in a header" } else { "" })
    }
}

/// Asks what the schemas are that the payloads name, and makes the spec of the answers.
pub(super) async fn ask(
    infer: &Infer,
    mut found: Finding,
    payloads: &[Payload<'_>],
    topic: &str,
    registry: &Registry,
) -> Result<Finding> {
    let full: Vec<&[u8]> = payloads.iter().filter_map(|payload| payload.bytes).filter(|bytes| !bytes.is_empty()).collect();
    if matches!(found.content, Content::Framed(_)) && !found.columns.is_empty() {
        // JSON names its members itself, whatever the schema is.
        found.spec = json_spec(&found.columns);
        found.notes.clear();
        infer.try_out(&mut found, payloads);
        return Ok(found);
    }
    let framed = match &found.content {
        Content::Framed(framed) => framed.clone(),
        // Eight bytes may be a number, or an id and three more: the registry knows.
        Content::Number(_) => match Framed::found(&full) {
            Some(framed) => framed,
            None => return Ok(found),
        },
        _ => return Ok(found),
    };
    let mut schemas = Vec::new();
    let mut unknown = Vec::new();
    for frame in &framed.frames {
        let asked = match frame {
            Frame::Id(id) => registry.id(*id).await,
            Frame::Guid(guid) => registry.guid(*guid).await,
            Frame::Glue(..) | Frame::Fingerprint(_) => return Ok(found),
        };
        match asked {
            Ok(schema) => schemas.push(schema),
            Err(Error::Registry { fault: RegistryFault::NotFound { .. }, .. }) => unknown.push(frame),
            Err(error) => return Err(error),
        }
    }
    let Some(kind) = schemas.first().map(|schema| schema.kind.clone()) else {
        found.notes.push(format!("the registry knows none of these schemas: {framed}"));
        return Ok(found);
    };
    found.notes.clear();
    found.columns.clear();
    found.unfit = None;
    if let Some(other) = schemas.iter().find(|schema| schema.kind != kind) {
        found.notes.push(format!("some schemas are {kind}, others {}: {kind} is taken", other.kind));
    }
    if !unknown.is_empty() {
        found.notes.push(format!("{} of {} schemas are not in the registry", unknown.len(), framed.frames.len()));
    }
    let framed = Framed { kind: Some(kind.clone()), ..framed };
    let framing_name = match (framed.in_header, framed.frames.first()) {
        (true, Some(Frame::Guid(_))) => "guid",
        _ => "confluent",
    };
    let subject = format!("{topic}-{}", infer.side.name());
    let by_subject = match registry.version(&subject, Version::Latest).await {
        Ok(latest) => latest.kind == kind,
        Err(Error::Registry { fault: RegistryFault::NotFound { .. }, .. }) => false,
        Err(error) => return Err(error),
    };
    found.content = Content::Framed(framed.clone());
    found.spec = match kind {
        SchemaKind::Json => {
            if !infer.json(&mut found, &full) {
                found.notes.push("the schemas are JSON Schema, but the payloads are no JSON objects".to_owned());
            }
            found.content = Content::Framed(framed);
            infer.try_out(&mut found, payloads);
            return Ok(found);
        }
        SchemaKind::Avro | SchemaKind::Protobuf => {
            let text = if kind == SchemaKind::Avro { "avro" } else { "protobuf" };
            let subject_spec =
                Spec::parse(&if framing_name == "guid" { format!("{text};framing=guid") } else { text.to_owned() });
            match subject_spec {
                Ok(spec) if by_subject => {
                    found.notes.push(format!("columns by the latest schema of subject {subject}"));
                    spec
                }
                _ => by_text(&mut found, &schemas, &kind, &subject),
            }
        }
        ref other => {
            found.notes.push(format!("schemas of kind {other} have no spec"));
            raw()
        }
    };
    Ok(found)
}

/// Where no subject says it, the schema of the payloads themselves.
fn by_text(found: &mut Finding, schemas: &[Arc<Schema>], kind: &SchemaKind, subject: &str) -> Spec {
    let latest = schemas.iter().filter(|schema| schema.kind == *kind).max_by_key(|schema| schema.id);
    let spec: Option<Spec> = latest.filter(|schema| schema.references.is_empty()).map(|schema| match kind {
        SchemaKind::Avro => spec::avro(schema.text.to_string()).framing(spec::Framing::Confluent).into(),
        _ => spec::protobuf(schema.text.to_string()).framing(spec::Framing::Confluent).into(),
    });
    match spec.filter(|spec| spec.schema(Side::Value).is_ok()) {
        Some(spec) => {
            found.notes.push(format!("there is no subject {subject}: columns by the newest schema that the sample names"));
            spec
        }
        None => {
            found.notes.push(format!("there is no subject {subject}, and the schemas of the sample cannot be used without one"));
            raw()
        }
    }
}
