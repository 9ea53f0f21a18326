//! Values that no column asks for: walked over by the writer's schema, their lengths and choices checked, their text not.

use super::cursor::Cursor;
use super::steps::Simple;
use crate::decode::Step;
use crate::spec::{AvroKind, AvroSchema, NodeId};

/// How to walk over every type of a writer's schema.
#[derive(Debug)]
pub(super) struct Skips {
    nodes: Vec<Skip>,
}

/// How to walk over one type. Types are entered by their place in [`Skips`], so they may contain themselves.
#[derive(Debug)]
enum Skip {
    /// No bytes, whatever it consists of.
    Nothing,
    Boolean,
    Int,
    Long,
    Bytes,
    Fixed(usize),
    Enum(usize),
    Items(usize),
    Entries(usize),
    Union(Vec<usize>),
    Record(Vec<usize>),
}

impl Skips {
    pub(super) fn new(schema: &AvroSchema) -> Self {
        let ids: Vec<NodeId> = schema.ids().collect();
        let place = |id: &NodeId| AvroSchema::index(*id);
        let mut nodes: Vec<Skip> = ids
            .iter()
            .map(|id| match schema.kind(*id) {
                AvroKind::Null => Skip::Nothing,
                AvroKind::Boolean => Skip::Boolean,
                AvroKind::Int => Skip::Int,
                AvroKind::Long => Skip::Long,
                AvroKind::Float => Skip::Fixed(4),
                AvroKind::Double => Skip::Fixed(8),
                AvroKind::Bytes | AvroKind::String => Skip::Bytes,
                AvroKind::Array(items) => Skip::Items(place(items)),
                AvroKind::Map(values) => Skip::Entries(place(values)),
                AvroKind::Union(branches) => Skip::Union(branches.iter().map(place).collect()),
                AvroKind::Record { fields, .. } => Skip::Record(fields.iter().map(|field| place(&field.node)).collect()),
                AvroKind::Enum { symbols, .. } => Skip::Enum(symbols.len()),
                AvroKind::Fixed { size: 0, .. } => Skip::Nothing,
                AvroKind::Fixed { size, .. } => Skip::Fixed(*size),
            })
            .collect();
        // Records of records of nothing would be walked over in time that no byte pays for.
        loop {
            let nothing: Vec<bool> = nodes.iter().map(|node| matches!(node, Skip::Nothing)).collect();
            let mut changed = false;
            for node in &mut nodes {
                if let Skip::Record(fields) = node {
                    let before = fields.len();
                    fields.retain(|field| nothing.get(*field) != Some(&true));
                    changed |= fields.len() != before;
                    if fields.is_empty() {
                        *node = Skip::Nothing;
                        changed = true;
                    }
                }
            }
            if !changed {
                return Self { nodes };
            }
        }
    }

    /// Walks over a value of the type.
    pub(super) fn skip(&self, id: NodeId, cursor: &mut Cursor<'_>) -> Step {
        self.walk(AvroSchema::index(id), cursor)
    }

    /// What the type is to those who do it for many data at once, if it is simple; and where it is a union of two, which is null.
    pub(super) fn simple(&self, id: NodeId) -> Option<(Simple, Option<u8>)> {
        let place = AvroSchema::index(id);
        match self.nodes.get(place)? {
            Skip::Union(branches) => match branches.as_slice() {
                [null, other] if matches!(self.nodes.get(*null), Some(Skip::Nothing)) => Some((self.plain(*other)?, Some(0))),
                [other, null] if matches!(self.nodes.get(*null), Some(Skip::Nothing)) => Some((self.plain(*other)?, Some(1))),
                _ => None,
            },
            _ => Some((self.plain(place)?, None)),
        }
    }

    fn plain(&self, place: usize) -> Option<Simple> {
        match self.nodes.get(place)? {
            Skip::Nothing => Some(Simple::Bytes(0)),
            Skip::Boolean => Some(Simple::Boolean),
            Skip::Int => Some(Simple::Int),
            Skip::Long => Some(Simple::Long),
            Skip::Bytes => Some(Simple::Run),
            Skip::Fixed(size) => Some(Simple::Bytes(*size)),
            Skip::Enum(symbols) => Some(Simple::Choice(*symbols)),
            Skip::Items(_) | Skip::Entries(_) | Skip::Union(_) | Skip::Record(_) => None,
        }
    }

    fn walk(&self, index: usize, cursor: &mut Cursor<'_>) -> Step {
        let Some(node) = self.nodes.get(index) else { return Ok(()) };
        match node {
            Skip::Nothing => Ok(()),
            Skip::Boolean => cursor.boolean().map(drop),
            Skip::Int => cursor.int().map(drop),
            Skip::Long => cursor.long().map(drop),
            Skip::Bytes => cursor.bytes().map(drop),
            Skip::Fixed(size) => cursor.take(*size).map(drop),
            Skip::Enum(symbols) => cursor.choice(*symbols, "symbol").map(drop),
            Skip::Items(items) => self.blocks(cursor, |cursor| self.walk(*items, cursor)),
            Skip::Entries(values) => self.blocks(cursor, |cursor| {
                cursor.bytes()?;
                self.walk(*values, cursor)
            }),
            Skip::Union(branches) => {
                let branch = cursor.choice(branches.len(), "branch")?;
                let next = branches.get(branch).copied().unwrap_or(usize::MAX);
                cursor.deeper(|cursor| self.walk(next, cursor))
            }
            Skip::Record(fields) => cursor.deeper(|cursor| fields.iter().try_for_each(|field| self.walk(*field, cursor))),
        }
    }

    fn blocks<'a>(&self, cursor: &mut Cursor<'a>, item: impl Fn(&mut Cursor<'a>) -> Step) -> Step {
        cursor.deeper(|cursor| {
            while let Some(block) = cursor.block()? {
                match block.end {
                    Some(end) => cursor.jump(end),
                    None => (0..block.items).try_for_each(|_| item(cursor))?,
                }
            }
            Ok(())
        })
    }
}
