//! Messages that are written otherwise than their writers do.

/// The fields of a message, each with its tag.
fn fields(message: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut rest = message;
    while let Some(tag) = rest.first() {
        let varint = |from: usize| from + rest[from..].iter().take_while(|byte| **byte > 0x7f).count() + 1;
        let length = match tag & 7 {
            0 => varint(1),
            1 => 9,
            2 => varint(1) + usize::from(rest[1]), // short ones
            _ => 5,
        };
        let (field, behind) = rest.split_at(length);
        fields.push(field);
        rest = behind;
    }
    fields
}

/// The same fields in any order.
pub(super) fn shuffled(message: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut fields = fields(message);
    random.shuffle(&mut fields);
    fields.concat()
}

/// The same fields, and three others among them that no schema has: a text, a number, and one of eight bytes, each in half of the messages.
pub(super) fn with_unknown(message: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    const UNKNOWN: [(usize, &[u8]); 3] =
        [(2, b"\x5a\x0bbetween us\n"), (4, b"\x60\xc8\x9a\x0c"), (7, b"\x81\x01\x00\x01\x02\x03\x04\x05\x06\x07")];
    let mut fields = fields(message);
    for (place, unknown) in UNKNOWN.into_iter().rev().filter(|_| random.bool()) {
        fields.insert(place.min(fields.len()), unknown);
    }
    fields.concat()
}
