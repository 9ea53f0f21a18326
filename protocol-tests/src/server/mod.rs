//! What every server needs: a process that does not outlive this one, and ports that stay its own.

mod ports;
mod process;

pub(crate) use ports::ReservedPort;
pub(crate) use process::{LIMIT, LOOK_AGAIN, ServerProcess};
