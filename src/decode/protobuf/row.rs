//! A message's fields, gathered from the wire and then appended to the columns in their order.
//!
//! Two passes, because on the wire fields come in any order and more than once: the last value counts, of a oneof the last member,
//! messages merge, lists go on. The occurrences of a message are the same as one with the bytes of all.

use super::value;
use super::wire::{Cursor, Raw, Segment, too_deep};
use crate::decode::{Column, Reason, Step, fault};
use crate::spec::{Absent, Entry, Item, Message, ProtobufShape as Shape};

/// The values of a field: the last one, all of a list, all that merge.
type Slot<'a> = Vec<Raw<'a>>;

/// Appends a message to the columns of its fields, one value to each.
pub(super) fn message(message: &Message, occurrences: &[Raw<'_>], columns: &mut [Column], depth: usize) -> Step {
    let Some(depth) = depth.checked_sub(1) else {
        let at = occurrences.iter().find_map(|raw| match raw {
            Raw::Bytes(segment) | Raw::Group(segment) => Some(segment.at),
            _ => None,
        });
        return too_deep(at.unwrap_or(0));
    };
    let mut slots: Vec<Slot<'_>> = Vec::new();
    slots.resize_with(message.entries.len(), Vec::new);
    let mut end = 0;
    for raw in occurrences {
        if let Raw::Bytes(segment) | Raw::Group(segment) = raw {
            end = segment.at + segment.bytes.len();
            gather(message, *segment, &mut slots, depth)?;
        }
    }
    let mut columns = columns;
    for (entry, slot) in message.entries.iter().zip(&slots) {
        let (own, others) = columns.split_at_mut(entry.width.min(columns.len()));
        columns = others;
        if entry.required && slot.is_empty() {
            return named(entry, fault(end, Reason::Null, "the field is required and is missing"));
        }
        named(entry, append(entry, slot, own, depth))?;
    }
    Ok(())
}

/// Errors are of the column, which is the outermost field that is not flattened.
fn named(entry: &Entry, step: Step) -> Step {
    step.map_err(|mut error| {
        if !matches!(entry.shape, Shape::Flat(_)) || error.column.is_none() {
            error.column = Some(entry.name.clone());
        }
        error
    })
}

fn gather<'a>(message: &Message, segment: Segment<'a>, slots: &mut [Slot<'a>], depth: usize) -> Step {
    let mut cursor = Cursor::new(segment);
    while !cursor.is_empty() {
        let start = cursor.position();
        let (number, raw) = cursor.field(depth)?;
        let Ok(found) = message.numbers.binary_search_by_key(&number, |(number, _)| *number) else {
            if let Some((_, oneof)) = message.left_out.iter().find(|(left_out, _)| *left_out == number) {
                clear(message, *oneof, None, slots);
            }
            continue;
        };
        let Some(index) = message.numbers.get(found).map(|(_, index)| *index) else { continue };
        let Some(entry) = message.entries.get(index) else { continue };
        let (good, last_only) = match &entry.shape {
            Shape::One(item) => (value::fits(item, &raw), matches!(item, Item::Scalar(_))),
            Shape::List(item) => (value::fits(item, &raw) || (value::packs(item) && matches!(raw, Raw::Bytes(_))), false),
            Shape::Flat(_) => (matches!(raw, Raw::Bytes(_) | Raw::Group(_)), false),
            Shape::Map(_) => (matches!(raw, Raw::Bytes(_)), false),
        };
        if !good {
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
            if last_only {
                slot.clear();
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
            slot.clear();
        }
    }
}

fn append(entry: &Entry, slot: &[Raw<'_>], columns: &mut [Column], depth: usize) -> Step {
    match (&entry.shape, columns) {
        (Shape::Flat(_), columns) if slot.is_empty() => {
            columns.iter_mut().for_each(Column::append_null);
            Ok(())
        }
        (Shape::Flat(inner), columns) => message(inner, slot, columns, depth),
        (Shape::One(item), [column]) => match &entry.absent {
            Some(absent) if slot.is_empty() => {
                let raw = match absent {
                    Absent::Number(bits) => Raw::Varint(*bits),
                    Absent::Bytes(bytes) => Raw::Bytes(Segment { bytes, at: 0 }),
                };
                value::value(item, &[raw], column, depth)
            }
            _ => value::value(item, slot, column, depth),
        },
        (Shape::List(item), [column]) => column.push_list(|items| {
            for raw in slot {
                match (item, raw) {
                    (Item::Scalar(scalar), Raw::Bytes(segment)) if value::packs(item) => value::packed(scalar, *segment, items)?,
                    _ => value::value(item, std::slice::from_ref(raw), items, depth)?,
                }
            }
            Ok(())
        }),
        (Shape::Map(entry), [column]) => column.push_map(|keys, values| {
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
        }),
        _ => {
            debug_assert!(false, "{} has one column", entry.name);
            Ok(())
        }
    }
}

/// One entry of a map. A key or value that is not written has its default.
fn pair(entry: &Message, raw: &Raw<'_>, keys: &mut Column, values: &mut Column, depth: usize) -> Step {
    let (Raw::Bytes(segment) | Raw::Group(segment)) = raw else { return Ok(()) };
    let Some(depth) = depth.checked_sub(1) else { return too_deep(segment.at) };
    let mut slots = [Vec::new(), Vec::new()];
    gather(entry, *segment, &mut slots, depth)?;
    for ((entry, slot), column) in entry.entries.iter().zip(&slots).zip([keys, values]) {
        append(entry, slot, std::slice::from_mut(column), depth)?;
    }
    Ok(())
}
