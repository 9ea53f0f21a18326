//! One version of Kafka, ready to start: its jars, the archive of its classes, the first file of its log.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::node;
use crate::cache::Cache;
use crate::error::{Result, ServerError, Tried};
use crate::program::run;
use crate::{fingerprint, servers_folder};

/// The version that the suites use where they do not say another.
pub const NEWEST: &str = "4.3.1";
/// The cluster id of every cluster that is started: it is written into the formatted log.
pub(super) const CLUSTER_ID: &str = "a29sdW1uLXNlcnZlcnMtMQ";
/// What makes a JVM that lives for seconds start quickly and stay small.
const FAST_JVM: [&str; 2] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// One version of Kafka on this machine.
#[derive(Debug, Clone)]
pub struct Installation {
    version: String,
    class_path: OsString,
    archive: Option<PathBuf>,
    bootstrap_checkpoint: PathBuf,
}

impl Installation {
    /// The version `version`, fetched by Maven and prepared where the cache does not have it yet (some 15 seconds).
    ///
    /// # Errors
    /// [`ServerError::MissingProgram`] without `java` or `mvn`; [`ServerError::Program`] where the jars cannot be fetched.
    pub fn of(version: &str) -> Result<Self> {
        let cache = Cache::of_user();
        let pom = servers_folder().join("kafka/pom.xml");
        let pom_text = fs::read(&pom).tried(|| format!("reading {}", pom.display()))?;
        let folder = format!("kafka-{version}-{}", fingerprint(&pom_text));
        let jars = cache.once(&format!("{folder}/jars"), |into| fetch(&pom, version, into))?;
        let mut installation = Self {
            version: version.to_owned(),
            class_path: class_path(&jars)?,
            archive: None,
            bootstrap_checkpoint: PathBuf::new(),
        };
        let formatted = cache.once(&format!("{folder}/formatted-with-users"), |into| format_log(&installation, into))?;
        installation.bootstrap_checkpoint = formatted.join("data/bootstrap.checkpoint");
        let archive = cache.once(&format!("{folder}/archive-{}", fingerprint(java_version()?.as_bytes())), |into| {
            node::write_class_archive(&installation, &into.join("kafka.jsa"))
        })?;
        installation.archive = Some(archive.join("kafka.jsa"));
        Ok(installation)
    }

    /// The version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every jar of the version, as `java -cp` wants it.
    pub fn class_path(&self) -> &OsString {
        &self.class_path
    }

    /// The file that a data folder begins with.
    pub(super) fn bootstrap_checkpoint(&self) -> &Path {
        &self.bootstrap_checkpoint
    }

    /// `java` with this version's classes and a small, quickly started JVM.
    pub(super) fn java(&self, heap_mib: u32) -> Command {
        let mut command = java(heap_mib);
        if let Some(archive) = &self.archive {
            // Where the archive does not fit the JVM, it starts without it, and more slowly.
            command.arg(format!("-XX:SharedArchiveFile={}", archive.display())).arg("-Xshare:auto").arg("-Xlog:cds=off");
        }
        command.arg(format!("-Dlog4j2.configurationFile={}", servers_folder().join("kafka/log4j2.properties").display()));
        command.arg("-cp").arg(&self.class_path);
        command
    }
}

/// `java` with a small, quickly started JVM.
pub(super) fn java(heap_mib: u32) -> Command {
    let mut command = Command::new("java");
    command.args(FAST_JVM).arg(format!("-Xmx{heap_mib}m"));
    command
}

/// Fetches the jars of `version` into `into`.
fn fetch(pom: &Path, version: &str, into: &Path) -> Result<()> {
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(pom).arg(format!("-Dkafka.version={version}"));
    maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]).arg(format!("-DoutputDirectory={}", into.display()));
    run(&mut maven)?;
    Ok(())
}

/// The jars of a folder by name, so that every JVM sees them in the order that the class archive was written for.
pub(super) fn class_path(jars: &Path) -> Result<OsString> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(jars).tried(|| format!("reading {}", jars.display()))? {
        let path = entry.tried(|| format!("reading {}", jars.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "jar") {
            paths.push(path);
        }
    }
    paths.sort();
    std::env::join_paths(paths).map_err(|error| ServerError::Answer { program: "mvn".into(), reason: error.to_string() })
}

/// Writes the first file of a log, which holds the features of a new cluster and names no port: one serves every node of every cluster.
fn format_log(installation: &Installation, into: &Path) -> Result<()> {
    let properties = into.join("server.properties");
    let text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:9093\ncontroller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\nlog.dirs={}\n",
        into.join("data").display()
    );
    fs::write(&properties, text).tried(|| format!("writing {}", properties.display()))?;
    let mut format = installation.java(128);
    format.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"]).arg(&properties);
    // Users for SCRAM are part of the log's beginning; a cluster that asks nobody to log in has them for nothing.
    format.args(["--add-scram", "SCRAM-SHA-256=[name=alice,password=alice-secret]"]);
    format.args(["--add-scram", "SCRAM-SHA-512=[name=alice,iterations=8192,password=alice-secret]"]);
    run(&mut format)?;
    Ok(())
}

/// What `java -version` says: a class archive is good for one JVM only.
fn java_version() -> Result<String> {
    let mut java = Command::new("java");
    java.arg("--version");
    run(&mut java)
}
