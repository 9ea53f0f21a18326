//! `kolumn decode`: a spec over payloads, without a broker.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;

use arrow_array::builder::{BinaryBuilder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kolumn::decode::DecodeError;
use kolumn::spec::Side;
use std::sync::Arc;

use crate::arguments::{DecodeArguments, Format, Input, Talk, choose_format};
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::output::Sink;
use crate::output::cell::for_terminal;
use crate::source::decoding::Decoding;
use crate::source::properties;

/// Payloads are decoded in blocks of so many, or so many bytes.
const BLOCK_ROWS: usize = 1_024;
const BLOCK_BYTES: usize = 1 << 20;

/// Runs the verb.
pub(crate) fn run(arguments: &DecodeArguments, talk: Talk, interrupt: &Interrupt) -> Result<(), Failure> {
    let format =
        choose_format(arguments.output.format, arguments.output.file(), io::stdout().is_terminal()).map_err(Failure::Usage)?;
    let (spec, side) = match (&arguments.value, &arguments.key) {
        (Some(spec), _) => (spec, Side::Value),
        (None, Some(spec)) => (spec, Side::Key),
        (None, None) => return Err(Failure::Usage("a spec is missing; give one with -v, or for keys with -k".to_owned())),
    };
    let mut decoding = Decoding::new(spec, side, &properties(&arguments.connection)?)?;
    let mut rows = Sink::open(format, arguments.output.file(), decoding.schema())?;
    let mut errors = Errors::open(arguments.output.errors.as_deref(), talk)?;

    let mut block = Block::default();
    let mut decode = |block: &mut Block, last: bool| -> Result<(), Failure> {
        if !last && !block.is_full() {
            return Ok(());
        }
        let payloads: Vec<Option<&[u8]>> = block.payloads.iter().map(Option::as_deref).collect();
        let decoded = decoding.decode(&payloads)?;
        rows.write(&decoded.rows)?;
        rows.flush()?;
        for (index, error) in decoded.bad {
            errors.write(block.first + index, &error, payloads.get(index).copied().flatten())?;
        }
        block.clear();
        Ok(())
    };
    for source in sources(arguments) {
        read(source, arguments.input, &mut |payload| {
            block.push(payload);
            decode(&mut block, false)?;
            Ok(!interrupt.is_asked())
        })?;
        if interrupt.is_asked() {
            break;
        }
    }
    decode(&mut block, true)?;
    rows.finish()?;
    errors.finish()
}

/// Payloads that wait to be decoded together.
#[derive(Debug, Default)]
struct Block {
    /// The number of the first, counted from 0.
    first: usize,
    payloads: Vec<Option<Vec<u8>>>,
    bytes: usize,
}

impl Block {
    fn push(&mut self, payload: Option<Vec<u8>>) {
        self.bytes += payload.as_ref().map_or(0, Vec::len);
        self.payloads.push(payload);
    }

    fn is_full(&self) -> bool {
        self.payloads.len() >= BLOCK_ROWS || self.bytes >= BLOCK_BYTES
    }

    fn clear(&mut self) {
        self.first += self.payloads.len();
        self.payloads.clear();
        self.bytes = 0;
    }
}

/// The files; none is stdin, and so is `-`.
fn sources(arguments: &DecodeArguments) -> Vec<Option<&Path>> {
    if arguments.files.is_empty() {
        return vec![None];
    }
    arguments.files.iter().map(|path| Some(path.as_path()).filter(|path| path.as_os_str() != "-")).collect()
}

/// Reads payloads and gives each away, as long as the taker says so.
fn read(
    source: Option<&Path>,
    input: Input,
    take: &mut dyn FnMut(Option<Vec<u8>>) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let name = source.unwrap_or_else(|| Path::new("stdin"));
    let failed = |what| move |reason| Failure::File { what, path: name.to_owned(), reason };
    let mut reader: Box<dyn BufRead> = match source {
        Some(path) => Box::new(BufReader::new(File::open(path).map_err(failed("open"))?)),
        None => Box::new(io::stdin().lock()),
    };
    if input == Input::File {
        let mut whole = Vec::new();
        reader.read_to_end(&mut whole).map_err(failed("read"))?;
        take(Some(whole))?;
        return Ok(());
    }
    for number in 1_u64.. {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).map_err(failed("read"))? == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        let payload =
            payload(line, input).map_err(|reason| Failure::Other(format!("{}, line {number}: {reason}", name.display())))?;
        if !take(payload)? {
            break;
        }
    }
    Ok(())
}

/// A line as a payload.
fn payload(line: Vec<u8>, input: Input) -> Result<Option<Vec<u8>>, String> {
    let text = || line.trim_ascii();
    match input {
        Input::Lines | Input::File => Ok(Some(line)),
        Input::Hex if text() == b"null" => Ok(None),
        Input::Hex => hex(text()).map(Some),
        Input::Base64 => BASE64.decode(text()).map(Some).map_err(|error| format!("no base64: {error}")),
    }
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

/// Where undecodable payloads go: a file, or lines on stderr.
#[derive(Debug)]
struct Errors {
    sink: Option<Sink>,
    count: u64,
    talk: Talk,
}

impl Errors {
    fn open(file: Option<&Path>, talk: Talk) -> Result<Self, Failure> {
        let sink = match file {
            Some(path) => {
                let format = Format::of_file(path).unwrap_or(Format::Jsonl);
                let empty = error_row(0, &[])?;
                Some(Sink::open(format, Some(path), &empty.schema())?)
            }
            None => None,
        };
        Ok(Self { sink, count: 0, talk })
    }

    fn write(&mut self, index: usize, error: &DecodeError, raw: Option<&[u8]>) -> Result<(), Failure> {
        self.count += 1;
        match &mut self.sink {
            Some(sink) => sink.write(&error_row(index, &[(error, raw)])?),
            None => {
                // Payload bytes may be part of the message, and act on a terminal.
                let text = for_terminal(error.to_string().as_bytes(), 400);
                writeln!(io::stderr(), "payload {index}: {text} ({})", error.reason.code())
                    .map_err(|error| Failure::Output(error.to_string()))
            }
        }
    }

    fn finish(self) -> Result<(), Failure> {
        if self.count > 0 && self.sink.is_some() && !self.talk.quiet {
            let _ = writeln!(io::stderr(), "{} payloads could not be decoded", crate::figures::grouped(self.count));
        }
        self.sink.map_or(Ok(()), Sink::finish)
    }
}

/// Rows of `--errors`.
fn error_row(index: usize, errors: &[(&DecodeError, Option<&[u8]>)]) -> Result<RecordBatch, Failure> {
    let (mut indexes, mut positions) = (Int64Builder::new(), Int64Builder::new());
    let (mut codes, mut columns, mut reasons) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let mut raws = BinaryBuilder::new();
    for (error, raw) in errors {
        indexes.append_option(i64::try_from(index).ok());
        codes.append_value(error.reason.code());
        columns.append_option(error.column.as_deref());
        positions.append_option(i64::try_from(error.position).ok());
        reasons.append_value(&error.message);
        raws.append_option(*raw);
    }
    let columns: [(&str, ArrayRef, bool); 6] = [
        ("index", Arc::new(indexes.finish()), false),
        ("code", Arc::new(codes.finish()), false),
        ("column", Arc::new(columns.finish()), true),
        ("position", Arc::new(positions.finish()), true),
        ("reason", Arc::new(reasons.finish()), false),
        ("raw", Arc::new(raws.finish()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| Failure::Output(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str, input: Input) -> Result<Vec<Option<Vec<u8>>>, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut payloads = Vec::new();
        read(Some(file.path()), input, &mut |payload| {
            payloads.push(payload);
            Ok(true)
        })?;
        Ok(payloads)
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
    fn a_file_is_one_payload() {
        assert_eq!(read_all("a\nb\n", Input::File).unwrap(), [some(b"a\nb\n")]);
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let failure = read(Some(Path::new("/nonexistent/x")), Input::Lines, &mut |_| Ok(true)).unwrap_err();
        assert_eq!(failure.exit_code(), 4);
    }
}
