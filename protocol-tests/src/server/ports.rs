//! Ports that stay ours while a server is down.
//!
//! A killed broker comes back on its port, so nobody else may take it in between. Ports are therefore taken from below the range that the
//! system gives to outgoing connections, and each is held by a file lock, which the system releases when this process ends.

use std::fs::{self, File};
use std::net::TcpListener;

use crate::cache::Cache;
use crate::error::{Result, ServerError, Tried};

/// The ports that servers of tests may have.
const RANGE: std::ops::Range<u16> = 20_000..30_000;

/// A port of 127.0.0.1 that no other test takes while this value lives.
#[derive(Debug)]
pub(crate) struct ReservedPort {
    pub(crate) number: u16,
    _lock: File,
}

impl ReservedPort {
    /// Some port that nobody listens on.
    pub(crate) fn take() -> Result<Self> {
        let folder = Cache::of_user().root().join("ports");
        fs::create_dir_all(&folder).tried(|| format!("creating {}", folder.display()))?;
        // Processes begin at different places, so that they seldom meet.
        let length = u32::from(RANGE.end - RANGE.start);
        let begin = std::process::id().wrapping_mul(37) % length;
        for step in 0..length {
            let number = RANGE.start + u16::try_from((begin + step) % length).expect("within the range of ports");
            let path = folder.join(number.to_string());
            let lock = File::create(&path).tried(|| format!("creating {}", path.display()))?;
            if lock.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", number)).is_ok() {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(ServerError::Answer { program: "the system".into(), reason: format!("no port in {RANGE:?} is free") })
    }
}
