//! `kolumn schema`: what a topic holds, and the spec that reads it.

use std::io::{self, Write};

use kolumn::infer::{Content, Finding, rust};
use kolumn::spec::{Side, Spec};

use crate::arguments::Talk;
use crate::arguments::schema::{Form, SchemaArguments, SideArgument};
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::output::cell::for_terminal;
use crate::source::sample::{Sample, SampleRequest, column_names, metadata_names};
use crate::source::{brokers, properties};

/// Runs the verb; says whether it was interrupted.
pub(crate) async fn run(arguments: &SchemaArguments, talk: Talk, interrupt: &mut Interrupt) -> Result<bool, Failure> {
    let request = SampleRequest {
        topic: arguments.topic.clone(),
        properties: properties(&arguments.connection)?,
        partitions: arguments.partitions.clone().unwrap_or_default(),
        from: arguments.from,
        records: arguments.records,
        bytes: arguments.bytes,
        time: arguments.time,
    };
    let looking = async {
        let sample = Sample::read(&request).await?;
        // Where a column of both has one name, the values keep it.
        let mut taken = metadata_names(&request.properties)?;
        let value = sample.look(&request, Side::Value, &taken).await?;
        taken.extend(column_names(&value.spec, Side::Value));
        let key = sample.look(&request, Side::Key, &taken).await?;
        Ok::<_, Failure>((sample.cut, key, value))
    };
    let (cut, key, value) = tokio::select! {
        () = interrupt.asked() => return Ok(true),
        looked = looking => looked?,
    };
    if !talk.quiet {
        let mut text = String::new();
        for (finding, side) in [(&key, SideArgument::Key), (&value, SideArgument::Value)] {
            if arguments.side.is_none_or(|only| only == side) {
                text.push_str(&told(finding));
            }
        }
        if let Some(cut) = cut {
            text.push_str(&format!("not all records that were asked for: {cut}\n"));
        }
        // If stderr cannot be written, there is no place to say so.
        let _ = io::stderr().write_all(text.as_bytes());
    }
    print(&written(arguments, &brokers(&request.properties), &key, &value)?)?;
    Ok(false)
}

/// The specs as they were asked for.
fn written(arguments: &SchemaArguments, brokers: &str, key: &Finding, value: &Finding) -> Result<String, Failure> {
    let spec = match arguments.side {
        None => return both(arguments.form, &arguments.topic, brokers, &key.spec, &value.spec),
        Some(SideArgument::Key) => &key.spec,
        Some(SideArgument::Value) => &value.spec,
    };
    Ok(match arguments.form {
        Form::Text => format!("{spec}\n"),
        Form::Json => serde_json::to_string_pretty(spec).map_err(|error| no_data(&error))? + "\n",
        Form::Toml => toml::to_string(spec).map_err(|error| no_data(&error))?,
        Form::Rust => rust(spec) + "\n",
    })
}

#[derive(serde::Serialize)]
struct Both<'a> {
    key: &'a Spec,
    value: &'a Spec,
}

fn both(form: Form, topic: &str, brokers: &str, key: &Spec, value: &Spec) -> Result<String, Failure> {
    Ok(match form {
        Form::Text if key.is_ignore() => format!("-v {}\n", quoted(&value.to_string())),
        Form::Text => format!("-k {} -v {}\n", quoted(&key.to_string()), quoted(&value.to_string())),
        Form::Json => serde_json::to_string_pretty(&Both { key, value }).map_err(|error| no_data(&error))? + "\n",
        Form::Toml => toml::to_string(&Both { key, value }).map_err(|error| no_data(&error))?,
        Form::Rust => program(topic, brokers, key, value),
    })
}

fn no_data(error: &dyn std::error::Error) -> Failure {
    Failure::Other(format!("the spec cannot be written as data: {error}; --as text"))
}

/// The description of the consumption.
fn program(topic: &str, brokers: &str, key: &Spec, value: &Spec) -> String {
    let indented = |spec: &Spec| rust(spec).replace('\n', "\n    ");
    let mut body = format!("let table = kolumn::consume({topic:?})\n    .brokers({brokers:?})\n");
    if !key.is_ignore() {
        body.push_str(&format!("    .key({})\n", indented(key)));
    }
    body.push_str(&format!("    .value({})\n    .offsets(Offsets::Beginning)\n", indented(value)));
    body.push_str("    .table(TableType::Append)\n    .await?;\n");
    let named =
        [("self", "spec::"), ("Spec", "Spec::"), ("TimeUnit", "TimeUnit::"), ("Type", "Type::"), ("column", "    column(")];
    let named: Vec<&str> = named.iter().filter(|(_, used)| body.contains(used)).map(|(name, _)| *name).collect();
    format!("use kolumn::spec::{{{}}};\nuse kolumn::{{Offsets, TableType}};\n\n{body}", named.join(", "))
}

/// What was found out about one side, for people.
pub(crate) fn told(finding: &Finding) -> String {
    let side = match finding.side {
        Side::Key => "keys",
        Side::Value => "values",
    };
    let mut text = format!("{side}: {}", finding.content);
    let mut counts = vec![match finding.payloads {
        1 => "1 record".to_owned(),
        records => format!("{} records", crate::figures::grouped(records as u64)),
    }];
    for (count, what) in [(finding.nulls, "null"), (finding.empty, "empty")] {
        if count > 0 {
            counts.push(format!("{} {what}", crate::figures::grouped(count as u64)));
        }
    }
    text.push_str(&format!(" ({})\n", counts.join(", ")));
    for note in &finding.notes {
        text.push_str(&format!("  {}\n", for_terminal(note.as_bytes(), 400)));
    }
    if finding.content != Content::Nothing {
        text.push_str(&columns(finding));
    }
    text
}

/// A line for each column.
fn columns(finding: &Finding) -> String {
    let rows: Vec<[String; 3]> = finding
        .columns
        .iter()
        .map(|column| {
            let mut told: Vec<String> = Vec::new();
            for (count, what) in [(column.missing, "missing"), (column.nulls, "null")] {
                if count > 0 {
                    told.push(format!("{what} in {}", crate::figures::grouped(count)));
                }
            }
            told.extend(column.notes.iter().cloned());
            let data_type = column.data_type().to_string();
            [column.name().to_owned(), data_type, told.join("; ")].map(|cell| for_terminal(cell.as_bytes(), 100))
        })
        .collect();
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let (names, types) = (width(0), width(1).min(40));
    let line = |[name, data_type, told]: &[String; 3]| {
        let line = format!("  {name:<names$}  {data_type:<types$}  {told}");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

/// As a shell wants it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", for_terminal(text.replace('\'', "'\\''").as_bytes(), usize::MAX))
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Output(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_quoted_for_the_shell() {
        assert_eq!(quoted("json:a:utf8"), "'json:a:utf8'");
        assert_eq!(quoted("json:\"it's\":utf8"), r#"'json:"it'\''s":utf8'"#);
    }

    #[test]
    fn the_program_names_what_it_uses() {
        let spec = |text: &str| Spec::parse(text).unwrap();
        let program = program("orders", "a:1", &spec("simple:int64"), &spec("json:a:utf8,t:timestamp(ms)=/x/t"));
        assert_eq!(
            program,
            "use kolumn::spec::{self, TimeUnit, Type, column};\nuse kolumn::{Offsets, TableType};\n\n\
             let table = kolumn::consume(\"orders\")\n    .brokers(\"a:1\")\n    .key(spec::simple_type(Type::Int64))\n    \
             .value(spec::json([\n        column(\"a\", Type::Utf8),\n        \
             column(\"t\", Type::Timestamp(TimeUnit::Millisecond)).at(\"/x/t\"),\n    ]))\n    \
             .offsets(Offsets::Beginning)\n    .table(TableType::Append)\n    .await?;\n"
        );
    }
}
