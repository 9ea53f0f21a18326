//! JSON pointers, RFC 6901.

use std::fmt;

/// A path into a JSON document: the names and indexes to follow from the root. None is the whole document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Pointer {
    /// Unescaped: `~1` is `/`, `~0` is `~`.
    pub(crate) tokens: Vec<String>,
}

impl Pointer {
    /// Reads a pointer; what does not begin with `/` and is not empty is the name of a member of the root, as it stands.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(path) = text.strip_prefix('/') else { return Ok(Self::member(text)) };
        let mut position = 1;
        let mut tokens = Vec::new();
        for token in path.split('/') {
            tokens.push(unescape(token).map_err(|at| {
                format!(
                    "the JSON pointer {text:?} does not parse: ~ at character {} is followed by neither 0 (for ~) nor 1 (for /)",
                    text.get(..position + at).map_or(0, |before| before.chars().count()) + 1
                )
            })?);
            position += token.len() + 1;
        }
        Ok(Self { tokens })
    }

    /// The member of the root with this name, whatever characters it holds.
    pub(crate) fn member(name: &str) -> Self {
        Self { tokens: vec![name.to_owned()] }
    }
}

/// The error is the position of the `~` in bytes.
fn unescape(token: &str) -> Result<String, usize> {
    let mut plain = String::with_capacity(token.len());
    let mut characters = token.char_indices();
    while let Some((at, character)) = characters.next() {
        plain.push(match character {
            '~' => match characters.next() {
                Some((_, '0')) => '~',
                Some((_, '1')) => '/',
                _ => return Err(at),
            },
            other => other,
        });
    }
    Ok(plain)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        Pointer::read(text).unwrap().tokens
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        assert!(tokens("").is_empty());
        assert_eq!(tokens("/foo/0"), ["foo", "0"]);
        assert_eq!(tokens("/"), [""]);
        assert_eq!(tokens("/a~1b"), ["a/b"]);
        assert_eq!(tokens("/m~0n"), ["m~n"]);
        assert_eq!(tokens("/~01"), ["~1"]);
        assert_eq!(tokens("/k\"l/ "), ["k\"l", " "]);
    }

    #[test]
    fn a_name_without_slash_is_a_member_of_the_root_with_dots_and_all() {
        assert_eq!(tokens("a.b"), ["a.b"]);
        assert_eq!(tokens("a~b/c"), ["a~b/c"]);
    }

    #[test]
    fn a_wrong_escape_is_refused_with_its_position() {
        assert!(Pointer::read("/ä/b~2c").unwrap_err().contains("character 5"));
        assert!(Pointer::read("/b~").unwrap_err().contains("character 3"));
    }

    #[test]
    fn a_pointer_prints_as_it_is_read() {
        for text in ["", "/", "/a~1b/~01", "/x/0/y"] {
            assert_eq!(Pointer::read(text).unwrap().to_string(), text);
        }
    }
}
