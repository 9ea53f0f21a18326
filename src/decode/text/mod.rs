//! Values written as text: dates, times, timestamps, UUIDs. Positions in errors count from the start of the text.

mod calendar;
mod form;
mod timestamp;
mod uuid;

pub(super) use calendar::{date, time};
pub(crate) use form::Form;
pub(super) use timestamp::{in_unit, per_second, timestamp};
pub(super) use uuid::uuid;

use super::{Reason, Step, fault};

/// The number that two digits at `at` are, if it is at most `most`.
fn two_digits(text: &[u8], at: usize, most: u8, what: &str) -> Step<u8> {
    match text.get(at..at + 2) {
        Some(&[tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            let number = (tens - b'0') * 10 + (ones - b'0');
            if number <= most { Ok(number) } else { fault(at, Reason::Range, format!("{number} is no {what}")) }
        }
        _ => fault(at, Reason::Format, format!("two digits are expected for the {what}{}", found(text, at))),
    }
}

fn expect(text: &[u8], at: usize, byte: u8) -> Step {
    if text.get(at) == Some(&byte) {
        return Ok(());
    }
    fault(at, Reason::Format, format!("{:?} is expected{}", char::from(byte), found(text, at)))
}

fn found(text: &[u8], at: usize) -> String {
    match text.get(at..) {
        Some([]) | None => ", the text ends".to_owned(),
        Some(rest) => format!(", found {}", quoted(rest)),
    }
}

/// A piece of text for people, cut to a reasonable length.
pub(super) fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    let lossy = String::from_utf8_lossy(bytes.get(..SHOWN * 4).unwrap_or(bytes)).into_owned();
    match lossy.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", lossy.get(..end).unwrap_or_default()),
        None => format!("{lossy:?}"),
    }
}
