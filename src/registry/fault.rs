//! Why there is no schema.

/// Why the registry gave no answer, or not the one that was hoped for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryFault {
    /// It cannot be connected to, does not answer in time, or ends the connection.
    #[error("{0}; is schema.registry.url right?")]
    Unreachable(String),
    /// It answers that it cannot answer now: a status of 5xx or 429.
    #[error("it cannot answer now: status {status} {message}")]
    Unavailable {
        /// The status of HTTP.
        status: u16,
        /// What it said.
        message: String,
    },
    /// It has no such subject, version or schema.
    #[error("there is none ({code}) {message}")]
    NotFound {
        /// The registry's error code: 40401 for a subject, 40402 for a version, 40403 for a schema; 404 where it gave none.
        code: u32,
        /// What it said.
        message: String,
    },
    /// It does not let us.
    #[error("not allowed: status {status} {message}; see basic.auth.* and bearer.auth.*")]
    Denied {
        /// The status of HTTP: 401 or 403.
        status: u16,
        /// What it said.
        message: String,
    },
    /// It refuses the request.
    #[error("it refuses: status {status} {message}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// What it said.
        message: String,
    },
    /// There is no token to ask with.
    #[error("no token for it: {0}")]
    NoToken(String),
    /// Its answer is none.
    #[error("its answer cannot be read: {0}")]
    Malformed(String),
    /// A schema with what it refers to is larger than is accepted.
    #[error("the schema and what it refers to have more than {limit} bytes (kolumn.registry.schema.max.bytes)")]
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// A schema refers to more schemas than is accepted.
    #[error("the schema refers to more than {limit} others (kolumn.registry.references.max)")]
    TooManyReferences {
        /// The most references.
        limit: usize,
    },
    /// A schema refers to one that refers to one, and so on.
    #[error("the schema's references are more than {limit} deep")]
    TooDeep {
        /// The deepest.
        limit: usize,
    },
}

impl RegistryFault {
    /// Whether the same question may have an answer later, or at another address of the registry.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Unavailable { .. } | Self::NoToken(_))
    }
}
