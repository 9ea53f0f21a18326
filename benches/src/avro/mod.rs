//! Avro with Confluent's framing into columns: kolumn, arrow-avro, and apache-avro, which makes values of it.
//!
//! Everybody gets the payloads one after the other, as records of a batch are, and makes columns of 8192 rows at a time;
//! apache-avro makes no columns.

mod nested;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use arrow_array::{ArrayRef, RecordBatch};
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
    let fields = [("8 of 8 fields", ALL.to_vec()), ("6 of 8 fields", six()), ("2 of 8 fields", vec!["Symbol", "Price"])];
    for (title, fields) in fields {
        let title = format!("Avro, orders of {:.1} bytes, {title}", payloads.mean());
        results.push(contest(arguments, title, &payloads, &[schema(&ALL)], &schema(&fields))?);
    }
    results.push(nested::run(arguments)?);
    let (two, writers) = two_writers(arguments.rows);
    results.push(contest(arguments, "Avro, orders by two writers in turns".into(), &two, &writers, &schema(&ALL))?);
    Ok(results)
}

/// `writers` are the schemas number 1 and following.
fn contest(arguments: &Measure, title: String, payloads: &Payloads, writers: &[String], reader: &str) -> Outcome<Results> {
    Contest::new(title, Clock::Cpu)
        .bytes(payloads.bytes())
        .subject("kolumn", |watch| kolumn(watch, payloads, writers, reader))
        .peer("arrow-avro", 5.0, |watch| {
            arrow_avro(watch, payloads, writers, reader, |sums, columns| sums.add_order_columns(columns))
        })
        .peer("apache-avro, values", 20.0, |watch| apache_avro(watch, payloads, writers, reader, add_value))
        .run(arguments.rounds, true)
}

/// The same orders, of which each is by another writer than the one before: the worst case for whoever prepares for a writer.
fn two_writers(rows: usize) -> (Payloads, [String; 2]) {
    let reversed: Vec<&str> = ALL.into_iter().rev().collect();
    let payloads = orders().enumerate().map(|(index, order)| {
        let (id, fields) = if index % 2 == 0 { (1, ALL.as_slice()) } else { (2, reversed.as_slice()) };
        payload(&order, id, fields)
    });
    (Payloads::new(rows, payloads), [schema(&ALL), schema(&reversed)])
}

/// Orders as payloads, for whom the work is the same.
pub(crate) fn payloads(rows: usize) -> Payloads {
    Payloads::new(rows, orders().map(|order| payload(&order, 1, &ALL)))
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

/// An order as Confluent's serializer writes it, with the number of its schema.
fn payload(order: &Order, id: u8, fields: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, id];
    for field in fields {
        match *field {
            "Symbol" => put_text(&mut bytes, order.symbol),
            "Side" => put_text(&mut bytes, order.side),
            "Venue" => put_text(&mut bytes, order.venue),
            "Price" => bytes.extend(order.price.to_le_bytes()),
            "Qty" => put_long(&mut bytes, order.quantity),
            "OrderId" => put_long(&mut bytes, order.id),
            "Tstamp" => put_long(&mut bytes, order.micros),
            _ => put_nullable(&mut bytes, order.note.as_deref(), put_text),
        }
    }
    bytes
}

fn put_nullable<T>(bytes: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    put_long(bytes, i64::from(value.is_some()));
    if let Some(value) = value {
        put(bytes, value);
    }
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
fn kolumn(watch: &mut Stopwatch, payloads: &Payloads, writers: &[String], reader: &str) -> Outcome<Sums> {
    crate::payloads::into_columns(watch, payloads, &spec_of(writers, reader))
}

fn spec_of(writers: &[String], reader: &str) -> Spec {
    let of_all = kolumn::spec::avro(reader).framing(Framing::Confluent);
    Spec::from((1..).zip(writers).fold(of_all, |avro, (id, writer)| avro.writer_schema_of(SchemaId::Id(id), writer)))
}

fn arrow_avro(
    watch: &mut Stopwatch,
    payloads: &Payloads,
    writers: &[String],
    reader: &str,
    add: impl Fn(&mut Sums, &[ArrayRef]),
) -> Outcome<Sums> {
    let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
    for (id, writer) in (1..).zip(writers) {
        store.set(Fingerprint::Id(id), AvroSchema::new(writer.clone()))?;
    }
    let mut decoder = ReaderBuilder::new()
        .with_writer_schema_store(store)
        .with_active_fingerprint(Fingerprint::Id(1))
        .with_reader_schema(AvroSchema::new(reader.into()))
        .with_batch_size(BATCH_ROWS)
        .build_decoder()?;
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let batches = watch.measure(|| -> Outcome<Vec<RecordBatch>> {
            let mut batches = Vec::new();
            for payload in chunk.iter().flatten() {
                let mut rest = *payload;
                while !rest.is_empty() {
                    let taken = decoder.decode(rest)?;
                    rest = rest.get(taken..).unwrap_or_default();
                    if !rest.is_empty() {
                        // Another writer begins, and with it another batch.
                        batches.push(decoder.flush()?.ok_or("arrow-avro takes no payload and has no batch")?);
                    }
                }
            }
            batches.extend(decoder.flush()?);
            Ok(batches)
        })?;
        batches.iter().for_each(|batch| add(&mut sums, batch.columns()));
    }
    Ok(sums)
}

/// Its readers are made once, and no columns are made of the values: nothing that it does not have to do.
fn apache_avro(
    watch: &mut Stopwatch,
    payloads: &Payloads,
    writers: &[String],
    reader: &str,
    add: impl Fn(&mut Sums, &Value),
) -> Outcome<Sums> {
    let reader = apache_avro::Schema::parse_str(reader)?;
    let writers: Vec<_> = writers.iter().map(|writer| apache_avro::Schema::parse_str(writer)).collect::<Result<_, _>>()?;
    let of_writer =
        |writer| GenericDatumReader::builder(writer).maybe_reader_schema((*writer != reader).then_some(&reader)).build();
    let readers: Vec<GenericDatumReader<'_>> = writers.iter().map(of_writer).collect::<Result<_, _>>()?;
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let values = watch.measure(|| -> Outcome<Vec<Value>> {
            let datum = |payload: &&[u8]| {
                let (header, mut datum) = payload.split_at_checked(HEADER).ok_or("no header")?;
                let id = header.last().copied().map_or(0, usize::from);
                Ok(readers.get(id.wrapping_sub(1)).ok_or("no such writer")?.read_value(&mut datum)?)
            };
            chunk.iter().flatten().map(datum).collect()
        })?;
        values.iter().for_each(|value| add(&mut sums, value));
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
