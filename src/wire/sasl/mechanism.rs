//! What every SASL mechanism is to a connection: challenges in, responses out.

use thiserror::Error;

/// The client's side of a SASL mechanism, as a state machine: no socket, no clock.
///
/// All mechanisms of Kafka let the client speak first: the challenge of the first step is empty.
pub(crate) trait Mechanism: Send + 'static {
    /// Takes what the server said and tells what to say next.
    ///
    /// # Errors
    /// What is wrong with what the server said. The exchange is over then.
    fn step(&mut self, challenge: &[u8]) -> Result<Step, MechanismError>;

    /// Whether the next step takes so long that it must not be made on a thread that has other things to do.
    fn is_slow(&self) -> bool {
        false
    }

    /// Why the server refuses, where it has said so within the mechanism; the protocol's own error comes after it.
    fn refusal(&self) -> Option<&str> {
        None
    }
}

/// How an exchange goes on.
pub(crate) enum Step {
    /// This is sent, and answered by the next challenge. It may hold a secret, so that nothing prints it.
    Send(Vec<u8>),
    /// The client is content with the server, which has said all that it has to say.
    Done,
}

/// What a server said that a mechanism does not accept. No text of it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum MechanismError {
    /// Not what the mechanism's grammar allows here.
    #[error("the broker's {message} is malformed: {reason}")]
    Malformed {
        /// Which message.
        message: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// A message more than the mechanism has.
    #[error("the broker goes on where the exchange is over")]
    Superfluous,
    /// The broker refuses, in the words of the mechanism.
    #[error("the broker says: {0}")]
    Refused(String),
    /// The server's nonce does not begin with ours: this is an answer to somebody else.
    #[error("the broker's nonce does not extend ours: it answers another exchange than this")]
    Nonce,
    /// The iteration count would be too weak, or cost too much.
    #[error("the broker asks for {asked} iterations of the hash, {least} to {most} are accepted")]
    Iterations {
        /// As asked, leading digits where there are too many.
        asked: String,
        /// The fewest that are safe.
        least: u32,
        /// The most that are reasonable.
        most: u32,
    },
    /// The server could not prove that it knows the password.
    #[error("the broker does not prove that it knows the password: is it the broker that it claims to be?")]
    ServerSignature,
    /// No random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Random(String),
}
