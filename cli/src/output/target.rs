//! Where bytes go: stdout, or a file that is written beside and renamed when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Failure;

/// A place for bytes.
#[derive(Debug)]
pub(crate) struct Target {
    place: Place,
    /// Set when the reader of a pipe has gone. The formats wrap errors in errors of their own, so it is kept aside.
    closed: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Place {
    Stdout(BufWriter<io::Stdout>),
    /// Pipes and devices: they are what their name says, there is nothing to rename.
    Direct(BufWriter<File>),
    Beside(Beside),
}

#[derive(Debug)]
struct Beside {
    file: BufWriter<File>,
    partial: PathBuf,
    path: PathBuf,
    complete: bool,
}

impl Target {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        Self { place: Place::Stdout(BufWriter::with_capacity(1 << 16, io::stdout())), closed: Arc::default() }
    }

    /// A file named `path`; it has that name when [`Target::complete`] was called, and never if it was not.
    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        // Through a link, the file that it names is written, and the link stays.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let failed = |what| {
            let path = path.clone();
            move |reason| Failure::File { what, path, reason }
        };
        let place = match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                return Err(Failure::Usage(format!("{} is a directory; give a file", path.display())));
            }
            Ok(found) if !found.is_file() => {
                Place::Direct(BufWriter::new(OpenOptions::new().write(true).open(&path).map_err(failed("open"))?))
            }
            _ => {
                let partial = partial_name(&path);
                let file = OpenOptions::new().write(true).create(true).truncate(true).open(&partial).map_err(failed("create"))?;
                Place::Beside(Beside { file: BufWriter::with_capacity(1 << 16, file), partial, path, complete: false })
            }
        };
        Ok(Self { place, closed: Arc::default() })
    }

    /// Tells whether the reader of a pipe has gone, also after the target was given away.
    pub(crate) fn closed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.closed)
    }

    /// Hands on the last bytes; a file now gets its name.
    pub(crate) fn complete(mut self) -> Result<(), Failure> {
        let closed = Arc::clone(&self.closed);
        let flushed = self.flush();
        match &mut self.place {
            Place::Stdout(_) | Place::Direct(_) => match flushed {
                Err(_) if closed.load(Ordering::Relaxed) => Err(Failure::ClosedPipe),
                other => other.map_err(|error| Failure::Output(error.to_string())),
            },
            Place::Beside(beside) => {
                let failed = |what, path: &Path| {
                    let path = path.to_owned();
                    move |reason| Failure::File { what, path, reason }
                };
                flushed.map_err(failed("write", &beside.partial))?;
                beside.file.get_ref().sync_all().map_err(failed("write", &beside.partial))?;
                fs::rename(&beside.partial, &beside.path).map_err(failed("rename to", &beside.path))?;
                beside.complete = true;
                Ok(())
            }
        }
    }
}

/// In the same directory, so that the renaming cannot fail for another file system; with the process in it, so that two runs do not
/// write into one file.
fn partial_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.complete {
            // What was not completed must not be taken for a file; if this fails, its name says what it is.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

impl Target {
    fn noting<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.closed.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.place {
            Place::Stdout(stdout) => stdout.write(bytes),
            Place::Direct(file) => file.write(bytes),
            Place::Beside(beside) => beside.file.write(bytes),
        };
        self.noting(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.place {
            Place::Stdout(stdout) => stdout.flush(),
            Place::Direct(file) => file.flush(),
            Place::Beside(beside) => beside.file.flush(),
        };
        self.noting(result)
    }
}

/// The name of the file of one partition: `{partition}` is replaced, and where it is not there, the number goes before the extension.
pub(crate) fn partition_file(path: &Path, partition: i32) -> PathBuf {
    let text = path.to_string_lossy();
    if text.contains("{partition}") {
        return PathBuf::from(text.replace("{partition}", &partition.to_string()));
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{partition}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{partition}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_when_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orders.csv");
        let mut target = Target::file(&path).unwrap();
        target.write_all(b"a,b\n").unwrap();
        target.flush().unwrap();
        assert!(!path.exists());
        assert_eq!(names(directory.path()).len(), 1, "the partial file is beside it");
        target.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a,b\n");
        assert_eq!(names(directory.path()), ["orders.csv"]);
    }

    #[test]
    fn an_incomplete_file_leaves_nothing_and_the_old_one_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orders.csv");
        fs::write(&path, b"old").unwrap();
        let mut target = Target::file(&path).unwrap();
        target.write_all(b"new").unwrap();
        drop(target);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(directory.path()), ["orders.csv"]);
    }

    #[test]
    fn a_complete_file_replaces_the_old_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orders.csv");
        fs::write(&path, b"old and longer").unwrap();
        let mut target = Target::file(&path).unwrap();
        target.write_all(b"new").unwrap();
        target.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_and_stays_a_device() {
        let mut target = Target::file(Path::new("/dev/null")).unwrap();
        target.write_all(b"x").unwrap();
        target.complete().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("real.csv"), directory.path().join("link.csv"));
        fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Target::file(&link).unwrap().complete().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_directory_and_a_missing_one_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Target::file(directory.path()), Err(Failure::Usage(_))));
        let failure = Target::file(&directory.path().join("missing/x.csv")).unwrap_err();
        assert_eq!(failure.exit_code(), 4, "{failure}");
    }

    #[test]
    fn files_of_partitions_carry_the_number_in_their_name() {
        let named = |path: &str| partition_file(Path::new(path), 3).to_string_lossy().into_owned();
        assert_eq!(named("out/orders.parquet"), "out/orders-3.parquet");
        assert_eq!(named("orders"), "orders-3");
        assert_eq!(named("orders.v1.csv"), "orders.v1-3.csv");
        assert_eq!(named("p={partition}/orders.csv"), "p=3/orders.csv");
    }
}
