//! Specs as the command line has them: text, or a file of data.

use std::path::PathBuf;

use kolumn::spec::Spec;

use crate::exit::Failure;

/// Reads a spec from its text, or behind `@` from a file that holds it as JSON.
pub(crate) fn read(text: &str) -> Result<Spec, Failure> {
    let Some(path) = text.strip_prefix('@') else { return Ok(Spec::parse(text)?) };
    let path = PathBuf::from(path);
    let data = std::fs::read_to_string(&path).map_err(|reason| Failure::File {
        what: "read the spec in",
        path: path.clone(),
        reason,
    })?;
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
        std::fs::write(&path, r#"{"kind":"json","columns":[{"name":"a","type":"list<int8>"}]}"#).unwrap();
        let at = |path: &std::path::Path| format!("@{}", path.display());
        assert_eq!(read(&at(&path)).unwrap(), read("json:a:list<int8>").unwrap());

        std::fs::write(&path, r#"{"kind":"json","columns":[{"name":"a","type":"list<itn8>"}]}"#).unwrap();
        let wrong = read(&at(&path)).unwrap_err();
        assert!(wrong.exit_code() == 2 && wrong.to_string().contains("columns[0] \"a\", type"), "{wrong}");
        assert_eq!(read(&at(&directory.path().join("none.json"))).unwrap_err().exit_code(), 4);
    }
}
