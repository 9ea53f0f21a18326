//! Data that break the grammar, and those that mean harm.

use proptest::prelude::*;

use super::*;

#[test]
fn what_breaks_the_grammar_is_an_error_with_its_place() {
    for (schema, payload, reason, position, part) in [
        (r#""int""#, &[2, 0][..], Reason::Trailing, 1, "1 bytes are left over"),
        (r#""boolean""#, &[2], Reason::Range, 0, "not 2"),
        (r#""int""#, &[0x80, 0x80, 0x80, 0x80, 0x80, 0], Reason::Range, 0, "32 bits"),
        (r#""int""#, &[0x80, 0x80, 0x80, 0x80, 0x10], Reason::Range, 0, "32 bits"),
        (r#""long""#, &[0x80; 11], Reason::Range, 0, "64 bits"),
        (r#""long""#, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], Reason::Range, 0, "64 bits"),
        (r#""long""#, &[0x80], Reason::Truncated, 1, "payload ends"),
        (r#""string""#, &[1], Reason::Length, 0, "negative"),
        (r#""string""#, &[4, b'a'], Reason::Truncated, 0, "length of 2"),
        (r#""string""#, &[6, b'a', 0xff, b'b'], Reason::Utf8, 2, "UTF-8"),
        (r#""bytes""#, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Reason::Truncated, 0, "beyond"),
        (r#""double""#, &[0; 7], Reason::Truncated, 0, "8 bytes"),
        (r#"["null", "int"]"#, &[4, 0], Reason::Range, 0, "branch 2"),
        (r#"["null", "int"]"#, &[1, 0], Reason::Range, 0, "branch -1"),
        (r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#, &[2], Reason::Range, 0, "symbol 1"),
        (r#"{"type": "fixed", "name": "F", "size": 2}"#, &[2], Reason::Truncated, 0, "2 bytes"),
    ] {
        let error = refused(avro(schema), payload);
        assert_eq!((error.reason, error.position), (reason, position), "{schema}: {error}");
        assert!(error.message.contains(part), "{schema}: {error}");
    }
}

#[test]
fn an_error_in_a_value_names_its_column() {
    let error = refused(avro(ORDER), &[2, 2, 4, b'a']);
    assert_eq!(error.column.as_deref(), Some("customer__name"));
    assert_eq!(error.to_string(), "column customer__name, byte 2: a length of 2 is beyond the payload's end, 1 bytes on");
}

#[test]
fn the_largest_numbers_are_read_and_padding_within_the_width_is_allowed() {
    assert_eq!(row(avro(r#""long""#), &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), [i64::MIN.to_string()]);
    assert_eq!(row(avro(r#""long""#), &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), [i64::MAX.to_string()]);
    assert_eq!(row(avro(r#""int""#), &[0xff, 0xff, 0xff, 0xff, 0x0f]), [i32::MIN.to_string()]);
    assert_eq!(row(avro(r#""int""#), &[0x82, 0x80, 0]), ["1"]);
}

#[test]
fn numbers_of_items_from_the_wire_cost_no_time() {
    let schema = |items: &str| {
        format!(
            r#"{{"type": "record", "name": "R", "fields": [{{"name": "x", "type": "int"}},
                {{"name": "l", "type": {{"type": "array", "items": {items}}}}}]}}"#
        )
    };
    let nothing = r#"{"type": "record", "name": "N", "fields": [{"name": "n", "type": "null"}]}"#;
    for items in [r#""null""#, nothing, r#""string""#] {
        let spec = avro(schema(items)).mapping([("x", "x")]).mapped_only(true);
        let endless = [0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0];
        let error = refused(spec.clone(), &endless);
        assert_eq!(error.reason, Reason::Limit, "{items}: {error}");
        assert_eq!(refused(spec, &[0, 1, 0xfe, 0xff, 0x7f]).reason, Reason::Length, "{items}");
    }
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), framing in 0..4) {
        let framing = [Framing::None, Framing::Confluent, Framing::SingleObject, Framing::Glue][framing as usize];
        let spec = avro(ORDER).framing(framing);
        decode(spec, &[Some(&bytes), None, Some(&bytes)]);
    }

    #[test]
    fn no_change_of_good_bytes_does_harm(at in 0_usize..40, byte in any::<u8>(), cut in 0_usize..40) {
        let mut bytes = order(Some("Ulm"));
        let good = bytes.clone();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.truncate(cut);
        let (arrays, bad) = decode(avro(ORDER), &[Some(&bytes), Some(&good)]);
        prop_assert!(bad.iter().all(|bad| bad.index == 0));
        prop_assert_eq!(shown(&arrays[1], 1), "Ada");
    }
}
