//! The rows of the object processor: values, nulls, columns and error texts of every value.

use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use crate::decode::tests::decode;
use crate::decode::{DecodeError, Reason};
use crate::spec::object::{
    Field, Repeated, Value, any_val, array_val, big_decimal_val, big_integer_val, bool_val, byte_val, char_val, double_val,
    entries_val, float_val, instant_number_val, instant_val, int_val, local_date_val, long_val, named_tuple_val,
    object_entries_val, object_val, short_val, skip_val, string_val, tuple_val, type_val, typed_object_val,
};
use crate::spec::{self, Side, Spec, TimeUnit, Type};

/// One document: names and values of the columns, or the error. The spec goes by its text.
fn row(value: Value, document: &str) -> Result<Vec<(String, String)>, DecodeError> {
    let spec = spec::object(value);
    let names = spec.schema(Side::Value).unwrap();
    let text = spec.to_string();
    assert_eq!(Spec::parse(&text).unwrap(), spec, "{text}");
    let (arrays, mut bad) = decode(&text, &[Some(document.as_bytes()), None]);
    for array in &arrays {
        assert!(array.is_null(1), "a tombstone is a row of nulls");
    }
    if let Some(bad) = bad.pop() {
        assert!(arrays.iter().all(|array| array.is_null(0)), "{document}");
        return Err(bad.error);
    }
    Ok(names.fields().iter().map(|field| field.name().clone()).zip(arrays.iter().map(shown)).collect())
}

/// The first row as text; timestamps and lists of them as their numbers.
fn shown(array: &ArrayRef) -> String {
    if array.is_null(0) {
        return "null".into();
    }
    let numbers = |data_type: &DataType| match data_type {
        DataType::Timestamp(..) => Some(DataType::Int64),
        DataType::List(item) if matches!(item.data_type(), DataType::Timestamp(..)) => {
            Some(DataType::new_list(DataType::Int64, true))
        }
        _ => None,
    };
    let array = match numbers(array.data_type()) {
        Some(numbers) => arrow_cast::cast(array, &numbers).unwrap(),
        None => ArrayRef::clone(array),
    };
    let options = FormatOptions::default().with_null("null");
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
    formatter.value(0).to_string()
}

fn value(value: Value, document: &str) -> String {
    let row = row(value, document).unwrap_or_else(|error| panic!("{document}: {error}"));
    let [(name, value)] = row.as_slice() else { panic!("{row:?}") };
    assert_eq!(name, "Value");
    value.clone()
}

fn columns(value: Value, document: &str) -> String {
    let row = row(value, document).unwrap_or_else(|error| panic!("{document}: {error}"));
    row.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn error(value: Value, document: &str) -> DecodeError {
    row(value, document).expect_err(document)
}

#[test]
fn every_value_has_its_column_and_its_values() {
    let seconds = || instant_number_val(TimeUnit::Second);
    for (described, document, expected) in [
        (string_val(), r#""a\u00e4""#, "aä"),
        (string_val().lenient(), "42.420", "42.420"),
        (string_val().allow_decimal(true), "1e3", "1e3"),
        (string_val().allow_int(true), "-0", "-0"),
        (string_val().allow_bool(true), "false", "false"),
        (bool_val(), "true", "true"),
        (bool_val().allow_string(true), "\" TRUE\\t\"", "true"),
        (bool_val().allow_string(true), "\"False\"", "false"),
        (bool_val().allow_string(true), "\"NULL\"", "null"),
        (bool_val().allow_string(true).on_null("true"), "\"null\"", "true"),
        (char_val(), "\"€\"", "€"),
        (byte_val(), "-128", "-128"),
        (short_val(), "32767", "32767"),
        (int_val(), "-2147483648", "-2147483648"),
        (long_val(), "9223372036854775807", "9223372036854775807"),
        (int_val().allow_decimal(true), "-1.99", "-1"),
        (int_val().allow_decimal(true), "12e-1", "1"),
        (long_val().allow_decimal(true), "9223372036854775807.9", "9223372036854775807"),
        (long_val().allow_string(true), "\"-42\"", "-42"),
        (long_val().lenient(), "\"42.9\"", "42"),
        (float_val(), "0.1", "0.1"),
        (float_val(), "3", "3.0"),
        (double_val(), "-0.0", "-0.0"),
        (double_val().allow_string(true), "\"1e3\"", "1000.0"),
        (double_val().allow_string(true), "\"NaN\"", "NaN"),
        (float_val().allow_string(true), "\"-Infinity\"", "-inf"),
        (instant_val(), "\"1970-01-01T01:00:00.000000001+01:00\"", "1"),
        (seconds(), "1", "1000000000"),
        (instant_number_val(TimeUnit::Millisecond), "-1", "-1000000"),
        (instant_number_val(TimeUnit::Microsecond), "1", "1000"),
        (instant_number_val(TimeUnit::Nanosecond), "1", "1"),
        (seconds().allow_decimal(true), "1.0000000019", "1000000001"),
        (seconds().allow_string(true), "\"2\"", "2000000000"),
        (seconds().lenient(), "\"2.5\"", "2500000000"),
        (local_date_val(), "\"2026-11-21\"", "2026-11-21"),
        (big_integer_val(), "-123456789012345678901234567890", "-123456789012345678901234567890"),
        (big_integer_val().allow_decimal(true), "1234567890123456789012345.9", "1234567890123456789012345"),
        (big_integer_val().allow_string(true), "\"7\"", "7"),
        (big_decimal_val(), "1.10", "1.10"),
        (big_decimal_val(), "1e400", "1e400"),
        (big_decimal_val().allow_string(true), "\"0.50\"", "0.50"),
        (type_val(Type::Decimal(9, 2)), "12.5", "12.50"),
        (type_val(Type::UInt64), "18446744073709551615", "18446744073709551615"),
        (type_val(Type::Timestamp(TimeUnit::Millisecond)), "1", "1"),
        (type_val(Type::Timestamp(TimeUnit::Millisecond)), "\"1970-01-01T00:00:01Z\"", "1000"),
        (type_val(Type::Binary), "\"AP8=\"", "00ff"),
        (type_val(Type::Uuid), "\"123e4567-e89b-12d3-a456-426614174000\"", "123e4567e89b12d3a456426614174000"),
        (type_val(Type::Time(TimeUnit::Second)), "\"12:34:56\"", "12:34:56"),
        (any_val(), r#"{"a": [1, null]}"#, r#"{"a": [1, null]}"#),
        (any_val(), "1.50", "1.50"),
        (array_val(int_val()), "[1, null, 3]", "[1, null, 3]"),
        (array_val(int_val()), "[]", "[]"),
        (array_val(seconds()), "[1]", "[1000000000]"),
        (array_val(array_val(string_val())), r#"[["a"], null, []]"#, "[[a], null, []]"),
        (array_val(int_val().on_null("7")), "[1, null]", "[1, 7]"),
    ] {
        assert_eq!(value(described.clone(), document), expected, "{described} {document}");
        if !matches!(described.on_null.as_deref(), Some("true")) {
            assert_eq!(value(described.clone(), "null"), "null", "{described}");
            assert_eq!(value(described.clone(), " "), "null", "{described}");
        }
    }
}

#[test]
fn every_value_refuses_what_it_does_not_allow_in_the_reference_s_words() {
    let refused = |described: Value, document: &str| {
        let error = error(described, document);
        assert_eq!(error.column.as_deref(), Some("Value"), "{error}");
        (error.reason, error.message)
    };
    for (described, document, part) in [
        (string_val(), "1", "Number int not allowed: utf8 is asked for, found the number 1"),
        (string_val(), "1.5", "Decimal not allowed"),
        (string_val(), "true", "Bool not allowed"),
        (string_val(), "{}", "Object not expected: utf8 is asked for, found an object"),
        (string_val(), "[]", "Array not expected"),
        (bool_val(), "\"true\"", "String not allowed"),
        (bool_val(), "1", "Number int not expected"),
        (char_val(), "1", "Number int not expected"),
        (int_val(), "1.0", "Decimal not allowed: int32 is asked for, found the number 1.0"),
        (int_val(), "1e3", "Decimal not allowed"),
        (int_val(), "\"1\"", "String not allowed"),
        (int_val(), "true", "Bool not expected"),
        (int_val(), "{}", "Object not expected"),
        (int_val().allow_string(true), "\"1.0\"", "Decimal not allowed"),
        (int_val().allow_int(false).allow_string(true), "1", "Number int not allowed"),
        (double_val(), "\"1\"", "String not allowed"),
        (double_val().allow_decimal(false), "1.5", "Decimal not allowed"),
        (instant_val(), "1", "Number int not expected"),
        (instant_number_val(TimeUnit::Second), "\"1970-01-01T00:00:00Z\"", "String not allowed"),
        (instant_number_val(TimeUnit::Second), "1.5", "Decimal not allowed"),
        (local_date_val(), "20778", "Number int not expected"),
        (big_integer_val(), "1.5", "Decimal not allowed: a big integer is asked for"),
        (big_decimal_val(), "true", "Bool not expected"),
        (any_val().allow_object(false), "{}", "Object not allowed"),
    ] {
        let (reason, message) = refused(described, document);
        assert_eq!(reason, Reason::Type, "{document}");
        assert!(message.starts_with(part), "{document}: {message}");
    }
    for (described, document, reason, part) in [
        (int_val().allow_null(false), "null", Reason::Null, "Null not allowed"),
        (int_val().allow_missing(false), "", Reason::Null, "Missing not allowed"),
        (bool_val().allow_string(true).allow_null(false), "\"null\"", Reason::Null, "Null not allowed"),
        (bool_val().allow_string(true), "\"yes\"", Reason::Format, "neither true nor false"),
        (char_val(), "\"ab\"", Reason::Format, "char is asked for"),
        (char_val(), "\"\"", Reason::Format, "char is asked for"),
        (byte_val(), "128", Reason::Range, "128 is beyond the range of int8"),
        (byte_val().allow_string(true), "\"300\"", Reason::Range, "300 is beyond the range of int8"),
        (long_val(), "9223372036854775808", Reason::Range, "beyond the range of int64"),
        (long_val().allow_decimal(true), "1e400", Reason::Range, "beyond the range of int64"),
        (int_val().allow_string(true), "\" 1\"", Reason::Format, "the text \" 1\""),
        (int_val().allow_string(true), "\"\"", Reason::Format, "the text \"\""),
        (int_val().allow_string(true), "\"NaN\"", Reason::Format, "the text \"NaN\""),
        (float_val(), "1e39", Reason::Range, "beyond the range of float32"),
        (instant_val(), "\"1970-01-01T00:00:00\"", Reason::Format, "no offset"),
        (instant_val(), "\"2300-01-01T00:00:00Z\"", Reason::Range, "beyond the range"),
        (instant_number_val(TimeUnit::Second), "9223372037", Reason::Range, "beyond the range"),
        (local_date_val(), "\"2026-02-29\"", Reason::Range, "no day 29"),
        (type_val(Type::Decimal(9, 2)), "0.001", Reason::Precision, "more than the 2 decimals"),
        (big_integer_val(), "1E", Reason::Truncated, "the payload ends"),
        (string_val(), "\"\\ud800\"", Reason::Utf8, "lone surrogate"),
    ] {
        let (found, message) = refused(described, document);
        assert_eq!(found, reason, "{document}: {message}");
        assert!(message.contains(part), "{document}: {message}");
    }
}

#[test]
fn missing_and_null_are_told_apart() {
    let described = || {
        object_val([
            ("a", int_val().on_missing("-1").on_null("-2")),
            ("b", string_val().on_missing("nobody").on_null("")),
            ("c", instant_number_val(TimeUnit::Second).on_missing("1970-01-01T00:00:01Z").on_null("2")),
        ])
    };
    assert_eq!(columns(described(), "{}"), "a=-1 b=nobody c=1000000000");
    assert_eq!(columns(described(), r#"{"c":null,"b":null,"a":null}"#), "a=-2 b= c=2000000000");
    assert_eq!(columns(described(), "null"), "a=-2 b= c=2000000000", "a null object gives null to its fields");
    assert_eq!(columns(described(), ""), "a=-1 b=nobody c=1000000000", "a missing one gives missing");
    assert_eq!(columns(described(), "\u{feff} {}"), "a=-1 b=nobody c=1000000000");
}

#[test]
fn the_defaults_that_the_reference_drops_are_kept() {
    let described = object_val([("i", int_val().on_null("0")), ("b", int_val().on_null("0"))]);
    assert_eq!(columns(described, r#"{"i":null,"b":null}"#), "i=0 b=0");
    assert_eq!(value(bool_val().on_null("false"), "null"), "false");
    assert_eq!(value(double_val().on_missing("0.0"), ""), "0.0");
}

#[test]
fn strict_fields_refuse_what_is_not_there_and_say_in_which_field() {
    let described = || object_val([("o", object_val([("age", int_val().strict()), ("x", int_val())]))]);
    let missing = error(described(), r#"{"o":{"x":1}}"#);
    assert_eq!((missing.column.as_deref(), missing.position, missing.reason), (Some("o_age"), 11, Reason::Null));
    assert_eq!(missing.message, "Unable to process field 'o': Unable to process field 'age': Missing not allowed");
    let null = error(described(), r#"{"o":null}"#);
    assert_eq!(null.message, "Unable to process field 'o': Unable to process field 'age': Null not allowed");
    let none = error(described(), "{}");
    assert!(none.message.ends_with("'age': Missing not allowed"), "{none}");
    let whole = error(object_val([("o", object_val([("a", int_val())]).strict())]), "{}");
    assert_eq!(whole.message, "Unable to process field 'o': Missing not allowed");
    assert_eq!(whole.column, None);
}

#[test]
fn columns_are_named_and_ordered_as_the_reference_has_them() {
    let described = object_val([
        ("id", Value::from(Type::Int64)),
        ("skipped", skip_val()),
        ("loc", object_val([("lat", double_val()), ("lon", double_val())])),
        ("pair", tuple_val([int_val(), string_val()])),
        ("named", named_tuple_val([("x", int_val()), ("y", int_val())])),
        ("alone", tuple_val([int_val()])),
        ("legs", array_val(object_val([("symbol", string_val()), ("qty", array_val(long_val()))]))),
        ("tags", object_entries_val(int_val())),
        ("books", object_entries_val(object_val([("bid", double_val()), ("ask", double_val())]))),
    ]);
    let spec = spec::object(described.clone());
    let names: Vec<_> = spec.schema(Side::Value).unwrap().fields().iter().map(|field| field.name().clone()).collect();
    let expected = "id loc_lat loc_lon pair_0 pair_1 named_x named_y alone legs_symbol legs_qty tags_Key tags_Value \
        books_Key books_bid books_ask";
    assert_eq!(names.join(" "), expected);
    assert_eq!(
        columns(
            described,
            r#"{"books":{"A":{"bid":1,"ask":2},"B":null},"tags":{"x":1,"y":null,"x":3},"legs":[{"symbol":"S","qty":[1,2]},{},null],
                "alone":[9],"named":[1,2],"pair":[5,"five"],"loc":{"lon":2,"lat":1},"id":7,"skipped":{"any":[thing]}}"#
        ),
        "id=7 loc_lat=1.0 loc_lon=2.0 pair_0=5 pair_1=five named_x=1 named_y=2 alone=9 legs_symbol=[S, null, null] \
         legs_qty=[[1, 2], null, null] tags_Key=[x, y, x] tags_Value=[1, null, 3] books_Key=[A, B] books_bid=[1.0, null] \
         books_ask=[2.0, null]"
    );
    assert_eq!(columns(tuple_val([int_val(), int_val()]), "[1,2]"), "column_0=1 column_1=2");
    assert_eq!(columns(object_entries_val(int_val()), r#"{"a":1}"#), "Key=[a] Value=[1]");
    assert_eq!(columns(object_val([("+1", int_val()), ("-1", int_val())]), r#"{"+1":1,"-1":2}"#), "+1=1 -1=2");
}

#[test]
fn arrays_tuples_and_objects_are_what_they_are_and_nothing_else() {
    let tuple = || object_val([("t", tuple_val([int_val(), int_val()]))]);
    for (described, document, position, message) in [
        (tuple(), r#"{"t":[1]}"#, 7, "Unable to process field 't': the tuple has 2 elements, the array has 1"),
        (tuple(), r#"{"t":[]}"#, 6, "Unable to process field 't': the tuple has 2 elements, the array has 0"),
        (tuple(), r#"{"t":[1,2,3]}"#, 10, "Unable to process field 't': the tuple has 2 elements, the array more"),
        (tuple(), r#"{"t":{}}"#, 5, "Unable to process field 't': Object not expected: an array is asked for, found an object"),
        (
            tuple(),
            r#"{"t":[1,"2"]}"#,
            8,
            "Unable to process field 't': Unable to process tuple ix 1: String not allowed: int32 is asked for, found the text \"2\"",
        ),
        (tuple(), "[]", 0, "Array not expected: an object is asked for, found an array"),
        (tuple(), "7", 0, "Number int not expected: an object is asked for, found the number 7"),
        (tuple(), "true", 0, "Bool not expected: an object is asked for, found true"),
        (tuple(), "nul", 0, "a value is expected, found \"nul\""),
        (array_val(int_val()), "1.5", 0, "Decimal not expected: an array is asked for, found the number 1.5"),
        (object_entries_val(int_val()), "\"x\"", 0, "String not expected: an object is asked for, found the text \"x\""),
        (array_val(int_val()).strict(), "null", 0, "Null not allowed"),
        (object_entries_val(int_val()).strict(), "", 0, "Missing not allowed"),
        (tuple_val([int_val(), int_val()]).strict(), "null", 0, "Null not allowed"),
        (array_val(object_val([("a", int_val())]).strict()), "[{},null]", 4, "Null not allowed"),
        (tuple(), "{} {}", 3, "behind the value there is an object"),
        (tuple(), "{", 1, "the payload ends where a name in double quotes is expected"),
    ] {
        let error = error(described, document);
        assert_eq!((error.position, error.message.as_str()), (position, message), "{document}");
    }
    assert_eq!(columns(tuple(), r#"{"t":null}"#), "t_0=null t_1=null", "a null tuple is one of nulls");
    let strict = object_val([("t", tuple_val([int_val().strict(), int_val()]))]);
    let error = error(strict, "{}");
    assert_eq!(error.message, "Unable to process field 't': Unable to process tuple ix 0: Missing not allowed");
}

#[test]
fn fields_are_found_by_name_alias_and_case_and_once() {
    let plain = |field: Field| object_val([field]);
    let aliased = || plain(Field::new("price", int_val()).alias("px").alias("Preis"));
    for document in [r#"{"price":1}"#, r#"{"px":1}"#, r#"{"Preis":1}"#, r#"{"p\u0078":1}"#] {
        assert_eq!(columns(aliased(), document), "price=1");
    }
    assert_eq!(columns(aliased(), r#"{"PX":1}"#), "price=null");
    let twice = error(aliased(), r#"{"px":1,"price":2}"#);
    assert_eq!((twice.position, twice.reason), (8, Reason::Field));
    assert_eq!(twice.message, "Field 'price' has already been visited");
    let first = aliased().repeated(Repeated::UseFirst);
    assert_eq!(columns(first, r#"{"px":1,"price":[not judged]}"#), "price=1");

    let any_case = || aliased().case_sensitive(false);
    for document in [r#"{"PRICE":1}"#, r#"{"pX":1}"#, r#"{"PREIS":1}"#] {
        assert_eq!(columns(any_case(), document), "price=1");
    }
    assert!(error(any_case(), r#"{"price":1,"PRICE":2}"#).message.contains("already been visited"));
    let mixed = object_val([Field::new("a", int_val()).case_sensitive(false), Field::new("b", int_val())]);
    assert_eq!(columns(mixed, r#"{"A":1,"B":2}"#), "a=1 b=null");

    let closed = || object_val([("a", int_val())]).allow_unknown_fields(false);
    assert_eq!(columns(closed(), r#"{"a":1}"#), "a=1");
    let unknown = error(closed(), r#"{"a":1,"bc":2}"#);
    assert_eq!(
        (unknown.position, unknown.reason, unknown.message.as_str()),
        (7, Reason::Field, "Unknown field 'bc' not allowed")
    );
}

#[test]
fn names_in_any_case_are_found_however_many_others_were_learned() {
    let spec = spec::object(object_val([Field::new("wanted", int_val()).case_sensitive(false)])).to_string();
    let documents: Vec<String> = (0..2000)
        .map(|number| {
            let name: String = "wanted"
                .chars()
                .enumerate()
                .map(|(bit, c)| if number >> bit & 1 == 1 { c.to_ascii_uppercase() } else { c })
                .collect();
            format!(r#"{{"other{number}":0,"{name}":{number}}}"#)
        })
        .collect();
    let payloads: Vec<_> = documents.iter().map(|document| Some(document.as_bytes())).collect();
    let (arrays, bad) = decode(&spec, &payloads);
    assert!(bad.is_empty() && arrays[0].null_count() == 0);
}

fn quote_or_trade() -> Value {
    typed_object_val(
        "type",
        [
            ("quote", object_val([("bid", double_val()), ("ask", double_val())])),
            ("trade", object_val([("price", double_val().strict())])),
        ],
    )
    .shared_fields([("symbol", string_val())])
}

#[test]
fn a_typed_object_has_its_discriminator_anywhere() {
    for document in [
        r#"{"type":"quote","symbol":"A","bid":1,"ask":2}"#,
        r#"{"bid":1,"symbol":"A","ask":2,"type":"quote"}"#,
        r#"{"other":{"type":"trade"},"bid":1,"ty\u0070e":"quote","symbol":"A","ask":2}"#,
    ] {
        let expected = "type=quote symbol=A quote_bid=1.0 quote_ask=2.0 trade_price=null";
        assert_eq!(columns(quote_or_trade(), document), expected, "{document}");
    }
    for (document, expected) in [
        (r#"{"price":3,"type":"trade"}"#, "type=trade symbol=null quote_bid=null quote_ask=null trade_price=3.0"),
        (r#"{"type":"news","symbol":"A"}"#, "type=news symbol=null quote_bid=null quote_ask=null trade_price=null"),
        (r#"{"type":17,"symbol":"A"}"#, "type=17 symbol=null quote_bid=null quote_ask=null trade_price=null"),
        (r#"{"type":null,"symbol":"A"}"#, "type=null symbol=null quote_bid=null quote_ask=null trade_price=null"),
        ("null", "type=null symbol=null quote_bid=null quote_ask=null trade_price=null"),
        ("", "type=null symbol=null quote_bid=null quote_ask=null trade_price=null"),
    ] {
        assert_eq!(columns(quote_or_trade(), document), expected, "{document}");
    }
    let absent = quote_or_trade().on_null("gone").on_missing("never");
    assert!(columns(absent.clone(), "null").starts_with("type=gone symbol=null"));
    assert!(columns(absent, "").starts_with("type=never symbol=null"));
}

#[test]
fn a_typed_object_without_its_type_is_an_error() {
    for (document, position, message) in [
        ("{}", 1, "Expected a non-empty object"),
        (r#"{"symbol":"A"}"#, 13, "Expected the field 'type', the object has none"),
        (r#"{"type":1.5}"#, 8, "Unable to process field 'type': Decimal not allowed: utf8 is asked for, found the number 1.5"),
        (r#"{"type":{}}"#, 8, "Unable to process field 'type': Object not expected: utf8 is asked for, found an object"),
        (r#"{"type":"trade"}"#, 15, "Unable to process field 'price': Missing not allowed"),
        (r#"{"type":"trade","type":"quote"}"#, 16, "Field 'type' has already been visited"),
        (
            r#"{"type":"quote","bid":true}"#,
            22,
            "Unable to process field 'bid': Bool not expected: float64 is asked for, found true",
        ),
        (r#"["type"]"#, 0, "Array not expected: an object is asked for, found an array"),
    ] {
        let error = error(quote_or_trade(), document);
        assert_eq!((error.position, error.message.as_str()), (position, message), "{document}");
    }
    let unknown = error(quote_or_trade().allow_unknown_types(false), r#"{"type":"news"}"#);
    assert_eq!((unknown.position, unknown.message.as_str()), (8, "Unknown type 'news' not allowed"));
    let closed = error(quote_or_trade().allow_unknown_fields(false), r#"{"type":"quote","price":1}"#);
    assert_eq!(closed.message, "Unknown field 'price' not allowed");
}

#[test]
fn a_typed_object_in_an_array_and_with_aliases_in_any_case() {
    let tag = Field::new("type", string_val()).alias("kind").case_sensitive(false);
    let described =
        array_val(typed_object_val(tag, [("a", object_val([("x", int_val())])), ("b", object_val([("y", int_val())]))]));
    assert_eq!(
        columns(described, r#"[{"KIND":"a","x":1},{"y":2,"Type":"b"},null,{"type":"c"}]"#),
        "type=[a, b, null, c] a_x=[1, null, null, null] b_y=[null, 2, null, null]"
    );
}

#[test]
fn skipped_values_can_be_forbidden_by_kind() {
    let described = |skip: Value| object_val([("s", skip), ("a", int_val())]);
    for (skip, document, message) in [
        (skip_val().allow_string(false), r#"{"s":"x"}"#, "String not allowed"),
        (skip_val().allow_int(false), r#"{"s":1}"#, "Number int not allowed"),
        (skip_val().allow_decimal(false), r#"{"s":1.0}"#, "Decimal not allowed"),
        (skip_val().allow_bool(false), r#"{"s":true}"#, "Bool not allowed"),
        (skip_val().allow_object(false), r#"{"s":{}}"#, "Object not allowed"),
        (skip_val().allow_array(false), r#"{"s":[]}"#, "Array not allowed"),
        (skip_val().allow_null(false), r#"{"s":null}"#, "Null not allowed"),
        (skip_val().allow_missing(false), r#"{"a":1}"#, "Missing not allowed"),
    ] {
        assert!(error(described(skip), document).message.contains(message), "{document}");
    }
    assert_eq!(columns(described(skip_val().allow_int(false)), r#"{"s":1.5,"a":1}"#), "a=1");
}

#[test]
fn names_of_entries_may_stand_for_other_values() {
    assert_eq!(columns(entries_val(int_val(), string_val()), r#"{"1":"a","-2":null}"#), "Key=[1, -2] Value=[a, null]");
    assert_eq!(columns(entries_val(local_date_val(), int_val()), r#"{"2026-11-21":1}"#), "Key=[2026-11-21] Value=[1]");
    let seconds = entries_val(instant_number_val(TimeUnit::Second), int_val());
    assert_eq!(columns(seconds.clone(), r#"{"1":1}"#), "Key=[1000000000] Value=[1]");
    let error = error(seconds, r#"{"x":1}"#);
    assert_eq!((error.column.as_deref(), error.position, error.reason), (Some("Key"), 1, Reason::Format));
}

#[test]
fn a_bad_record_leaves_its_neighbours_whole_within_arrays_too() {
    let described = array_val(object_val([("a", int_val()), ("b", array_val(string_val()))]));
    let spec = spec::object(described).to_string();
    let documents = [
        r#"[{"a":1,"b":["x"]},{"a":2}]"#,
        r#"[{"a":3,"b":["y","z"]},{"b":["u",7]}]"#,
        r#"[{"a":4,"b":["v"]},"#,
        r#"[{"b":["w"],"a":"5"}]"#,
        r#"[{"a":6,"b":[]}]"#,
    ];
    let payloads: Vec<_> = documents.iter().map(|document| Some(document.as_bytes())).collect();
    let (arrays, bad) = decode(&spec, &payloads);
    let rows = |array: &ArrayRef| (0..5).map(|row| shown(&array.slice(row, 1))).collect::<Vec<_>>().join(" ");
    assert_eq!(rows(&arrays[0]), "[1, 2] null null null [6]");
    assert_eq!(rows(&arrays[1]), "[[x], null] null null null [[]]");
    let found: Vec<_> = bad.iter().map(|bad| (bad.index, bad.error.column.as_deref(), bad.error.reason)).collect();
    assert_eq!(found, [(1, Some("b"), Reason::Type), (2, None, Reason::Truncated), (3, Some("a"), Reason::Type)]);
}

#[test]
fn depth_and_size_are_read_at_the_limit_and_not_one_beyond() {
    let described = || object_val([("a", array_val(any_val()))]);
    let text = |options: &str| format!("{};{options}", spec::object(described()));
    let document = br#"{"a":[{"b":[]}]}"#;
    assert!(decode(&text("depth=4"), &[Some(document)]).1.is_empty());
    let (_, bad) = decode(&text("depth=3"), &[Some(document)]);
    assert_eq!((bad[0].error.reason, bad[0].error.position), (Reason::Limit, 11));
    assert!(Spec::parse(&text("depth=1")).unwrap_err().to_string().contains("2 levels deep, the limit is 1"));
    assert!(decode(&text("size=16"), &[Some(document)]).1.is_empty());
    assert_eq!(decode(&text("size=15"), &[Some(document)]).1[0].error.reason, Reason::Limit);
}

#[test]
fn a_zone_makes_instants_without_offset_readable() {
    let spec = format!("{};zone=+02:00", spec::object(instant_val()));
    let (arrays, bad) = decode(&spec, &[Some(b"\"1970-01-01T02:00:01\"")]);
    assert!(bad.is_empty());
    assert_eq!(shown(&arrays[0]), "1000000000");
}

#[test]
fn a_default_that_its_value_does_not_take_is_an_error_of_the_spec() {
    for (described, part) in [
        (object_val([("a", int_val().on_null("x"))]), "column \"a\": its on_null"),
        (array_val(object_val([("a", byte_val().on_missing("128"))])), "column \"a\": its on_missing"),
        (object_entries_val(object_val([("d", local_date_val().on_null("today"))])), "column \"d\": its on_null"),
    ] {
        let spec = spec::object(described);
        let error = crate::decode::decoder(&spec, Side::Value, &spec::Names::default()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn every_value_has_its_arrow_type() {
    for (described, expected) in [
        (string_val(), "Utf8"),
        (bool_val(), "Boolean"),
        (char_val(), "Utf8"),
        (byte_val(), "Int8"),
        (short_val(), "Int16"),
        (int_val(), "Int32"),
        (long_val(), "Int64"),
        (float_val(), "Float32"),
        (double_val(), "Float64"),
        (instant_val(), "Timestamp(ns, \"UTC\")"),
        (instant_number_val(TimeUnit::Second), "Timestamp(ns, \"UTC\")"),
        (instant_number_val(TimeUnit::Nanosecond), "Timestamp(ns, \"UTC\")"),
        (local_date_val(), "Date32"),
        (big_integer_val(), "Decimal256(76, 0)"),
        (big_decimal_val(), "Utf8"),
        (type_val(Type::Timestamp(TimeUnit::Millisecond)), "Timestamp(ms, \"UTC\")"),
        (type_val(Type::Decimal(18, 4)), "Decimal128(18, 4)"),
        (any_val(), "Utf8"),
        (array_val(int_val()), "List(Int32)"),
        (array_val(array_val(object_val([("a", double_val())]))), "List(List(Float64))"),
        (object_entries_val(bool_val()), "List(Utf8) List(Boolean)"),
        (tuple_val([int_val(), string_val()]), "Int32 Utf8"),
        (quote_or_trade(), "Utf8 Utf8 Float64 Float64 Float64"),
    ] {
        let schema = spec::object(described.clone()).schema(Side::Value).unwrap();
        let types: Vec<String> = schema.fields().iter().map(|field| field.data_type().to_string()).collect();
        assert_eq!(types.join(" "), expected, "{described}");
        assert!(schema.fields().iter().all(|field| field.is_nullable()));
    }
}

#[test]
fn numbers_are_read_at_the_limits_of_their_types_and_not_one_beyond() {
    for (described, least, most, below, above) in [
        (byte_val(), "-128", "127", "-129", "128"),
        (short_val(), "-32768", "32767", "-32769", "32768"),
        (int_val(), "-2147483648", "2147483647", "-2147483649", "2147483648"),
        (long_val(), "-9223372036854775808", "9223372036854775807", "-9223372036854775809", "9223372036854775808"),
    ] {
        for document in [least, most] {
            assert_eq!(value(described.clone(), document), document);
            assert_eq!(value(described.clone().allow_string(true), &format!("\"{document}\"")), document);
            assert_eq!(value(described.clone().allow_decimal(true), &format!("{document}.9")), document);
        }
        for document in [below, above] {
            assert_eq!(error(described.clone(), document).reason, Reason::Range);
            assert_eq!(error(described.clone().allow_string(true), &format!("\"{document}\"")).reason, Reason::Range);
            assert_eq!(error(described.clone().allow_decimal(true), &format!("{document}.0")).reason, Reason::Range);
        }
    }
    let nines = "9".repeat(76);
    assert_eq!(value(big_integer_val(), &nines), nines);
    assert_eq!(error(big_integer_val(), &format!("1{}", "0".repeat(76))).reason, Reason::Range);
    assert_eq!(value(instant_number_val(TimeUnit::Second).allow_decimal(true), "9223372036.854775807"), i64::MAX.to_string());
    assert_eq!(error(instant_number_val(TimeUnit::Second).allow_decimal(true), "9223372036.854775808").reason, Reason::Range);
}
