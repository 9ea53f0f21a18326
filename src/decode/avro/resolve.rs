//! The Avro specification's schema resolution: a writer's type and a reader's become steps.

use super::default;
use super::leaf;
use super::plan::{Mismatch, Op};
use crate::spec::{AvroKind, AvroName, AvroSchema, MOST_DEPTH, NodeId, Shape};

/// How many pairs of types are looked at before a schema is refused.
const MOST_PAIRS: usize = 1 << 18;

/// The steps from a datum of `writer` to the columns of `shape`, which is `reader`'s.
pub(super) fn resolve(writer: &AvroSchema, reader: &AvroSchema, shape: &Shape) -> Result<Op, Mismatch> {
    let mut resolver = Resolver { writer, reader, path: Vec::new(), pairs: 0 };
    resolver.value(writer.root(), reader.root(), shape, true)
}

struct Resolver<'a> {
    writer: &'a AvroSchema,
    reader: &'a AvroSchema,
    path: Vec<String>,
    pairs: usize,
}

impl Resolver<'_> {
    #[cold]
    fn mismatch<T>(&self, reason: impl Into<String>) -> Result<T, Mismatch> {
        Err(Mismatch { path: self.path.join("."), reason: reason.into() })
    }

    fn differ<T>(&self, writer: NodeId, reader: NodeId) -> Result<T, Mismatch> {
        self.mismatch(format!(
            "the writer's {} does not resolve to the reader's {}",
            self.writer.describe(writer),
            self.reader.describe(reader)
        ))
    }

    /// `top` is whether the types are the schemas themselves, whose names may differ.
    fn value(&mut self, writer: NodeId, reader: NodeId, shape: &Shape, top: bool) -> Result<Op, Mismatch> {
        if matches!(shape, Shape::Skip) {
            return Ok(Op::Skip(writer));
        }
        self.pairs += 1;
        if self.pairs > MOST_PAIRS || self.path.len() > MOST_DEPTH {
            return self.mismatch("the schemas are too large to be resolved");
        }
        let schema = self.writer;
        if let AvroKind::Union(branches) = schema.kind(writer) {
            return self.writer_union(branches, reader, shape, top);
        }
        match shape {
            Shape::Skip => Ok(Op::Skip(writer)),
            Shape::Optional { branch, inner, columns } => {
                let AvroKind::Union(branches) = self.reader.kind(reader) else { return self.differ(writer, reader) };
                let Some(valued) = branches.get(*branch) else { return self.differ(writer, reader) };
                match self.writer.kind(writer) {
                    AvroKind::Null if branches.len() > 1 => Ok(Op::Nulls(columns.clone())),
                    _ => self.value(writer, *valued, inner, top),
                }
            }
            Shape::Branches { column, branches } => self.reader_union(writer, reader, *column, branches),
            Shape::Raw { column } => match (self.writer.kind(writer), self.reader.kind(reader)) {
                (AvroKind::Record { name, .. }, AvroKind::Record { name: own, .. }) if own.answers_to(name) => {
                    Ok(Op::Raw { column: *column, node: writer })
                }
                _ => self.differ(writer, reader),
            },
            Shape::Fields(shapes) => self.record(writer, reader, shapes, top),
            Shape::Struct { column, fields } => {
                let inner = self.record(writer, reader, fields, top)?;
                Ok(Op::Struct { column: *column, inner: Box::new(inner) })
            }
            Shape::List { column, item } => match (self.writer.kind(writer), self.reader.kind(reader)) {
                (AvroKind::Array(from), AvroKind::Array(to)) => {
                    let item = self.within("[]", |this| this.value(*from, *to, item, false))?;
                    Ok(Op::List { column: *column, item: Box::new(item) })
                }
                _ => self.differ(writer, reader),
            },
            Shape::Map { column, value } => match (self.writer.kind(writer), self.reader.kind(reader)) {
                (AvroKind::Map(from), AvroKind::Map(to)) => {
                    let value = self.within("{}", |this| this.value(*from, *to, value, false))?;
                    Ok(Op::Map { column: *column, value: Box::new(value) })
                }
                _ => self.differ(writer, reader),
            },
            Shape::Leaf { column, leaf } => match leaf::read((self.writer, writer), (self.reader, reader), *leaf) {
                Some(read) => Ok(Op::Value { column: *column, read }),
                None => self.differ(writer, reader),
            },
        }
    }

    fn within<T>(&mut self, step: &str, then: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.to_owned());
        let done = then(self);
        self.path.pop();
        done
    }

    /// A branch that does not resolve is an error of the data that hold it; it is one of the schema where none resolves.
    fn writer_union(&mut self, branches: &[NodeId], reader: NodeId, shape: &Shape, top: bool) -> Result<Op, Mismatch> {
        let mut first = None;
        let mut resolved = false;
        let mut ops = Vec::with_capacity(branches.len());
        for branch in branches {
            match self.value(*branch, reader, shape, top) {
                Ok(op) => {
                    resolved = true;
                    ops.push(op);
                }
                Err(mismatch) => {
                    ops.push(Op::Fail(mismatch.reason.as_str().into()));
                    first.get_or_insert(mismatch);
                }
            }
        }
        match first {
            Some(mismatch) if !resolved => Err(mismatch),
            _ => Ok(Op::Union(ops)),
        }
    }

    /// The branch of the reader's union of many: of the same type, else the first that it resolves to.
    fn reader_union(&mut self, writer: NodeId, reader: NodeId, column: usize, shapes: &[Shape]) -> Result<Op, Mismatch> {
        let schema = self.reader;
        let AvroKind::Union(branches) = schema.kind(reader) else { return self.differ(writer, reader) };
        if matches!(self.writer.kind(writer), AvroKind::Null) {
            return match branches.iter().any(|branch| matches!(schema.kind(*branch), AvroKind::Null)) {
                true => Ok(Op::Nulls(column..column + 1)),
                false => self.differ(writer, reader),
            };
        }
        let mut order: Vec<usize> = (0..branches.len()).collect();
        order.sort_by_key(|index| branches.get(*index).map_or(u8::MAX, |branch| self.distance(writer, *branch)));
        let columns = shapes.iter().filter(|shape| !matches!(shape, Shape::Skip)).count();
        for index in order {
            let (Some(branch), Some(shape)) = (branches.get(index), shapes.get(index)) else { continue };
            if matches!(schema.kind(*branch), AvroKind::Null) {
                continue;
            }
            let own = shapes.iter().take(index).filter(|shape| !matches!(shape, Shape::Skip)).count();
            let (op, after) = match shape {
                // A record of nothing has no column: the struct is there and all in it is null.
                Shape::Skip if self.distance(writer, *branch) < u8::MAX => (Op::Skip(writer), own),
                Shape::Skip => continue,
                _ => match self.value(writer, *branch, shape, false) {
                    Ok(op) => (op, own + 1),
                    Err(_) => continue,
                },
            };
            let inner = Op::Sequence(vec![op, Op::Nulls(0..own), Op::Nulls(after..columns)]);
            return Ok(Op::Struct { column, inner: Box::new(inner) });
        }
        self.differ(writer, reader)
    }

    /// How far a type is from a branch: the same, the same by another name, or of another kind.
    fn distance(&self, writer: NodeId, branch: NodeId) -> u8 {
        use AvroKind as K;
        let (from, to) = (self.writer.node(writer), self.reader.node(branch));
        let named = |from: &AvroName, to: &AvroName| match (from.full == to.full, to.answers_to(from)) {
            (true, _) => 0,
            (false, true) => 1,
            _ => u8::MAX,
        };
        match (&from.kind, &to.kind) {
            (K::Record { name: from, .. }, K::Record { name: to, .. })
            | (K::Enum { name: from, .. }, K::Enum { name: to, .. })
            | (K::Fixed { name: from, .. }, K::Fixed { name: to, .. }) => named(from, to),
            (one, other) if std::mem::discriminant(one) == std::mem::discriminant(other) => u8::from(from.logical != to.logical),
            _ => u8::MAX,
        }
    }

    fn record(&mut self, writer: NodeId, reader: NodeId, shapes: &[Shape], top: bool) -> Result<Op, Mismatch> {
        let (from_schema, to_schema) = (self.writer, self.reader);
        let (AvroKind::Record { name: theirs, fields: from }, AvroKind::Record { name: own, fields: to }) =
            (from_schema.kind(writer), to_schema.kind(reader))
        else {
            return self.differ(writer, reader);
        };
        if !top && !own.answers_to(theirs) {
            return self.differ(writer, reader);
        }
        let mut filled = vec![false; to.len()];
        let mut ops = Vec::new();
        for field in from {
            let named = to.iter().position(|own| own.name == field.name);
            // A reader's field whose own name the writer has too is not found by its aliases.
            let aliased = || {
                to.iter().position(|own| own.aliases.contains(&field.name) && !from.iter().any(|other| other.name == own.name))
            };
            let target = named.or_else(aliased).filter(|target| filled.get(*target) == Some(&false));
            let target = target.and_then(|target| Some((to.get(target)?, shapes.get(target)?, filled.get_mut(target)?)));
            ops.push(match target {
                Some((own, shape, filled)) => {
                    *filled = true;
                    self.within(&own.name, |this| this.value(field.node, own.node, shape, false))?
                }
                None => Op::Skip(field.node),
            });
        }
        for ((own, shape), filled) in to.iter().zip(shapes).zip(filled) {
            if filled || matches!(shape, Shape::Skip) {
                continue;
            }
            let op = self.within(&own.name, |this| match &own.default {
                Some(value) => this.default(own.node, value, shape),
                None => this.mismatch(format!("{} of the writer lacks the field, and it has no default", theirs.full)),
            })?;
            ops.push(op);
        }
        Ok(Op::Sequence(ops))
    }

    fn default(&mut self, reader: NodeId, value: &serde_json::Value, shape: &Shape) -> Result<Op, Mismatch> {
        let mut datum = Vec::new();
        default::encode(self.reader, reader, value, 0, &mut datum).or_else(|reason| self.mismatch(reason))?;
        let mut own = Resolver { writer: self.reader, reader: self.reader, path: self.path.clone(), pairs: self.pairs };
        let op = own.value(reader, reader, shape, false)?;
        self.pairs = own.pairs;
        Ok(Op::Default { datum: datum.into(), op: Box::new(op) })
    }
}
