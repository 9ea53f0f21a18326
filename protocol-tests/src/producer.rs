//! Producers that know nothing of kolumn: Kafka's own, in Java, and librdkafka.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cache::Cache;
use crate::error::{Result, ServerError, Tried};
use crate::kafka::{Installation, NEWEST};
use crate::program::{cannot_start, failed, run};
use crate::workload::Workload;
use crate::{fingerprint, python, servers_folder};

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writer {
    /// Kafka's own producer: the fast one, about a million records a second.
    Java,
    /// librdkafka, driven by Python: some hundred thousand records a second.
    Librdkafka,
}

/// How the batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Snappy: Java frames it as xerial does, librdkafka writes raw blocks.
    Snappy,
    /// LZ4 frames.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];
}

impl fmt::Display for Codec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        })
    }
}

/// A workload, and how it is written.
#[derive(Debug, Clone)]
pub struct Production {
    writer: Writer,
    topic: String,
    workload: Workload,
    codec: Codec,
    linger: Duration,
    batch_bytes: u32,
    rate: u64,
    transaction_records: u64,
    abort_every: u64,
    properties: Vec<(String, String)>,
}

/// What a producer says when all is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Produced {
    /// The records.
    pub records: u64,
    /// From the first to the last acknowledgement.
    pub elapsed: Duration,
}

/// A producer at work. Dropping it kills it.
#[derive(Debug)]
pub struct Producing {
    child: Child,
    command: Command,
    words: File,
}

impl Production {
    /// `workload` into `topic`, uncompressed, in batches of up to 64 KiB.
    ///
    /// Both writers are idempotent producers: through retries each record is in the log once, and each partition in order.
    pub fn new(writer: Writer, topic: impl Into<String>, workload: Workload) -> Self {
        Self {
            writer,
            topic: topic.into(),
            workload,
            codec: Codec::None,
            linger: Duration::from_millis(5),
            batch_bytes: 65_536,
            rate: 0,
            transaction_records: 0,
            abort_every: 0,
            properties: Vec::new(),
        }
    }

    /// Compresses the batches.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// How long a batch waits for more records, in whole milliseconds; 5 ms by default.
    #[must_use]
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// The size at which a batch is full; 65,536 by default.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: u32) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Writes so many records a second instead of as many as it can.
    #[must_use]
    pub fn rate(mut self, records_per_second: u64) -> Self {
        self.rate = records_per_second;
        self
    }

    /// Writes in transactions of so many records; of every `abort_every` transactions the last is aborted (0: none).
    #[must_use]
    pub fn transactions(mut self, records: u64, abort_every: u64) -> Self {
        self.transaction_records = records;
        self.abort_every = abort_every;
        self
    }

    /// Sets a property of the producer, in its own words.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((key.into(), value.into()));
        self
    }

    /// Writes everything and waits until it is acknowledged.
    pub fn run(&self, bootstrap: &str) -> Result<Produced> {
        self.start(bootstrap)?.wait()
    }

    /// Begins to write; the test goes on.
    pub fn start(&self, bootstrap: &str) -> Result<Producing> {
        let mut command = match self.writer {
            Writer::Java => java(&Installation::of(NEWEST)?, "Produce")?,
            Writer::Librdkafka => python::script("produce.py")?,
        };
        for (name, value) in self.arguments(bootstrap) {
            command.arg(format!("--{name}")).arg(value);
        }
        for (key, value) in &self.properties {
            command.arg("--property").arg(format!("{key}={value}"));
        }
        // Into a file, not a pipe: nobody reads it while the producer works, and a full pipe would stop the producer.
        let words = tempfile::tempfile().tried(|| "creating a file for a producer's words".into())?;
        let words_too = words.try_clone().tried(|| "opening a file for a producer's words".into())?;
        let output = words.try_clone().tried(|| "opening a file for a producer's words".into())?;
        command.stdin(Stdio::null()).stdout(output).stderr(words_too);
        let child = command.spawn().map_err(|source| cannot_start(&command, source))?;
        Ok(Producing { child, command, words })
    }

    /// The arguments that both producers take.
    fn arguments(&self, bootstrap: &str) -> Vec<(&'static str, String)> {
        let workload = &self.workload;
        vec![
            ("bootstrap", bootstrap.to_owned()),
            ("topic", self.topic.clone()),
            ("seed", workload.seed.to_string()),
            ("first", workload.first.to_string()),
            ("records", workload.records.to_string()),
            ("partitions", workload.partitions.to_string()),
            ("key", workload.key.to_string()),
            ("value", workload.value.to_string()),
            ("null-keys-every", workload.null_keys_every.to_string()),
            ("null-values-every", workload.null_values_every.to_string()),
            ("broken-values-every", workload.broken_values_every.to_string()),
            ("headers", workload.headers.to_string()),
            ("codec", self.codec.to_string()),
            ("linger-ms", self.linger.as_millis().to_string()),
            ("batch-bytes", self.batch_bytes.to_string()),
            ("rate", self.rate.to_string()),
            ("transaction-records", self.transaction_records.to_string()),
            ("abort-every", self.abort_every.to_string()),
        ]
    }
}

impl Producing {
    /// Waits until everything is acknowledged.
    ///
    /// # Errors
    /// [`ServerError::Program`] with the producer's last words where a record could not be delivered.
    pub fn wait(mut self) -> Result<Produced> {
        let status = self.child.wait().tried(|| "waiting for a producer".into())?;
        let mut output = Vec::new();
        let read = self.words.rewind().and_then(|()| self.words.read_to_end(&mut output));
        read.tried(|| "reading a producer's words".into())?;
        if !status.success() {
            return Err(failed(&self.command, status, &output));
        }
        let answer = String::from_utf8_lossy(&output);
        let bad = |reason: String| ServerError::Answer { program: "the producer".into(), reason };
        let last = answer.lines().last().unwrap_or_default();
        let json: serde_json::Value = serde_json::from_str(last).map_err(|error| bad(format!("{error} in {answer:?}")))?;
        match (json["records"].as_u64(), json["seconds"].as_f64()) {
            (Some(records), Some(seconds)) => Ok(Produced { records, elapsed: Duration::from_secs_f64(seconds) }),
            _ => Err(bad(format!("neither records nor seconds in {answer:?}"))),
        }
    }

    /// Whether it has ended, one way or the other.
    pub fn is_finished(&mut self) -> Result<bool> {
        Ok(self.child.try_wait().tried(|| "looking at a producer".into())?.is_some())
    }
}

impl Drop for Producing {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `Serialize.java` prints: values, and what Kafka's own serializers make of them.
///
/// # Errors
/// Where Java is missing or fails.
pub fn serialized() -> Result<String> {
    run(&mut java(&Installation::of(NEWEST)?, "Serialize")?)
}

/// The compiled programs of `servers/java`.
pub(crate) fn java_classes(installation: &Installation) -> Result<PathBuf> {
    let sources = ["Produce.java", "Serialize.java"].map(|name| servers_folder().join("java").join(name));
    let mut text = Vec::new();
    for source in &sources {
        text.extend(fs::read(source).tried(|| format!("reading {}", source.display()))?);
    }
    let name = format!("java-{}-{}", installation.version(), fingerprint(&text));
    Cache::of_user().once(&name, |into| {
        let mut compiler = Command::new("javac");
        run(compiler.args(["-proc:none", "-cp"]).arg(installation.class_path()).arg("-d").arg(into).args(&sources))?;
        Ok(())
    })
}

/// `java PROGRAM`, ready for its arguments.
fn java(installation: &Installation, program: &str) -> Result<Command> {
    let classes = java_classes(installation)?;
    let mut class_path = classes.into_os_string();
    class_path.push(":");
    class_path.push(installation.class_path());
    let mut command = Command::new("java");
    // Warnings only, as the servers; millions of records are worth the optimising compiler.
    let log = servers_folder().join("kafka/log4j2.properties");
    command.args(["-XX:+UseSerialGC", "-Xmx512m"]).arg(format!("-Dlog4j2.configurationFile={}", log.display()));
    command.arg("-cp").arg(class_path).arg(program);
    Ok(command)
}
