//! Live tables: chunks come in, become visible in cycles, and are read as snapshots and updates.
//!
//! A [`Publisher`] takes chunks in (`intake`), each cycle makes a step of every table that they reach (`step`,
//! `cycle`), and what was stepped becomes visible at once. Handles ([`Table`], [`PartitionedTable`]) read what is visible.

mod account;
mod allowance;
mod budget;
mod chunk;
mod compact;
mod core;
mod cycle;
mod derive;
mod epochs;
mod error_table;
mod event;
mod family;
mod handle;
mod holding;
mod intake;
mod ledger;
mod lens;
mod life;
mod lock;
mod node;
mod origin;
mod partitioned;
mod positions;
mod proxy;
mod publisher;
mod queue;
mod round;
mod segment;
mod segments;
mod snapshot;
mod sources;
#[cfg(feature = "stages")]
pub(crate) mod stages;
mod status;
mod step;
mod table_type;
mod update;
mod updates;
mod view;
mod withdraw;
mod withdrawal;

#[cfg(test)]
mod tests;

pub(crate) use self::core::CycleSettings;
pub(crate) use allowance::Allowance;
pub(crate) use budget::Budget;
pub(crate) use chunk::Chunk;
pub use error_table::error_schema;
pub use event::{Event, EventKind};
pub use handle::Table;
pub(crate) use life::End;
pub use partitioned::PartitionedTable;
pub use positions::{PartitionPosition, Positions};
pub use proxy::Proxy;
pub(crate) use publisher::Publisher;
pub use snapshot::Snapshot;
pub use status::{PartitionState, PartitionStatus, State, Status};
pub use table_type::TableType;
pub use update::Update;
pub use updates::{Changes, Updates};
pub use withdrawal::Withdrawal;
