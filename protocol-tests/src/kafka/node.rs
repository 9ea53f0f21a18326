//! One Kafka process: started, looked after, killed, started again on the same data.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::install::{CLUSTER_ID, Installation};
use super::properties::{NodePlan, meta_properties, server_properties};
use super::security::{Listener, SecuredListeners};
use crate::error::{Result, ServerError, Tried};
use crate::program::run;
use crate::server::ReservedPort;
use crate::server::{LIMIT, LOOK_AGAIN, ServerProcess};

/// One node: its ports and its folder are kept while its process comes and goes.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: i32,
    installation: Installation,
    heap_mib: u32,
    client_port: ReservedPort,
    controller_port: ReservedPort,
    secured: Option<SecuredListeners>,
    folder: PathBuf,
    running: Option<ServerProcess>,
}

impl Node {
    /// Reserves ports and lays out the folder of a node; nothing runs yet.
    pub(super) fn new(id: i32, installation: &Installation, heap_mib: u32, folder: PathBuf) -> Result<Self> {
        let data = folder.join("data");
        fs::create_dir_all(&data).tried(|| format!("creating {}", data.display()))?;
        fs::write(data.join("meta.properties"), meta_properties(id, CLUSTER_ID))
            .tried(|| format!("writing to {}", data.display()))?;
        fs::copy(installation.bootstrap_checkpoint(), data.join("bootstrap.checkpoint"))
            .tried(|| format!("copying to {}", data.display()))?;
        Ok(Self {
            id,
            installation: installation.clone(),
            heap_mib,
            client_port: ReservedPort::take()?,
            controller_port: ReservedPort::take()?,
            secured: None,
            folder,
            running: None,
        })
    }

    /// Where clients connect.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.client_port.number).into()
    }

    /// Gives it the secured listeners; counts where it is configured after that.
    pub(super) fn secure(&mut self) -> Result<()> {
        self.secured = Some(SecuredListeners::new()?);
        Ok(())
    }

    /// Where a secured listener is.
    pub(super) fn listener(&self, listener: Listener) -> Option<SocketAddr> {
        self.secured.as_ref()?.address(listener)
    }

    /// Node id and controller port.
    pub(super) fn voter(&self) -> (i32, u16) {
        (self.id, self.controller_port.number)
    }

    /// What the process wrote, over all its lives.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// The folder of the node's partitions.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.running.as_ref().map(ServerProcess::id)
    }

    /// Writes the properties that the node starts with.
    pub(super) fn configure(&self, voters: &[(i32, u16)], own: &[(String, String)]) -> Result<()> {
        let listeners = |secured: &SecuredListeners| secured.properties(self.client_port.number, self.controller_port.number);
        let mut all = self.secured.as_ref().map(listeners).unwrap_or_default();
        all.extend_from_slice(own);
        let plan = NodePlan {
            node: self.id,
            client_port: self.client_port.number,
            controller_port: self.controller_port.number,
            voters,
            data: &self.data(),
            own: &all,
        };
        let path = self.folder.join("server.properties");
        fs::write(&path, server_properties(&plan)).tried(|| format!("writing {}", path.display()))
    }

    /// Starts the process and does not wait for it to be ready. Nothing happens where it runs.
    pub(super) fn launch(&mut self, jvm_options: &[String]) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut java = self.installation.java(self.heap_mib);
        // A class archive is written where it was asked for; the options of the archive that is read stand before the class path.
        java.args(jvm_options).arg("kafka.Kafka").arg(self.folder.join("server.properties"));
        self.running = Some(ServerProcess::start(&mut java, &self.log(), &self.data())?);
        Ok(())
    }

    /// Waits until the node accepts connections.
    pub(super) fn wait_until_open(&mut self) -> Result<()> {
        let (log, address) = (self.log(), self.address());
        let server = format!("Kafka {} node {}", self.installation.version(), self.id);
        let Some(running) = &mut self.running else {
            return Err(ServerError::Answer { program: server, reason: "it was not started".into() });
        };
        let opened = running.wait_until_open(&server, address, &log);
        if matches!(opened, Err(ServerError::Ended { .. })) {
            self.end()?;
        }
        opened
    }

    /// Sends a signal to the process.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        if let Some(process) = self.process_id() {
            run(Command::new("kill").arg(format!("-{name}")).arg(process.to_string()))?;
        }
        Ok(())
    }

    /// Asks the process to stop and waits until it has.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.signal("TERM")?;
        let begun = Instant::now();
        while let Some(running) = &mut self.running {
            if running.has_ended()? {
                return self.end();
            }
            if begun.elapsed() > LIMIT {
                return Err(ServerError::Timeout { what: format!("the stop of node {}", self.id), limit: LIMIT, detail: None });
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Ends the process at once, as `kill -9` does.
    pub(super) fn end(&mut self) -> Result<()> {
        self.running.take().map_or(Ok(()), |running| running.end(&format!("node {}", self.id)))
    }
}

/// Starts Kafka once so that its JVM writes the archive of its classes: later starts take half the time.
pub(super) fn write_class_archive(installation: &Installation, archive: &Path) -> Result<()> {
    let folder = archive.with_extension("node");
    let mut node = Node::new(1, installation, 256, folder.clone())?;
    node.configure(&[node.voter()], &[])?;
    node.launch(&[format!("-XX:ArchiveClassesAtExit={}", archive.display())])?;
    let done = node.wait_until_open().and_then(|()| node.stop());
    node.end()?;
    done?;
    fs::remove_dir_all(&folder).tried(|| format!("removing {}", folder.display()))
}
