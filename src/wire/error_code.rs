//! The names of the protocol's error codes.

use kafka_protocol::error::ResponseError;

/// The name of an error code as the Kafka protocol writes it: `NOT_LEADER_OR_FOLLOWER`.
pub(crate) fn error_name(code: i16) -> String {
    match ResponseError::try_from_code(code) {
        None => "NONE".into(),
        Some(ResponseError::Unknown(_)) => "an unknown error code".into(),
        Some(error) => screaming(&format!("{error:?}")),
    }
}

fn screaming(camel: &str) -> String {
    let mut name = String::new();
    for (index, c) in camel.chars().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_protocol_and_unknown_ones_say_so() {
        assert_eq!(error_name(6), "NOT_LEADER_OR_FOLLOWER");
        assert_eq!(error_name(3), "UNKNOWN_TOPIC_OR_PARTITION");
        assert_eq!(error_name(-1), "UNKNOWN_SERVER_ERROR");
        assert_eq!(error_name(0), "NONE");
        assert_eq!(error_name(9999), "an unknown error code");
    }
}
