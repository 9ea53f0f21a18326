//! Payloads as they are written in files and on stdin.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kolumn::decode::{DecodeError, Reason};
use serde_json::Value;

use crate::arguments::Input;
use crate::arguments::time::parse_time;
use crate::exit::Failure;

/// A payload to be decoded.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Item {
    /// Its number; in a file of errors that has numbers, the one there.
    pub(super) index: i64,
    /// None is null.
    pub(super) payload: Option<Vec<u8>>,
    /// The record that it was part of, where a file of errors says so.
    pub(super) place: Option<Place>,
    /// `key`, `value` or `header`, where a file of errors says so.
    pub(super) side: Option<String>,
    /// Why there is nothing to decode.
    pub(super) unusable: Option<DecodeError>,
}

/// A record of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// In milliseconds.
    pub(super) timestamp: Option<i64>,
}

/// Reads payloads one after the other.
pub(super) struct Payloads {
    input: Input,
    /// The files that were not opened yet; none is stdin.
    files: std::vec::IntoIter<Option<PathBuf>>,
    open: Option<Open>,
    /// The number of the next payload.
    index: i64,
}

struct Open {
    name: PathBuf,
    reader: Box<dyn BufRead>,
    line: u64,
}

impl Open {
    fn failed(&self, what: &'static str) -> impl FnOnce(io::Error) -> Failure + use<> {
        let path = self.name.clone();
        move |reason| Failure::File { what, path, reason }
    }
}

impl Payloads {
    /// The payloads of `files`; `-` and no file at all is stdin.
    pub(super) fn new(files: &[PathBuf], input: Input) -> Self {
        let file = |path: &PathBuf| Some(path.clone()).filter(|path| path.as_os_str() != "-");
        let files: Vec<_> = if files.is_empty() { vec![None] } else { files.iter().map(file).collect() };
        Self { input, files: files.into_iter(), open: None, index: 0 }
    }

    /// The next one; none after the last.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Failure> {
        loop {
            let open = match &mut self.open {
                Some(open) => open,
                None => match self.files.next() {
                    Some(file) => self.open.insert(open_file(file)?),
                    None => return Ok(None),
                },
            };
            let Some(item) = item(open, self.input, self.index)? else {
                self.open = None;
                continue;
            };
            self.index += 1;
            if self.input == Input::File {
                self.open = None;
            }
            return Ok(Some(item));
        }
    }
}

fn open_file(file: Option<PathBuf>) -> Result<Open, Failure> {
    let (name, reader): (PathBuf, Box<dyn BufRead>) = match file {
        Some(path) => {
            let file = File::open(&path).map_err(|reason| Failure::File { what: "open", path: path.clone(), reason })?;
            (path, Box::new(BufReader::new(file)))
        }
        None => (Path::new("stdin").to_owned(), Box::new(BufReader::new(io::stdin()))),
    };
    Ok(Open { name, reader, line: 0 })
}

fn item(open: &mut Open, input: Input, index: i64) -> Result<Option<Item>, Failure> {
    let mut bytes = Vec::new();
    if input == Input::File {
        open.reader.read_to_end(&mut bytes).map_err(open.failed("read"))?;
        return Ok(Some(Item { index, payload: Some(bytes), ..Item::default() }));
    }
    if open.reader.read_until(b'\n', &mut bytes).map_err(open.failed("read"))? == 0 {
        return Ok(None);
    }
    open.line += 1;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    let item = match input {
        Input::Errors => error(&bytes, index),
        _ => payload(bytes, input).map(|payload| Item { index, payload, ..Item::default() }),
    };
    item.map(Some).map_err(|reason| Failure::Other(format!("{}, line {}: {reason}", open.name.display(), open.line)))
}

/// A line as a payload.
fn payload(line: Vec<u8>, input: Input) -> Result<Option<Vec<u8>>, String> {
    let text = || line.trim_ascii();
    match input {
        Input::Lines | Input::File | Input::Errors => Ok(Some(line)),
        Input::Hex if text() == b"null" => Ok(None),
        Input::Hex => hex(text()).map(Some),
        Input::Base64 => base64(text()).map(Some),
    }
}

fn base64(text: &[u8]) -> Result<Vec<u8>, String> {
    BASE64.decode(text).map_err(|error| format!("no base64: {error}"))
}

/// Pairs of hexadecimal digits; blanks between pairs and `0x` in front are allowed, as people paste them.
fn hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> =
        text.strip_prefix(b"0x").unwrap_or(text).iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return Err(format!("an odd number of hexadecimal digits ({})", digits.len()));
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
            let value = digit(pair.first()).zip(digit(pair.get(1))).map(|(high, low)| high * 16 + low);
            value
                .and_then(|value| u8::try_from(value).ok())
                .ok_or_else(|| format!("{:?} are no hexadecimal digits", String::from_utf8_lossy(pair)))
        })
        .collect()
}

/// A row of `--errors`, as `decode` or `consume` writes it: the payload is in `raw`.
fn error(line: &[u8], index: i64) -> Result<Item, String> {
    let row: Value = serde_json::from_slice(line).map_err(|error| format!("no row of an errors file: {error}"))?;
    let field = |names: [&str; 2]| names.into_iter().find_map(|name| row.get(name));
    let raw = match field(["raw", "Raw"]) {
        Some(Value::Null) => None,
        Some(Value::String(text)) => Some(base64(text.as_bytes())?),
        Some(_) => return Err("raw is no base64 text".to_owned()),
        None => return Err("no row of an errors file: there is no raw".to_owned()),
    };
    let number = |names: [&str; 2]| field(names).and_then(Value::as_i64);
    let whole = number(["raw_bytes", "RawBytes"]);
    let kept = raw.as_ref().map_or(0, Vec::len);
    let cut = field(["truncated", "Truncated"]).and_then(Value::as_bool).unwrap_or(false)
        || whole.is_some_and(|whole| i64::try_from(kept).is_ok_and(|kept| kept < whole));
    let place = number(["KafkaPartition", "partition"]).zip(number(["KafkaOffset", "offset"]));
    let place = place.and_then(|(partition, offset)| Some((i32::try_from(partition).ok()?, offset)));
    let timestamp = field(["KafkaTimestamp", "timestamp"]).and_then(Value::as_str);
    let unusable = cut.then(|| {
        let whole = whole.map(|whole| format!(" of {whole}")).unwrap_or_default();
        DecodeError {
            column: None,
            position: kept,
            reason: Reason::Truncated,
            message: format!("only the first {kept}{whole} bytes were kept (kolumn.error.raw.bytes): consume the record again"),
        }
    });
    Ok(Item {
        index: number(["index", "Index"]).unwrap_or(index),
        payload: raw,
        place: place.map(|(partition, offset)| Place {
            partition,
            offset,
            timestamp: timestamp.and_then(|text| parse_time(text, 0).ok()),
        }),
        side: field(["side", "Side"]).and_then(Value::as_str).map(str::to_owned),
        unusable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str, input: Input) -> Result<Vec<Item>, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut payloads = Payloads::new(&[file.path().to_owned()], input);
        std::iter::from_fn(|| payloads.next().transpose()).collect()
    }

    fn read_all(text: &str, input: Input) -> Result<Vec<Option<Vec<u8>>>, Failure> {
        Ok(items(text, input)?.into_iter().map(|item| item.payload).collect())
    }

    fn some(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }

    #[test]
    fn lines_are_payloads_as_they_are_and_an_empty_one_is_empty() {
        assert_eq!(read_all("a \n\n\tb\r\nlast", Input::Lines).unwrap(), [some(b"a "), some(b""), some(b"\tb\r"), some(b"last")]);
        assert_eq!(read_all("", Input::Lines).unwrap(), []);
        assert_eq!(read_all("null\n", Input::Lines).unwrap(), [some(b"null")]);
    }

    #[test]
    fn hex_is_read_and_null_is_a_null_payload() {
        assert_eq!(
            read_all("00ff\nnull\n\n0xAB\n00 01\n", Input::Hex).unwrap(),
            [some(&[0, 255]), None, some(b""), some(&[0xab]), some(&[0, 1])]
        );
    }

    #[test]
    fn what_is_no_hex_is_told_with_its_line() {
        for (text, reason) in [("00\n0\n", "odd number"), ("00\nzz\n", "\"zz\" are no hexadecimal digits")] {
            let failure = read_all(text, Input::Hex).unwrap_err().to_string();
            assert!(failure.contains("line 2") && failure.contains(reason), "{failure}");
        }
    }

    #[test]
    fn base64_is_read() {
        assert_eq!(read_all("Zm9v\n\n", Input::Base64).unwrap(), [some(b"foo"), some(b"")]);
        assert!(read_all("Zm9\n", Input::Base64).is_err());
    }

    #[test]
    fn a_file_is_one_payload_and_numbers_go_on_over_files() {
        assert_eq!(read_all("a\nb\n", Input::File).unwrap(), [some(b"a\nb\n")]);
        let files = [tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap()];
        let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
        let mut payloads = Payloads::new(&paths, Input::File);
        let numbers: Vec<i64> = std::iter::from_fn(|| payloads.next().unwrap()).map(|item| item.index).collect();
        assert_eq!(numbers, [0, 1]);
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let failure = Payloads::new(&["/nonexistent/x".into()], Input::Lines).next().unwrap_err();
        assert_eq!(failure.exit_code(), 4);
    }

    #[test]
    fn rows_of_errors_are_payloads_with_their_numbers_and_places() {
        let decoded = r#"{"index":7,"code":"type","column":"n","position":5,"reason":"x","raw":"Zm9v"}"#;
        let consumed = concat!(
            r#"{"KafkaPartition":1,"KafkaOffset":42,"KafkaTimestamp":"2026-11-21T08:00:00.000Z","Side":"key","#,
            r#""Raw":null,"RawBytes":null,"Truncated":false}"#
        );
        let items = items(&format!("{decoded}\n{consumed}\n"), Input::Errors).unwrap();
        assert_eq!(items[0], Item { index: 7, payload: some(b"foo"), ..Item::default() });
        let place = Place { partition: 1, offset: 42, timestamp: Some(1_795_248_000_000) };
        assert_eq!(items[1], Item { index: 1, place: Some(place), side: Some("key".into()), ..Item::default() });
    }

    #[test]
    fn payloads_of_which_only_the_beginning_was_kept_are_told() {
        for (bytes, cut) in [(3, false), (4, true)] {
            let row = format!(r#"{{"Raw":"Zm9v","RawBytes":{bytes}}}"#);
            let items = items(&row, Input::Errors).unwrap();
            assert_eq!(items[0].unusable.is_some(), cut);
        }
        let cut = items(r#"{"Raw":"","RawBytes":9,"Truncated":true}"#, Input::Errors).unwrap().remove(0).unusable.unwrap();
        assert!(cut.message.starts_with("only the first 0 of 9 bytes were kept"), "{cut}");
    }

    #[test]
    fn what_is_no_row_of_errors_is_told_with_its_line() {
        for text in ["x", "[]", "{}", r#"{"raw":1}"#, r#"{"raw":"%"}"#] {
            let failure = items(&format!("{{\"raw\":null}}\n{text}\n"), Input::Errors).unwrap_err().to_string();
            assert!(failure.contains("line 2: "), "{failure}");
        }
    }
}
