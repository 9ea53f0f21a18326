//! `.proto` text of an edition as text of proto2, which the compiler reads.
//!
//! Lines stay where they are, so that errors name the right ones.

use super::editions;

/// What a statement stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Within {
    File,
    /// The fields of a message or of extensions.
    Fields,
    /// Where nothing is to be changed: enums, oneofs, services.
    Other,
}

/// The text as proto2 where it is of an edition.
pub(super) fn proto2(text: &str) -> Result<Option<String>, String> {
    let tokens = tokens(text);
    let mut reader = Reader { text, tokens: &tokens, at: 0, edits: Vec::new() };
    if reader.peek(0) != "edition" || reader.peek(1) != "=" {
        return Ok(None);
    }
    editions::known(reader.peek(2).trim_matches(['"', '\'']))?;
    reader.replace(0, "syntax");
    reader.replace(2, "\"proto2\"");
    reader.statement();
    let mut within = vec![Within::File];
    while reader.at < tokens.len() {
        let now = within.last().copied().unwrap_or(Within::File);
        match reader.step(now) {
            Step::Statement => {}
            Step::Opened(inner) => within.push(inner),
            Step::Closed => {
                if within.len() > 1 {
                    within.pop();
                }
            }
        }
    }
    Ok(Some(reader.edited()))
}

enum Step {
    Statement,
    Opened(Within),
    Closed,
}

/// A token's place in the text.
type Token = std::ops::Range<usize>;

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    edits: Vec<(Token, &'static str, bool)>,
}

impl<'a> Reader<'a> {
    fn place(&self, ahead: usize) -> Token {
        self.tokens.get(self.at + ahead).cloned().unwrap_or(self.text.len()..self.text.len())
    }

    fn peek(&self, ahead: usize) -> &'a str {
        self.text.get(self.place(ahead)).unwrap_or_default()
    }

    fn replace(&mut self, ahead: usize, with: &'static str) {
        self.edits.push((self.place(ahead), with, false));
    }

    /// Goes behind the end of a statement, whatever braces are in it.
    fn statement(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "{" => depth += 1,
                // The message's, where the statement has no end.
                "}" if depth == 0 => return,
                "}" => depth -= 1,
                ";" if depth == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Goes behind the brace that begins a body.
    fn body(&mut self) {
        while self.at < self.tokens.len() && self.peek(0) != "{" {
            self.at += 1;
        }
        self.at += 1;
    }

    fn step(&mut self, within: Within) -> Step {
        let word = self.peek(0);
        let opened = match word {
            "}" => {
                self.at += 1;
                return Step::Closed;
            }
            // Who may see a type is no matter of columns.
            "export" | "local" if matches!(self.peek(1), "message" | "enum") => {
                self.replace(0, "");
                self.at += 1;
                return Step::Statement;
            }
            "message" | "extend" if within != Within::Other => Within::Fields,
            "enum" | "oneof" | "service" if within != Within::Other => Within::Other,
            _ => {
                self.plain(word, within);
                return Step::Statement;
            }
        };
        self.body();
        Step::Opened(opened)
    }

    /// A statement without a body.
    fn plain(&mut self, word: &str, within: Within) {
        match word {
            "import" if self.peek(1) == "option" => self.replace(1, ""),
            "reserved" => self.quote_names(),
            "option" | "extensions" | "repeated" | ";" => {}
            "map" if self.peek(1) == "<" => {}
            _ if within == Within::Fields => self.edits.push((self.place(0), "optional ", true)),
            _ => {}
        }
        self.statement();
    }

    /// Names are reserved as identifiers in editions, as strings in proto2.
    fn quote_names(&mut self) {
        let mut ahead = 1;
        while self.at + ahead < self.tokens.len() && self.peek(ahead) != ";" {
            let first = self.peek(ahead).bytes().next().unwrap_or(0);
            if !matches!(self.peek(ahead), "to" | "max") && (first.is_ascii_alphabetic() || first == b'_') {
                let place = self.place(ahead);
                self.edits.push((place.clone(), "\"", true));
                self.edits.push((place.end..place.end, "\"", true));
            }
            ahead += 1;
        }
    }

    fn edited(self) -> String {
        let mut edited = String::with_capacity(self.text.len() + 1024);
        let mut done = 0;
        for (place, text, before) in self.edits {
            edited.push_str(self.text.get(done..place.start).unwrap_or_default());
            edited.push_str(text);
            done = if before { place.start } else { place.end };
        }
        edited.push_str(self.text.get(done..).unwrap_or_default());
        edited
    }
}

/// Words, numbers, strings and single marks; comments and white space lie between them.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || byte >= 0x80;
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match byte(at) {
            b'/' if byte(at + 1) == b'/' => {
                at = text.get(at..).and_then(|rest| rest.find('\n')).map_or(bytes.len(), |end| at + end);
                continue;
            }
            b'/' if byte(at + 1) == b'*' => {
                at = text.get(at + 2..).and_then(|rest| rest.find("*/")).map_or(bytes.len(), |end| at + 2 + end + 2);
                continue;
            }
            space if space.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && byte(at) != quote {
                    at += if byte(at) == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
            }
            first if word(first) => {
                while at < bytes.len() && word(byte(at)) {
                    at += 1;
                }
            }
            _ => at += 1,
        }
        tokens.push(start..at);
    }
    tokens
}
