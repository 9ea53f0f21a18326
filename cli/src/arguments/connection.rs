//! Which cluster, and with which properties.

use std::path::PathBuf;

/// The flags that all verbs share that talk to a cluster.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ConnectionArguments {
    /// Brokers to start from, separated by commas [env: KOLUMN_BROKERS]
    // Not clap's `env`: the environment yields to a file, a flag does not.
    #[arg(short, long, value_name = "HOST:PORT,…")]
    pub(crate) brokers: Option<String>,
    /// A Kafka, librdkafka, registry, deephaven.* or kolumn.* property; wins over --config. -X list: all of them
    #[arg(short = 'X', long = "property", value_name = "KEY=VALUE", value_parser = parse_property)]
    pub(crate) properties: Vec<(String, String)>,
    /// A file of properties in Java's form
    #[arg(short = 'F', long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The schema registry (schema.registry.url)
    #[arg(short, long, value_name = "URL")]
    pub(crate) registry: Option<String>,
}

fn parse_property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        // The text is not repeated: what stands here by mistake may be a password.
        _ => Err("a property is KEY=VALUE, for example client.id=me".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_split_at_the_first_equals_sign() {
        assert_eq!(parse_property("sasl.jaas.config=a b=\"c\""), Ok(("sasl.jaas.config".into(), "a b=\"c\"".into())));
        assert_eq!(
            parse_property("deephaven.partition.column.name="),
            Ok(("deephaven.partition.column.name".into(), String::new()))
        );
    }

    #[test]
    fn what_is_no_property_is_refused_without_being_repeated() {
        assert!(parse_property("secret").is_err_and(|reason| !reason.contains("secret")));
        assert!(parse_property("=value").is_err());
    }
}
