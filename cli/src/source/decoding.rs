//! Payloads to rows, without a topic.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use kolumn::config::Properties;
use kolumn::decode::{BadPayload, Column, DecodeError, Decoder, decoder, decoder_with_registry};
use kolumn::error::Error;
use kolumn::spec::{Names, Side, Spec};

use crate::exit::Failure;
use crate::source::writers::Writers;

/// A spec at work on payloads.
#[derive(Debug)]
pub(crate) struct Decoding {
    decoder: Box<dyn Decoder>,
    columns: Vec<Column>,
    schema: SchemaRef,
    writers: Option<Writers>,
}

/// What became of some payloads.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// A row for each payload that could be decoded.
    pub(crate) rows: RecordBatch,
    /// The others, by their place among the payloads.
    pub(crate) bad: Vec<(usize, DecodeError)>,
}

impl Decoding {
    /// Prepares `spec`, for keys or for values; what it leaves to the properties they say, and what to a registry that one.
    pub(crate) fn new(spec: &Spec, side: Side, properties: &Properties, writers: Option<Writers>) -> Result<Self, Failure> {
        let property = |name: &str| properties.get(name).map(str::to_owned);
        let names = Names::from_properties(property);
        let decoder = match &writers {
            Some(writers) => decoder_with_registry(spec, side, &names, Box::new(writers.clone()))?,
            None => decoder(spec, side, &names)?,
        };
        let columns = decoder.fields().iter().map(Column::new).collect::<Result<_, Error>>()?;
        let schema = Arc::new(Schema::new(decoder.fields().to_vec()));
        Ok(Self { decoder, columns, schema, writers })
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Decodes payloads; null payloads are rows of nulls. A registry is asked for schemas that are met for the first time.
    pub(crate) async fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Result<Decoded, Failure> {
        let mut bad: Vec<BadPayload> = Vec::new();
        loop {
            self.decoder.decode(payloads, &mut self.columns, &mut bad);
            let asked = match &self.writers {
                Some(writers) => writers.ask().await?,
                None => false,
            };
            if !asked {
                break;
            }
            bad.clear();
            self.columns.iter_mut().for_each(|column| column.truncate(0));
        }
        let indexes: Vec<usize> = bad.iter().map(|bad| bad.index).collect();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            column.remove_rows(0, &indexes);
            arrays.push(column.finish()?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(payloads.len() - indexes.len()));
        let rows = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::Columns { what: "rows of decoded payloads", reason: error.to_string() })?;
        Ok(Decoded { rows, bad: bad.into_iter().map(|bad| (bad.index, bad.error)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Float64Type;

    use super::*;

    fn decoding(spec: &str, side: Side, properties: &Properties) -> Decoding {
        Decoding::new(&Spec::parse(spec).unwrap(), side, properties, None).unwrap()
    }

    #[tokio::test]
    async fn bad_payloads_leave_the_rows_and_keep_their_place() {
        let mut decoding = decoding("json:price:float64", Side::Value, &Properties::new());
        let payloads: [Option<&[u8]>; 4] = [Some(b"{\"price\":1.5}"), Some(b"{oops"), None, Some(b"{\"price\":2}")];
        for _ in 0..2 {
            let decoded = decoding.decode(&payloads).await.unwrap();
            let prices: Vec<Option<f64>> = decoded.rows.column(0).as_primitive::<Float64Type>().iter().collect();
            assert_eq!(prices, [Some(1.5), None, Some(2.0)]);
            assert_eq!(decoded.bad.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
        }
    }

    #[test]
    fn the_properties_name_and_type_what_the_spec_leaves_open() {
        let properties = [("deephaven.key.column.name", "Client")].into();
        assert_eq!(decoding("simple:utf8", Side::Key, &properties).schema().field(0).name(), "Client");
    }
}
