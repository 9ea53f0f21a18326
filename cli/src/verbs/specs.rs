//! The specs of a consumption: as given, else as the properties say, else found out.

use std::time::Duration;

use kolumn::Offsets;
use kolumn::infer::{Content, Finding};
use kolumn::spec::{self, Side, Spec};

use crate::arguments::Talk;
use crate::arguments::consume::SpecArguments;
use crate::arguments::schema::From;
use crate::exit::Failure;
use crate::source::Request;
use crate::source::sample::{Sample, SampleRequest, column_names, metadata_names};
use crate::source::spec::spec;
use crate::verbs::schema::{quoted, told};

/// So many records of each partition are looked at.
const RECORDS: u64 = 200;
const BYTES: usize = 32 << 20;
const TIME: Duration = Duration::from_secs(10);

/// Properties that say what values are.
const SAYING: [&str; 2] = ["deephaven.value.column.type", "value.deserializer"];

/// Sets how keys and values become columns. `json` without columns, and values of which nothing is said, are found out.
pub(crate) async fn fill_specs(specs: &SpecArguments, request: &mut Request, talk: Talk) -> Result<(), Failure> {
    let key = specs.key.as_deref().map(|text| Wanted::of(text, Side::Key)).transpose()?;
    let value = specs.value.as_deref().map(|text| Wanted::of(text, Side::Value)).transpose()?;
    let value = match value {
        None if SAYING.iter().all(|key| request.properties.get(key).is_none()) => Some(Wanted::Anything),
        value => value,
    };
    let sampled = [&key, &value].into_iter().any(|wanted| matches!(wanted, Some(Wanted::Anything | Wanted::Json(_))));
    let sample = if sampled { Some(read(request).await?) } else { None };
    let mut taken = if request.metadata { metadata_names(&request.properties)? } else { Vec::new() };
    if let Some(Wanted::This(key)) = &key {
        taken.extend(column_names(key, Side::Key));
    }
    request.value = found(value, Side::Value, sample.as_ref(), &taken, talk).await?;
    if let Some(value) = &request.value {
        taken.extend(column_names(value, Side::Value));
    }
    request.key = found(key, Side::Key, sample.as_ref(), &taken, talk).await?;
    Ok(())
}

/// What was said about one side.
enum Wanted {
    /// This spec.
    This(Spec),
    /// The columns of JSON documents, with these options.
    Json(String),
    /// Nothing.
    Anything,
}

impl Wanted {
    fn of(text: &str, side: Side) -> Result<Self, Failure> {
        match json_without_columns(text) {
            Some(options) => Ok(Self::Json(options.to_owned())),
            None => spec(text, side).map(Self::This),
        }
    }
}

/// The options behind `json`, and their semicolon, where it names no columns.
pub(crate) fn json_without_columns(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix("json")?.trim_start();
    (rest.is_empty() || rest.starts_with(';')).then_some(rest)
}

/// Where `json` without columns was asked for: the spec of what was found, with its options.
pub(crate) fn with_options(finding: &Finding, options: &str) -> Result<Spec, Failure> {
    let is_json = match &finding.content {
        Content::Json => true,
        Content::Framed(_) => finding.spec.to_string().starts_with("json:"),
        _ => false,
    };
    if !is_json {
        let side = finding.side.name();
        let what = &finding.content;
        if matches!(what, Content::Framed(_)) {
            return Err(Failure::Usage(format!(
                "json: the {side}s that were looked at are {what}; the registry is given with -r"
            )));
        }
        return Err(Failure::Usage(format!(
            "json: the {side}s that were looked at are {what}; name the columns, as in json:price:float64"
        )));
    }
    Ok(Spec::parse(&format!("{}{options}", finding.spec))?)
}

/// A sample of what is going to be consumed.
async fn read(request: &Request) -> Result<(SampleRequest, Sample), Failure> {
    let newest = |start: &Offsets| matches!(start, Offsets::End | Offsets::Last(_));
    let sample = SampleRequest {
        topic: request.topic.clone(),
        properties: request.properties.clone(),
        partitions: request.partitions.clone(),
        from: if newest(&request.start.default) { From::End } else { From::Both },
        records: RECORDS,
        bytes: BYTES,
        time: TIME,
    };
    let read = Sample::read(&sample).await?;
    Ok((sample, read))
}

async fn found(
    wanted: Option<Wanted>,
    side: Side,
    sample: Option<&(SampleRequest, Sample)>,
    taken: &[String],
    talk: Talk,
) -> Result<Option<Spec>, Failure> {
    let options = match wanted {
        None => return Ok(None),
        Some(Wanted::This(spec)) => return Ok(Some(spec)),
        Some(Wanted::Json(options)) => Some(options),
        Some(Wanted::Anything) => None,
    };
    let Some((request, sample)) = sample else { return Ok(None) };
    let finding = sample.look(request, side, taken).await?;
    if finding.content == Content::Nothing {
        if !talk.quiet {
            eprintln!("there are no records to look at: values are shown as bytes; say how they become columns with -v");
        }
        return Ok(Some(spec::raw(side.default_column())));
    }
    let spec = match &options {
        Some(options) => with_options(&finding, options)?,
        None => finding.spec.clone(),
    };
    if !talk.quiet {
        let flag = if side == Side::Key { "-k" } else { "-v" };
        eprintln!("{side}s look like {flag} {}", quoted(&spec.to_string()), side = side.name());
        if talk.verbose > 0 {
            eprint!("{}", told(&finding));
        }
    }
    Ok(Some(spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_without_columns_may_have_options() {
        assert_eq!(json_without_columns("json"), Some(""));
        assert_eq!(json_without_columns(" json ;lenient"), Some(";lenient"));
        for text in ["json:a:utf8", "jsonl", "simple:json", "json,", ""] {
            assert_eq!(json_without_columns(text), None, "{text}");
        }
    }
}
