//! Where to start, and, in rpk's forms, where to stop: the grammar of `--offset`.
//!
//! | form | meaning |
//! |---|---|
//! | `beginning`, `start`, `end`, `stored` | as they say |
//! | `N`, `-N` | offset N; the last N of each partition |
//! | `s@TIME`, `@TIME` | the first record at or after that time |
//! | `1:end,3:beginning,5:27` | per partition; one without a partition is for all others |
//! | `A:B`, `A:`, `:B`, `:end`, `@T1:T2` | rpk's ranges, the end excluded |
//!
//! One pair of numbers alone (`5:27`) is rpk's range; with a comma (`5:27,6:0`) numbers before the colon are partitions.

use std::collections::BTreeMap;

use kolumn::position::{Offset, Offsets, Partition, Start, Stop};

use crate::arguments::duration::parse_duration;
use crate::arguments::time::parse_time;

/// What `--offset` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OffsetArgument {
    /// Where to start.
    pub(crate) start: Start,
    /// Where to stop, where a range says so.
    pub(crate) stop: Option<Stop>,
}

impl From<Start> for OffsetArgument {
    fn from(start: Start) -> Self {
        Self { start, stop: None }
    }
}

/// Reads an argument of `--offset`. `now`, in milliseconds since the epoch, is what relative times are relative to.
pub(crate) fn parse_offset(text: &str, now: i64) -> Result<OffsetArgument, String> {
    if !text.contains(',') {
        if let Ok(offsets) = parse_position(text, now) {
            return Ok(Start::from(offsets).into());
        }
        if let Some(range) = parse_range(text, now)? {
            return Ok(range);
        }
    }
    parse_list(text, now)
}

/// One place to start, the same for every partition that it is for.
fn parse_position(text: &str, now: i64) -> Result<Offsets, String> {
    match text {
        "beginning" | "start" | "earliest" => return Ok(Offsets::Beginning),
        "end" | "latest" => return Ok(Offsets::End),
        "stored" => return Ok(Offsets::Stored),
        _ => {}
    }
    if let Some(time) = text.strip_prefix("s@").or_else(|| text.strip_prefix('@')) {
        return parse_time(time, now).map(Offsets::Timestamp);
    }
    if let Some(offset) = parse_number(text) {
        return Ok(Offsets::At(offset));
    }
    if let Some(last) = text.strip_prefix('-').and_then(parse_number) {
        return Ok(Offsets::Last(last.unsigned_abs()));
    }
    Err(format!(
        "{text:?} is no place to start; write beginning, end, stored, 42, -100 (the last 100), s@2026-11-21T08:00:00Z, @-1h, \
         1:end,3:beginning,5:27 (per partition), or 100:200 (a range)"
    ))
}

fn parse_number(text: &str) -> Option<Offset> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// rpk's ranges; none where the text is not of that form.
fn parse_range(text: &str, now: i64) -> Result<Option<OffsetArgument>, String> {
    if let Some(times) = text.strip_prefix('@') {
        return Ok(parse_time_range(times, now));
    }
    let Some((first, next)) = text.split_once(':') else { return Ok(None) };
    let start = match (first, parse_number(first)) {
        ("", _) => Offsets::Beginning,
        (_, Some(offset)) => Offsets::At(offset),
        _ => return Ok(None),
    };
    let stop = match (next, parse_number(next)) {
        ("", _) if !first.is_empty() => None,
        ("end", _) if first.is_empty() => Some(Stop::End),
        (_, Some(offset)) => Some(Stop::At(offset)),
        (time, _) if first.is_empty() && time.starts_with('@') => {
            Some(Stop::Timestamp(parse_time(time.trim_start_matches('@'), now)?))
        }
        _ => return Ok(None),
    };
    if let (Offsets::At(first), Some(Stop::At(next))) = (start, &stop)
        && first > *next
    {
        return Err(format!(
            "the range {text:?} runs backwards; for partition {first} from offset {next} write -p {first} -o {next}"
        ));
    }
    Ok(Some(OffsetArgument { start: start.into(), stop }))
}

/// `T1:T2`, `T1:end`, `T1:` and `T1:DURATION`. Times hold colons themselves, so every one is tried.
fn parse_time_range(text: &str, now: i64) -> Option<OffsetArgument> {
    text.match_indices(':').find_map(|(place, colon)| {
        let (first, next) = (text.get(..place)?, text.get(place + colon.len()..)?);
        let first = parse_time(first, now).ok()?;
        let stop = match next {
            "" => None,
            "end" => Some(Stop::End),
            _ => Some(Stop::Timestamp(match parse_duration(next) {
                Ok(length) => first.checked_add(i64::try_from(length.as_millis()).ok()?)?,
                Err(_) => parse_time(next.trim_start_matches('@'), now).ok()?,
            })),
        };
        Some(OffsetArgument { start: Offsets::Timestamp(first).into(), stop })
    })
}

fn parse_list(text: &str, now: i64) -> Result<OffsetArgument, String> {
    let mut partitions: BTreeMap<Partition, Offsets> = BTreeMap::new();
    let mut default = None;
    for part in text.split(',') {
        let named = part
            .split_once(':')
            .filter(|(partition, _)| !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit()));
        match named {
            Some((partition, position)) => {
                let partition = partition.parse().map_err(|_| format!("{part:?}: {partition} is no partition"))?;
                if partitions.insert(partition, parse_position(position, now)?).is_some() {
                    return Err(format!("{text:?} names partition {partition} twice"));
                }
            }
            None => {
                if default.replace(parse_position(part, now)?).is_some() {
                    return Err(format!("{text:?} says twice where the other partitions start"));
                }
            }
        }
    }
    // As the reference API has it: a partition that is not named is not sought.
    Ok(Start { default: default.unwrap_or(Offsets::Stored), partitions }.into())
}

/// Reads an argument of `--until`: `end`, `N`, `e@TIME`, a duration, `never`, or offsets per partition.
pub(crate) fn parse_stop(text: &str, now: i64) -> Result<Stop, String> {
    match text {
        "end" => return Ok(Stop::End),
        "never" => return Ok(Stop::Never),
        _ => {}
    }
    if let Some(time) = text.strip_prefix("e@").or_else(|| text.strip_prefix('@')) {
        return parse_time(time, now).map(Stop::Timestamp);
    }
    if let Some(offset) = parse_number(text) {
        return Ok(Stop::At(offset));
    }
    if let Ok(duration) = parse_duration(text) {
        return Ok(Stop::After(duration));
    }
    let each = text
        .split(',')
        .map(|part| {
            let (partition, offset) = part.split_once(':')?;
            Some((Partition::try_from(parse_number(partition)?).ok()?, parse_number(offset)?))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| {
            format!(
                "{text:?} is no place to stop; write end, 42 (an offset, excluded), e@2026-11-21T08:00:00Z, 10s, 0:42,1:7 (per \
                 partition), or never"
            )
        })?;
    let count = each.len();
    let each: BTreeMap<_, _> = each.into_iter().collect();
    if each.len() < count {
        return Err(format!("{text:?} names a partition twice"));
    }
    Ok(Stop::AtEach(each))
}

#[cfg(test)]
mod tests;
