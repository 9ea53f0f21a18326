//! Specs as the command line gives them: text, or a file of data.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use kolumn::spec::{Side, Spec};
use serde_json::{Map, Value};

use crate::exit::Failure;

/// Reads a spec from text, or behind `@` from a file that holds it as JSON or TOML, and the files that it names. A file may hold the specs of
/// both sides, as `kolumn schema` writes them, under `key` and `value`.
pub(crate) fn spec(text: &str, side: Side) -> Result<Spec, Failure> {
    let spec = match text.strip_prefix('@') {
        Some(path) => data(PathBuf::from(path), side)?,
        None => Spec::parse(text)?,
    };
    spec.read_files(|path| {
        fs::read(path).map_err(|reason| Failure::File { what: "read the schema", path: path.to_owned(), reason })
    })
}

fn data(path: PathBuf, side: Side) -> Result<Spec, Failure> {
    let data =
        fs::read_to_string(&path).map_err(|reason| Failure::File { what: "read the spec in", path: path.clone(), reason })?;
    // Editors of some systems put a byte order mark before it.
    let data = data.trim_start_matches('\u{feff}');
    let spec = match path.extension().and_then(OsStr::to_str) {
        Some("toml") => match toml::from_str(data).ok().and_then(|mut both: toml::Table| both.remove(section(side))) {
            Some(one) => one.try_into().map_err(|error: toml::de::Error| error.to_string()),
            None => toml::from_str(data).map_err(|error| error.to_string()),
        },
        _ => match serde_json::from_str(data).ok().and_then(|mut both: Map<String, Value>| both.remove(section(side))) {
            Some(one) => serde_json::from_value(one).map_err(|error| error.to_string()),
            None => serde_json::from_str(data).map_err(|error| error.to_string()),
        },
    };
    spec.map_err(|error| Failure::Usage(format!("the spec in {}: {}", path.display(), error.trim_end())))
}

fn section(side: Side) -> &'static str {
    match side {
        Side::Key => "key",
        Side::Value => "value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<Spec, Failure> {
        super::spec(text, Side::Value)
    }

    #[test]
    fn a_file_of_both_sides_gives_each_its_own() {
        let directory = tempfile::tempdir().unwrap();
        for (name, data) in [
            ("both.toml", "[key]\nkind = 'ignore'\n[value]\nkind = 'simple'\ntype = 'int64'\n"),
            ("both.json", r#"{"key": {"kind": "ignore"}, "value": {"kind": "simple", "type": "int64"}}"#),
        ] {
            let path = directory.path().join(name);
            fs::write(&path, data).unwrap();
            let text = format!("@{}", path.display());
            assert_eq!(super::spec(&text, Side::Key).unwrap(), spec("ignore").unwrap());
            assert_eq!(spec(&text).unwrap(), spec("simple:int64").unwrap());
        }
        let path = directory.path().join("broken.json");
        fs::write(&path, r#"{"key": {"kind": "ignore"}, "value": {"kind": "simpel"}}"#).unwrap();
        assert!(spec(&format!("@{}", path.display())).unwrap_err().to_string().contains("simpel"));
    }

    #[test]
    fn a_spec_in_a_file_is_the_same_as_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spec.json");
        fs::write(&path, r#"{"kind":"json","columns":[{"name":"a","type":"list<int8>"}]}"#).unwrap();
        let at = |path: &std::path::Path| format!("@{}", path.display());
        assert_eq!(spec(&at(&path)).unwrap(), spec("json:a:list<int8>").unwrap());

        fs::write(&path, r#"{"kind":"json","columns":[{"name":"a","type":"list<itn8>"}]}"#).unwrap();
        let wrong = spec(&at(&path)).unwrap_err();
        assert!(wrong.exit_code() == 2 && wrong.to_string().contains("columns[0] \"a\", type"), "{wrong}");
        assert_eq!(spec(&at(&directory.path().join("none.json"))).unwrap_err().exit_code(), 4);
    }

    #[test]
    fn a_spec_in_a_file_of_toml_is_the_same_too_and_errors_name_the_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spec.toml");
        let text = format!("@{}", path.display());
        fs::write(&path, "kind = 'avro'\nsubject = 'S'\nversion = 3\nmapped_only = true\n[mapping]\nSymbol = 'Ticker'\n")
            .unwrap();
        assert_eq!(spec(&text).unwrap(), spec("avro:subject=S,version=3,mapped_only,Symbol=Ticker").unwrap());
        fs::write(&path, "kind = 'avro'\nsubjekt = 'S'\n").unwrap();
        let wrong = spec(&text).unwrap_err();
        let expected = "subjekt: a spec of kind avro has no such key; did you mean \"subject\"?";
        assert!(wrong.exit_code() == 2 && wrong.to_string().contains(expected), "{wrong}");
        fs::write(&path, "kind = \n").unwrap();
        assert!(spec(&text).unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn a_file_of_descriptors_is_a_schema_as_one_of_text_is() {
        let directory = tempfile::tempdir().unwrap();
        // A file o.proto with the message M, whose only field is the string s.
        let field = b"\x0a\x01s\x18\x01\x20\x01\x28\x09";
        let message = [&b"\x0a\x01M\x12\x09"[..], field].concat();
        let file = [&b"\x0a\x07o.proto\x22\x0e"[..], &message, b"\x62\x06proto3"].concat();
        let path = directory.path().join("o.desc");
        fs::write(&path, [&[0x0a, u8::try_from(file.len()).unwrap()][..], &file].concat()).unwrap();
        let schema = spec(&format!("protobuf:{},message=M", path.display())).unwrap().schema(Side::Value).unwrap();
        assert_eq!(schema.field(0).name(), "s");
    }
}
