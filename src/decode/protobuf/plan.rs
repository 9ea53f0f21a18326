//! A message's fields as steps, for a block of payloads to go through.

use crate::spec::{Absent, Entry, Item, Message, ProtobufShape as Shape, Scalar};

/// The steps of a message in the order of the fields' numbers, which is that in which writers write them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) number: u32,
    pub(super) tag: Tag,
    /// The bit of the oneof that it is a member of; none for all others.
    pub(super) oneof: u32,
    pub(super) required: bool,
    /// The entry of the message that it fills, unless it is left out.
    pub(super) entry: usize,
    /// The first of its columns.
    pub(super) column: usize,
    pub(super) work: Work,
}

#[derive(Debug)]
pub(super) enum Work {
    /// The field is left out.
    Skip,
    /// One value, with what it is where it is not there.
    Scalar(Scalar, Option<Absent>),
    /// A message whose fields are columns beside the others.
    Flat(Plan),
    /// A message that is a struct.
    Struct(Plan),
    /// Whatever else, record by record. The tag is that of one value of a list that may be packed.
    Entry { unpacked: Option<Tag> },
}

/// A tag as it is written by all who write it in as few bytes as it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tag {
    pub(super) wire_type: u8,
    bytes: [u8; 5],
    length: usize,
}

impl Tag {
    fn new(number: u32, wire_type: u8) -> Self {
        let mut tag = Self { wire_type, bytes: [0; 5], length: 0 };
        let mut rest = u64::from(number) << 3 | u64::from(wire_type);
        for byte in &mut tag.bytes {
            tag.length += 1;
            let low = u8::try_from(rest & 0x7f).unwrap_or(0);
            rest >>= 7;
            *byte = if rest > 0 { low | 0x80 } else { low };
            if rest == 0 {
                break;
            }
        }
        tag
    }

    #[inline(always)]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The only byte, if there is one.
    #[inline(always)]
    pub(super) fn byte(&self) -> Option<u8> {
        let [first, ..] = self.bytes;
        (self.length == 1).then_some(first)
    }
}

impl Plan {
    /// The steps of a message; none where it has more oneofs than a word has bits.
    pub(super) fn new(message: &Message) -> Option<Self> {
        let oneof = |oneof: Option<usize>| match oneof {
            Some(index) => u32::try_from(index).ok().and_then(|index| 1_u32.checked_shl(index)),
            None => Some(0),
        };
        let mut steps = Vec::with_capacity(message.entries.len() + message.left_out.len());
        for (number, index) in &message.numbers {
            let entry = message.entries.get(*index)?;
            let (wire_type, work) = work(*number, entry)?;
            steps.push(Step {
                number: *number,
                tag: Tag::new(*number, wire_type),
                oneof: oneof(entry.oneof)?,
                required: entry.required,
                entry: *index,
                column: entry.first,
                work,
            });
        }
        for (number, of) in &message.left_out {
            let (tag, oneof) = (Tag::new(*number, 0), oneof(*of)?);
            steps.push(Step { number: *number, tag, oneof, required: false, entry: usize::MAX, column: 0, work: Work::Skip });
        }
        steps.sort_unstable_by_key(|step| step.number);
        Some(Self { steps })
    }
}

/// The wire type of a field, and what is done with it.
fn work(number: u32, entry: &Entry) -> Option<(u8, Work)> {
    Some(match &entry.shape {
        Shape::One(Item::Scalar(scalar)) => (wire_type(scalar), Work::Scalar(scalar.clone(), entry.absent.clone())),
        Shape::Flat(inner) if !entry.delimited && entry.absent.is_none() => (2, Work::Flat(Plan::new(inner)?)),
        Shape::One(Item::Struct(inner)) if !entry.delimited && entry.absent.is_none() => (2, Work::Struct(Plan::new(inner)?)),
        Shape::List(Item::Scalar(scalar)) => {
            let one = wire_type(scalar);
            (2, Work::Entry { unpacked: (one != 2).then(|| Tag::new(number, one)) })
        }
        _ => (if entry.delimited { 3 } else { 2 }, Work::Entry { unpacked: None }),
    })
}

fn wire_type(scalar: &Scalar) -> u8 {
    match scalar {
        Scalar::SFixed64 | Scalar::Fixed64 | Scalar::Double => 1,
        Scalar::String | Scalar::Bytes => 2,
        Scalar::SFixed32 | Scalar::Fixed32 | Scalar::Float => 5,
        _ => 0,
    }
}
