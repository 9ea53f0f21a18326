//! Payloads to rows, without a topic.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use kolumn::config::Properties;
use kolumn::decode::{BadPayload, Column, DecodeError, Decoder, decoder};
use kolumn::error::Error;
use kolumn::registry::Registry;
use kolumn::spec::{Names, Side, Spec};

use crate::exit::Failure;

/// A spec at work on payloads.
#[derive(Debug)]
pub(crate) struct Decoding {
    decoder: Box<dyn Decoder>,
    columns: Vec<Column>,
    schema: SchemaRef,
}

/// What became of some payloads.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// A row for each payload that could be decoded.
    pub(crate) rows: RecordBatch,
    /// The others, by their place among the payloads.
    pub(crate) bad: Vec<(usize, DecodeError)>,
}

/// The spec, with its schema as the registry has it.
fn resolve(spec: Spec, side: Side, properties: &Properties) -> Result<Spec, Failure> {
    let registry = Registry::new(properties)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(spec.resolve(&registry, None, side))?)
}

impl Decoding {
    /// Prepares `spec`, for keys or for values; what it leaves to the properties they say.
    pub(crate) fn new(spec: &str, side: Side, properties: &Properties) -> Result<Self, Failure> {
        let property = |name: &str| properties.get(name).map(str::to_owned);
        let mut spec = super::spec::spec(spec)?;
        if spec.is_unresolved() || properties.get("schema.registry.url").is_some_and(|url| !url.is_empty()) {
            spec = resolve(spec, side, properties)?;
        }
        let decoder = decoder(&spec, side, &Names::from_properties(property))?;
        let columns = decoder.fields().iter().map(Column::new).collect::<Result<_, Error>>()?;
        let schema = Arc::new(Schema::new(decoder.fields().to_vec()));
        Ok(Self { decoder, columns, schema })
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Decodes payloads; null payloads are rows of nulls.
    pub(crate) fn decode(&mut self, payloads: &[Option<&[u8]>]) -> Result<Decoded, Failure> {
        let mut bad: Vec<BadPayload> = Vec::new();
        self.decoder.decode(payloads, &mut self.columns, &mut bad);
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

    #[test]
    fn bad_payloads_leave_the_rows_and_keep_their_place() {
        let mut decoding = Decoding::new("json:price:float64", Side::Value, &Properties::new()).unwrap();
        let payloads: [Option<&[u8]>; 4] = [Some(b"{\"price\":1.5}"), Some(b"{oops"), None, Some(b"{\"price\":2}")];
        for _ in 0..2 {
            let decoded = decoding.decode(&payloads).unwrap();
            let prices: Vec<Option<f64>> = decoded.rows.column(0).as_primitive::<Float64Type>().iter().collect();
            assert_eq!(prices, [Some(1.5), None, Some(2.0)]);
            assert_eq!(decoded.bad.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
        }
    }

    #[test]
    fn the_properties_name_and_type_what_the_spec_leaves_open() {
        let properties = [("deephaven.key.column.name", "Client")].into();
        let decoding = Decoding::new("simple:utf8", Side::Key, &properties).unwrap();
        assert_eq!(decoding.schema().field(0).name(), "Client");
    }

    #[test]
    fn a_spec_that_does_not_parse_is_wrong_usage() {
        assert_eq!(Decoding::new("jsn:price", Side::Value, &Properties::new()).unwrap_err().exit_code(), 2);
    }
}
