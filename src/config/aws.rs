//! Who we are to Amazon's managed Kafka, for the mechanism AWS_MSK_IAM.

use super::hidden::Secret;
use super::value::Reader;
use crate::error::{Error, Result};

/// Keys of AWS: `kolumn.aws.*`, else the variables that AWS's own tools read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsCredentials {
    /// `kolumn.aws.access.key.id`, `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `kolumn.aws.secret.access.key`, `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `kolumn.aws.session.token`, `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// `kolumn.aws.region`, `AWS_REGION`, `AWS_DEFAULT_REGION`; none for that of the broker's name.
    pub region: Option<String>,
}

impl AwsCredentials {
    /// `wanted`: what is missing is an error, and the environment is looked at; else the properties have no effect.
    pub(super) fn read(reader: &Reader<'_>, wanted: bool, environment: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let mut given = ["access.key.id", "secret.access.key", "session.token", "region"].into_iter().zip([
            reader.filled("kolumn.aws.access.key.id"),
            reader.filled("kolumn.aws.secret.access.key"),
            reader.filled("kolumn.aws.session.token"),
            reader.filled("kolumn.aws.region"),
        ]);
        if !wanted {
            return Ok(None);
        }
        let mut find = |variables: &[&str]| {
            let (_, property) = given.next()?;
            let variable = || variables.iter().find_map(|name| environment(name)).filter(|value| !value.is_empty());
            property.or_else(variable)
        };
        let missing = |what: &str, hint: &str| Error::Missing { what: what.into(), hint: hint.into() };
        let access_key_id = find(&["AWS_ACCESS_KEY_ID"])
            .ok_or_else(|| missing("the access key for AWS_MSK_IAM", "give AWS_ACCESS_KEY_ID, or kolumn.aws.access.key.id"))?;
        let secret_access_key = find(&["AWS_SECRET_ACCESS_KEY"]).ok_or_else(|| {
            missing("the secret key for AWS_MSK_IAM", "give AWS_SECRET_ACCESS_KEY, or kolumn.aws.secret.access.key")
        })?;
        let session_token = find(&["AWS_SESSION_TOKEN"]).map(Secret::new);
        let region = find(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        Ok(Some(Self { access_key_id, secret_access_key: Secret::new(secret_access_key), session_token, region }))
    }

    /// The region as given, else that in the name of a broker: `b-1.name.kafka.REGION.amazonaws.com`.
    pub(crate) fn region_for(&self, host: &str) -> Option<String> {
        let of_host = || {
            let before = host.strip_suffix(".cn").unwrap_or(host).strip_suffix(".amazonaws.com")?;
            before.rsplit('.').next().map(str::to_owned)
        };
        self.region.clone().or_else(of_host)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Properties;
    use super::*;

    fn read(properties: &Properties, environment: &[(&str, &str)]) -> Result<Option<AwsCredentials>> {
        let find = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        AwsCredentials::read(&Reader::new(properties), true, find)
    }

    #[test]
    fn keys_are_of_the_properties_or_of_the_environment() {
        let variables = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "hunter2"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        let found = read(&Properties::new(), &variables).expect("complete").expect("wanted");
        assert_eq!((found.access_key_id.as_str(), found.region.as_deref()), ("id", Some("eu-west-1")));
        assert!(!format!("{found:?}").contains("hunter2"));
        let properties = Properties::from([("kolumn.aws.access.key.id", "mine"), ("kolumn.aws.session.token", "t")]);
        let found = read(&properties, &variables).expect("complete").expect("wanted");
        assert_eq!((found.access_key_id.as_str(), found.session_token), ("mine", Some(Secret::new("t"))));
        for environment in [&variables[..1], &variables[1..]] {
            assert!(matches!(read(&Properties::new(), environment), Err(Error::Missing { .. })));
        }
    }

    #[test]
    fn the_region_is_in_the_brokers_name_where_nobody_gives_it() {
        let keys = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "x")];
        let found = read(&Properties::new(), &keys).expect("complete").expect("wanted");
        assert_eq!(found.region_for("b-1.c.abc.c2.kafka.us-east-1.amazonaws.com").as_deref(), Some("us-east-1"));
        assert_eq!(found.region_for("b-1.c.kafka.cn-north-1.amazonaws.com.cn").as_deref(), Some("cn-north-1"));
        assert_eq!(found.region_for("10.0.0.1"), None);
    }
}
