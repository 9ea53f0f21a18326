//! Answers as any registry gives them.

use super::answer::{Answer, fault, names, schema as read};
use super::schema::{Reference, Schema};

/// The schema of an answer, its references answered by the bodies behind it, in their order and for as long as there are some.
pub(crate) fn schema<'a>(body: &[u8], mut bodies: impl Iterator<Item = &'a [u8]>) -> Option<Schema> {
    let _names = names(body);
    let _fault = fault(404, body);
    let Answer { id, guid, version, kind, text, references } = read(body).ok()?;
    let references = references.into_iter().map_while(|pointer| {
        let answer = read(bodies.next()?).ok()?;
        Some(Reference { name: pointer.name, subject: pointer.subject, version: pointer.version, text: answer.text })
    });
    Some(Schema { id, guid, version, kind, text, references: references.collect() })
}
