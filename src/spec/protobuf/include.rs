//! Include paths.

/// An include path: of fields, and whether all below is included.
pub(super) struct Include<'a> {
    fields: Vec<&'a str>,
    below: bool,
}

impl<'a> Include<'a> {
    pub(super) fn read(path: &'a str) -> Self {
        let mut fields: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let below = fields.last() == Some(&"*");
        if below {
            fields.pop();
        }
        Self { fields, below }
    }

    fn common(&self, path: &[String]) -> usize {
        self.fields.iter().zip(path).take_while(|(a, b)| **a == b.as_str()).count()
    }

    /// Whether a field is on the path or below it.
    pub(super) fn admits(&self, path: &[String]) -> bool {
        self.common(path) == path.len() || self.all_below(path)
    }

    /// Whether it is what the path leads to.
    pub(super) fn covers(&self, path: &[String]) -> bool {
        self.admits(path) && path.len() >= self.fields.len()
    }

    /// Whether all that is below a field is included.
    pub(super) fn all_below(&self, path: &[String]) -> bool {
        self.below && self.common(path) == self.fields.len()
    }

    /// Whether the path ends at this field, and includes nothing below it.
    pub(super) fn ends_at(&self, path: &[String]) -> bool {
        !self.below && self.fields.len() == path.len() && self.common(path) == path.len()
    }
}
