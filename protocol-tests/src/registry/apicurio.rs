//! Apicurio Registry, which speaks as Confluent's does.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::http::{ask, get};
use crate::cache::Cache;
use crate::error::{Result, ServerError, Tried};
use crate::program::run;
use crate::runs_folder;
use crate::server::{LIMIT, LOOK_AGAIN, ReservedPort, ServerProcess};

/// The newest version that runs on Java 17.
const VERSION: &str = "3.0.9";
/// Where it answers as Confluent's registry does.
const BASE: &str = "/apis/ccompat/v7";

/// A running registry. What is registered is in a file: it is there again after [`kill`](Self::kill) and [`restart`](Self::restart).
///
/// All methods block. Dropping it kills the process and removes its data.
#[derive(Debug)]
pub struct SchemaRegistry {
    process: Mutex<Option<ServerProcess>>,
    port: ReservedPort,
    program: PathBuf,
    folder: PathBuf,
}

impl SchemaRegistry {
    /// Starts one without schemas.
    ///
    /// # Errors
    /// [`ServerError::MissingProgram`] without Java or Maven; [`ServerError::Ended`] with the end of its log where it does not start.
    pub fn start() -> Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = runs_folder().join(format!("registry-{}-{number}", std::process::id()));
        let registry =
            Self { process: Mutex::default(), port: ReservedPort::take()?, program: installation()?.join(program()), folder };
        let data = registry.data();
        fs::create_dir_all(&data).tried(|| format!("creating {}", data.display()))?;
        registry.restart()?;
        Ok(registry)
    }

    /// The registry that all tests of this process share; a test that kills its registry starts one of its own.
    ///
    /// # Errors
    /// As [`SchemaRegistry::start`].
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<SchemaRegistry> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if SHARED.get().is_none() {
            let _ = SHARED.set(Self::start()?);
        }
        SHARED
            .get()
            .ok_or_else(|| ServerError::Answer { program: "the registry".into(), reason: "it was started and is gone".into() })
    }

    /// `schema.registry.url`.
    pub fn url(&self) -> String {
        format!("http://{}{BASE}", self.address())
    }

    /// Where it listens, and below which path.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number).into()
    }

    /// Ends it at once (SIGKILL).
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn kill(&self) -> Result<()> {
        self.process().take().map_or(Ok(()), |process| process.end("the registry"))
    }

    /// Starts it on its port and its data, and waits until it answers. Nothing happens where it runs.
    ///
    /// # Errors
    /// As [`SchemaRegistry::start`].
    pub fn restart(&self) -> Result<()> {
        let mut running = self.process();
        if running.is_some() {
            return Ok(());
        }
        let mut java = Command::new("java");
        java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"]);
        // A registration is in the file when it is answered, so that it outlives a kill.
        let file = format!("jdbc:h2:file:{};WRITE_DELAY=0", self.data().join("registry").display());
        for (name, value) in [
            ("quarkus.http.host", "127.0.0.1"),
            ("quarkus.http.port", &self.port.number.to_string()),
            ("quarkus.banner.enabled", "false"),
            ("quarkus.log.level", "WARN"),
            ("quarkus.http.access-log.enabled", "false"),
            ("apicurio.storage.kind", "sql"),
            ("apicurio.storage.sql.kind", "h2"),
            ("apicurio.datasource.url", &file),
        ] {
            java.arg(format!("-D{name}={value}"));
        }
        java.arg("-jar").arg(&self.program);
        let log = self.folder.join("server.log");
        let process = running.insert(ServerProcess::start(&mut java, &log, &self.data())?);
        let name = format!("Apicurio Registry {VERSION}");
        process.wait_until_open(&name, self.address(), &log)?;
        // The port is open a little before what is behind it.
        let begun = Instant::now();
        while !ask(self.address(), &get(&format!("{BASE}/subjects"))).is_ok_and(|answer| answer.status() == 200) {
            if begun.elapsed() > LIMIT {
                return Err(ServerError::Timeout { what: format!("the first answer of {name}"), limit: LIMIT, detail: None });
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<ServerProcess>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SchemaRegistry {
    fn drop(&mut self) {
        // A process that cannot be ended has ended.
        let _ = self.kill();
        if std::thread::panicking() {
            eprintln!("what the registry wrote: {}", self.folder.join("server.log").display());
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The folder with the registry's program, fetched by Maven where the cache does not have it yet (109 MB).
pub(crate) fn installation() -> Result<PathBuf> {
    Cache::of_user().once(&format!("apicurio-{VERSION}"), fetch)
}

fn fetch(into: &Path) -> Result<()> {
    let archive = into.join("registry.tar.gz");
    let mut maven = Command::new("mvn");
    // The last version that puts what it got where it is told; later ones leave it in Maven's own folder.
    maven.args(["-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:2.8:get", "-Dtransitive=false"]);
    maven.arg(format!("-Dartifact=io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"));
    run(maven.arg(format!("-Ddest={}", archive.display())))?;
    run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(into))?;
    fs::remove_file(&archive).tried(|| format!("removing {}", archive.display()))
}

fn program() -> String {
    format!("apicurio-registry-app-{VERSION}-runner.jar")
}
