//! `kolumn decode`: a spec over payloads, without a broker.

mod errors;
mod excerpt;
mod input;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use kolumn::Properties;
use kolumn::infer::{Payload, infer};
use kolumn::spec::{Side, Spec};

use self::errors::{Errors, place_columns};
use self::input::{Item, Payloads};
use crate::arguments::{DecodeArguments, Format, Talk, choose_format};
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::output::Sink;
use crate::source::decoding::Decoding;
use crate::source::properties;
use crate::source::spec::spec;
use crate::source::writers::Writers;
use crate::verbs::schema::quoted;
use crate::verbs::specs::{json_without_columns, with_options};

/// Payloads are decoded in blocks of so many, or so many bytes.
const BLOCK_ROWS: usize = 1_024;
const BLOCK_BYTES: usize = 1 << 20;

/// Runs the verb.
pub(crate) async fn run(arguments: &DecodeArguments, talk: Talk, interrupt: &Interrupt) -> Result<(), Failure> {
    let format =
        choose_format(arguments.output.format, arguments.output.file(), io::stdout().is_terminal()).map_err(Failure::Usage)?;
    let properties = properties(&arguments.connection)?;
    let mut run = Run::new(arguments, format, properties, talk).await?;
    let mut payloads = Payloads::new(&arguments.files, arguments.input);
    let mut block = Block::default();
    while !interrupt.is_asked()
        && let Some(item) = payloads.next()?
    {
        if item.side.as_ref().is_some_and(|side| *side != run.side.name()) {
            run.others += 1;
            continue;
        }
        block.push(item);
        if block.is_full() {
            run.decode(&mut block).await?;
        }
    }
    run.decode(&mut block).await?;
    run.finish()
}

/// What is known before the first payload, and what of it is ready after.
struct Run<'a> {
    arguments: &'a DecodeArguments,
    format: Format,
    properties: Properties,
    talk: Talk,
    text: &'a str,
    /// None where it is to be found out.
    spec: Option<Spec>,
    side: Side,
    writers: Option<Writers>,
    errors: Errors,
    /// Errors of a file that are about another side.
    others: u64,
    begun: Option<Begun>,
}

/// What the first payloads decide.
struct Begun {
    decoding: Decoding,
    rows: Sink,
    schema: SchemaRef,
    /// Whether rows say which record they are from.
    placed: bool,
}

impl<'a> Run<'a> {
    async fn new(arguments: &'a DecodeArguments, format: Format, properties: Properties, talk: Talk) -> Result<Self, Failure> {
        let (text, side) = match (&arguments.value, &arguments.key) {
            (Some(spec), _) => (spec, Side::Value),
            (None, Some(spec)) => (spec, Side::Key),
            (None, None) => return Err(Failure::Usage("a spec is missing; give one with -v, or for keys with -k".to_owned())),
        };
        let errors = Errors::new(arguments.output.errors.as_deref(), arguments.explain, talk);
        let given = if json_without_columns(text).is_none() { Some(spec(text, side)?) } else { None };
        let writers = match &given {
            Some(spec) if spec.is_unresolved() => Some(Writers::new(&properties)?),
            _ => Writers::of(&properties)?,
        };
        let spec = match (given, &writers) {
            (Some(spec), Some(writers)) => Some(writers.resolve(spec, side, arguments.topic.as_deref()).await?),
            (spec, _) => spec,
        };
        if let Some(spec) = &spec {
            // What is wrong with it is told before anything is read.
            Decoding::new(spec, side, &properties, writers.clone())?;
        }
        Ok(Self { arguments, format, properties, talk, text, spec, side, writers, errors, others: 0, begun: None })
    }

    fn begin(&self, block: &Block) -> Result<Begun, Failure> {
        let spec = match &self.spec {
            Some(spec) => spec.clone(),
            None => {
                let options = json_without_columns(self.text).unwrap_or_default();
                let payloads = block.items.iter().map(|item| Payload::from(item.payload.as_deref()));
                let spec = with_options(&infer(self.side).look(payloads), options)?;
                if !self.talk.quiet {
                    eprintln!("{}s look like {}", self.side.name(), quoted(&spec.to_string()));
                }
                spec
            }
        };
        let decoding = Decoding::new(&spec, self.side, &self.properties, self.writers.clone())?;
        let placed = block.items.iter().any(|item| item.place.is_some());
        let mut fields: Vec<Field> = Vec::new();
        if placed {
            let places = place_columns(std::iter::empty());
            fields.extend(places.iter().map(|(name, array, nullable)| Field::new(*name, array.data_type().clone(), *nullable)));
        }
        fields.extend(decoding.schema().fields().iter().map(|field| field.as_ref().clone()));
        let schema = Arc::new(Schema::new(fields));
        let rows = Sink::open(self.format, self.arguments.output.file(), &schema)?;
        Ok(Begun { decoding, rows, schema, placed })
    }

    async fn decode(&mut self, block: &mut Block) -> Result<(), Failure> {
        if self.begun.is_none() {
            let begun = self.begin(block)?;
            self.errors.open(begun.placed)?;
            self.begun = Some(begun);
        }
        let Some(begun) = &mut self.begun else { return Ok(()) };
        let (usable, unusable): (Vec<&Item>, Vec<&Item>) = block.items.iter().partition(|item| item.unusable.is_none());
        let payloads: Vec<Option<&[u8]>> = usable.iter().map(|item| item.payload.as_deref()).collect();
        let decoded = begun.decoding.decode(&payloads).await?;
        let bad: Vec<usize> = decoded.bad.iter().map(|(index, _)| *index).collect();
        let good = usable.iter().enumerate().filter(|(index, _)| bad.binary_search(index).is_err());
        begun.write(&decoded.rows, good.map(|(_, item)| *item))?;
        let told = decoded.bad.iter().filter_map(|(index, error)| Some((*usable.get(*index)?, error)));
        let unusable = unusable.into_iter().filter_map(|item| Some((item, item.unusable.as_ref()?)));
        let mut told: Vec<_> = told.chain(unusable).collect();
        told.sort_by_key(|(item, _)| item.index);
        told.into_iter().try_for_each(|(item, error)| self.errors.write(item, error))?;
        block.clear();
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        self.begun.map_or(Ok(()), |begun| begun.rows.finish())?;
        self.errors.finish(self.others)
    }
}

impl Begun {
    fn write<'b>(&mut self, rows: &RecordBatch, items: impl Iterator<Item = &'b Item>) -> Result<(), Failure> {
        if self.placed {
            let places = place_columns(items.map(|item| item.place));
            let columns = places.into_iter().map(|(_, array, _)| array).chain(rows.columns().iter().map(Arc::clone)).collect();
            let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns);
            self.rows.write(&rows.map_err(|error| Failure::Output(error.to_string()))?)?;
        } else {
            self.rows.write(rows)?;
        }
        self.rows.flush()
    }
}

/// Payloads that wait to be decoded together.
#[derive(Debug, Default)]
struct Block {
    items: Vec<Item>,
    bytes: usize,
}

impl Block {
    fn push(&mut self, item: Item) {
        self.bytes += item.payload.as_ref().map_or(0, Vec::len);
        self.items.push(item);
    }

    fn is_full(&self) -> bool {
        self.items.len() >= BLOCK_ROWS || self.bytes >= BLOCK_BYTES
    }

    fn clear(&mut self) {
        self.items.clear();
        self.bytes = 0;
    }
}
