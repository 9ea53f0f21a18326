use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, FixedSizeListArray, Float64Array, Int64Array, NullArray, StringArray,
    StructArray, TimestampMillisecondArray,
};
use arrow_schema::Schema;

use super::*;

fn lines(columns: Vec<(&str, ArrayRef)>) -> Vec<String> {
    let fields: Vec<Field> = columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let batch =
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, column)| column).collect()).unwrap();
    lines_of(&batch)
}

fn lines_of(batch: &RecordBatch) -> Vec<String> {
    let mut writer = JsonlWriter::new(Vec::new());
    writer.write(batch).unwrap();
    let bytes = writer.finish().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_row_is_an_object_with_every_column_and_nulls_are_null() {
    let rows = lines(vec![
        ("id", Arc::new(Int64Array::from(vec![Some(i64::MAX), None]))),
        ("name", Arc::new(StringArray::from(vec![None, Some("x")]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("nothing", Arc::new(NullArray::new(2))),
    ]);
    assert_eq!(
        rows,
        [
            r#"{"id":9223372036854775807,"name":null,"ok":true,"nothing":null}"#,
            r#"{"id":null,"name":"x","ok":null,"nothing":null}"#
        ]
    );
}

#[test]
fn scalars_that_json_has_no_number_for_are_strings() {
    let rows = lines(vec![
        ("d", Arc::new(Decimal128Array::from(vec![12_345_i128]).with_precision_and_scale(18, 4).unwrap())),
        ("t", Arc::new(TimestampMillisecondArray::from(vec![1_795_248_000_250_i64]).with_timezone("UTC"))),
        ("b", Arc::new(BinaryArray::from(vec![&b"foo"[..]]))),
    ]);
    assert_eq!(rows, [r#"{"d":"1.2345","t":"2026-11-21T08:00:00.250Z","b":"Zm9v"}"#]);
}

#[test]
fn floats_are_numbers_unless_they_are_none() {
    let rows = lines(vec![("x", Arc::new(Float64Array::from(vec![1.0, -0.0, 1e-7, f64::NAN, f64::NEG_INFINITY])))]);
    assert_eq!(rows, [r#"{"x":1.0}"#, r#"{"x":-0.0}"#, r#"{"x":1e-7}"#, r#"{"x":"NaN"}"#, r#"{"x":"-Infinity"}"#]);
}

#[test]
fn text_and_names_are_escaped_and_read_back() {
    let text = "quote \" slash \\ newline \n tab \t bell \u{7} del \u{7f} ümlaut 😀";
    let rows = lines(vec![("a \"name\"", Arc::new(StringArray::from(vec![text])))]);
    let value: serde_json::Value = serde_json::from_str(&rows[0]).unwrap();
    assert_eq!(value["a \"name\""], text);
    assert!(rows[0].contains(r"\u0007") && rows[0].contains(r"\u007f") && rows[0].contains("😀"));
}

#[test]
fn lists_keep_empty_null_and_nulls_inside_apart() {
    let mut builder = ListBuilder::new(Int32Builder::new());
    builder.append_value([Some(1), None]);
    builder.append_value([]);
    builder.append_null();
    builder.append_value([Some(3)]);
    let array: ArrayRef = Arc::new(builder.finish());
    assert_eq!(lines(vec![("l", Arc::clone(&array))]), [r#"{"l":[1,null]}"#, r#"{"l":[]}"#, r#"{"l":null}"#, r#"{"l":[3]}"#]);
    assert_eq!(lines(vec![("l", array.slice(3, 1))]), [r#"{"l":[3]}"#], "a slice begins at its own offset");
}

#[test]
fn lists_of_fixed_size_are_arrays() {
    let array =
        FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None]), None, Some([Some(3), Some(4)])], 2);
    assert_eq!(lines(vec![("l", Arc::new(array.clone()))]), [r#"{"l":[1,null]}"#, r#"{"l":null}"#, r#"{"l":[3,4]}"#]);
    assert_eq!(lines(vec![("l", Arc::new(array.slice(2, 1)))]), [r#"{"l":[3,4]}"#]);
}

#[test]
fn structs_are_objects_with_all_fields() {
    let fields = Fields::from(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)]);
    let array = StructArray::new(
        fields,
        vec![Arc::new(Int64Array::from(vec![Some(1), Some(2)])), Arc::new(StringArray::from(vec![None, Some("x")]))],
        Some(NullBuffer::from(vec![true, false])),
    );
    assert_eq!(lines(vec![("s", Arc::new(array))]), [r#"{"s":{"a":1,"b":null}}"#, r#"{"s":null}"#]);
}

#[test]
fn maps_with_text_keys_are_objects_and_others_lists() {
    let mut texts = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    texts.keys().append_value("a \"b\"");
    texts.values().append_value(1);
    texts.keys().append_value("c");
    texts.values().append_null();
    texts.append(true).unwrap();
    texts.append(false).unwrap();
    assert_eq!(lines(vec![("m", Arc::new(texts.finish()))]), [r#"{"m":{"a \"b\"":1,"c":null}}"#, r#"{"m":null}"#]);

    let mut numbers = MapBuilder::new(None, Int32Builder::new(), StringBuilder::new());
    numbers.keys().append_value(7);
    numbers.values().append_value("x");
    numbers.append(true).unwrap();
    numbers.append(true).unwrap();
    assert_eq!(lines(vec![("m", Arc::new(numbers.finish()))]), [r#"{"m":[{"key":7,"value":"x"}]}"#, r#"{"m":[]}"#]);
}

#[test]
fn dictionaries_show_their_values() {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    builder.append_value("a");
    builder.append_null();
    builder.append_value("a");
    assert_eq!(lines(vec![("d", Arc::new(builder.finish()))]), [r#"{"d":"a"}"#, r#"{"d":null}"#, r#"{"d":"a"}"#]);
}

#[test]
fn a_batch_without_columns_has_empty_objects() {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(2));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    assert_eq!(lines_of(&batch), ["{}", "{}"]);
}

#[test]
fn more_rows_than_the_buffer_holds_all_arrive() {
    let rows = lines(vec![("x", Arc::new(StringArray::from(vec!["0123456789".repeat(10); 5_000])))]);
    assert_eq!(rows.len(), 5_000);
}
