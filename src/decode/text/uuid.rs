//! UUIDs as text, RFC 9562: `8-4-4-4-12` hexadecimal digits of either case.

use super::{Reason, Step, fault, found};

/// The 16 bytes of a UUID. `bare` allows the hyphens to be left out, all of them.
pub(in crate::decode) fn uuid(text: &[u8], bare: bool) -> Step<[u8; 16]> {
    let hyphens = !(bare && text.len() == 32);
    let mut bytes = [0; 16];
    let mut at = 0;
    for (index, byte) in bytes.iter_mut().enumerate() {
        if hyphens && matches!(index, 4 | 6 | 8 | 10) {
            super::expect(text, at, b'-')?;
            at += 1;
        }
        *byte = digit(text, at)? << 4 | digit(text, at + 1)?;
        at += 2;
    }
    if text.len() > at {
        return fault(at, Reason::Format, format!("the UUID's end is expected{}", found(text, at)));
    }
    Ok(bytes)
}

fn digit(text: &[u8], at: usize) -> Step<u8> {
    let value = text.get(at).and_then(|byte| char::from(*byte).to_digit(16)).and_then(|value| u8::try_from(value).ok());
    match value {
        Some(value) => Ok(value),
        None => fault(at, Reason::Format, format!("a hexadecimal digit of a UUID is expected{}", found(text, at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_in_either_case() {
        let expected = [0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00];
        assert_eq!(uuid(b"123e4567-e89b-12d3-a456-426614174000", false).unwrap(), expected);
        assert_eq!(uuid(b"123E4567-E89B-12D3-A456-426614174000", false).unwrap(), expected);
        assert_eq!(uuid(b"123e4567e89b12d3a456426614174000", true).unwrap(), expected);
    }

    #[test]
    fn what_is_no_uuid_says_where() {
        for (text, at) in [
            ("", 0),
            ("123e4567-e89b-12d3-a456-42661417400", 35),
            ("123e4567-e89b-12d3-a456-4266141740000", 36),
            ("123e4567e89b12d3a456426614174000", 8),
            ("123e4567-e89b-12d3-a456-42661417400g", 35),
            ("{123e4567-e89b-12d3-a456-426614174000}", 0),
        ] {
            assert_eq!(uuid(text.as_bytes(), false).unwrap_err().position, at, "{text}");
        }
    }
}
