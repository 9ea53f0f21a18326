//! Confluent's own serializers at work: records whose schemas are in a registry, and what was written, in the writer's own words.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::error::{Result, ServerError, Tried};
use crate::program::{cannot_start, failed};
use crate::python;

/// What is written: the topics that `servers/python/confluent` knows, by name.
#[derive(Debug, Clone)]
pub struct SchemaWriting {
    scenario: String,
    topic: String,
    guids: bool,
    login: Option<String>,
    only: Vec<String>,
    first: u64,
    records: u64,
    unknown_every: u64,
}

/// A writer that has registered its schemas and serialized its records, and has written none yet. Dropping it ends it.
#[derive(Debug)]
pub struct PreparedWriter {
    child: Child,
    command: Command,
    output: BufReader<ChildStdout>,
}

/// What a writer has written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Every record, in the order in which they were acknowledged within their partition.
    pub records: Vec<WrittenRecord>,
    /// The schemas that the topic is meant to be read by: whole, nothing referred to. `value`, `key`, and what else the scenario says.
    pub readers: Value,
}

/// One record, and what a reader should make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenRecord {
    /// The partition.
    pub partition: i32,
    /// The offset that the broker gave it.
    pub offset: i64,
    /// The key under the reader's schema; none for a null one.
    pub key: Option<Value>,
    /// The value under the reader's schema; none for a null one.
    pub value: Option<Value>,
    /// Which schema of the scenario it was written with.
    pub version: String,
}

impl SchemaWriting {
    /// Some hundred records of `scenario` into `topic`, each with its schema's id before it.
    pub fn new(scenario: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            scenario: scenario.into(),
            topic: topic.into(),
            guids: false,
            login: None,
            only: Vec::new(),
            first: 0,
            records: 300,
            unknown_every: 0,
        }
    }

    /// Names schemas by their GUID in a header; the registry must give GUIDs.
    #[must_use]
    pub fn guids(mut self) -> Self {
        self.guids = true;
        self
    }

    /// User and password for the registry.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some(format!("{user}:{password}"));
        self
    }

    /// Only with these schemas of the scenario; with all of them, in turns, by default.
    #[must_use]
    pub fn only<S: Into<String>>(mut self, versions: impl IntoIterator<Item = S>) -> Self {
        self.only = versions.into_iter().map(Into::into).collect();
        self
    }

    /// Names a schema that no registry has before every so many values; they are told with the version `unknown`.
    #[must_use]
    pub fn unknown_every(mut self, values: u64) -> Self {
        self.unknown_every = values;
        self
    }

    /// The numbers of the records: their content follows from them.
    #[must_use]
    pub fn numbers(mut self, numbers: std::ops::Range<u64>) -> Self {
        self.first = numbers.start;
        self.records = numbers.end.saturating_sub(numbers.start);
        self
    }

    /// Writes everything and waits until it is acknowledged.
    ///
    /// # Errors
    /// [`ServerError::Program`] with the writer's last words.
    pub fn run(&self, bootstrap: &str, registry: &str) -> Result<Written> {
        self.prepare(bootstrap, registry)?.write()
    }

    /// Registers the schemas and serializes the records: from here on the writer needs no registry.
    ///
    /// # Errors
    /// [`ServerError::Program`] with the writer's last words.
    pub fn prepare(&self, bootstrap: &str, registry: &str) -> Result<PreparedWriter> {
        let mut command = python::script("confluent/write.py")?;
        command.args(["--scenario", &self.scenario, "--topic", &self.topic, "--bootstrap", bootstrap, "--registry", registry]);
        command.args(["--first", &self.first.to_string(), "--records", &self.records.to_string()]);
        command.args(["--unknown-every", &self.unknown_every.to_string()]);
        if self.guids {
            command.arg("--guids");
        }
        if let Some(login) = &self.login {
            command.args(["--login", login]);
        }
        for version in &self.only {
            command.args(["--only", version]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| cannot_start(&command, source))?;
        let output = child.stdout.take().map(BufReader::new).ok_or_else(|| bad("it has no output"))?;
        let mut writer = PreparedWriter { child, command, output };
        if writer.line()? == "ready" { Ok(writer) } else { Err(writer.ended()) }
    }
}

impl PreparedWriter {
    /// Lets it write, and waits until everything is acknowledged.
    ///
    /// # Errors
    /// [`ServerError::Program`] with the writer's last words.
    pub fn write(mut self) -> Result<Written> {
        if let Some(mut input) = self.child.stdin.take() {
            input.write_all(b"write\n").tried(|| "telling the writer to write".into())?;
        }
        let mut records = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Err(self.ended());
            }
            let mut json: Value = serde_json::from_str(&line).map_err(|error| bad(&format!("{error} in {line:?}")))?;
            if let Some(readers) = json.get_mut("readers") {
                return Ok(Written { records, readers: readers.take() });
            }
            records.push(WrittenRecord::read(&json).ok_or_else(|| bad(&line))?);
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).tried(|| "reading a writer's words".into())?;
        Ok(line.trim_end().to_owned())
    }

    /// The error of a writer that ended before it was done.
    fn ended(&mut self) -> ServerError {
        let mut words = Vec::new();
        if let Some(errors) = &mut self.child.stderr {
            // What cannot be read is not said.
            let _ = errors.read_to_end(&mut words);
        }
        match self.child.wait() {
            Ok(status) => failed(&self.command, status, &words),
            Err(source) => ServerError::Io { what: "waiting for a writer".into(), source },
        }
    }
}

impl Drop for PreparedWriter {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl WrittenRecord {
    /// Partition and offset.
    pub fn place(&self) -> (i32, i64) {
        (self.partition, self.offset)
    }

    fn read(json: &Value) -> Option<Self> {
        let side = |name: &str| json.get(name).filter(|side| !side.is_null()).cloned();
        Some(Self {
            partition: json.get("partition")?.as_i64()?.try_into().ok()?,
            offset: json.get("offset")?.as_i64()?,
            key: side("key"),
            value: side("value"),
            version: json.get("version")?.as_str()?.to_owned(),
        })
    }
}

fn bad(reason: &str) -> ServerError {
    ServerError::Answer { program: "the writer".into(), reason: reason.to_owned() }
}
