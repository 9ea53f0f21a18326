//! Specs as the command line gives them.

use std::fs;

use kolumn::spec::Spec;

use crate::exit::Failure;

/// Reads a spec from text, and the files that it names.
pub(crate) fn spec(text: &str) -> Result<Spec, Failure> {
    Spec::parse(text)?.read_files(|path| {
        fs::read_to_string(path).map_err(|reason| Failure::File { what: "read the schema", path: path.to_owned(), reason })
    })
}
