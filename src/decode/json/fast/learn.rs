//! Learning a layout from documents that the plain decoder has taken.

use std::collections::HashMap;

use super::super::shape::{Node, ROOT};
use super::super::{skip, string};
use super::lanes::Lane;
use super::layout::{END, Enter, Kind, Layout, Link, START};
use super::tree::Part;
use crate::decode::json::scan::space;

/// Objects within objects that are walked through; deeper ones are taken as a whole.
const DEEPEST: usize = 16;
/// Keys that an object of no column may have before it is taken as a whole: a map, whose keys are data.
const KEYS_LIMIT: usize = 48;
/// Longer texts between two values are not worth it.
const LINK_LIMIT: usize = 1024;

/// Objects that are remembered.
const OBJECTS_LIMIT: usize = 1024;

/// The object of the document itself.
const ROOT_OBJECT: usize = 0;

/// An object that is walked through, or was: which member of which object it is.
#[derive(Debug)]
struct Object {
    /// Its node, if it is on the way to a column.
    node: Option<usize>,
    keys: usize,
    /// Whether it is taken as a whole.
    whole: bool,
}

/// What is known of a topic's objects and places, by their keys.
#[derive(Debug)]
pub(super) struct Learner {
    objects: Vec<Object>,
    members: HashMap<(usize, Box<[u8]>), usize>,
    places: HashMap<(usize, Box<[u8]>, bool), usize>,
}

/// A document on its way to become links.
struct Lesson<'d> {
    bytes: &'d [u8],
    layout: &'d mut Layout,
    nodes: &'d [Node],
    lanes: &'d [Lane],
    parts: &'d [Part],
    lists: &'d [Option<usize>],
    /// The place last come by, and where the text behind its value begins.
    place: usize,
    from: usize,
    enters: Vec<Enter>,
    items: Vec<usize>,
}

/// What is learned for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The places that lanes ask for.
    pub(super) nodes: Vec<Node>,
    pub(super) lanes: Vec<Lane>,
    /// What is at each of the places.
    pub(super) parts: Vec<Part>,
    /// The list whose items a lane has.
    pub(super) lists: Vec<Option<usize>>,
}

impl Learner {
    pub(super) fn new() -> Self {
        let root = Object { node: Some(ROOT), keys: 0, whole: false };
        Self { objects: vec![root], members: HashMap::new(), places: HashMap::new() }
    }

    /// Learns the links of a document that the plain decoder has taken.
    ///
    /// `None` where there is something in it that no layout has, or that is not learned any more.
    pub(super) fn learn(&mut self, bytes: &[u8], wanted: &Wanted, layout: &mut Layout) -> Option<()> {
        if layout.is_full() || self.objects.len() >= OBJECTS_LIMIT {
            return None;
        }
        let Wanted { nodes, lanes, parts, lists } = wanted;
        let (enters, items) = (Vec::new(), Vec::new());
        let mut lesson = Lesson { bytes, layout, nodes, lanes, parts, lists, place: START, from: 0, enters, items };
        let start = space(bytes, if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
        self.object(&mut lesson, ROOT_OBJECT, start, 0)?;
        lesson.link(bytes.len(), END, Kind::Nothing)
    }

    /// Whether there is no more room for what would be learned.
    pub(super) fn is_full(&self) -> bool {
        self.objects.len() >= OBJECTS_LIMIT
    }

    /// Goes through the members of the object at `open`, and gives where it ends.
    fn object(&mut self, lesson: &mut Lesson<'_>, object: usize, open: usize, depth: usize) -> Option<usize> {
        let bytes = lesson.bytes;
        let mut at = space(bytes, open + 1);
        if bytes.get(at) == Some(&b'}') {
            return Some(at + 1);
        }
        loop {
            if bytes.get(at) != Some(&b'"') {
                return None;
            }
            let text = string::scan(bytes, at).ok()?;
            let key = text.plain(bytes)?;
            at = space(bytes, text.end + 1);
            if bytes.get(at) != Some(&b':') {
                return None;
            }
            at = space(bytes, at + 1);
            at = space(bytes, self.member(lesson, object, key, at, depth)?);
            match bytes.get(at) {
                Some(b',') => at = space(bytes, at + 1),
                Some(b'}') => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// Goes through the value at `at` of a member, and gives where it ends.
    fn member(&mut self, lesson: &mut Lesson<'_>, object: usize, key: &[u8], at: usize, depth: usize) -> Option<usize> {
        let bytes = lesson.bytes;
        let parent = self.objects.get(object)?.node;
        let node = parent.and_then(|node| lesson.nodes.get(node)).and_then(|node| node.keys.declared(key));
        let here = node.and_then(|node| lesson.nodes.get(node));
        let leads_on = here.is_some_and(|here| !here.is_leaf());
        let part = node.and_then(|node| lesson.parts.get(node)).copied().unwrap_or(Part::Plain);
        if let (Some(node), true) = (node, leads_on || part != Part::Plain) {
            lesson.enters.push(Enter { node, there: part != Part::Plain && bytes.get(at) != Some(&b'n') });
        }
        match (part, bytes.get(at)?) {
            (Part::Plain, _) | (Part::Struct, b'{') | (_, b'n') => {}
            (Part::List(list), b'[') if depth < DEEPEST => {
                let items = self.inner(object, key, node)?;
                return self.array(lesson, (items, list), at, depth + 1);
            }
            _ => return None,
        }
        let null_only = part != Part::Plain;
        if bytes.get(at) == Some(&b'{') && (leads_on || here.is_none()) {
            let inner = self.inner(object, key, node)?;
            if leads_on && depth >= DEEPEST {
                return None;
            }
            if leads_on || (depth < DEEPEST && !self.objects.get(inner)?.whole) {
                return self.object(lesson, inner, at, depth + 1);
            }
        }
        if leads_on && matches!(bytes.get(at), Some(b'[')) {
            return None;
        }
        let end = skip::value(bytes, at).ok()?;
        let in_quotes = bytes.get(at) == Some(&b'"');
        let known = self.members.get(&(object, key.into())).and_then(|inner| self.objects.get(*inner));
        let whole = here.is_some_and(Node::is_leaf) || depth >= DEEPEST || known.is_some_and(|inner| inner.whole);
        let kind = match (in_quotes, leads_on || part != Part::Plain, whole) {
            (true, ..) => Kind::Text,
            (false, true, _) => Kind::Scalar,
            (false, false, true) => Kind::Whole,
            (false, false, false) => Kind::Bare,
        };
        let column = here.filter(|here| here.is_leaf()).and_then(|here| here.columns.first().copied());
        let lane = column.and_then(|column| lesson.lanes.get(column));
        if in_quotes && lane.is_some_and(|lane| !lane.takes_text()) {
            return None;
        }
        let null_only =
            (null_only && bytes.get(at) != Some(&b'{')) || (!in_quotes && lane.is_some_and(|lane| !lane.takes_bare()));
        let column = column.filter(|_| part == Part::Plain);
        let list = column.and_then(|column| lesson.lists.get(column).copied().flatten());
        let place = match self.places.get(&(object, key.into(), in_quotes)) {
            Some(place) => *place,
            None => {
                self.new_key(object, lesson)?;
                let place = lesson.layout.add_place(kind, column, null_only, list);
                self.places.insert((object, key.into(), in_quotes), place);
                place
            }
        };
        let quote = usize::from(in_quotes);
        lesson.link(at + quote, place, kind)?;
        lesson.from = end - quote;
        Some(end)
    }

    /// Goes through the items of the list at `open`, all of which have one object, and gives where it ends.
    fn array(&mut self, lesson: &mut Lesson<'_>, (object, list): (usize, usize), open: usize, depth: usize) -> Option<usize> {
        let bytes = lesson.bytes;
        let node = self.objects.get(object)?.node.and_then(|node| lesson.nodes.get(node))?;
        let text = node.columns.first().copied();
        let mut at = space(bytes, open + 1);
        if bytes.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        loop {
            lesson.items.push(list);
            let end = match (bytes.get(at)?, text) {
                (b'{', None) => self.object(lesson, object, at, depth)?,
                (b'"', Some(lane)) => {
                    let end = skip::value(bytes, at).ok()?;
                    let place = match self.places.get(&(object, Box::default(), true)) {
                        Some(place) => *place,
                        None => {
                            let place = lesson.layout.add_place(Kind::Text, Some(lane), false, Some(list));
                            self.places.insert((object, Box::default(), true), place);
                            place
                        }
                    };
                    lesson.link(at + 1, place, Kind::Text)?;
                    lesson.from = end - 1;
                    end
                }
                _ => return None,
            };
            at = space(bytes, end);
            match bytes.get(at)? {
                b',' => at = space(bytes, at + 1),
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// Counts the keys of an object. One of too many is taken as a whole from then on, and all that was learned is forgotten.
    fn new_key(&mut self, object: usize, lesson: &mut Lesson<'_>) -> Option<()> {
        let object = self.objects.get_mut(object)?;
        object.keys += 1;
        if object.keys > KEYS_LIMIT && object.node.is_none() {
            object.whole = true;
            self.places.clear();
            *lesson.layout = Layout::new(lesson.nodes.len());
            return None;
        }
        Some(())
    }

    /// The object that is the member of another.
    fn inner(&mut self, object: usize, key: &[u8], node: Option<usize>) -> Option<usize> {
        if let Some(known) = self.members.get(&(object, key.into())) {
            return Some(*known);
        }
        let inner = self.objects.len();
        self.objects.push(Object { node, keys: 0, whole: false });
        self.members.insert((object, key.into()), inner);
        Some(inner)
    }
}

impl Lesson<'_> {
    /// The text from the last value to `end`, behind which is the value of `target`.
    fn link(&mut self, end: usize, target: usize, kind: Kind) -> Option<()> {
        let text = self.bytes.get(self.from..end).filter(|text| text.len() <= LINK_LIMIT)?;
        self.layout.add_link(self.place, Link::new(text, target, kind, (&self.enters, &self.items)));
        self.enters.clear();
        self.items.clear();
        self.place = target;
        Some(())
    }
}
