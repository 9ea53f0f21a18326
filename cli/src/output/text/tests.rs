use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, Date64Array, Decimal128Array, Decimal256Array, DurationMillisecondArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int64Array, StringViewArray, Time32MillisecondArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_buffer::i256;

use super::*;

fn texts(array: impl Array + 'static) -> Vec<String> {
    let array: ArrayRef = Arc::new(array);
    let field = Field::new("x", array.data_type().clone(), true);
    texts_of(&array, &field)
}

fn texts_of(array: &ArrayRef, field: &Field) -> Vec<String> {
    let scalar = scalar(array, field).unwrap();
    (0..array.len())
        .map(|row| {
            let mut out = Vec::new();
            scalar.write(row, &mut out);
            String::from_utf8(out).unwrap()
        })
        .collect()
}

#[test]
fn integers_of_64_bits_have_all_their_digits() {
    assert_eq!(
        texts(Int64Array::from(vec![i64::MIN, -1, 0, i64::MAX])),
        ["-9223372036854775808", "-1", "0", "9223372036854775807"]
    );
    assert_eq!(texts(UInt64Array::from(vec![u64::MAX])), ["18446744073709551615"]);
}

#[test]
fn floats_are_the_shortest_text_that_reads_back() {
    let values = vec![0.1, -0.0, 1.0, 1e300, 5e-324, 166.1554, f64::MAX, 123_456_789_012_345_680.0];
    for (text, value) in texts(Float64Array::from(values.clone())).iter().zip(values) {
        assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
    }
    assert_eq!(texts(Float64Array::from(vec![0.1, -0.0, 1.0, 1e300])), ["0.1", "-0.0", "1.0", "1e300"]);
    assert_eq!(texts(Float32Array::from(vec![0.1, 16_777_216.0])), ["0.1", "16777216.0"]);
}

#[test]
fn what_is_no_number_has_a_name() {
    assert_eq!(texts(Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY])), ["NaN", "Infinity", "-Infinity"]);
    assert_eq!(texts(Float32Array::from(vec![f32::NAN, f32::NEG_INFINITY])), ["NaN", "-Infinity"]);
}

#[test]
fn decimals_have_all_the_digits_of_their_scale() {
    let decimals = |values: Vec<i128>, scale| texts(Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap());
    assert_eq!(
        decimals(vec![0, 1, -1, 12_345, -12_345, 10_000], 4),
        ["0.0000", "0.0001", "-0.0001", "1.2345", "-1.2345", "1.0000"]
    );
    assert_eq!(decimals(vec![0, 7, -7], 0), ["0", "7", "-7"]);
    assert_eq!(decimals(vec![0, 7, -7], -2), ["0", "700", "-700"]);
    let widest = i256::from_string("12345678901234567890123456789012345678901234567890").unwrap();
    let array = Decimal256Array::from(vec![widest]).with_precision_and_scale(76, 10).unwrap();
    assert_eq!(texts(array), ["1234567890123456789012345678901234567890.1234567890"]);
}

#[test]
fn timestamps_have_all_the_digits_of_their_unit() {
    assert_eq!(texts(TimestampSecondArray::from(vec![0]).with_timezone("UTC")), ["1970-01-01T00:00:00Z"]);
    assert_eq!(
        texts(TimestampMillisecondArray::from(vec![1_795_248_000_250]).with_timezone("UTC")),
        ["2026-11-21T08:00:00.250Z"]
    );
    assert_eq!(texts(TimestampMicrosecondArray::from(vec![-1]).with_timezone("+00:00")), ["1969-12-31T23:59:59.999999Z"]);
    assert_eq!(
        texts(TimestampNanosecondArray::from(vec![1, i64::MAX, i64::MIN]).with_timezone("UTC")),
        ["1970-01-01T00:00:00.000000001Z", "2262-04-11T23:47:16.854775807Z", "1677-09-21T00:12:43.145224192Z"]
    );
}

#[test]
fn local_timestamps_have_no_zone() {
    assert_eq!(texts(TimestampMillisecondArray::from(vec![0])), ["1970-01-01T00:00:00.000"]);
}

#[test]
fn years_of_more_than_four_digits_carry_a_sign() {
    let array = TimestampSecondArray::from(vec![i64::MAX, i64::MIN]).with_timezone("UTC");
    assert_eq!(texts(array), ["+292277026596-12-04T15:30:07Z", "-292277022657-01-27T08:29:52Z"]);
}

#[test]
fn dates_times_and_durations_follow_their_unit() {
    assert_eq!(texts(Date32Array::from(vec![20_778, -1])), ["2026-11-21", "1969-12-31"]);
    assert_eq!(texts(Date64Array::from(vec![-1])), ["1969-12-31"]);
    assert_eq!(texts(Time32MillisecondArray::from(vec![45_296_789, 86_400_000])), ["12:34:56.789", "86400000"]);
    assert_eq!(texts(Time64NanosecondArray::from(vec![1])), ["00:00:00.000000001"]);
    assert_eq!(texts(DurationMillisecondArray::from(vec![-1500])), ["-1500"]);
}

#[test]
fn binary_is_base64_with_its_padding() {
    assert_eq!(texts(BinaryArray::from(vec![&b""[..], b"f", b"fo", b"foo", b"\xff\xfe"])), ["", "Zg==", "Zm8=", "Zm9v", "//4="]);
}

#[test]
fn sixteen_bytes_are_a_uuid_only_where_the_field_says_so() {
    let bytes: Vec<u8> = (0..16).collect();
    let array: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).unwrap());
    let plain = Field::new("x", DataType::FixedSizeBinary(16), true);
    let named = plain.clone().with_metadata([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())].into());
    assert_eq!(texts_of(&array, &named), ["00010203-0405-0607-0809-0a0b0c0d0e0f"]);
    assert_eq!(texts_of(&array, &plain), ["AAECAwQFBgcICQoLDA0ODw=="]);
}

#[test]
fn text_is_given_as_it_is() {
    assert_eq!(
        texts(StringViewArray::from(vec!["", "a\"b\n", "a string that is longer than twelve bytes"])),
        ["", "a\"b\n", "a string that is longer than twelve bytes"]
    );
}
