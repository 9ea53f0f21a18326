//! Descriptors from `.proto` text with its imports, or from a descriptor set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::editions::Editions;
use super::proto2::proto2;

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
    texts: BTreeMap<String, String>,
}

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.texts.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

impl ProtoSchema {
    /// The name that the schema's own file has among its imports.
    fn root(&self) -> &str {
        match self {
            Self::File { path, .. } => path.file_name().and_then(|name| name.to_str()).unwrap_or(ROOT),
            _ => ROOT,
        }
    }

    /// Reads the file, if it is one, and all that it imports.
    pub(super) fn read_files<E>(
        &mut self,
        imports: &mut BTreeMap<String, String>,
        mut read: impl FnMut(&Path) -> Result<String, E>,
    ) -> Result<(), E> {
        let root = self.root().to_owned();
        let Self::File { path, text: text @ None } = self else { return Ok(()) };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let first = read(path)?;
        let mut open = dependencies(&root, &first);
        *text = Some(first);
        while let Some(name) = open.pop() {
            if name == root || imports.contains_key(&name) || name.starts_with("google/protobuf/") {
                continue;
            }
            let imported = read(&folder.join(&name))?;
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
    let mut texts = BTreeMap::new();
    for (name, text) in given.chain([root]) {
        let proto2 = proto2(text).map_err(|reason| format!("{name}: {reason}"))?;
        if proto2.is_some() {
            editions.add(name);
        }
        texts.insert(name.to_owned(), proto2.unwrap_or_else(|| text.to_owned()));
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Sources { texts });
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_file(root.0).map_err(|error| error.to_string())?;
    let pool = compiler.descriptor_pool();
    let file = pool.get_file_by_name(root.0);
    Ok((pool, file))
}
