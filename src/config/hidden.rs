//! Text that may hold a secret.

use std::fmt;

/// An address that may hold a user's name and password: `Debug` and `Display` show it without them.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// An address, user and password included where it has them.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address, user and password included. Not to be printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_user(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", without_user(&self.0))
    }
}

/// A secret: `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself. Not to be printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// The text with the part between `://` and `@` hidden, in each entry of a list separated by commas; without `://` what has the form
/// of `user:password@`.
pub(super) fn without_user(text: &str) -> String {
    text.split(',').map(hide).collect::<Vec<_>>().join(",")
}

fn hide(entry: &str) -> String {
    let Some((scheme, rest)) = entry.split_once("://") else {
        return match entry.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => format!("[hidden]@{host}"),
            _ => entry.to_owned(),
        };
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://[hidden]@{host}{path}"),
        None => entry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_hidden_and_the_rest_is_shown() {
        let address = Address::new("https://me:hunter2@registry:8081/sub@x,http://b");
        assert_eq!(address.to_string(), "https://[hidden]@registry:8081/sub@x,http://b");
        assert!(!format!("{address:?}").contains("hunter2"));
        assert!(address.expose().contains("hunter2"));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("hunter2");
        assert_eq!((format!("{secret:?}").as_str(), secret.expose()), ("[hidden]", "hunter2"));
    }

    #[test]
    fn a_password_is_hidden_in_an_address_without_scheme_and_other_text_is_not() {
        assert_eq!(without_user("me:hunter2@registry:8081"), "[hidden]@registry:8081");
        assert_eq!(without_user("me@example.org"), "me@example.org");
    }
}
