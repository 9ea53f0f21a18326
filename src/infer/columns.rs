//! Columns for what was seen in documents.

use arrow_schema::TimeUnit;

use super::shape::{Member, Shape};
use super::{ColumnFinding, Names};
use crate::decode::Form;
use crate::spec::{Pointer, Type, column};

/// More columns than this are no columns any more but data.
const MOST_COLUMNS: usize = 200;

/// What nests more deeply is kept as text.
const MOST_LEVELS: usize = 16;

/// Objects of at least so many different members, of which each object has less than a quarter, are maps.
const MAP_MEMBERS: usize = 16;

/// The name of the column that holds the whole document.
const DOCUMENT: &str = "document";

/// The columns of documents that look like `root`.
pub(super) fn columns(root: &Shape, names: &mut Names) -> Vec<ColumnFinding> {
    if is_map(root) {
        return vec![whole(object_type(root, 0, &mut None), root, names)];
    }
    let (flat, named) = (leaves(root, true), leaves(root, false));
    let leaves = if flat.len() <= MOST_COLUMNS { flat } else { named };
    if leaves.is_empty() || leaves.len() > MOST_COLUMNS {
        return vec![whole(Type::Json, root, names)];
    }
    leaves.into_iter().map(|leaf| leaf.column(root.objects, names)).collect()
}

fn whole(data_type: Type, root: &Shape, names: &mut Names) -> ColumnFinding {
    let name = names.take(DOCUMENT);
    let members = root.members.len();
    let note = match members {
        0 => "all documents are empty".to_owned(),
        _ => format!("{members} different members are no columns"),
    };
    ColumnFinding { column: column(name, data_type).at(""), missing: 0, nulls: 0, notes: vec![note] }
}

/// A place that becomes a column.
struct Leaf<'a> {
    path: Vec<&'a str>,
    member: &'a Member,
}

/// The places that become columns: the members of the root, and where `flat` those of the objects in them instead of these.
fn leaves(root: &Shape, flat: bool) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    for member in &root.members {
        gather(member, Vec::new(), flat, &mut found);
    }
    found
}

fn gather<'a>(member: &'a Member, mut path: Vec<&'a str>, flat: bool, found: &mut Vec<Leaf<'a>>) {
    path.push(&member.name);
    let shape = &member.shape;
    let only_objects = shape.objects > 0 && kinds(shape).len() == 1;
    if flat && only_objects && !shape.members.is_empty() && path.len() < MOST_LEVELS && !is_map(shape) {
        for inner in &shape.members {
            gather(inner, path.clone(), flat, found);
        }
    } else {
        found.push(Leaf { path, member });
    }
}

impl Leaf<'_> {
    fn column(&self, documents: u64, names: &mut Names) -> ColumnFinding {
        let shape = &self.member.shape;
        let mut note = None;
        let data_type = data_type(shape, self.path.len(), &mut note);
        let wanted = self.path.join("__");
        let name = names.take(&wanted);
        let place = match self.path.as_slice() {
            [only] if *only == name => None,
            path => Some(Pointer { tokens: path.iter().map(|token| (*token).to_owned()).collect() }.to_string()),
        };
        let column = column(name, data_type);
        let column = match place {
            Some(place) => column.at(place),
            None => column,
        };
        let (missing, nulls) = (documents.saturating_sub(self.member.present), shape.nulls);
        ColumnFinding { column, missing, nulls, notes: note.into_iter().collect() }
    }
}

/// The type that takes all that was seen. `note` gets the first thing that should be known about it.
fn data_type(shape: &Shape, level: usize, note: &mut Option<String>) -> Type {
    let mut say = |text: &str| {
        note.get_or_insert_with(|| text.to_owned());
    };
    let kinds = kinds(shape);
    let kind = match kinds.as_slice() {
        [] => {
            say("only null was seen: the text of whatever comes");
            return Type::Json;
        }
        [kind] => *kind,
        several => {
            let seen: Vec<&str> = several.iter().map(|kind| kind.name()).collect();
            say(&format!("the text of {}", seen.join(" and ")));
            return Type::Json;
        }
    };
    if level >= MOST_LEVELS {
        say("it nests more deeply than columns do");
        return Type::Json;
    }
    match kind {
        Kind::Bool => Type::Bool,
        Kind::Number => number(shape, say),
        Kind::Text => text(shape, say),
        Kind::List => {
            let item = shape.items.as_deref().filter(|items| !is_unknown(items));
            Type::list(item.map_or(Type::Json, |items| data_type(items, level + 1, note)))
        }
        Kind::Object => object_type(shape, level, note),
    }
}

/// The type of objects that are not spread over columns.
fn object_type(shape: &Shape, level: usize, note: &mut Option<String>) -> Type {
    if shape.members.is_empty() {
        note.get_or_insert_with(|| "only empty objects were seen".to_owned());
        return Type::Json;
    }
    if is_map(shape) {
        let mut all = Shape::default();
        shape.members.iter().for_each(|member| all.merge(&member.shape));
        return Type::map(Type::Utf8, data_type(&all, level + 1, note));
    }
    Type::structure(shape.members.iter().map(|member| (member.name.clone(), data_type(&member.shape, level + 1, &mut None))))
}

fn number(shape: &Shape, mut say: impl FnMut(&str)) -> Type {
    const EXACT: i128 = 1 << 53;
    let (least, greatest) = (shape.least, shape.greatest);
    if shape.floats > 0 {
        if shape.integers > 0 && (least < -EXACT || greatest > EXACT) {
            say("whole numbers beyond 2^53 are rounded; decimal(38,9) keeps them");
        }
        return Type::Float64;
    }
    if let Some(unit) = epoch(least, greatest) {
        say(&format!("timestamp({unit}) if these count from 1970"));
    }
    if i64::try_from(least).is_ok() && i64::try_from(greatest).is_ok() {
        Type::Int64
    } else if least >= 0 {
        Type::UInt64
    } else {
        Type::Decimal(20, 0)
    }
}

/// The unit in which all of these are between 2000 and 2100; that they are times is a guess all the same.
fn epoch(least: i128, greatest: i128) -> Option<&'static str> {
    const FROM: i128 = 946_684_800;
    const TO: i128 = 4_102_444_800;
    let units = [("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)];
    // Seconds are the size of many an id: only larger units are worth a word.
    units.into_iter().skip(1).find(|(_, scale)| least >= FROM * scale && greatest < TO * scale).map(|(unit, _)| unit)
}

fn text(shape: &Shape, mut say: impl FnMut(&str)) -> Type {
    match shape.form {
        Some(Form::Timestamp { zoned: true, digits }) => Type::Timestamp(unit(digits)),
        Some(Form::Timestamp { zoned: false, digits }) => {
            let unit = Type::Timestamp(unit(digits));
            say(&format!("times without a zone: {unit} with ;zone=UTC if they are UTC"));
            Type::Utf8
        }
        Some(Form::Date) => Type::Date32,
        Some(Form::Time { digits }) => Type::Time(unit(digits)),
        Some(Form::Uuid) => Type::Uuid,
        Some(Form::Plain) | None => Type::Utf8,
    }
}

/// The coarsest unit that holds so many digits, but milliseconds at least: the next one may have some.
fn unit(digits: usize) -> TimeUnit {
    match digits {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// The kinds of JSON values beside null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Bool => "true and false",
            Self::Number => "numbers",
            Self::Text => "texts",
            Self::List => "lists",
            Self::Object => "objects",
        }
    }
}

fn kinds(shape: &Shape) -> Vec<Kind> {
    [
        (Kind::Bool, shape.bools),
        (Kind::Number, shape.integers + shape.floats),
        (Kind::Text, shape.texts),
        (Kind::List, shape.lists),
        (Kind::Object, shape.objects),
    ]
    .into_iter()
    .filter_map(|(kind, seen)| (seen > 0).then_some(kind))
    .collect()
}

/// Whether nothing but null, if anything, was seen.
fn is_unknown(shape: &Shape) -> bool {
    kinds(shape).is_empty()
}

/// Whether the names of the members are data.
fn is_map(shape: &Shape) -> bool {
    let (members, objects) = (shape.members.len() as u64, shape.objects);
    let present: u64 = shape.members.iter().map(|member| member.present).sum();
    shape.members.len() >= MAP_MEMBERS && present.saturating_mul(4) < members.saturating_mul(objects)
}
