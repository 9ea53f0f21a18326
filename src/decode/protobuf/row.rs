//! A message's fields, gathered from the wire and then appended to the columns in their order.
//!
//! Two passes, because on the wire fields come in any order and more than once: the last value counts, of a oneof the last member,
//! messages merge, lists go on. The occurrences of a message are the same as one with the bytes of all.

use super::columns::Columns;
use super::value;
use super::wire::{Cursor, Raw, Segment, deeper};
use crate::decode::{Column, Reason, Step, fault};
use crate::spec::{Absent, Entry, Item, Message, ProtobufShape as Shape};

/// The values of a field: the last one, all of a list, all that merge. Most fields have one.
#[derive(Debug, Clone, Default)]
enum Slot<'a> {
    #[default]
    Empty,
    One(Raw<'a>),
    Many(Vec<Raw<'a>>),
}

impl<'a> Slot<'a> {
    fn raws(&self) -> &[Raw<'a>] {
        match self {
            Self::Empty => &[],
            Self::One(raw) => std::slice::from_ref(raw),
            Self::Many(raws) => raws,
        }
    }

    fn push(&mut self, raw: Raw<'a>) {
        match self {
            Self::Empty => *self = Self::One(raw),
            Self::One(first) => *self = Self::Many(vec![*first, raw]),
            Self::Many(raws) => raws.push(raw),
        }
    }
}

/// Appends a message to the columns of its fields, one value to each. `depth` is how deeply messages may be nested in it.
pub(super) fn message(message: &Message, occurrences: &[Raw<'_>], mut columns: Columns<'_>, depth: usize) -> Step {
    let mut slots = vec![Slot::default(); message.entries.len()];
    let mut end = 0;
    for segment in occurrences.iter().filter_map(Raw::segment) {
        end = segment.at + segment.bytes.len();
        gather(message, segment, &mut slots, depth)?;
    }
    for (entry, slot) in message.entries.iter().zip(&slots) {
        let slot = slot.raws();
        if entry.required && slot.is_empty() {
            return named(entry, fault(end, Reason::Null, "the field is required and is missing"));
        }
        named(entry, append(entry, slot, columns.part(entry.first, entry.width), depth))?;
    }
    Ok(())
}

/// Errors are of the column, which is the outermost field that is not flattened.
fn named<T>(entry: &Entry, step: Step<T>) -> Step<T> {
    step.map_err(|mut error| {
        if !matches!(entry.shape, Shape::Flat(_) | Shape::Lists { .. }) || error.column.is_none() {
            error.column = Some(entry.name.clone());
        }
        error
    })
}

fn gather<'a>(message: &Message, segment: Segment<'a>, slots: &mut [Slot<'a>], depth: usize) -> Step {
    let mut cursor = Cursor::new(segment);
    while !cursor.is_empty() {
        let start = cursor.position();
        let (number, wire_type) = cursor.tag()?;
        let Ok(found) = message.numbers.binary_search_by_key(&number, |(number, _)| *number) else {
            let left_out = message.left_out.iter().find(|left_out| left_out.number == number);
            if let Some(oneof) = left_out.and_then(|left_out| left_out.oneof) {
                clear(message, oneof, None, slots);
            }
            cursor.value(number, wire_type, depth)?;
            continue;
        };
        let Some(index) = message.numbers.get(found).map(|(_, index)| *index) else { return Ok(()) };
        let Some(entry) = message.entries.get(index) else { return Ok(()) };
        let raw = named(entry, cursor.value(number, wire_type, depth))?;
        if !value::fits(entry, &raw) {
            let reason = format!("field {number} is {} on the wire, which is not its type", raw.wire_type());
            return named(entry, fault(start, Reason::Type, reason));
        }
        if let Shape::One(item) | Shape::List(item) = &entry.shape {
            named(entry, value::check(item, &raw))?;
        }
        if let Some(oneof) = entry.oneof {
            clear(message, oneof, Some(index), slots);
        }
        if let Some(slot) = slots.get_mut(index) {
            if matches!(entry.shape, Shape::One(Item::Scalar(_))) {
                *slot = Slot::Empty;
            }
            slot.push(raw);
        }
    }
    Ok(())
}

/// Takes the values of a oneof's members away, but of `except`.
fn clear(message: &Message, oneof: usize, except: Option<usize>, slots: &mut [Slot<'_>]) {
    for (index, (entry, slot)) in message.entries.iter().zip(slots).enumerate() {
        if Some(index) != except && entry.oneof == Some(oneof) {
            *slot = Slot::Empty;
        }
    }
}

pub(super) fn append(entry: &Entry, slot: &[Raw<'_>], mut columns: Columns<'_>, depth: usize) -> Step {
    let unset = match &entry.absent {
        Some(Absent::Number(bits)) => Some(Raw::Varint(*bits)),
        Some(Absent::Bytes(bytes)) => Some(Raw::Bytes(Segment { bytes, at: 0 })),
        None => None,
    };
    let slot = if slot.is_empty() { unset.as_slice() } else { slot };
    match &entry.shape {
        Shape::Flat(_) if slot.is_empty() => columns.append_nulls(),
        Shape::Flat(inner) => return message(inner, slot, columns, deeper(depth, slot)?),
        Shape::Lists { message, map } => return lists(message, *map, slot, columns, depth),
        Shape::One(item) => return on(&mut columns, |column| value::value(item, slot, column, depth)),
        Shape::List(item) => return on(&mut columns, |column| list(item, slot, column, depth)),
        Shape::Map(entry) => return on(&mut columns, |column| map(entry, slot, column, depth)),
    }
    Ok(())
}

/// The one column of an entry.
fn on(columns: &mut Columns<'_>, append: impl FnOnce(&mut Column) -> Step) -> Step {
    debug_assert_eq!(columns.len(), 1);
    columns.at(0).map_or(Ok(()), append)
}

fn list(item: &Item, slot: &[Raw<'_>], column: &mut Column, depth: usize) -> Step {
    column.push_list(|items| {
        for raw in slot {
            match (item, raw) {
                (Item::Scalar(scalar), Raw::Bytes(segment)) if value::packs(item) => value::packed(scalar, *segment, items)?,
                _ => value::value(item, std::slice::from_ref(raw), items, depth)?,
            }
        }
        Ok(())
    })
}

fn map(entry: &Message, slot: &[Raw<'_>], column: &mut Column, depth: usize) -> Step {
    column.push_map(|keys, values| {
        let start = keys.len();
        for raw in slot {
            pair(entry, raw, keys, values, depth)?;
        }
        let earlier = keys.same_rows(start);
        if !earlier.is_empty() {
            keys.remove_rows(start, &earlier);
            values.remove_rows(start, &earlier);
        }
        Ok(())
    })
}

/// One entry of a map. A key or value that is not written has its default.
fn pair(entry: &Message, raw: &Raw<'_>, keys: &mut Column, values: &mut Column, depth: usize) -> Step {
    let depth = deeper(depth, std::slice::from_ref(raw))?;
    let mut slots = [Slot::Empty, Slot::Empty];
    if let Some(segment) = raw.segment() {
        gather(entry, segment, &mut slots, depth)?;
    }
    for ((entry, slot), column) in entry.entries.iter().zip(&slots).zip([keys, values]) {
        append(entry, slot.raws(), Columns::new(std::slice::from_mut(column)), depth)?;
    }
    Ok(())
}

/// Messages as lists beside each other.
fn lists(message: &Message, map: bool, slot: &[Raw<'_>], mut columns: Columns<'_>, depth: usize) -> Step {
    let mut appended = items(message, map, slot, &mut columns, depth);
    for index in 0..columns.len() {
        let Some(column) = columns.at(index) else { continue };
        match appended {
            Ok(()) => appended = column.close_items().map_err(Into::into),
            Err(_) => column.drop_items(),
        }
    }
    appended
}

fn items(inner: &Message, map: bool, slot: &[Raw<'_>], columns: &mut Columns<'_>, depth: usize) -> Step {
    for raw in slot {
        let raw = std::slice::from_ref(raw);
        message(inner, raw, columns.items(), deeper(depth, raw)?)?;
    }
    if !map {
        return Ok(());
    }
    let start = columns.at(0).map_or(0, |keys| keys.closed_items());
    let earlier = columns.items().at(0).map(|keys| keys.same_rows(start)).unwrap_or_default();
    for index in 0..columns.len() {
        let start = columns.at(index).map_or(0, |column| column.closed_items());
        if let Some(values) = columns.items().at(index) {
            values.remove_rows(start, &earlier);
        }
    }
    Ok(())
}
