//! The address of a broker.

use std::fmt;
use std::str::FromStr;

use super::hidden::without_user;
use super::security::SecurityProtocol;

const DEFAULT_PORT: u16 = 9092;

/// A broker's address as it was given: a name or an IP address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl HostPort {
    /// An address of its parts.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The addresses of a list separated by commas. Blanks around them and empty entries do not matter.
    ///
    /// # Errors
    /// What is wrong with the first address that is none, as a sentence.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Self::from_str).collect()
    }
}

/// `host:port`, an IPv6 address in brackets.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// `host`, `host:port`, `[ipv6]`, `[ipv6]:port`; the default port is 9092. Each may have a `PLAINTEXT://`, `SSL://` and so on before it,
/// which says nothing: `security.protocol` does.
impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown = without_user(text);
        let address = match text.split_once("://") {
            Some((protocol, address)) if protocol.parse::<SecurityProtocol>().is_ok() => address,
            Some((protocol, _)) => return Err(format!("{shown:?}: {protocol} is no protocol of Kafka's")),
            None => text,
        };
        let (host, port) = split(address).ok_or_else(|| format!("{shown:?} is no host:port"))?;
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/[]@".contains(c)) {
            return Err(format!("{shown:?} is no host:port"));
        }
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(format!("{shown:?} has no port from 1 to 65535")),
            },
        };
        Ok(Self::new(host, port))
    }
}

fn split(address: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match address.split_once(':') {
        // Several colons and no brackets: an IPv6 address without a port.
        Some((_, rest)) if rest.contains(':') => Some((address, None)),
        Some((host, port)) => Some((host, Some(port))),
        None => Some((address, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_both_kinds_of_ip_address_are_read_with_and_without_a_port() {
        let read = |text: &str| text.parse::<HostPort>();
        assert_eq!(read("kafka-1:9093"), Ok(HostPort::new("kafka-1", 9093)));
        assert_eq!(read("kafka-1"), Ok(HostPort::new("kafka-1", 9092)));
        assert_eq!(read("[::1]:19092"), Ok(HostPort::new("::1", 19092)));
        assert_eq!(read("fe80::1"), Ok(HostPort::new("fe80::1", 9092)));
        assert_eq!(read("PLAINTEXT://10.0.0.7:1"), Ok(HostPort::new("10.0.0.7", 1)));
        assert_eq!(read("SASL_SSL://kafka:1"), Ok(HostPort::new("kafka", 1)));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_text_in_the_reason() {
        for text in [
            "",
            ":9092",
            "host:",
            "host:0",
            "host:65536",
            "host:x",
            "[::1",
            "[::1]9092",
            "http://host:80",
            "a b:1",
            "user@host:1",
        ] {
            let reason = text.parse::<HostPort>().expect_err(text);
            assert!(reason.contains(text), "{reason}");
        }
    }

    #[test]
    fn a_list_may_have_blanks_and_empty_entries() {
        assert_eq!(HostPort::list(" a:1, b:2,,"), Ok(vec![HostPort::new("a", 1), HostPort::new("b", 2)]));
        assert!(HostPort::list("a:1,b:nine").is_err());
    }

    #[test]
    fn an_ipv6_address_is_written_in_brackets_and_read_back() {
        let address = HostPort::new("::1", 9092);
        assert_eq!(address.to_string(), "[::1]:9092");
        assert_eq!(address.to_string().parse(), Ok(address));
    }
}
