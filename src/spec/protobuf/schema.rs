//! Descriptors from `.proto` text with its imports, or from a descriptor set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::editions::Editions;
use super::proto2::proto2;
use crate::registry::SchemaKind;
use crate::spec::subject::Subject;

/// A schema as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProtoSchema {
    Text(String),
    Descriptors(Vec<u8>),
    /// A file of `.proto` text that is yet to be read; what it imports lies beside it.
    File {
        path: PathBuf,
        text: Option<String>,
    },
    /// By the registry, which is yet to be asked.
    Subject(Subject),
}

/// A message, and what the descriptor library does not know of its schema.
pub(super) struct Schema {
    pub(super) message: MessageDescriptor,
    pub(super) editions: Editions,
}

/// The name of the file that a schema given as text has.
const ROOT: &str = "schema.proto";

/// What the compiler may open; it keeps its resolver, which therefore owns the texts.
#[derive(Debug)]
struct Sources {
    files: BTreeMap<String, Source>,
}

#[derive(Debug)]
enum Source {
    Text(String),
    /// A `FileDescriptorProto`.
    Descriptor(Vec<u8>),
}

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.files.get(name) {
            Some(Source::Text(text)) => File::from_source(name, text),
            Some(Source::Descriptor(bytes)) => File::decode_file_descriptor_proto(bytes.as_slice()).map_err(protox::Error::new),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// A schema that is base64 of its descriptor, as Confluent's clients other than Java's register them. No `.proto` text is base64, unless it
/// is empty.
fn described(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.trim()).ok().filter(|bytes| !bytes.is_empty())?;
    File::decode_file_descriptor_proto(&*bytes).is_ok().then_some(bytes)
}

impl ProtoSchema {
    /// The name that the schema's own file has among its imports.
    fn root(&self) -> &str {
        match self {
            Self::File { path, .. } => path.file_name().and_then(|name| name.to_str()).unwrap_or(ROOT),
            _ => ROOT,
        }
    }

    /// Reads the file, if it is one, and all that it imports and is not `given`.
    pub(super) fn read_files<E>(
        &mut self,
        given: &BTreeMap<String, String>,
        imports: &mut BTreeMap<String, String>,
        mut read: impl FnMut(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let root = self.root().to_owned();
        let Self::File { path, text: text @ None } = self else { return Ok(()) };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let first = read(path)?;
        if path.extension().is_none_or(|extension| extension != "proto") && Editions::default().pool(&first).is_ok() {
            *self = Self::Descriptors(first);
            return Ok(());
        }
        let first = lossy(&first);
        let mut open = dependencies(&root, &first);
        open.extend(given.iter().flat_map(|(name, text)| dependencies(name, text)));
        *text = Some(first);
        while let Some(name) = open.pop() {
            let known = name == root || given.contains_key(&name) || imports.contains_key(&name);
            if known || name.starts_with("google/protobuf/") {
                continue;
            }
            let imported = lossy(&read(&folder.join(&name))?);
            open.extend(dependencies(&name, &imported));
            imports.insert(name, imported);
        }
        Ok(())
    }

    /// The message of that full name, else the first of the file.
    pub(super) fn message(&self, imports: &BTreeMap<String, String>, name: Option<&str>) -> Result<Schema, String> {
        let mut editions = Editions::default();
        let (pool, file) = match self {
            Self::Text(text) | Self::File { text: Some(text), .. } => compiled((self.root(), text), imports, &mut editions)?,
            Self::File { path, text: None } => {
                return Err(format!("the file {} has not been read; Spec::read_files does so", path.display()));
            }
            Self::Subject(subject) => {
                let Some(schema) = &subject.schema else {
                    return Err(format!("{subject} has not been asked for; Spec::resolve does so"));
                };
                if schema.kind != SchemaKind::Protobuf {
                    return Err(format!("{subject} is no Protobuf schema, the registry says {}", schema.kind));
                }
                let mut texts = imports.clone();
                for reference in &schema.references {
                    texts.entry(reference.name.to_string()).or_insert_with(|| reference.text.to_string());
                }
                // What it imports may have any name.
                let mut root = ROOT.to_owned();
                while texts.contains_key(&root) {
                    root.insert(0, '_');
                }
                compiled((&root, &schema.text), &texts, &mut editions).map_err(|reason| format!("{subject}: {reason}"))?
            }
            Self::Descriptors(bytes) => {
                let pool = editions.pool(bytes)?;
                // Imports come first in a descriptor set.
                let file = pool.files().last();
                (pool, file)
            }
        };
        let message = match name {
            Some(name) => pool.get_message_by_name(name).ok_or_else(|| {
                let known: Vec<String> = file.iter().flat_map(|file| file.messages().map(|m| m.full_name().to_owned())).collect();
                format!("no message is named {name}; the file has {}", known.join(", "))
            }),
            None => file.and_then(|file| file.messages().next()).ok_or_else(|| "the file has no message".to_owned()),
        }?;
        Ok(Schema { message, editions })
    }
}

/// What is no text is no schema either, and refused as such.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn dependencies(name: &str, text: &str) -> Vec<String> {
    let proto2 = proto2(text).ok().flatten();
    let file = File::from_source(name, proto2.as_deref().unwrap_or(text));
    file.map(|file| file.file_descriptor_proto().dependency.clone()).unwrap_or_default()
}

/// Compiles a file with those that it imports.
pub(super) fn compile(text: &str, imports: &BTreeMap<String, String>) -> Result<FileDescriptor, String> {
    let (_, file) = compiled((ROOT, text), imports, &mut Editions::default())?;
    file.ok_or_else(|| "the file is not among what was compiled".to_owned())
}

fn compiled(
    root: (&str, &str),
    imports: &BTreeMap<String, String>,
    editions: &mut Editions,
) -> Result<(DescriptorPool, Option<FileDescriptor>), String> {
    let given = imports.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut files = BTreeMap::new();
    for (name, text) in given.chain([root]) {
        let source = match described(text) {
            // Who registers it calls it otherwise than those who refer to it may.
            Some(bytes) => Source::Descriptor(editions.file(name, &bytes)?),
            None => {
                let proto2 = proto2(text).map_err(|reason| format!("{name}: {reason}"))?;
                if proto2.is_some() {
                    editions.add(name);
                }
                Source::Text(proto2.unwrap_or_else(|| text.to_owned()))
            }
        };
        files.insert(name.to_owned(), source);
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Sources { files });
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_file(root.0).map_err(|error| error.to_string())?;
    let pool = compiler.descriptor_pool();
    let file = pool.get_file_by_name(root.0);
    Ok((pool, file))
}
