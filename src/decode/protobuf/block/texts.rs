//! Texts and bytes.

use super::rows::{Rows, is_next};
use super::varint;
use crate::decode::protobuf::plan::Tag;
use crate::decode::tray::Tray;
use crate::decode::{Column, Lengths};

/// Appends a field's runs of bytes, which must be UTF-8 if `text`, and says which rows have one.
pub(super) fn runs(
    tray: &Tray,
    tag: &Tag,
    rows: &mut Rows,
    column: &mut Column,
    absent: Option<&[u8]>,
    text: bool,
) -> Option<u64> {
    let mut lengths = Lengths::default();
    // Rows that are valid even where there is none.
    let always = if absent.is_some() { rows.there } else { 0 };
    let mut found = 0;
    for (row, (at, end)) in rows.each() {
        let there = is_next(tray, tag, *at, *end);
        let first = tray.byte(at.wrapping_add(tag.length));
        let (length, bytes) =
            if there & (first > 0x7f) { varint::length(tray, at.wrapping_add(tag.length))? } else { (u32::from(first), 1) };
        let length = if there { length } else { 0 };
        lengths.push(length, there | (always >> row & 1 == 1));
        found |= u64::from(there) << row;
        *at += if there { tag.length + bytes + length } else { 0 };
    }
    match absent {
        Some(absent) if !absent.is_empty() => {
            let mut runs = Vec::with_capacity(rows.count);
            for (row, (at, length)) in rows.at.iter().zip(lengths.each()).enumerate() {
                let own = if found >> row & 1 == 1 { tray.bytes(at.checked_sub(*length)?, *at)? } else { absent };
                runs.push(if rows.there >> row & 1 == 1 { own } else { &[] });
            }
            column.extend_bytes(&runs, rows.mask(rows.there), text)?;
        }
        _ => column.extend_copied(&lengths, text, |to| tray.copy_runs_to(&rows.at, &lengths, to))?,
    }
    Some(found)
}
