//! The schema registry.

use super::property::{Property, nothing, used};

const NOT_ASKED: &str = "the registry is not asked yet";

pub(super) const PROPERTIES: &[Property] = &[
    used("schema.registry.url", &[], None, "The schema registry."),
    nothing("basic.auth.credentials.source", &["schema.registry.basic.auth.credentials.source"], NOT_ASKED),
    nothing("basic.auth.user.info", &["schema.registry.basic.auth.user.info"], NOT_ASKED).hidden(),
    nothing("bearer.auth.credentials.source", &[], NOT_ASKED),
    nothing("bearer.auth.token", &[], NOT_ASKED).hidden(),
];
