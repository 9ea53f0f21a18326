//! Properties by their Kafka names, as typed settings.
//!
//! [`KNOWN`] is the one table: names, aliases, defaults, values, documentation, and for what has no effect here the reason
//! (`docs/configuration.md` is written from it); [`Properties`] holds what was given, as text and with
//! where it came from; [`Settings`] is what the library uses. Names are those of the Java client, of librdkafka where they
//! differ, of the reference API (`deephaven.*`), and kolumn's own (`kolumn.*`).

mod aws;
mod check;
mod columns;
mod duration;
mod hidden;
mod host_port;
mod jaas;
mod java;
mod known;
mod policy;
mod properties;
mod registry;
mod sasl;
mod security;
mod settings;
mod token;
mod value;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use aws::AwsCredentials;
pub(crate) use columns::HeaderColumn;
pub use columns::{ColumnNames, MetadataColumns, SideColumn};
pub use hidden::{Address, Secret};
pub use host_port::HostPort;
pub use known::{Effect, KNOWN, Property, Theme, Values};
pub use policy::{AddressFamily, OffsetReset, OnRecreatedTopic, OnTruncation, OnUnavailable};
pub use properties::{Origin, Properties};
pub use registry::{BearerToken, RegistryCredentials, RegistrySettings};
pub use sasl::{SaslCredentials, SaslMechanism, SaslSettings};
pub use security::{Pem, Security, SecurityProtocol, TlsIdentity, TlsSettings, TlsVersions, Verification};
pub use settings::{Settings, SocketSettings};
pub(crate) use token::check_extensions;
pub use token::{OidcSettings, UnsecuredToken};
