//! As much of HTTP as a registry is asked with: one question for each connection, a body of known length.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest that a registry may be silent.
const LIMIT: Duration = Duration::from_secs(30);

/// A request or an answer: its first line, its headers, its body.
#[derive(Debug, Clone, Default)]
pub(super) struct Message {
    pub(super) first: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// Reads one; none where the connection ended before it began.
    pub(super) fn read(from: impl Read) -> std::io::Result<Option<Self>> {
        let mut reader = BufReader::new(from);
        let mut message = Self { first: line(&mut reader)?, ..Self::default() };
        if message.first.is_empty() {
            return Ok(None);
        }
        loop {
            let line = line(&mut reader)?;
            let Some((name, value)) = line.split_once(':') else { break };
            message.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        match message.header("content-length").and_then(|length| length.parse().ok()) {
            Some(length) => {
                reader.take(length).read_to_end(&mut message.body)?;
            }
            // Requests without a length have no body, and answers of HTTP/1.0 end with their connection.
            None if message.first.starts_with("HTTP/") => {
                reader.read_to_end(&mut message.body)?;
            }
            None => {}
        }
        Ok(Some(message))
    }

    /// The first header of the name, which is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Method and path of a request.
    pub(super) fn request(&self) -> (&str, &str) {
        let mut words = self.first.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The status of an answer.
    pub(super) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// An answer.
    pub(super) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { first: format!("HTTP/1.1 {status} x"), headers: Vec::new(), body: body.into() }
    }

    /// Writes it, with the length of its body, and says that the connection ends with it.
    pub(super) fn write(&self, mut to: impl Write) -> std::io::Result<()> {
        let mut head = format!("{}\r\n", self.first);
        let ours = ["content-length", "connection", "transfer-encoding"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !ours.contains(&name.as_str())) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()));
        to.write_all(head.as_bytes())?;
        to.write_all(&self.body)?;
        to.flush()
    }
}

/// Asks and waits for the answer.
pub(super) fn ask(address: SocketAddr, request: &Message) -> std::io::Result<Message> {
    let stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    request.write(&stream)?;
    Message::read(&stream)?.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

/// A request without a body, of the version of HTTP whose answers are not sent in chunks.
pub(super) fn get(path: &str) -> Message {
    Message { first: format!("GET {path} HTTP/1.0"), ..Message::default() }
}

fn line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
