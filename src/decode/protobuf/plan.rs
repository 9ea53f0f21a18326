//! A message's fields as steps, for a block of payloads to go through.

use super::order::Order;
use crate::spec::{Absent, Entry, Item, Message, ProtobufShape as Shape, Scalar};

/// A message of more steps, in which those of messages within it are counted, is not done by the block.
const MOST_STEPS: usize = 1 << 14;
/// So many oneofs of a message are known apart.
pub(super) const MOST_ONEOFS: usize = 16;

/// The steps of a message by the fields' numbers, and the order in which they are gone through.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) order: Order,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) number: u32,
    pub(super) tag: Tag,
    /// The oneof of which it is a member, beside others.
    pub(super) oneof: Option<usize>,
    pub(super) required: bool,
    /// The entry of the message that it fills, unless it is left out.
    pub(super) entry: usize,
    /// The first of its columns, and how many there are.
    pub(super) column: usize,
    pub(super) width: usize,
    pub(super) work: Work,
}

#[derive(Debug)]
pub(super) enum Work {
    /// The field is left out; whether it may come again and again.
    Skip { again: bool },
    /// A number, and what it is where it is not there.
    Number { scalar: Scalar, absent: Option<u64> },
    /// The name of a number.
    Name { names: Names, absent: Option<u64> },
    /// Text or bytes.
    Run { text: bool, absent: Option<Vec<u8>>, width: Width },
    /// A message whose fields are columns beside the others, or that is the value of its only field; whether it is there where it is
    /// not written.
    Flat { plan: Plan, always: bool },
    /// A message that is a struct.
    Struct { plan: Plan, always: bool },
    /// Seconds and nanoseconds.
    Time { duration: bool, always: bool },
    /// A list of numbers; the tag is that of one value by itself.
    Numbers { scalar: Scalar, single: Tag },
    /// A list of texts or bytes.
    Runs { text: bool },
    /// A list of messages.
    Messages { plan: Plan, structs: bool },
    /// A map, whose entries have two columns.
    Map { plan: Plan },
    /// Messages, or the entries of a map, whose fields are lists beside each other.
    Lists { plan: Plan, map: bool },
    /// Whatever else, record by record. The tag is that of one value of a list that may be packed.
    Entry { single: Option<Tag> },
}

/// How many bytes of a run are copied, whatever its length.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Width {
    Word,
    Two,
    Four,
    /// As many as it has.
    Any,
}

impl Width {
    /// That of runs whose lengths have these bits.
    pub(super) fn of(bits: u8) -> Self {
        match bits {
            ..16 => Self::Word,
            16..32 => Self::Two,
            32..64 => Self::Four,
            _ => Self::Any,
        }
    }
}

/// A tag as it is written by all who write it in as few bytes as it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tag {
    pub(super) wire_type: u8,
    word: u64,
    mask: u64,
    pub(super) length: u32,
}

impl Tag {
    pub(super) fn new(number: u32, wire_type: u8) -> Self {
        let mut tag = Self { wire_type, word: 0, mask: 0, length: 0 };
        let mut rest = u64::from(number) << 3 | u64::from(wire_type);
        loop {
            let more = if rest > 0x7f { 0x80 } else { 0 };
            tag.word |= (rest & 0x7f | more) << (8 * tag.length);
            tag.mask |= 0xff << (8 * tag.length);
            tag.length += 1;
            rest >>= 7;
            if rest == 0 {
                return tag;
            }
        }
    }

    /// Whether it is what the bytes of `word` begin with.
    #[inline(always)]
    pub(super) fn begins(&self, word: u64) -> bool {
        word & self.mask == self.word
    }

    /// The only byte, if there is one.
    pub(super) fn byte(&self) -> Option<usize> {
        usize::try_from(self.word).ok().filter(|_| self.length == 1)
    }
}

/// Whether an enum has names but the known ones, and the known ones.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) closed: bool,
    sparse: Vec<(i32, String)>,
    /// Those of the numbers from 0 on, as far as none is missing, with room for a copy of one width.
    dense: Vec<(u32, [u8; Self::WIDTH])>,
}

impl Names {
    pub(super) const WIDTH: usize = 32;

    fn new(names: &[(i32, String)], closed: bool) -> Self {
        let from_zero = names.iter().skip_while(|(number, _)| *number < 0);
        let dense = from_zero
            .zip(0..)
            .map_while(|((number, name), expected)| {
                let mut room = [0; Self::WIDTH];
                room.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
                (*number == expected).then_some((u32::try_from(name.len()).ok()?, room))
            })
            .collect();
        Self { closed, sparse: names.to_vec(), dense }
    }

    #[inline(always)]
    pub(super) fn dense(&self, bits: u64) -> Option<&(u32, [u8; Self::WIDTH])> {
        // The number is the lower half.
        self.dense.get((bits & 0xffff_ffff) as usize)
    }

    pub(super) fn get(&self, number: i32) -> Option<&str> {
        let found = self.sparse.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.sparse.get(found).map(|(_, name)| name.as_str())
    }
}

impl Plan {
    /// The steps of a message; none where it has more oneofs or steps than are known apart.
    pub(super) fn new(message: &Message) -> Option<Self> {
        let plan = Self::of(message)?;
        (plan.count() <= MOST_STEPS).then_some(plan)
    }

    fn of(message: &Message) -> Option<Self> {
        let mut steps = Vec::with_capacity(message.entries.len() + message.left_out.len());
        let oneofs = oneofs(message);
        let oneof = |oneof: Option<usize>| match oneofs.iter().position(|known| Some(*known) == oneof) {
            Some(place) if place >= MOST_ONEOFS => None,
            place => Some(place),
        };
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
                width: entry.width,
                work,
            });
        }
        for left_out in &message.left_out {
            let oneof = oneof(left_out.oneof)?;
            steps.push(Step { oneof, ..Step::skip(left_out.number, left_out.wire_type, left_out.repeated) });
        }
        steps.sort_unstable_by_key(|step| step.number);
        Some(Self { order: Order::new(&steps), steps })
    }

    fn count(&self) -> usize {
        let within = |step: &Step| match &step.work {
            Work::Flat { plan, .. }
            | Work::Struct { plan, .. }
            | Work::Messages { plan, .. }
            | Work::Map { plan }
            | Work::Lists { plan, .. } => 1 + plan.count(),
            _ => 1,
        };
        self.steps.iter().map(within).sum()
    }
}

impl Step {
    /// Of a field that is left out.
    pub(super) fn skip(number: u32, wire_type: u8, again: bool) -> Self {
        let (tag, work) = (Tag::new(number, wire_type), Work::Skip { again });
        Self { number, tag, oneof: None, required: false, entry: usize::MAX, column: 0, width: 0, work }
    }

    pub(super) fn is_skip(&self) -> bool {
        matches!(self.work, Work::Skip { .. })
    }

    /// Whether values that follow each other are all taken.
    pub(super) fn takes_many(&self) -> bool {
        match &self.work {
            Work::Skip { again } => *again,
            Work::Numbers { .. } | Work::Runs { .. } | Work::Messages { .. } | Work::Map { .. } | Work::Lists { .. } => true,
            Work::Entry { .. } => true,
            _ => false,
        }
    }

    /// The tag of one value of a list by itself.
    pub(super) fn single(&self) -> Option<&Tag> {
        match &self.work {
            Work::Numbers { single, .. } | Work::Entry { single: Some(single) } => Some(single),
            _ => None,
        }
    }
}

/// The oneofs of which a column has to give way to another member.
fn oneofs(message: &Message) -> Vec<usize> {
    let columns = || message.entries.iter().filter_map(|entry| entry.oneof);
    let mut all: Vec<usize> = columns().chain(message.left_out.iter().filter_map(|left_out| left_out.oneof)).collect();
    all.sort_unstable();
    let members = |oneof: &usize| all.partition_point(|other| other <= oneof) - all.partition_point(|other| other < oneof);
    let mut many: Vec<usize> = columns().filter(|oneof| members(oneof) > 1).collect();
    many.sort_unstable();
    many.dedup();
    many
}

/// The wire type of a field, and what is done with it.
fn work(number: u32, entry: &Entry) -> Option<(u8, Work)> {
    let run = if entry.delimited { 3 } else { 2 };
    let always = entry.absent.is_some();
    Some(match &entry.shape {
        Shape::One(Item::Scalar(scalar)) => (wire_type(scalar), one(scalar, entry.absent.as_ref())),
        Shape::Flat(inner) => (run, Work::Flat { plan: Plan::of(inner)?, always }),
        Shape::One(Item::Only(inner)) => (run, Work::Flat { plan: Plan::of(inner)?, always }),
        Shape::One(Item::Struct(inner)) => (run, Work::Struct { plan: Plan::of(inner)?, always }),
        Shape::One(Item::Timestamp) => (run, Work::Time { duration: false, always }),
        Shape::One(Item::Duration) => (run, Work::Time { duration: true, always }),
        Shape::List(Item::Scalar(scalar @ (Scalar::String | Scalar::Bytes))) => {
            (2, Work::Runs { text: *scalar == Scalar::String })
        }
        Shape::List(Item::Scalar(scalar)) => {
            let single = Tag::new(number, wire_type(scalar));
            match scalar {
                Scalar::Bool | Scalar::Enum(..) => (2, Work::Entry { single: Some(single) }),
                _ => (2, Work::Numbers { scalar: scalar.clone(), single }),
            }
        }
        Shape::List(Item::Struct(inner)) => (run, Work::Messages { plan: Plan::of(inner)?, structs: true }),
        Shape::List(Item::Only(inner)) => (run, Work::Messages { plan: Plan::of(inner)?, structs: false }),
        Shape::Map(inner) => (run, Work::Map { plan: Plan::of(inner)? }),
        Shape::Lists { message, map } => (run, Work::Lists { plan: Plan::of(message)?, map: *map }),
        _ => (run, Work::Entry { single: None }),
    })
}

fn one(scalar: &Scalar, absent: Option<&Absent>) -> Work {
    let bits = match absent {
        Some(Absent::Number(bits)) => Some(*bits),
        _ => None,
    };
    match scalar {
        Scalar::String | Scalar::Bytes => {
            let absent = match absent {
                Some(Absent::Bytes(bytes)) => Some(bytes.clone()),
                _ => None,
            };
            Work::Run { text: *scalar == Scalar::String, absent, width: Width::Word }
        }
        Scalar::Enum(names, closed) => Work::Name { names: Names::new(names, *closed), absent: bits },
        _ => Work::Number { scalar: scalar.clone(), absent: bits },
    }
}

fn wire_type(scalar: &Scalar) -> u8 {
    match scalar {
        Scalar::SFixed64 | Scalar::Fixed64 | Scalar::Double => 1,
        Scalar::String | Scalar::Bytes => 2,
        Scalar::SFixed32 | Scalar::Fixed32 | Scalar::Float => 5,
        _ => 0,
    }
}
