//! The three forms of a description, and what is refused.

use super::*;
use crate::spec::{Side, Spec, TimeUnit, Tombstones, Type};

/// The columns' names.
fn names(spec: &Spec) -> String {
    let schema = spec.schema(Side::Value).unwrap();
    schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(" ")
}

/// A spec that is the same as text, as JSON, as TOML and as built.
fn same(built: Value, written: &str) {
    let built = object(built);
    let parsed = Spec::parse(&format!("object:{written}")).unwrap();
    assert_eq!(parsed, built, "{written}");
    assert_eq!(Spec::parse(&built.to_string()).unwrap(), built, "its own text");
    let data = format!(r#"{{"kind":"object","value":{written}}}"#);
    assert_eq!(serde_json::from_str::<Spec>(&data).unwrap(), built, "data");
    assert_eq!(serde_json::from_str::<Spec>(&serde_json::to_string(&built).unwrap()).unwrap(), built, "its own JSON");
    let toml_text = toml::to_string(&built).unwrap();
    assert_eq!(toml::from_str::<Spec>(&toml_text).unwrap(), built, "{toml_text}");
}

#[test]
fn every_value_is_the_same_built_as_text_and_as_data() {
    let field = |value: Value| object_val([("a", value)]);
    for (built, written) in [
        (string_val(), r#""string""#),
        (bool_val(), r#""bool""#),
        (char_val(), r#""char""#),
        (byte_val(), r#""byte""#),
        (short_val(), r#""short""#),
        (int_val(), r#""int""#),
        (long_val(), r#""long""#),
        (float_val(), r#""float""#),
        (double_val(), r#""double""#),
        (instant_val(), r#""instant""#),
        (instant_number_val(TimeUnit::Second), r#""instant(s)""#),
        (instant_number_val(TimeUnit::Millisecond), r#""instant(ms)""#),
        (instant_number_val(TimeUnit::Microsecond), r#""instant(us)""#),
        (instant_number_val(TimeUnit::Nanosecond), r#"{"type":"instant(ns)"}"#),
        (local_date_val(), r#""local_date""#),
        (big_integer_val(), r#""big_integer""#),
        (big_decimal_val(), r#""big_decimal""#),
        (any_val(), r#""any""#),
        (type_val(Type::Decimal(9, 2)), r#""decimal(9,2)""#),
        (type_val(Type::UInt32), r#""uint32""#),
        (
            int_val().lenient().strict(),
            r#"{"type":"int","allow_string":true,"allow_decimal":true,"allow_missing":false,"allow_null":false}"#,
        ),
        (int_val().on_null("0").on_missing("-1"), r#"{"type":"int","on_null":0,"on_missing":-1}"#),
        (bool_val().on_null("false"), r#"{"type":"bool","on_null":false}"#),
        (double_val().on_null("1.5"), r#"{"type":"double","on_null":1.5}"#),
        (string_val().on_null(""), r#"{"type":"string","on_null":""}"#),
        (any_val().allow_array(false), r#"{"type":"any","allow_array":false}"#),
        (array_val(int_val()), r#"["int"]"#),
        (
            array_val(array_val(int_val())).strict(),
            r#"{"type":"array","element":["int"],"allow_missing":false,"allow_null":false}"#,
        ),
        (tuple_val([int_val(), string_val()]), r#"{"type":"tuple","elements":["int","string"]}"#),
        (named_tuple_val([("x", int_val())]), r#"{"type":"tuple","elements":[{"name":"x","type":"int"}]}"#),
        (object_entries_val(int_val()), r#"{"type":"entries","value":"int"}"#),
        (entries_val(long_val(), int_val()), r#"{"type":"entries","key":"long","value":"int"}"#),
        (object_val([("b", int_val())]), r#"{"fields":{"b":"int"}}"#),
        (
            object_val([("b", int_val())]).allow_unknown_fields(false),
            r#"{"type":"object","allow_unknown_fields":false,"fields":[{"name":"b","type":"int"}]}"#,
        ),
    ] {
        same(field(built), &format!(r#"{{"fields":{{"a":{written}}}}}"#));
    }
}

#[test]
fn objects_are_the_same_built_as_text_and_as_data() {
    same(
        object_val([
            Field::new("id", long_val()).alias("ID").alias("i").case_sensitive(false).repeated(Repeated::UseFirst),
            Field::new("skipped", skip_val().allow_null(false)),
            Field::new("loc", object_val([("lat", double_val()), ("lon", double_val())])),
        ]),
        r#"{"type":"object","fields":[
            {"name":"id","type":"long","aliases":["ID","i"],"case_sensitive":false,"repeated":"use_first"},
            {"name":"skipped","type":"skip","allow_null":false},
            {"name":"loc","fields":{"lat":"double","lon":"double"}}]}"#,
    );
    let typed = |tag: Field| {
        let objects = [("quote", object_val([("bid", double_val())])), ("trade", object_val([("price", double_val())]))];
        typed_object_val(tag, objects).shared_fields([("symbol", string_val())])
    };
    same(
        typed("type".into()).allow_unknown_types(false).on_null("none"),
        r#"{"type":"typed_object","type_field":"type","shared_fields":{"symbol":"string"},"allow_unknown_types":false,"on_null":"none",
            "objects":{"quote":{"fields":{"bid":"double"}},"trade":{"fields":[{"name":"price","type":"double"}]}}}"#,
    );
    same(
        typed(Field::from("type").alias("kind").case_sensitive(false)),
        r#"{"type":"typed_object","type_field":{"name":"type","aliases":["kind"],"case_sensitive":false},
            "shared_fields":[{"name":"symbol","type":"string"}],
            "objects":[{"name":"quote","fields":{"bid":"double"}},{"name":"trade","fields":{"price":"double"}}]}"#,
    );
}

#[test]
fn options_and_what_follows_belong_to_the_spec() {
    let spec = Spec::parse(r#" object: {"fields": {"a;b": "int"}} ; tombstones=skip, zone=+02:00,depth=3 "#).unwrap();
    let built = object(object_val([("a;b", int_val())])).tombstones(Tombstones::Skip).depth(3);
    assert_eq!(spec, built.zone("+02:00".parse().unwrap()));
    assert!(spec.skips_tombstones());
    assert_eq!(Spec::parse(&spec.to_string()).unwrap(), spec);
    let data = r#"{"kind":"object","value":{"fields":{"a;b":"int"}},"tombstones":"skip","depth":3,"zone":"+02:00"}"#;
    assert_eq!(serde_json::from_str::<Spec>(data).unwrap(), spec);
}

#[test]
fn a_file_is_read_before_the_columns_are_known() {
    let spec = Spec::parse("object:order.json;depth=2").unwrap();
    assert_eq!(spec.to_string(), "object:order.json;depth=2");
    assert!(spec.schema(Side::Value).unwrap_err().to_string().contains("Spec::read_files"));
    let read = |text: &'static str| {
        spec.clone().read_files(|path| {
            assert_eq!(path, Path::new("order.json"));
            Ok::<_, ()>(text.as_bytes().to_vec())
        })
    };
    assert_eq!(names(&read(r#"{"fields": {"a": "int", "b": ["string"]}}"#).unwrap()), "a b");
    for (text, part) in [
        ("{\"fields\":\n {\"a\": \"itn\"}}", "field \"a\": no type is named \"itn\""),
        ("{\"fields\":\n {\"a\": 1}}", "at line 2"),
        ("{\"fields\": {\"a\": [[[\"int\"]]]}}", "4 levels deep, the limit is 2"),
        ("", "EOF"),
    ] {
        let error = read(text).unwrap().schema(Side::Value).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("order.json"), "{error}");
    }
    assert_eq!(spec.read_files(|_| Err("gone")), Err("gone"));
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    let field = |name: &str, value: Value| (name.to_owned(), value);
    for (built, place, reason) in [
        (object_val([("a_b", int_val()), ("a", object_val([("b", int_val())]))]), "column \"a_b\"", "a second column"),
        (object_val([field("a", int_val()), field("a", long_val())]), "field \"a\"", "the name \"a\" is a field's already"),
        (
            object_val([Field::new("a", int_val()).alias("b"), Field::new("c", int_val()).alias("b")]),
            "field \"c\"",
            "the name \"b\" is a field's already",
        ),
        (
            object_val([Field::new("a", int_val()), Field::new("A", int_val()).case_sensitive(false)]),
            "field \"A\"",
            "the name \"A\" is a field's already",
        ),
        (object_val([("a", skip_val())]), "the description", "it gives no columns"),
        (tuple_val([] as [Value; 0]), "the description", "a tuple has at least one element"),
        (object_val([("a", int_val().allow_bool(true))]), "field \"a\"", "allow_bool has no meaning for int32"),
        (object_val([("a", array_val(int_val()).allow_string(true))]), "field \"a\"", "allow_string has no meaning for an array"),
        (int_val().on_null("1").allow_null(false), "the description", "onNull set, but NULL is not allowed"),
        (int_val().on_missing("1").allow_missing(false), "the description", "onMissing set, but allowMissing is false"),
        (array_val(int_val()).on_null("[]"), "the description", "on_null and on_missing are of values without parts"),
        (skip_val().on_null("1"), "the description", "on_null and on_missing are of values without parts"),
        (type_val(Type::list(Type::Int64)), "the description", "list<int64> has parts"),
        (type_val(Type::Decimal(40, 2)), "the description", "decimal256"),
        (type_val(Type::Json), "the description", "described by any"),
        (entries_val(array_val(int_val()), int_val()), "the key", "values without parts"),
        (typed_object_val(Field::new("t", int_val()), [("a", object_val([("x", int_val())]))]), "field \"t\"", "string-valued"),
        (typed_object_val("t", [("a", int_val())]), "type \"a\"", "what a type has is an object"),
        (
            typed_object_val("t", [("a", object_val([("x", int_val())])), ("a", object_val([("y", int_val())]))]),
            "type \"a\"",
            "a second type has this name",
        ),
        (typed_object_val("t", [("a", object_val([("t", int_val())]))]), "type \"a\", field \"t\"", "a field's already"),
        (
            typed_object_val("t", [("a", object_val([("x", int_val())]))]).shared_fields([("x", int_val())]),
            "field \"x\"",
            "a field's already",
        ),
    ] {
        let error = object(built.clone()).schema(Side::Value).expect_err(&built.to_string()).to_string();
        assert!(error.contains(place) && error.contains(reason), "{built}: {error}");
    }
    // Case counts where no field says otherwise.
    assert_eq!(names(&object(object_val([("a", int_val()), ("A", int_val())]))), "a A");
}

#[test]
fn text_and_data_that_are_wrong_say_where_and_what() {
    for (written, part) in [
        ("", "the description's file is missing"),
        ("{}", "the description: the type is missing"),
        ("{\"fields\":{\"a\":\"itn\"}}", "field \"a\": no type is named \"itn\"; did you mean"),
        ("{\"fields\":{\"a\":\"big_intger\"}}", "did you mean \"big_integer\"?"),
        ("{\"fields\":{\"a\":\"instant(min)\"}}", "\"min\" is no unit of time"),
        ("{\"fields\":{\"a\":\"array\"}}", "what belongs to array is missing"),
        ("{\"fields\":{\"a\":{\"type\":\"array\"}}}", "array lacks its element"),
        ("{\"fields\":{\"a\":{\"type\":\"int\",\"element\":\"int\"}}}", "element is not said of int"),
        ("{\"fields\":{\"a\":[\"int\",\"int\"]}}", "a list is an array"),
        ("{\"fields\":{\"a\":{\"type\":\"int\",\"on_nul\":1}}}", "unknown field `on_nul`"),
        ("{\"fields\":[{\"type\":\"int\"}]}", "item 0 of a list lacks its name"),
        ("{\"type\":\"int\",\"name\":\"a\"}", "said of fields, and this is none"),
        ("{\"type\":\"typed_object\",\"objects\":{}}", "typed_object lacks its type_field"),
        ("{\"fields\":{\"a\":1}}", "the name of a type, a list of one, or an object with type"),
        ("{\"fields\":{\"a\":\"int\"", "EOF while parsing"),
        ("{\"fields\":{\"a\":\"int\"}} x", "\"x\" is left over"),
        ("{\"fields\":{\"a\":\"int\"}};lenient", "each value of an object spec says itself"),
    ] {
        let error = Spec::parse(&format!("object:{written}")).expect_err(written).to_string();
        assert!(error.contains(part), "{written}: {error}");
    }
    assert!(Spec::parse("object").unwrap_err().to_string().contains("the description is missing"));
    let data = serde_json::from_str::<Spec>(r#"{"kind":"object"}"#).unwrap_err().to_string();
    assert!(data.contains("value: it is missing"), "{data}");
    let data = serde_json::from_str::<Spec>(r#"{"kind":"json","columns":[],"value":"int"}"#).unwrap_err().to_string();
    assert!(data.contains("value: a spec of kind json has no such key"), "{data}");
}

#[test]
fn descriptions_nest_as_deep_as_the_limit_and_no_deeper() {
    let nested = |levels: usize| (0..levels).fold(int_val(), |value, _| array_val(value));
    assert!(object(nested(63)).schema(Side::Value).is_ok());
    let error = object(nested(64)).schema(Side::Value).unwrap_err().to_string();
    assert!(error.contains("nested more than 64 levels"), "{error}");
    assert!(Spec::parse(&format!("object:{}\"int\"{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
}
