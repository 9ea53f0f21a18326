//! Partitions that wait for the schema of their next record.

use std::collections::BTreeMap;

use tokio::sync::watch;

use super::Lane;
use crate::ingest::Schemas;
use crate::position::Partition;
use crate::spec::SchemaId;

/// What a lane waits for of a registry.
#[derive(Default)]
pub(super) struct Awaiting {
    schemas: Option<(Schemas, watch::Receiver<u64>)>,
    partitions: BTreeMap<Partition, SchemaId>,
}

impl Awaiting {
    pub(super) fn new(schemas: Option<Schemas>) -> Self {
        // Subscribed to before anything is looked up: no news is missed.
        let schemas = schemas.map(|schemas| {
            let news = schemas.news();
            (schemas, news)
        });
        Self { schemas, partitions: BTreeMap::new() }
    }

    /// Ready when there is something to look at again; never while no partition waits.
    ///
    /// Cancel safety: news that were not reported are reported the next time.
    pub(super) async fn news(&mut self) {
        if let Some((_, news)) = &mut self.schemas
            && !self.partitions.is_empty()
            && news.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }

    pub(super) fn insert(&mut self, partition: Partition, id: SchemaId) {
        self.partitions.insert(partition, id);
    }

    /// Says whether it waited.
    pub(super) fn forget(&mut self, partition: Partition) -> bool {
        self.partitions.remove(&partition).is_some()
    }

    /// The partitions that wait no longer, and why the others still do.
    fn look(&mut self) -> (Vec<Partition>, Vec<(Partition, SchemaId, String)>) {
        let Some((schemas, _)) = &self.schemas else { return Default::default() };
        let (mut ready, mut waiting) = (Vec::new(), Vec::new());
        for (partition, id) in &self.partitions {
            match schemas.waits_for(*id) {
                Some(why) => waiting.push((*partition, *id, why.to_string())),
                None => ready.push(*partition),
            }
        }
        self.partitions.retain(|partition, _| !ready.contains(partition));
        (ready, waiting)
    }

    fn place(&self) -> &str {
        self.schemas.as_ref().map_or("", |(schemas, _)| schemas.place())
    }
}

impl Lane {
    /// The record at the table's position is written with a schema that is asked for: nothing is fetched of the partition until there is
    /// an answer.
    pub(super) fn await_schema(&mut self, partition: Partition, id: SchemaId) {
        self.awaiting.insert(partition, id);
        self.core.hold(partition, true);
        self.rewind(partition);
        // The answer may have come since the record was looked at.
        self.on_schemas();
    }

    /// Lets go of the partitions whose schemas are there, or are known not to be.
    pub(super) fn on_schemas(&mut self) {
        let (ready, waiting) = self.awaiting.look();
        for partition in ready {
            self.core.hold(partition, false);
            self.publisher.status().has_schema(partition);
            if let Some(until) = self.catching.forget(partition) {
                self.catch_up(partition, until);
            }
        }
        for (partition, id, why) in waiting {
            self.publisher.status().awaits_schema(partition, &id.to_string(), self.awaiting.place(), &why);
        }
    }
}
