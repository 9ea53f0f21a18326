//! What JSON values have been seen at one place of many documents.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::decode::Form;

/// More places than this are not told apart: the rest of a document that has more is looked over.
const MOST_PLACES: usize = 10_000;

/// What was seen at one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) nulls: u64,
    pub(super) bools: u64,
    pub(super) integers: u64,
    pub(super) least: i128,
    pub(super) greatest: i128,
    pub(super) floats: u64,
    pub(super) texts: u64,
    /// The form that all texts have; none before the first.
    pub(super) form: Option<Form>,
    pub(super) lists: u64,
    pub(super) items: Option<Box<Self>>,
    pub(super) objects: u64,
    /// In the order in which they were first seen.
    pub(super) members: Vec<Member>,
    index: HashMap<String, usize>,
}

/// A member of objects.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// How many of the objects have it.
    pub(super) present: u64,
    pub(super) shape: Shape,
}

/// Takes one document in, if it is one; says whether it is an object.
///
/// A document that is damaged leaves no trace.
pub(super) fn observe(document: &[u8], shape: &mut Shape, places: &mut usize) -> bool {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let is_object = document.trim_ascii_start().first() == Some(&b'{');
    if !is_object || serde_json::from_slice::<IgnoredAny>(document).is_err() {
        return false;
    }
    let mut reader = serde_json::Deserializer::from_slice(document);
    Look { shape, places }.deserialize(&mut reader).is_ok()
}

impl Shape {
    fn integer(&mut self, value: i128) {
        if self.integers == 0 {
            (self.least, self.greatest) = (value, value);
        }
        self.integers += 1;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    fn text(&mut self, text: &str) {
        self.texts += 1;
        self.take_form(Form::of(text));
    }

    fn take_form(&mut self, form: Form) {
        self.form = Some(self.form.map_or(form, |known| known.both(form).unwrap_or(Form::Plain)));
    }

    /// The place of a member; none where there are too many.
    fn member(&mut self, name: String, places: &mut usize) -> Option<&mut Member> {
        let at = match self.index.get(&name) {
            Some(at) => *at,
            None if *places >= MOST_PLACES => return None,
            None => {
                *places += 1;
                self.index.insert(name.clone(), self.members.len());
                self.members.push(Member { name, present: 0, shape: Self::default() });
                self.members.len() - 1
            }
        };
        self.members.get_mut(at)
    }

    /// What was seen here and there, as if it had been seen at one place.
    pub(super) fn merge(&mut self, other: &Self) {
        self.nulls += other.nulls;
        self.bools += other.bools;
        if other.integers > 0 {
            let seen = self.integers;
            self.integer(other.least);
            self.integer(other.greatest);
            self.integers = seen + other.integers;
        }
        self.floats += other.floats;
        self.texts += other.texts;
        if let Some(form) = other.form {
            self.take_form(form);
        }
        self.lists += other.lists;
        if let Some(items) = &other.items {
            self.items.get_or_insert_default().merge(items);
        }
        self.objects += other.objects;
        for member in &other.members {
            // What is merged was counted already.
            if let Some(known) = self.member(member.name.clone(), &mut 0) {
                known.present += member.present;
                known.shape.merge(&member.shape);
            }
        }
    }
}

/// Looks at one value.
struct Look<'a> {
    shape: &'a mut Shape,
    places: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.shape.nulls += 1;
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.shape.bools += 1;
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.shape.integer(value.into());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.shape.integer(value.into());
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.shape.floats += 1;
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.shape.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.shape.lists += 1;
        let shape = self.shape.items.get_or_insert_default();
        while items.next_element_seed(Look { shape, places: self.places })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.shape.objects += 1;
        let objects = self.shape.objects;
        while let Some(name) = members.next_key::<String>()? {
            match self.shape.member(name, self.places) {
                Some(member) => {
                    // Twice in one object is still one object.
                    member.present = (member.present + 1).min(objects);
                    members.next_value_seed(Look { shape: &mut member.shape, places: self.places })?;
                }
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
