//! Property files as anybody writes them.

use super::jaas::Jaas;
use super::{Properties, Settings, UnsecuredToken};

/// Reads the text of a properties file, and settings from it.
///
/// # Panics
/// Where what was read and written again is read otherwise.
pub fn properties(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut properties) = Properties::parse_file("fuzz.properties", text) else { return };
    let found: Vec<(String, String)> = properties.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let _either = Settings::from_properties(&properties);
    // What is misspelt is not looked at otherwise.
    properties.set("kolumn.lenient.config", "true");
    let _either = Settings::from_properties(&properties);
    let written: String = found.iter().map(|(key, value)| format!("{}={}\n", escaped(key), escaped(value))).collect();
    let again = Properties::parse(&written).expect("escapes are in order");
    assert!(again.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).eq(found), "{written}");
}

/// Reads a line of JAAS, and what of it is a token that nobody signs; and the same as librdkafka's form of such a token.
///
/// # Panics
/// Where `Debug` shows a value.
pub fn jaas(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _either = UnsecuredToken::of_text(text);
    let Ok(line) = Jaas::parse(text) else { return };
    let _module = line.module().len();
    for (name, value) in line.options_of("") {
        assert_eq!(line.option(name), Some(value));
    }
    if let Some(password) = line.option("password").filter(|password| password.len() > 30) {
        assert!(!format!("{line:?}").contains(password) || line.module().contains(password));
    }
}

/// Every character as an escape, which has one meaning wherever it stands.
fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}
