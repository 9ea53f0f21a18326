//! How columns are made of lanes: a struct of its fields, a list of its items.
//!
//! The fields of a struct are found like columns of their own, at the struct's place and their name. The items of a list are rows of their
//! own: those of all documents of a page one behind the other ([`super::lists`]). A column of which some part is read in no other way than
//! by the plain reader is one lane as a whole.

use super::lanes::{Block, Lane};
use super::page::{BLOCK, Page};
use crate::decode::{Column, ColumnFull};
use crate::spec::{JsonColumn, Options, Pointer, Type};

/// Columns are taken apart only where no document's nesting comes near the limit of theirs.
const DEPTH_ENOUGH: usize = 64;

/// A column, or a part of one.
#[derive(Debug)]
pub(super) enum Tree {
    Lane(usize),
    /// The place of the struct, by its number among the parts, and its fields. An item of a list has no place, and is always there.
    Struct(Option<usize>, Vec<Self>),
    /// The place of the list, its number among the lists, and its items.
    List(usize, usize, Box<Self>),
}

/// What is at a place that columns ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing but what leads on, or a value that is read as a whole.
    Plain,
    Struct,
    /// A list whose items have quotes: they are found as they stand, structs or texts.
    List(usize),
}

/// The items of a list.
#[derive(Debug)]
pub(super) struct Items {
    /// The lanes that they are read by.
    pub(super) lanes: Vec<usize>,
    /// The lane that finds the list as a whole, where its items are numbers: they are found within.
    pub(super) whole: Option<usize>,
}

/// Lanes and where their values are, as columns are taken apart.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) lanes: Vec<Lane>,
    /// The lanes and their pointers, but for those of a list's numbers.
    pub(super) pointers: Vec<(usize, Pointer)>,
    /// The parts that are structs or lists, and their pointers.
    pub(super) parts: Vec<(Part, Pointer)>,
    pub(super) lists: Vec<Items>,
}

impl Plan {
    /// Takes a column apart whose values are at `pointer`.
    pub(super) fn column(&mut self, column: &JsonColumn, pointer: Pointer, minds_null: bool, options: Options) -> Tree {
        let apart = !pointer.tokens.is_empty()
            && !minds_null
            && options.depth >= DEPTH_ENOUGH + pointer.tokens.len()
            && comes_apart(&column.data_type, options, true);
        if apart { self.part(&column.data_type, pointer, options) } else { self.lane(&column.data_type, Some(pointer), options) }
    }

    fn lane(&mut self, data_type: &Type, pointer: Option<Pointer>, options: Options) -> Tree {
        let lane = self.lanes.len();
        self.lanes.push(Lane::new(data_type, options));
        self.pointers.extend(pointer.map(|pointer| (lane, pointer)));
        Tree::Lane(lane)
    }

    fn part(&mut self, data_type: &Type, pointer: Pointer, options: Options) -> Tree {
        let place = self.parts.len();
        match data_type {
            Type::Struct(fields) => {
                self.parts.push((Part::Struct, pointer.clone()));
                Tree::Struct(Some(place), self.fields(fields, &pointer, options))
            }
            Type::List(item) => {
                let list = self.lists.len();
                self.lists.push(Items { lanes: Vec::new(), whole: None });
                let first = self.lanes.len();
                let (mut whole, mut part) = (None, Part::List(list));
                let items = match item.as_ref() {
                    Type::Struct(fields) => Tree::Struct(None, self.fields(fields, &pointer, options)),
                    Type::Utf8 => self.lane(item, Some(pointer.clone()), options),
                    _ => {
                        whole = Some(first);
                        part = Part::Plain;
                        self.lanes.push(Lane::Whole);
                        self.pointers.push((first, pointer.clone()));
                        self.lane(item, None, options)
                    }
                };
                self.parts.push((part, pointer));
                let lanes = (first..self.lanes.len()).filter(|lane| whole != Some(*lane)).collect();
                if let Some(items) = self.lists.get_mut(list) {
                    *items = Items { lanes, whole };
                }
                Tree::List(place, list, Box::new(items))
            }
            other => self.lane(other, Some(pointer), options),
        }
    }

    fn fields(&mut self, fields: &[(String, Type)], pointer: &Pointer, options: Options) -> Vec<Tree> {
        let field = |(name, data_type): &(String, Type)| {
            let tokens = pointer.tokens.iter().chain([name]).cloned().collect();
            self.part(data_type, Pointer { tokens }, options)
        };
        fields.iter().map(field).collect()
    }
}

/// Whether all parts of a type have lanes. A list is none of the items of another.
fn comes_apart(data_type: &Type, options: Options, lists: bool) -> bool {
    match data_type {
        Type::Struct(fields) => fields.iter().all(|(_, field)| match field {
            Type::Struct(_) | Type::List(_) => lists && comes_apart(field, options, lists),
            _ => comes_apart(field, options, lists),
        }),
        Type::List(item) => match item.as_ref() {
            Type::Struct(_) => comes_apart(item, options, false),
            Type::Utf8 => lists && !options.lenient,
            other => lists && matches!(Lane::new(other, options), Lane::Integer(_) | Lane::Float64 | Lane::Float32 | Lane::Bool),
        },
        other => !matches!(Lane::new(other, options), Lane::Plain),
    }
}

/// Rows of a column, or items of a list.
pub(super) type Range = (usize, usize);

impl Tree {
    /// The lists of numbers: their places, and which lists they are.
    pub(super) fn wholes(&self, lists: &[Items], into: &mut Vec<(usize, usize)>) {
        match self {
            Self::Lane(_) => {}
            Self::Struct(_, fields) => fields.iter().for_each(|field| field.wholes(lists, into)),
            Self::List(place, list, _) => {
                if lists.get(*list).is_some_and(|items| items.whole.is_some()) {
                    into.push((*place, *list));
                }
            }
        }
    }

    /// Appends rows whose values were read. Where it fails the column is as before.
    pub(super) fn append(
        &self,
        lanes: &[Lane],
        page: &Page,
        block: &Block,
        (from, to): Range,
        column: &mut Column,
    ) -> Result<(), ColumnFull> {
        match self {
            Self::Lane(lane) => {
                let Some(reads) = lanes.get(*lane) else { return Ok(()) };
                let before = column.len();
                let mut from = from;
                while from < to {
                    let (chunk, first) = (from / BLOCK, from % BLOCK);
                    let last = BLOCK.min(first + to - from);
                    let Some((spans, values)) = block.chunk(*lane, chunk) else { return Ok(()) };
                    if let Err(full) = reads.append(page.bytes(), spans, (first, last), values, column) {
                        column.truncate(before);
                        return Err(full);
                    }
                    from += last - first;
                }
                Ok(())
            }
            Self::Struct(place, fields) => {
                let valid = place.map(|place| block.present(place) >> from);
                column.push_structs(to - from, valid, |children| {
                    children
                        .iter_mut()
                        .zip(fields)
                        .try_for_each(|(child, field)| field.append(lanes, page, block, (from, to), child))
                })
            }
            Self::List(place, list, items) => {
                let starts = block.lists.starts(*list);
                let bound = |row: usize| starts.get(row).copied().unwrap_or(0);
                let lengths = (from..to).map(|row| bound(row + 1).saturating_sub(bound(row)));
                column.push_lists(lengths, block.present(*place) >> from, |child| {
                    items.append(lanes, page, block, (bound(from), bound(to)), child)
                })
            }
        }
    }
}
