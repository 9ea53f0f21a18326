//! The files that a configuration was read from, and whether they are still the same.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::failure::unusable;
use super::pem::blocks;
use crate::config::Pem;
use crate::error::Result;

/// No file of certificates is larger: the bundles of whole systems have a quarter of a MiB.
const LARGEST: u64 = 16 << 20;

/// Files, each as it was before it was read.
#[derive(Debug, Default)]
pub(super) struct Files {
    seen: Vec<(PathBuf, Option<Stamp>)>,
}

/// What changes when a file does: also where it is replaced by another of the same size and time.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(&metadata) })
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

impl Files {
    /// The bytes, and what they are called in errors.
    ///
    /// # Errors
    /// [`crate::Error::Tls`] where the file cannot be read.
    pub(super) fn read(&mut self, pem: &Pem) -> Result<(Vec<u8>, String)> {
        match pem {
            Pem::Text(text) => Ok((text.expose().as_bytes().to_vec(), "the PEM text of the properties".into())),
            Pem::File(path) => {
                let source = path.display().to_string();
                let read = if path.is_dir() { self.read_directory(path) } else { self.read_file(path) };
                match read {
                    Ok(bytes) => Ok((bytes, source)),
                    Err(error) => Err(unusable(format!("cannot read {source}: {error}"), "")),
                }
            }
        }
    }

    /// Whether one of the files is another than it was when it was read.
    pub(super) fn have_changed(&self) -> bool {
        self.seen.iter().any(|(path, stamp)| Stamp::of(path) != *stamp)
    }

    fn read_file(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        // Before it is read: a change in between is seen the next time.
        let stamp = Stamp::of(path);
        let length = stamp.as_ref().map_or(0, |stamp| stamp.length);
        self.seen.push((path.to_owned(), stamp));
        if length > LARGEST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{length} bytes are too many for a PEM file")));
        }
        fs::read(path)
    }

    /// All files of a directory that hold PEM, one after the other.
    fn read_directory(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        self.seen.push((path.to_owned(), Stamp::of(path)));
        let mut entries: Vec<PathBuf> = fs::read_dir(path)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        entries.sort();
        let mut all = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.is_file()) {
            match self.read_file(&entry) {
                Ok(bytes) if blocks(&bytes).is_ok() => {
                    all.extend_from_slice(&bytes);
                    all.push(b'\n');
                }
                _ => tracing::debug!(file = %entry.display(), "no PEM file"),
            }
        }
        Ok(all)
    }
}
