//! What stands in the way of an answer, and whether it may pass.

use kafka_protocol::error::ResponseError;

use crate::error::Error;
use crate::wire::error_name;

/// Why a question was not answered.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may be answered a little later, perhaps by another broker.
    Passing(Error),
    /// It will not.
    Final(Error),
}

impl Trouble {
    /// A broker answered with an error code.
    pub(super) fn refused(broker: &str, what: String, code: i16) -> Self {
        let error = refused(broker, what, code);
        if is_passing(code) { Self::Passing(error) } else { Self::Final(error) }
    }

    pub(super) fn error(self) -> Error {
        match self {
            Self::Passing(error) | Self::Final(error) => error,
        }
    }
}

/// What went wrong on the way to a broker passes, as a rule; what the two sides say to each other does not.
impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        if is_hopeless(&error) { Self::Final(error) } else { Self::Passing(error) }
    }
}

fn is_hopeless(error: &Error) -> bool {
    match error {
        Error::Resolve { .. }
        | Error::Connect { .. }
        | Error::Disconnected { .. }
        | Error::Timeout { .. }
        | Error::MalformedResponse { .. }
        | Error::Token { .. }
        | Error::OtherCluster { .. }
        | Error::FrameSize { hint: None, .. } => false,
        // One broker speaks for all about who may log in: to ask the others again and again would be to try passwords.
        Error::NoBroker { tried } => {
            tried.iter().all(is_hopeless) || tried.iter().any(|error| matches!(error, Error::Authentication { .. }))
        }
        _ => true,
    }
}

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
        Some(ResponseError::UnstableOffsetCommit) => "a transaction that commits offsets is open; try again",
        Some(ResponseError::RebootstrapRequired) => "the cluster moved; the configured brokers are asked again",
        _ => "",
    };
    Error::Refused { broker: broker.to_owned(), what, code, name, hint }
}

/// Whether the same question may be answered a little later, perhaps by another broker. An unknown code is taken to be one of those.
fn is_passing(code: i16) -> bool {
    ResponseError::try_from_code(code).is_none_or(|error| error.is_retriable() || matches!(error, ResponseError::Unknown(_)))
}
