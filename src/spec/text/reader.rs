//! Text, read from the front to the back.

use std::fmt;

/// What ends a name.
pub(super) const DELIMITERS: [char; 4] = [',', ':', '=', ';'];

/// What is wrong, and where.
pub(super) struct Wrong {
    pub(super) place: String,
    pub(super) reason: String,
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    /// In bytes.
    pub(super) position: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn name(&mut self, what: &str) -> Result<String, Wrong> {
        self.space();
        let start = self.position;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let name = self.until(&DELIMITERS).trim_end();
        if name.is_empty() {
            return Err(self.wrong(start, format!("{what} is missing")));
        }
        if name.contains(|character: char| character.is_whitespace() || character == '"') {
            return Err(self.wrong(start, format!("the name {name:?} holds a space or a quote; put it in double quotes")));
        }
        Ok(name.to_owned())
    }

    /// A pointer, a member's name or a default, which may hold `:`, for that cannot follow.
    pub(super) fn path(&mut self, missing: &str, ends: &[char]) -> Result<String, Wrong> {
        self.space();
        let start = self.position;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let path = self.until(ends).trim_end();
        if path.is_empty() {
            return Err(self.wrong(start, missing));
        }
        if path.contains('"') {
            return Err(self.wrong(start, format!("{path:?} holds a quote; put it in double quotes")));
        }
        Ok(path.to_owned())
    }

    /// A file, a field or a column of an Avro or a Protobuf spec. Only `,` `=` `;` end it.
    pub(super) fn item(&mut self, what: &str) -> Result<String, Wrong> {
        self.space();
        let start = self.position;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let item = self.until(&[',', '=', ';']).trim_end();
        if item.is_empty() {
            return Err(self.wrong(start, format!("{what} is missing")));
        }
        if item.contains('"') {
            return Err(self.wrong(start, format!("{item:?} holds a quote; put it in double quotes")));
        }
        Ok(item.to_owned())
    }

    /// Text in double quotes, where `""` is a quote.
    pub(super) fn quoted(&mut self) -> Result<String, Wrong> {
        let start = self.position;
        let mut plain = String::new();
        self.take('"');
        loop {
            plain.push_str(self.until(&['"']));
            if !self.take_exactly('"') {
                return Err(self.wrong(start, "the closing quote is missing"));
            }
            if !self.take_exactly('"') {
                return Ok(plain);
            }
            plain.push('"');
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    pub(super) fn advance(&mut self, bytes: usize) -> &'a str {
        let taken = self.rest().get(..bytes).unwrap_or("");
        self.position += taken.len();
        taken
    }

    pub(super) fn until(&mut self, ends: &[char]) -> &'a str {
        let rest = self.rest();
        self.advance(rest.find(ends).unwrap_or(rest.len()))
    }

    pub(super) fn space(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start().len());
    }

    pub(super) fn space_then(&mut self, character: char) -> bool {
        self.space();
        self.rest().starts_with(character)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.position += word.len();
        }
        found
    }

    pub(super) fn take(&mut self, character: char) -> bool {
        self.space();
        self.take_exactly(character)
    }

    pub(super) fn take_exactly(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        if found {
            self.position += character.len_utf8();
        }
        found
    }

    pub(super) fn wrong(&self, position: usize, reason: impl Into<String>) -> Wrong {
        let characters = self.text.get(..position).map_or(0, |before| before.chars().count());
        Wrong { place: format!("character {}", characters + 1), reason: reason.into() }
    }
}

/// A name or path, in quotes where it needs them.
pub(in crate::spec) struct Quoted<'a>(pub(in crate::spec) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special =
            |character: char| DELIMITERS.contains(&character) || matches!(character, '"' | '|') || character.is_whitespace();
        if self.0.is_empty() || self.0.contains(special) {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        } else {
            f.write_str(self.0)
        }
    }
}
