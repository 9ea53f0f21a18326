//! A Kafka of the time of ZooKeeper, one node: what an old broker answers, from one.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::install::{class_path, java};
use crate::cache::Cache;
use crate::error::{Result, Tried};
use crate::program::run;
use crate::server::ReservedPort;
use crate::server::ServerProcess;
use crate::{fingerprint, runs_folder, servers_folder};

/// Kafka and ZooKeeper, as they were released together or nearly so: Kafka, Scala, ZooKeeper.
const RELEASES: [(&str, &str, &str); 4] = [
    ("0.10.2.2", "2.12", "3.4.10"),
    ("0.11.0.3", "2.12", "3.4.10"),
    // Its own ZooKeeper 3.4.13 cannot connect on Java 17.
    ("2.1.1", "2.12", "3.4.10"),
    ("2.8.2", "2.13", "3.5.9"),
];

/// A running broker that creates topics of four partitions when they are first written to. Dropping it kills it and removes its data.
#[derive(Debug)]
pub struct OldKafka {
    processes: Vec<ServerProcess>,
    address: SocketAddr,
    folder: PathBuf,
    _ports: [ReservedPort; 2],
}

impl OldKafka {
    /// The releases that can be started.
    pub fn releases() -> impl Iterator<Item = &'static str> {
        RELEASES.iter().map(|(version, ..)| *version)
    }

    /// Starts a release of [`OldKafka::releases`].
    ///
    /// # Errors
    /// As [`super::KafkaBuilder::start`].
    ///
    /// # Panics
    /// For another release.
    pub fn start(version: &str) -> Result<Self> {
        let (_, scala, zookeeper) = RELEASES.iter().find(|(known, ..)| *known == version).expect("a release that is known");
        let class_path = jars(version, scala, zookeeper)?;
        let folder = runs_folder().join(format!("kafka-{version}-{}", std::process::id()));
        let data = folder.join("data");
        fs::create_dir_all(&data).tried(|| format!("creating {}", data.display()))?;
        let ports = [ReservedPort::take()?, ReservedPort::take()?];
        let [client, keeper] = [ports[0].number, ports[1].number];
        let zoo = format!(
            "tickTime=2000\ndataDir={}\nclientPort={keeper}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n",
            data.join("zookeeper").display()
        );
        let server = format!(
            "broker.id=0\nlisteners=PLAINTEXT://127.0.0.1:{client}\nzookeeper.connect=127.0.0.1:{keeper}\nlog.dirs={}\n\
             num.partitions=4\noffsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\n\
             transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\ntransaction.state.log.num.partitions=1\n\
             log.cleaner.dedupe.buffer.size=8388608\nlog.cleaner.threads=1\ngroup.initial.rebalance.delay.ms=0\n",
            data.join("kafka").display()
        );
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).tried(|| format!("writing {}", path.display())).map(|()| path)
        };
        let (zoo, server) = (write("zoo.cfg", &zoo)?, write("server.properties", &server)?);
        let mut kafka = Self { processes: Vec::new(), address: (Ipv4Addr::LOCALHOST, client).into(), folder, _ports: ports };
        let keeper = (Ipv4Addr::LOCALHOST, keeper).into();
        kafka.launch("org.apache.zookeeper.server.quorum.QuorumPeerMain", &zoo, &class_path, keeper)?;
        kafka.launch("kafka.Kafka", &server, &class_path, kafka.address)?;
        Ok(kafka)
    }

    /// `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    fn launch(&mut self, class: &str, configuration: &Path, class_path: &OsString, address: SocketAddr) -> Result<()> {
        let log = self.folder.join(format!("{class}.log"));
        let mut command = java(256);
        command.arg(format!("-Dlog4j.configuration=file:{}", servers_folder().join("kafka/log4j.properties").display()));
        command.arg("-cp").arg(class_path).arg(class).arg(configuration);
        let mut process = ServerProcess::start(&mut command, &log, &self.folder.join("data"))?;
        let opened = process.wait_until_open(class, address, &log);
        self.processes.push(process);
        opened
    }
}

impl Drop for OldKafka {
    fn drop(&mut self) {
        while let Some(process) = self.processes.pop() {
            // One that cannot be ended has ended.
            let _ = process.end("an old Kafka");
        }
        let _ = fs::remove_dir_all(if std::thread::panicking() { self.folder.join("data") } else { self.folder.clone() });
    }
}

/// The jars of a release, ZooKeeper's and slf4j's first: of two versions of a class Java takes the first.
fn jars(version: &str, scala: &str, zookeeper: &str) -> Result<OsString> {
    let pom = servers_folder().join("kafka/zookeeper.pom.xml");
    let text = fs::read(&pom).tried(|| format!("reading {}", pom.display()))?;
    let entry = format!("kafka-{version}-{}/jars", fingerprint(&text));
    let jars = Cache::of_user().once(&entry, |into| {
        let mut maven = Command::new("mvn");
        maven.args(["-q", "-B", "-f"]).arg(&pom).arg(format!("-Dkafka.version={version}"));
        maven.arg(format!("-Dscala.version={scala}")).arg(format!("-Dzookeeper.version={zookeeper}"));
        maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
        maven.arg(format!("-DoutputDirectory={}", into.display()));
        run(&mut maven).map(drop)
    })?;
    class_path(&jars)
}
