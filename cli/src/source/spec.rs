//! Specs as the command line gives them: text, or a file of data.

use std::fs;
use std::path::PathBuf;

use kolumn::spec::Spec;

use crate::exit::Failure;

/// Reads a spec from text, or behind `@` from a file that holds it as JSON, and the files that it names.
pub(crate) fn spec(text: &str) -> Result<Spec, Failure> {
    let spec = match text.strip_prefix('@') {
        Some(path) => data(PathBuf::from(path))?,
        None => Spec::parse(text)?,
    };
    spec.read_files(|path| {
        fs::read(path).map_err(|reason| Failure::File { what: "read the schema", path: path.to_owned(), reason })
    })
}

fn data(path: PathBuf) -> Result<Spec, Failure> {
    let data =
        fs::read_to_string(&path).map_err(|reason| Failure::File { what: "read the spec in", path: path.clone(), reason })?;
    // Editors of some systems put a byte order mark before it.
    serde_json::from_str(data.trim_start_matches('\u{feff}'))
        .map_err(|error| Failure::Usage(format!("the spec in {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
