//! The suites against the in-process broker, but for those that count what their whole process takes or watch what it logs: one program, since each takes
//! longer to compile and link than most of them to run.

#[path = "../common/mod.rs"]
mod common;

mod bad_answers;
mod bad_input;
mod balance;
mod blink_updates;
mod damage;
mod every_byte;
mod faults;
mod fetch;
mod formats;
mod identity;
mod inference;
mod leadership;
mod lifecycle;
mod live;
mod lost_offsets;
mod metadata_columns;
mod partitioned;
mod records;
mod registry;
mod replay;
mod sasl;
mod schemas;
mod starts_and_stops;
mod subjects;
mod tables;
mod truncation;
mod two_threads;
mod undecodable;
mod withdrawal;
