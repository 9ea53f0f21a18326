//! All that a schema refers to, within limits.

use std::collections::HashSet;
use std::sync::Arc;

use super::answer::{Answer, Pointer, schema};
use super::ask::Asker;
use super::fault::RegistryFault;
use super::schema::{Key, Reference, Version};
use crate::error::{Error, Result};

/// The deepest chain of references.
pub(super) const DEEPEST: usize = 32;

/// What may be referred to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The most bytes of all texts together.
    pub(super) bytes: usize,
    /// The most references, directly or not.
    pub(super) count: usize,
}

enum Step {
    Enter(Pointer, usize),
    Leave(Reference),
}

/// Asks for all that the answer about `what` refers to, and puts each after those that it refers to itself. A name that is there
/// already is not asked for again, as in Confluent's clients: so a circle ends.
pub(super) async fn resolve(asker: &Asker, answer: &Answer, what: &str, limits: Limits) -> Result<Vec<Reference>> {
    let broken = |fault| Error::Registry { registry: String::new(), what: what.to_owned(), fault };
    let enter = |pointers: &[Pointer], depth| pointers.iter().rev().map(|pointer| Step::Enter(pointer.clone(), depth)).collect();
    let mut room =
        limits.bytes.checked_sub(answer.text.len()).ok_or_else(|| broken(RegistryFault::TooLarge { limit: limits.bytes }))?;
    let mut names = HashSet::new();
    let mut found = Vec::new();
    let mut steps: Vec<Step> = enter(&answer.references, 1);
    while let Some(step) = steps.pop() {
        let (pointer, depth) = match step {
            Step::Leave(reference) => {
                found.push(reference);
                continue;
            }
            Step::Enter(pointer, depth) => (pointer, depth),
        };
        if !names.insert(Arc::clone(&pointer.name)) {
            continue;
        }
        if names.len() > limits.count {
            return Err(broken(RegistryFault::TooManyReferences { limit: limits.count }));
        }
        if depth > DEEPEST {
            return Err(broken(RegistryFault::TooDeep { limit: DEEPEST }));
        }
        let Pointer { name, subject, version } = pointer;
        let key = Key::Subject(Arc::clone(&subject), Version::Number(version));
        // A subject that was deleted may still be referred to.
        let body =
            asker.ask(&format!("{}?deleted=true", key.path()), &format!("{what}, which refers to {name:?} ({key})")).await?;
        let answer = schema(&body).map_err(broken)?;
        room = room.checked_sub(answer.text.len()).ok_or_else(|| broken(RegistryFault::TooLarge { limit: limits.bytes }))?;
        steps.push(Step::Leave(Reference { name, subject, version, text: answer.text }));
        let deeper: Vec<Step> = enter(&answer.references, depth + 1);
        steps.extend(deeper);
    }
    Ok(found)
}
