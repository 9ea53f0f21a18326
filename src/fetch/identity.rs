//! Which topic of a name it is: a topic that is deleted and created again has another id, and its offsets mean other records.

use uuid::Uuid;

/// The id that a lane began with, and those that are no more.
#[derive(Debug, Default)]
pub(super) struct Identity {
    id: Uuid,
    former: Vec<Uuid>,
    replaced: bool,
}

/// What an id in metadata means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// The topic that is read.
    Same,
    /// A topic that was read before: the metadata is stale.
    Former,
    /// Another topic of the same name.
    Other,
}

impl Identity {
    /// Nil where no broker has told it.
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// Whether the topic of that id is gone, and nobody has said yet what to do about it.
    pub(super) fn is_replaced(&self) -> bool {
        self.replaced
    }

    /// Takes an id in. A broker that is too old to tell ids tells nil, which says nothing.
    pub(super) fn meet(&mut self, id: Uuid) -> Meeting {
        if id.is_nil() || id == self.id {
            Meeting::Same
        } else if self.former.contains(&id) {
            Meeting::Former
        } else if self.id.is_nil() {
            self.id = id;
            Meeting::Same
        } else {
            self.replaced = true;
            Meeting::Other
        }
    }

    /// Goes over to another topic, or stays with this one after all.
    pub(super) fn adopt(&mut self, id: Uuid) {
        self.replaced = false;
        if id.is_nil() || id == self.id {
            return;
        }
        if !self.id.is_nil() {
            self.former.push(self.id);
        }
        self.former.retain(|former| *former != id);
        self.id = id;
    }
}
