//! What an error code of the protocol means for a question about the cluster.

use kafka_protocol::error::ResponseError;

use crate::error::Error;
use crate::wire::error_name;

/// The error of a request that was refused.
pub(super) fn refused(broker: &str, what: String, code: i16) -> Error {
    let name = error_name(code);
    let hint = match ResponseError::try_from_code(code) {
        Some(
            ResponseError::TopicAuthorizationFailed
            | ResponseError::GroupAuthorizationFailed
            | ResponseError::ClusterAuthorizationFailed,
        ) => return Error::NotAuthorized { broker: broker.to_owned(), what, name },
        Some(ResponseError::InvalidTopicException) => "a topic's name has 1 to 249 letters, digits, '.', '_' and '-'",
        Some(ResponseError::LeaderNotAvailable) => "no broker leads it at the moment; is one down?",
        Some(ResponseError::OffsetNotAvailable) => "its new leader does not know its end yet; try again",
        Some(ResponseError::CoordinatorNotAvailable | ResponseError::CoordinatorLoadInProgress) => {
            "the group's coordinator is not ready yet; try again"
        }
        _ => "",
    };
    Error::Refused { broker: broker.to_owned(), what, code, name, hint }
}

/// Whether the same question may be answered a little later, perhaps by another broker. An unknown code is taken to be one of those.
pub(super) fn is_passing(code: i16) -> bool {
    ResponseError::try_from_code(code).is_none_or(|error| error.is_retriable() || matches!(error, ResponseError::Unknown(_)))
}
