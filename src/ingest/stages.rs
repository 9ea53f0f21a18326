//! A lane without its socket, for `benches/`.

use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use bytes::Bytes;

use super::{Assembler, AssemblySettings, End, Rows, schema};
use crate::config::MetadataColumns;
use crate::decode::{OnError, decoder};
use crate::error::Result;
use crate::fetch::PartitionRecords;
use crate::position::Partition;
use crate::spec::{self, Names, Side, Spec};
use crate::table::stages::Feed;
use crate::table::{Allowance, Publisher};

/// What a lane does with the records of an answer.
pub struct Assembly {
    assembler: Assembler,
    publisher: Publisher,
}

impl fmt::Debug for Assembly {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Assembly").finish_non_exhaustive()
    }
}

impl Assembly {
    /// The columns of a table of these values.
    pub fn schema(value: &Spec) -> Result<SchemaRef> {
        let (key, value) = decoders(value)?;
        schema(&MetadataColumns::none(), key.fields(), value.fields())
    }

    /// An assembly that appends to the table of `feed`.
    pub fn new(feed: &Feed, value: &Spec) -> Result<Self> {
        let topic: Arc<str> = "orders".into();
        let settings = AssemblySettings {
            topic: Arc::clone(&topic),
            check_crc: true,
            on_error: OnError::Fail,
            skip_tombstones: false,
            chunk_rows: 65_536,
            chunk_bytes: 32 << 20,
            decompressed_limit: 256 << 20,
            by_partition: false,
            error_raw_bytes: 0,
            again: None,
        };
        let (key, value) = decoders(value)?;
        let rows = Rows::new(&topic, &MetadataColumns::none(), key, value, false)?;
        let publisher = feed.publisher.clone();
        let assembler = Assembler::new(settings, rows, publisher.clone(), feed.budget.clone(), Allowance::new(None));
        Ok(Self { assembler, publisher })
    }

    /// The offset that the table has next of a partition.
    pub fn position(&self, partition: Partition) -> i64 {
        self.publisher.position(partition).unwrap_or(0)
    }

    /// Decodes the batches of one partition of an answer, which go on at the table's position, and brings the rows to the table.
    pub fn answer(&mut self, partition: Partition, records: Bytes) -> Result<()> {
        let from = self.position(partition);
        let records = PartitionRecords { partition, from, next: from, records, aborted: Vec::new() };
        self.assembler.decode(&records, End::default(), 0)?;
        self.assembler.seal()
    }
}

type Decoders = (Box<dyn crate::decode::Decoder>, Box<dyn crate::decode::Decoder>);

fn decoders(value: &Spec) -> Result<Decoders> {
    let names = Names::default();
    Ok((decoder(&spec::ignore(), Side::Key, &names)?, decoder(value, Side::Value, &names)?))
}
