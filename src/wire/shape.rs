//! Walking a response without decoding it: is everything there that its lengths claim?
//!
//! `kafka-protocol` reserves the memory of an array from the length on the wire, so ten bytes could ask for gigabytes. A response
//! that passes here has each of its elements in its bytes, so decoding it allocates in proportion to what arrived. The walk must
//! see exactly what the decoder sees: known tagged fields included, which the decoder reads without looking at their size.

/// More tagged fields than this in one response are refused: each costs the decoder a map entry.
const MOST_TAGS: usize = 4096;

/// A structure of the protocol.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) fields: &'static [Field],
    /// The tagged fields that the decoder knows.
    pub(super) tags: &'static [Tag],
}

/// A field, in the versions in which it is there.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) since: i16,
    pub(super) until: i16,
    pub(super) kind: Kind,
}

/// A tagged field.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) number: u32,
    pub(super) since: i16,
    pub(super) kind: Kind,
}

/// What a field is made of.
#[derive(Debug)]
pub(super) enum Kind {
    /// So many bytes.
    Fixed(usize),
    /// A string, perhaps null.
    Text,
    /// Bytes with a length of their own, perhaps null.
    Blob,
    /// A list, perhaps null.
    List(&'static Self),
    /// A structure.
    Struct(&'static Shape),
}

/// Walks a response's body and tells how many bytes follow it.
///
/// # Errors
/// What does not fit, as a sentence.
pub(super) fn walk(bytes: &[u8], shape: &Shape, version: i16, flexible: bool) -> Result<usize, String> {
    let mut walk = Walk { rest: bytes, version, flexible, tags: 0 };
    walk.structure(shape)?;
    Ok(walk.rest.len())
}

/// Walks the tagged fields of a response header and tells how many bytes follow them.
///
/// # Errors
/// What does not fit, as a sentence.
pub(super) fn walk_tags(bytes: &[u8]) -> Result<usize, String> {
    let mut walk = Walk { rest: bytes, version: 0, flexible: true, tags: 0 };
    walk.tagged(&[])?;
    Ok(walk.rest.len())
}

struct Walk<'a> {
    rest: &'a [u8],
    version: i16,
    flexible: bool,
    tags: usize,
}

impl<'a> Walk<'a> {
    fn structure(&mut self, shape: &Shape) -> Result<(), String> {
        for field in shape.fields {
            if (field.since..=field.until).contains(&self.version) {
                self.kind(&field.kind)?;
            }
        }
        if self.flexible { self.tagged(shape.tags) } else { Ok(()) }
    }

    fn kind(&mut self, kind: &Kind) -> Result<(), String> {
        match kind {
            Kind::Fixed(size) => self.take(*size).map(drop),
            Kind::Text => match self.length(Self::short)? {
                Some(length) => self.take(length).map(drop),
                None => Ok(()),
            },
            Kind::Blob => match self.length(Self::int)? {
                Some(length) => self.take(length).map(drop),
                None => Ok(()),
            },
            Kind::List(element) => {
                let count = self.length(Self::int)?.unwrap_or(0);
                // Each element has at least one byte; the loop ends at the latest when those are used up.
                if count > self.rest.len() {
                    return Err(format!("a list of {count} elements in the last {} bytes", self.rest.len()));
                }
                (0..count).try_for_each(|_| self.kind(element))
            }
            Kind::Struct(shape) => self.structure(shape),
        }
    }

    fn tagged(&mut self, known: &[Tag]) -> Result<(), String> {
        for _ in 0..self.varint()? {
            self.tags += 1;
            if self.tags > MOST_TAGS {
                return Err(format!("more than {MOST_TAGS} tagged fields"));
            }
            let number = self.varint()?;
            let size = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
            let Some(tag) = known.iter().find(|tag| tag.number == number && tag.since <= self.version) else {
                self.take(size)?;
                continue;
            };
            let before = self.rest.len();
            self.kind(&tag.kind)?;
            let used = before.saturating_sub(self.rest.len());
            if used != size {
                return Err(format!("tagged field {number} has {used} bytes and claims {size}"));
            }
        }
        Ok(())
    }

    /// The length of a string, bytes or list; none for null.
    fn length(&mut self, fixed: fn(&mut Self) -> Result<i32, String>) -> Result<Option<usize>, String> {
        if self.flexible {
            let above = self.varint()?;
            return Ok(above.checked_sub(1).map(|length| usize::try_from(length).unwrap_or(usize::MAX)));
        }
        match fixed(self)? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| format!("a length of {length}")),
        }
    }

    fn short(&mut self) -> Result<i32, String> {
        self.array().map(i16::from_be_bytes).map(i32::from)
    }

    fn int(&mut self) -> Result<i32, String> {
        self.array().map(i32::from_be_bytes)
    }

    fn varint(&mut self) -> Result<u32, String> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number of more than 32 bits".into())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, rest) = self.rest.split_first_chunk().ok_or_else(|| self.short_of(N))?;
        self.rest = rest;
        Ok(*head)
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self.rest.split_at_checked(size).ok_or_else(|| self.short_of(size))?;
        self.rest = rest;
        Ok(head)
    }

    fn short_of(&self, size: usize) -> String {
        format!("it ends {} bytes too early", size.saturating_sub(self.rest.len()))
    }
}

#[cfg(test)]
mod tests;
