//! What is fetched or built once for all tests: jars, the class archive, the formatted log, the Python environment.
//!
//! It is kept under `$KOLUMN_CACHE`, else `$XDG_CACHE_HOME/kolumn`, else `~/.cache/kolumn`. Several test processes may need the same entry
//! at once: an entry is made under a file lock, in a folder beside its place, and renamed when it is complete. So an entry that exists is
//! whole, and an interrupted run leaves nothing that a later one would trust.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{Result, Tried};

/// The folder of what is made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache of this user.
    pub fn of_user() -> Self {
        let from_environment = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = from_environment("KOLUMN_CACHE")
            .or_else(|| from_environment("XDG_CACHE_HOME").map(|folder| folder.join("kolumn")))
            .or_else(|| from_environment("HOME").map(|folder| folder.join(".cache/kolumn")))
            .unwrap_or_else(|| std::env::temp_dir().join("kolumn-cache"));
        Self { root }
    }

    /// A cache in `root`, for tests of the cache itself.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of the entry `name`; where it is missing, `make` fills an empty folder that becomes the entry when `make` succeeds.
    ///
    /// Blocks while another thread or process makes the same entry.
    pub fn once(&self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let entry = self.root.join(name);
        if entry.exists() {
            return Ok(entry);
        }
        let folder = entry.parent().unwrap_or(&self.root).to_path_buf();
        fs::create_dir_all(&folder).tried(|| format!("creating {}", folder.display()))?;
        let lock_path = entry.with_added_extension("lock");
        let lock = File::create(&lock_path).tried(|| format!("creating {}", lock_path.display()))?;
        lock.lock().tried(|| format!("locking {}", lock_path.display()))?;
        if entry.exists() {
            return Ok(entry);
        }
        let unfinished = entry.with_added_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).tried(|| format!("removing {}", unfinished.display()))?;
        }
        fs::create_dir_all(&unfinished).tried(|| format!("creating {}", unfinished.display()))?;
        make(&unfinished)?;
        fs::rename(&unfinished, &entry).tried(|| format!("completing {}", entry.display()))?;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ServerError;

    #[test]
    fn an_entry_is_made_once_and_then_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let make = |at: &Path| fs::write(at.join("file"), "made").tried(|| "writing".into());
        let first = cache.once("group/entry", make).unwrap();
        assert_eq!(fs::read_to_string(first.join("file")).unwrap(), "made");
        let second = cache.once("group/entry", |_| panic!("made twice")).unwrap();
        assert_eq!(first, second);
    }

    #[test]
    fn an_entry_whose_making_failed_is_made_again_from_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let failed = cache.once("entry", |at| {
            fs::write(at.join("half"), "").unwrap();
            Err(ServerError::Answer { program: "test".into(), reason: "gave up".into() })
        });
        assert!(failed.is_err());
        let entry = cache.once("entry", |_| Ok(())).unwrap();
        assert!(!entry.join("half").exists(), "what a failed attempt left is still there");
    }
}
