//! Avro orders of 58 bytes, with Confluent's framing, into columns: kolumn, arrow-avro, and apache-avro, which makes values of them.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use arrow_avro::reader::ReaderBuilder;
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore};
use kolumn::spec::{Framing, SchemaId, Spec};

use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::{Clock, Stopwatch};
use crate::orders::{Order, orders, text};
use crate::payloads::{BATCH_ROWS, Payloads};
use crate::sums::{Sums, hundredths_of_cents};

const ALL: [&str; 8] = ["Symbol", "Side", "Venue", "Price", "Qty", "OrderId", "Tstamp", "Note"];
/// What is left out when six of the eight are asked for.
const LEFT_OUT: [&str; 2] = ["Venue", "OrderId"];
const HEADER: usize = 5;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let payloads = payloads(arguments.rows);
    let mut results = Vec::new();
    for (title, fields) in [("8 of 8 fields", ALL.to_vec()), ("6 of 8 fields", six())] {
        let title = format!("Avro, orders of {:.1} bytes, {title}", payloads.mean());
        let (writer, reader) = (schema(&ALL), schema(&fields));
        let contest = Contest::new(title, Clock::Cpu)
            .bytes(payloads.bytes())
            .subject("kolumn", |watch| kolumn(watch, &payloads, &writer, &reader))
            .peer("arrow-avro", 5.0, |watch| arrow_avro(watch, &payloads, &writer, &reader))
            .peer("apache-avro, values", 20.0, |watch| apache_avro(watch, &payloads, &writer, &reader));
        results.push(contest.run(arguments.rounds, true)?);
    }
    Ok(results)
}

/// Orders as payloads, for whom the work is the same.
pub(crate) fn payloads(rows: usize) -> Payloads {
    Payloads::new(rows, orders().map(|order| payload(&order)))
}

/// All fields of them.
pub(crate) fn spec() -> Spec {
    kolumn::spec::avro(schema(&ALL)).framing(Framing::Confluent).into()
}

fn six() -> Vec<&'static str> {
    ALL.into_iter().filter(|field| !LEFT_OUT.contains(field)).collect()
}

fn schema(fields: &[&str]) -> String {
    let field = |name: &&str| {
        let kind = match *name {
            "Price" => r#""double""#,
            "Qty" | "OrderId" => r#""long""#,
            "Tstamp" => r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
            "Note" => r#"["null", "string"]"#,
            _ => r#""string""#,
        };
        format!(r#"{{"name": "{name}", "type": {kind}}}"#)
    };
    let fields: Vec<String> = fields.iter().map(field).collect();
    format!(r#"{{"type": "record", "name": "Order", "fields": [{}]}}"#, fields.join(", "))
}

/// An order as Confluent's serializer writes it, with schema number 1.
fn payload(order: &Order) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 1];
    for text in [order.symbol, order.side, order.venue] {
        put_text(&mut bytes, text);
    }
    bytes.extend(order.price.to_le_bytes());
    for number in [order.quantity, order.id, order.micros] {
        put_long(&mut bytes, number);
    }
    match &order.note {
        None => put_long(&mut bytes, 0),
        Some(note) => {
            put_long(&mut bytes, 1);
            put_text(&mut bytes, note);
        }
    }
    bytes
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_long(bytes, text.len() as i64);
    bytes.extend(text.as_bytes());
}

fn put_long(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    while rest > 0x7f {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// In blocks of 64 payloads, as a lane gives them to the decoder.
fn kolumn(watch: &mut Stopwatch, payloads: &Payloads, writer: &str, reader: &str) -> Outcome<Sums> {
    let avro = kolumn::spec::avro(reader).writer_schema_of(SchemaId::Id(1), writer).framing(Framing::Confluent);
    crate::payloads::into_columns(watch, payloads, &Spec::from(avro))
}

fn arrow_avro(watch: &mut Stopwatch, payloads: &Payloads, writer: &str, reader: &str) -> Outcome<Sums> {
    let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
    store.set(Fingerprint::Id(1), AvroSchema::new(writer.into()))?;
    let mut decoder = ReaderBuilder::new()
        .with_writer_schema_store(store)
        .with_active_fingerprint(Fingerprint::Id(1))
        .with_reader_schema(AvroSchema::new(reader.into()))
        .with_batch_size(BATCH_ROWS)
        .build_decoder()?;
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let batch = watch.measure(|| -> Outcome<_> {
            for payload in chunk.iter().flatten() {
                if decoder.decode(payload)? != payload.len() {
                    return Err("arrow-avro did not take the whole payload".into());
                }
            }
            Ok(decoder.flush()?)
        })?;
        sums.add_order_columns(batch.ok_or("no batch")?.columns());
    }
    Ok(sums)
}

/// Its reader is made once, and no columns are made of the values: nothing that it does not have to do.
fn apache_avro(watch: &mut Stopwatch, payloads: &Payloads, writer: &str, reader: &str) -> Outcome<Sums> {
    let (writer, reader) = (apache_avro::Schema::parse_str(writer)?, apache_avro::Schema::parse_str(reader)?);
    let datums = GenericDatumReader::builder(&writer).maybe_reader_schema((writer != reader).then_some(&reader)).build()?;
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let values = watch.measure(|| -> Outcome<Vec<Value>> {
            let datum = |payload: &&[u8]| Ok(datums.read_value(&mut payload.get(HEADER..).unwrap_or_default())?);
            chunk.iter().flatten().map(datum).collect()
        })?;
        values.iter().for_each(|value| add_value(&mut sums, value));
    }
    Ok(sums)
}

fn add_value(sums: &mut Sums, value: &Value) {
    let Value::Record(fields) = value else { return };
    let (mut columns, mut nulls) = ([0; 8], 0);
    for (sum, (_, value)) in columns.iter_mut().zip(fields) {
        let inner = if let Value::Union(_, inner) = value { inner } else { value };
        *sum = match inner {
            Value::String(value) => text(value),
            Value::Double(value) => hundredths_of_cents(*value),
            Value::Long(value) | Value::TimestampMicros(value) => *value,
            _ => {
                nulls += 1;
                0
            }
        };
    }
    sums.add_order(columns, nulls);
}
