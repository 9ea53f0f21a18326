//! The library, as the verbs use it. Only here are its tables, properties and topics touched.

pub(crate) mod decoding;

use crate::arguments::connection::ConnectionArguments;
use crate::exit::Failure;

/// All properties, each later one winning over the earlier ones of its name.
pub(crate) fn properties(connection: &ConnectionArguments) -> Result<Vec<(String, String)>, Failure> {
    Ok(connection.properties.clone())
}
