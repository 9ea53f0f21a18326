//! `docs/configuration.md`, written from the table.

use std::fmt::Write;
use std::path::Path;

use super::{Effect, KNOWN, Property, Theme, Values};

const HEAD: &str = "\
<!-- Written from the table in src/config/known by `KOLUMN_WRITE_DOCS=1 cargo test -p kolumn --lib config::known::document`. -->
# Configuration

Every property of Kafka's Java consumer (4.3.1) and of librdkafka (2.12.1) that has a meaning here, under both names, those of the
reference API (`deephaven.*`), and kolumn's own (`kolumn.*`). They are given by `Consume::property`, `Consume::properties`, a file in
the form of Java's properties files (`-F FILE`) or `-X KEY=VALUE`; of several values for one property, aliases included, the last counts.

* A property that is **used** does what its sentence says. Where kolumn's default or meaning differs from that of the other clients,
  the next sentence says how and why.
* One that is **accepted** changes nothing that a user could see. Its value is checked nevertheless.
* One that is **warned of** is in many files, and what it asks for does not happen: a warning says what happens instead.
* One that is **refused** is an error that says why, except with the values listed, which ask for what happens anyway. `ssl.*` and
  `sasl.*` are refused only where `security.protocol` uses them.
* A **producer's** property is accepted: files serve both.
* A name that is not in this table is an error; with `kolumn.lenient.config=true`, a warning. The error
  names the property whose name is nearest.
";

/// The whole document.
fn document() -> String {
    let mut text = HEAD.to_owned();
    for theme in KNOWN {
        section(&mut text, theme).expect("a String takes everything");
    }
    text
}

fn section(text: &mut String, theme: &Theme) -> std::fmt::Result {
    writeln!(text, "\n## {}\n", theme.title)?;
    if theme.properties.iter().all(|property| property.effect == Effect::Producer) {
        let names: Vec<_> = theme.properties.iter().flat_map(Property::names).map(|name| format!("`{name}`")).collect();
        return writeln!(text, "kolumn produces nothing. These are an error: {}.", names.join(", "));
    }
    writeln!(text, "| property | default | values | here |\n|---|---|---|---|")?;
    for property in theme.properties {
        let names: Vec<_> = property.names().map(|name| format!("`{name}`")).collect();
        let default = match property.default {
            None => String::new(),
            Some("") => "empty".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        let values = match property.values {
            Values::Text => String::new(),
            other => other.to_string(),
        };
        writeln!(text, "| {} | {default} | {} | {} |", names.join("<br>"), cell(&values), cell(&here(property)))?;
    }
    Ok(())
}

fn here(property: &Property) -> String {
    let harmless = || {
        let values: Vec<_> =
            property.harmless.iter().filter(|value| !value.is_empty()).map(|value| format!("`{value}`")).collect();
        if values.is_empty() { String::new() } else { format!(" (except {})", values.join(", ")) }
    };
    match property.effect {
        Effect::Used => [Some(property.doc), property.differs].into_iter().flatten().collect::<Vec<_>>().join(" "),
        Effect::Nothing(why) => format!("accepted: {why}."),
        Effect::Warned(instead) => format!("warned of{}: {instead}.", harmless()),
        Effect::Refused(why) => format!("refused{}: {why}.", harmless()),
        Effect::Producer => "accepted: a producer's.".to_owned(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_document_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let due = document();
    if std::env::var_os("KOLUMN_WRITE_DOCS").is_some() {
        std::fs::write(&path, &due).expect("docs/ can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == due, "docs/configuration.md is not current: run with KOLUMN_WRITE_DOCS=1");
}
