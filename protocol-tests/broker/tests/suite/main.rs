//! The broker as clients see it.

mod client;

mod apis;
mod faults;
mod replicas;
mod scale;
mod sessions;
mod topic_ids;
mod wire;
