//! `deny.toml`, and the front matter of advisories: lists of strings, read without a TOML library.
//!
//! What is read is a subset of TOML that both files keep to: `[section]` lines, `key = [ "…", … ]` over one or more lines, `key = "…"`, and
//! `#` comments on lines of their own.

use std::fs;

use crate::process::top;

/// The text of `deny.toml`.
pub(crate) fn read() -> Result<String, String> {
    let path = top().join("deny.toml");
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The strings of `key` in `section`: those of its list, or its one.
pub(crate) fn strings(text: &str, section: &str, key: &str) -> Option<Vec<String>> {
    let header = format!("[{section}]");
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != header).skip(1).take_while(|line| !is_header(line));
    let first = lines.find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?.trim();
    let mut value = first.to_owned();
    if first.starts_with('[') && !closes(first) {
        for line in lines.filter(|line| !line.starts_with('#')) {
            value.push_str(line);
            if closes(line) {
                break;
            }
        }
    }
    Some(value.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

fn is_header(line: &str) -> bool {
    line.starts_with('[') && line.ends_with(']') && !line.contains('"') && !line.contains(',')
}

/// Whether a list ends with this line: a bracket outside of quotes.
fn closes(line: &str) -> bool {
    line.split('"').step_by(2).any(|outside| outside.contains(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[one]\nkey = [\"a\"]\n[two]\n# a comment with \"quotes\"\nkey = [\n    \"b\",\n    # \"not this\"\n    \"c [d]\",\n]\nword = \"e\"\n[three]\nother = []\n";

    #[test]
    fn lists_are_read_from_their_own_section() {
        assert_eq!(strings(TEXT, "one", "key"), Some(vec!["a".into()]));
        assert_eq!(strings(TEXT, "two", "key"), Some(vec!["b".into(), "c [d]".into()]));
        assert_eq!(strings(TEXT, "two", "word"), Some(vec!["e".into()]));
        assert_eq!(strings(TEXT, "three", "other"), Some(vec![]));
        assert_eq!(strings(TEXT, "three", "key"), None);
    }
}
