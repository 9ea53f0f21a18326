//! What a cluster is told when it starts, and keeps.

use crate::api::SessionLimits;
use kafka_protocol::messages::ApiKey;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Decompresses a records section: codec number and bytes in, records out; nothing where it cannot.
pub(crate) type Decompress = Arc<dyn Fn(u8, &[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// The settings of a cluster.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// Version ranges that are told and served instead of the usual ones; `None` hides an API.
    pub(crate) versions: BTreeMap<i16, Option<(i16, i16)>>,
    pub(crate) auto_create: Option<i32>,
    pub(crate) decompress: Option<Decompress>,
    pub(crate) sasl: Option<crate::sasl::Sasl>,
    pub(crate) sessions: SessionLimits,
    pub(crate) rack_aware: bool,
}

impl Settings {
    /// The versions of an API that this cluster serves.
    pub(crate) fn versions_of(&self, api: ApiKey) -> Option<(i16, i16)> {
        match self.versions.get(&(api as i16)) {
            Some(told) => *told,
            None => crate::api::served(api),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("versions", &self.versions)
            .field("auto_create", &self.auto_create)
            .field("sessions", &self.sessions)
            .field("rack_aware", &self.rack_aware)
            .field("decompress", &self.decompress.is_some())
            .field("sasl", &self.sasl)
            .finish()
    }
}
