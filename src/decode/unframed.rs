//! JSON behind a registry's frame: the frame is taken off.

use arrow_schema::FieldRef;

use super::{BadPayload, Column, Decoder};
use crate::registry::framing;

/// Payloads that are looked at together.
const AT_ONCE: usize = 64;

/// Takes the frames of Confluent's registry off, by id or GUID, where they are: JSON begins with neither a zero byte nor a one. What
/// schema they name is of no matter, for JSON names its fields itself.
#[derive(Debug)]
pub(super) struct Unframed {
    inner: Box<dyn Decoder>,
}

impl Unframed {
    pub(super) fn new(inner: Box<dyn Decoder>) -> Self {
        Self { inner }
    }

    /// Positions of errors are those in the whole payload.
    fn framed(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        for (number, payloads) in payloads.chunks(AT_ONCE).enumerate() {
            let (mut bare, mut starts) = ([None; AT_ONCE], [0; AT_ONCE]);
            for ((payload, bare), start) in payloads.iter().zip(&mut bare).zip(&mut starts) {
                *bare = *payload;
                if let Some(payload) = payload
                    && let Some((_, rest)) = framing::header(payload)
                {
                    *bare = Some(rest);
                    *start = payload.len() - rest.len();
                }
            }
            let before = bad.len();
            self.inner.decode(bare.get(..payloads.len()).unwrap_or_default(), columns, bad);
            for bad in bad.iter_mut().skip(before) {
                bad.error.position += starts.get(bad.index).copied().unwrap_or_default();
                bad.index += number * AT_ONCE;
            }
        }
    }
}

impl Decoder for Unframed {
    fn fields(&self) -> &[FieldRef] {
        self.inner.fields()
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        if payloads.iter().flatten().any(|payload| matches!(payload.first(), Some(0 | 1))) {
            self.framed(payloads, columns, bad);
        } else {
            self.inner.decode(payloads, columns, bad);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    use super::*;
    use crate::decode::{Reason, decoder};
    use crate::spec::{Names, Side, Spec};

    #[test]
    fn frames_before_json_are_taken_off_and_positions_are_those_of_the_whole_payload() {
        let inner = decoder(&Spec::parse("json:n:int64").unwrap(), Side::Value, &Names::default()).unwrap();
        let mut decoder = Unframed::new(inner);
        let by_id = |text: &str| [b"\0\0\0\0\x05", text.as_bytes()].concat();
        let by_guid = |text: &str| [&[1; 17][..], text.as_bytes()].concat();
        // More than are looked at together, so that indexes are told apart.
        let mut payloads: Vec<Option<Vec<u8>>> = (0..150).map(|n| Some(by_id(&format!("{{\"n\":{n}}}")))).collect();
        payloads[1] = None;
        payloads[2] = Some(b"{\"n\":2}".to_vec());
        payloads[3] = Some(by_guid("{\"n\":3}"));
        payloads[4] = Some(b"\0\0\0".to_vec());
        payloads[5] = Some(by_id(""));
        payloads[140] = Some(by_id("{\"n\":x}"));
        payloads[141] = Some(b"{\"n\":x}".to_vec());
        payloads[142] = Some(by_guid("{\"n\":x}"));
        let borrowed: Vec<Option<&[u8]>> = payloads.iter().map(Option::as_deref).collect();
        let mut columns = vec![Column::new(&decoder.fields()[0]).unwrap()];
        let mut bad = Vec::new();
        decoder.decode(&borrowed, &mut columns, &mut bad);
        let found: Vec<_> = bad.iter().map(|bad| (bad.index, bad.error.position)).collect();
        assert_eq!(found, [(4, 0), (5, 5), (140, 10), (141, 5), (142, 22)], "{bad:?}");
        assert_eq!(bad[1].error.reason, Reason::Empty);
        let numbers = columns[0].finish().unwrap();
        let numbers = numbers.as_primitive::<Int64Type>();
        let missing = [1, 4, 5, 140, 141, 142];
        for row in 0..150 {
            let expected = (!missing.contains(&row)).then_some(row as i64);
            assert_eq!(numbers.is_valid(row).then(|| numbers.value(row)), expected, "{row}");
        }
    }
}
