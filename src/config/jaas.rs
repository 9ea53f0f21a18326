//! A line of JAAS, as `sasl.jaas.config` has it: `module flag option=value ...;`.
//!
//! Source: the documentation of `javax.security.auth.login.Configuration`. Values may hold secrets: no error shows one.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use super::hidden::Secret;

const FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];

/// A login module and its options.
#[derive(PartialEq, Eq)]
pub(super) struct Jaas {
    module: String,
    options: BTreeMap<String, Secret>,
}

impl Jaas {
    /// Reads the one login module that a client has.
    ///
    /// # Errors
    /// What is wrong, as a sentence without any value.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words { chars: text.chars().peekable() };
        let module = words.word()?.filter(|word| word != ";").ok_or("it names no login module")?;
        let flag = words.word()?.unwrap_or_default();
        if !FLAGS.iter().any(|known| known.eq_ignore_ascii_case(&flag)) {
            return Err(format!("after the login module comes one of {}", FLAGS.join(", ")));
        }
        let mut options = BTreeMap::new();
        loop {
            let name = words.word()?.ok_or("it does not end with ;")?;
            if name == ";" {
                break;
            }
            if words.word()?.as_deref() != Some("=") {
                return Err("an option has no value: write name=\"value\"".into());
            }
            let value = words.word()?.ok_or_else(|| format!("the option {name} has no value"))?;
            if options.insert(name.clone(), Secret::new(value)).is_some() {
                return Err(format!("the option {name} is there twice"));
            }
        }
        if words.word()?.is_some() {
            return Err("it has more than one login module".into());
        }
        Ok(Self { module, options })
    }

    /// The module's class without its package.
    pub(super) fn module(&self) -> &str {
        self.module.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(Secret::expose)
    }

    /// The options whose name begins with this, without it.
    pub(super) fn options_of<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.options.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.expose())))
    }
}

impl fmt::Debug for Jaas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jaas").field("module", &self.module).field("options", &self.options).finish()
    }
}

struct Words<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Words<'_> {
    /// The next word, quoted text, `=` or `;`; none at the end.
    fn word(&mut self) -> Result<Option<String>, String> {
        while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(first) = self.chars.next() else { return Ok(None) };
        match first {
            '=' | ';' => Ok(Some(first.to_string())),
            '"' | '\'' => self.quoted(first).map(Some),
            _ => {
                let mut word = first.to_string();
                while let Some(c) = self.chars.next_if(|c| !c.is_whitespace() && !matches!(c, '=' | ';' | '"' | '\'')) {
                    word.push(c);
                }
                Ok(Some(word))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        while let Some(c) = self.chars.next() {
            match c {
                _ if c == quote => return Ok(text),
                '\\' => match self.chars.next() {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(other) => text.push(other),
                    None => break,
                },
                _ => text.push(c),
            }
        }
        Err("a quoted value does not end".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_and_options_are_read_however_they_are_quoted() {
        let text = "org.apache.kafka.common.security.plain.PlainLoginModule Required\n username='al ice' \
                    password=\"p=;\\\"\\\\w\" serviceName=kafka ;";
        let jaas = Jaas::parse(text).expect("a line of JAAS");
        assert_eq!(jaas.module(), "PlainLoginModule");
        assert_eq!(jaas.option("username"), Some("al ice"));
        assert_eq!(jaas.option("password"), Some("p=;\"\\w"));
        assert_eq!(jaas.options_of("service").collect::<Vec<_>>(), [("Name", "kafka")]);
        assert!(!format!("{jaas:?}").contains("al ice"));
    }

    #[test]
    fn what_is_no_line_of_jaas_is_refused_without_showing_a_value() {
        for text in [
            "",
            ";",
            "PlainLoginModule;",
            "PlainLoginModule username=\"hunter2\";",
            "PlainLoginModule required username=\"a\"",
            "PlainLoginModule required hunter2 \"a\";",
            "PlainLoginModule required password=\"hunter2",
            "PlainLoginModule required password=\"hunter2\" password=\"hunter2\";",
            "PlainLoginModule required; ScramLoginModule required;",
            "PlainLoginModule required password=",
        ] {
            let reason = Jaas::parse(text).expect_err(text);
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }
}
