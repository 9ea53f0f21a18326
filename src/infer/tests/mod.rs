//! What is found in samples, and that it reads what it was found in.

use arrow_schema::TimeUnit;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::spec::column;

fn found<'a>(payloads: impl IntoIterator<Item = &'a (impl AsRef<[u8]> + ?Sized + 'a)>) -> Finding {
    infer(Side::Value).look(payloads.into_iter().map(|bytes| Some(bytes.as_ref())))
}

fn spec_of<'a>(payloads: impl IntoIterator<Item = &'a (impl AsRef<[u8]> + ?Sized + 'a)>) -> String {
    found(payloads).spec.to_string()
}

fn has_note(finding: &Finding, text: &str) -> bool {
    let columns = finding.columns.iter().flat_map(|column| &column.notes);
    finding.notes.iter().chain(columns).any(|note| note.contains(text))
}

const ORDERS: [&str; 3] = [
    r#"{"symbol":"CRM","instrument":{"isin":"US79","tick":1},"at":"2026-11-21T08:00:00.000001Z","id":"123e4567-e89b-12d3-a456-426614174000","legs":[],"tags":[],"note":null,"KafkaOffset":7,"a/b":true}"#,
    r#"{"symbol":"X","instrument":null,"at":"2026-11-21T08:00:00+01:00","id":null,"legs":[{"qty":1,"day":"2026-11-21"}],"tags":["a",null]}"#,
    r#"{"symbol":"Y","instrument":{"isin":"US80","tick":0.5},"legs":null,"tags":["b"],"note":null}"#,
];

fn orders() -> Finding {
    infer(Side::Value).apart_from(["KafkaOffset"]).look(ORDERS.map(|order| Some(order.as_bytes())))
}

#[test]
fn objects_become_columns_with_the_types_of_their_members() {
    let orders = orders();
    assert_eq!(
        orders.spec.to_string(),
        "json:symbol:utf8,instrument__isin:utf8=/instrument/isin,instrument__tick:float64=/instrument/tick,at:timestamp(us),id:uuid,\
         legs:list<struct<qty:int64,day:date32>>,tags:list<utf8>,note:json,KafkaOffset_2:int64=/KafkaOffset,a/b:bool"
    );
    assert_eq!((orders.content, orders.payloads, orders.unfit), (Content::Json, 3, Some(0)));
    let told: Vec<_> = orders.columns.iter().map(|column| (column.name(), column.missing, column.nulls)).collect();
    assert_eq!(told[0], ("symbol", 0, 0));
    assert_eq!(told[3], ("at", 1, 0));
    assert_eq!(told[4], ("id", 1, 1));
    assert_eq!(told[7], ("note", 1, 2));
}

#[test]
fn the_rust_of_a_spec_builds_it() -> Result<()> {
    let built: Spec = include!("orders_spec.rs");
    assert_eq!(built, orders().spec);
    assert_eq!(rust(&built), include_str!("orders_spec.rs").trim_end());
    let skipping = built.lenient(true).tombstones(spec::Tombstones::Skip);
    assert!(rust(&skipping).ends_with("]).lenient(true).tombstones(Tombstones::Skip)"));
    for text in ["json:a:int64;zone=UTC", "avro:order.avsc;framing=confluent"] {
        assert_eq!(rust(&Spec::parse(text)?), format!("Spec::parse({text:?})?"));
    }
    for (text, expected) in [
        ("ignore", "spec::ignore()"),
        ("raw", "Spec::parse(\"raw\")?"),
        ("raw:x", "spec::raw(\"x\")"),
        ("simple:timestamp(ms)", "spec::simple_type(Type::Timestamp(TimeUnit::Millisecond))"),
        ("simple::x", "spec::simple_name(\"x\")"),
        ("from_properties", "spec::from_properties()"),
    ] {
        assert_eq!(rust(&Spec::parse(text)?), expected);
    }
    let decimal = spec::json([column("d", Type::Decimal(18, 4)).at("/p").or_at("/q").on_missing("0").not_null()]);
    let expected =
        "spec::json([\n    column(\"d\", Type::Decimal(18, 4)).at(\"/p\").or_at(\"/q\").on_missing(\"0\").allow_null(false),\n])";
    assert_eq!(rust(&decimal), expected);
    Ok(())
}

#[test]
fn members_take_the_narrowest_type_that_holds_all_of_them() {
    for (values, data_type) in [
        (&["1", "-2"][..], "int64"),
        (&["1", "2.5"], "float64"),
        (&["1.0"], "float64"),
        (&["18446744073709551615", "1"], "uint64"),
        (&["18446744073709551615", "-1"], "decimal(20,0)"),
        (&["true", "null"], "bool"),
        (&["null"], "json"),
        (&["1", "\"x\""], "json"),
        (&["[1]", "{\"a\":1}"], "json"),
        (&["{}"], "json"),
        (&["[]"], "list<json>"),
        (&["[1]", "[2.5,null]", "[]"], "list<float64>"),
        (&["[1,\"x\"]"], "list<json>"),
        (&["[[1],[]]"], "list<list<int64>>"),
        (&["\"2026-11-21\""], "date32"),
        (&["\"2026-11-21\"", "\"\""], "utf8"),
        (&["\"2026-11-21\"", "\"2026-11-21T00:00:00Z\""], "utf8"),
        (&["\"08:00:00\"", "\"08:00:00.123456789\""], "time(ns)"),
        (&["\"2026-11-21T08:00:00Z\"", "null"], "timestamp(ms)"),
        (&["\"2026-11-21T08:00:00\""], "utf8"),
    ] {
        let documents: Vec<String> = values.iter().map(|value| format!("{{\"a\":{value}}}")).collect();
        let finding = found(&documents);
        assert_eq!(finding.spec.to_string(), format!("json:a:{data_type}"), "{values:?}");
        assert_eq!(finding.unfit, Some(0), "{values:?}: {finding:?}");
    }
}

#[test]
fn what_is_not_sure_is_said() {
    assert!(has_note(&found(&[r#"{"a":1}"#, r#"{"a":"x"}"#]), "the text of numbers and texts"));
    assert!(has_note(&found(&[r#"{"a":1795264496123}"#]), "timestamp(ms) if"));
    assert!(has_note(&found(&[r#"{"a":"2026-11-21 08:00:00"}"#]), ";zone=UTC"));
    assert!(has_note(&found(&[r#"{"a":9007199254740993}"#, r#"{"a":0.5}"#]), "2^53"));
    assert!(has_note(&found(&[r#"{"a":null}"#]), "only null"));
}

#[test]
fn objects_whose_members_are_data_are_maps() {
    let keyed = |at: usize| format!(r#"{{"by_id":{{"id{at}":{{"n":{at}}},"id{}":{{"n":0}}}}}}"#, at + 100);
    let documents: Vec<String> = (0..20).map(keyed).collect();
    assert_eq!(spec_of(&documents), "json:by_id:map<utf8,struct<n:int64>>");
    let roots: Vec<String> = (0..20).map(|at| format!(r#"{{"id{at}":{at}}}"#)).collect();
    let finding = found(&roots);
    assert_eq!(finding.spec.to_string(), "json:document:map<utf8,int64>=\"\"");
    assert_eq!(finding.unfit, Some(0));
}

#[test]
fn too_many_members_are_nested_columns_and_far_too_many_one_document() {
    let nested = |inner: usize| {
        let members: Vec<String> = (0..inner).map(|at| format!("\"m{at}\":1")).collect();
        format!("{{\"a\":{{{}}},\"b\":1}}", members.join(","))
    };
    assert_eq!(found(&[nested(199)]).columns.len(), 200);
    let structs = found(&[nested(200)]);
    assert_eq!((structs.columns.len(), structs.unfit), (2, Some(0)));
    let wide = |members: usize| format!("{{{}}}", (0..members).map(|at| format!("\"m{at}\":1")).collect::<Vec<_>>().join(","));
    assert_eq!(found(&[wide(200)]).columns.len(), 200);
    assert_eq!(spec_of(&[wide(201)]), "json:document:json=\"\"");
    assert_eq!(found(&[wide(20_000)]).unfit, Some(0));
    assert_eq!(spec_of(&["{}"]), "json:document:json=\"\"");
}

#[test]
fn a_column_that_nests_too_deeply_is_text() {
    let deep = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(spec_of(&[deep(2)]), "json:a:list<list<int64>>");
    let deepest = found(&[deep(100)]);
    assert!(deepest.spec.to_string().contains("list<json>") && deepest.unfit == Some(0), "{}", deepest.spec);
    assert!(has_note(&deepest, "more deeply"));
    let objects = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    assert_eq!(found(&[objects]).unfit, Some(0));
}

#[test]
fn a_few_broken_documents_are_told_and_many_are_text() {
    let mut documents = vec![r#"{"a":1}"#; 8];
    documents.extend(["{oops", "{\"a\":"]);
    let finding = found(&documents);
    assert_eq!((finding.spec.to_string().as_str(), finding.unfit), ("json:a:int64", Some(2)));
    assert!(has_note(&finding, "2 of 10 do not fit, the first: byte 1: "), "{:?}", finding.notes);
    documents.push("{");
    assert_eq!(spec_of(&documents), "simple:utf8");
}

#[test]
fn names_that_are_taken_or_empty_are_others() {
    let finding = infer(Side::Value).apart_from(["a", "a_2"]).look([Some(&br#"{"a":1,"":2,"x":{"y":1},"x__y":2}"#[..])]);
    assert_eq!(finding.spec.to_string(), "json:a_3:int64=/a,column:int64=/,x__y:int64=/x/y,x__y_2:int64=/x__y");
    assert_eq!(finding.unfit, Some(0));
}

#[test]
fn numbers_are_told_from_text_and_from_each_other() {
    let big = |values: &[i64]| values.iter().map(|value| value.to_be_bytes().to_vec()).collect::<Vec<_>>();
    assert_eq!(spec_of(&big(&[0, 1, -1, i64::MAX])), "simple:int64");
    let floats: Vec<_> = [0.0_f64, 166.25, -1e6].iter().map(|value| value.to_be_bytes()).collect();
    let finding = found(&floats);
    assert_eq!(finding.spec.to_string(), "simple:float64");
    assert!(has_note(&finding, "as float64 they are -1000000 to 166.25"), "{:?}", finding.notes);
    assert_eq!(spec_of(&[1_i32.to_be_bytes(), (-7_i32).to_be_bytes()]), "simple:int32");
    assert_eq!(spec_of(&[1.5_f32.to_be_bytes()]), "simple:float32");
    assert_eq!(spec_of(&[3_i16.to_be_bytes()]), "simple:int16");
    assert_eq!(spec_of(&[[0_u8], [1]]), "simple:bool");
    assert_eq!(spec_of(&[[0_u8], [2]]), "simple:int8");
    let times = found(&big(&[1_795_264_496_123, 1_795_264_496_200]));
    assert!(has_note(&times, "simple:timestamp(ms)"), "{:?}", times.notes);
    let little = found(&[5_i64.to_le_bytes(), 300_i64.to_le_bytes()]);
    assert!(has_note(&little, "little-endian) they would be 5 to 300"), "{:?}", little.notes);
    assert!(found(&big(&[5])).notes.iter().all(|note| !note.contains("endian")));
    let ids = found(&[*b"ABCD", *b"WXYZ"]);
    assert_eq!((ids.spec.to_string().as_str(), has_note(&ids, "by chance")), ("simple:utf8", true));
}

#[test]
fn text_uuids_and_bytes_are_one_column() {
    assert_eq!(spec_of(&["hello", "wörld\n"]), "simple:utf8");
    assert!(has_note(&found(&["[1,2]", "[3]"]), "no objects"));
    assert!(has_note(&found(&["17", "-3"]), "written as text"));
    assert_eq!(spec_of(&["123e4567-e89b-12d3-a456-426614174000"]), "simple:uuid");
    assert_eq!(spec_of(&[&b"\xff\xfe"[..], b"\x80"]), "raw");
    assert_eq!(spec_of(&[&b"a\0b"[..], b"c"]), "raw");
    assert!(has_note(&found(&[[0xff_u8; 16]]), "UUIDs"));
}

#[test]
fn nothing_null_and_empty_payloads_say_so() {
    let none: [Option<&[u8]>; 0] = [];
    let finding = infer(Side::Value).look(none);
    assert_eq!((finding.content.clone(), finding.spec.to_string().as_str()), (Content::Nothing, "raw"));
    assert!(has_note(&finding, "no records"));
    let keys = infer(Side::Key).look([None::<&[u8]>, None]);
    assert_eq!((keys.spec.to_string().as_str(), keys.nulls, has_note(&keys, "all are null")), ("ignore", 2, true));
    let empty = infer(Side::Value).look([Some(&b""[..]), None]);
    assert_eq!((empty.spec.to_string().as_str(), empty.empty, empty.nulls, empty.unfit), ("simple:utf8", 1, 1, Some(0)));
    let tombstones = infer(Side::Value).look([Some(&br#"{"a":1}"#[..]), None, None]);
    assert_eq!((tombstones.spec.to_string().as_str(), tombstones.nulls, tombstones.unfit), ("json:a:int64", 2, Some(0)));
}

fn framed(head: &[u8], rest: &[u8]) -> Vec<u8> {
    [head, rest].concat()
}

#[test]
fn payloads_that_name_their_schema_are_told_by_what_is_in_front() {
    let confluent: Vec<Vec<u8>> = (0..8).map(|at| framed(&[0, 0, 0, 0, 7], &vec![at | 0x80; usize::from(at) + 1])).collect();
    let finding = found(&confluent);
    assert_eq!(
        (finding.content.to_string().as_str(), finding.spec.to_string().as_str()),
        ("payloads behind the schema's id 7", "raw")
    );
    assert!(has_note(&finding, "the registry (-r) knows"));
    let glue: Vec<Vec<u8>> = (0..8).map(|at| framed(&[3, 0], &vec![9; 16 + at])).collect();
    assert!(found(&glue).content.to_string().contains("Glue id 09090909-"), "{}", found(&glue).content);
    let single: Vec<Vec<u8>> = (0..8).map(|at| framed(&[0xc3, 1, 1, 0, 0, 0, 0, 0, 0, 0], &vec![2; at])).collect();
    assert_eq!(found(&single).content.to_string(), "AVRO, behind the schema's fingerprint 0000000000000001");
    let json: Vec<Vec<u8>> = (0..8).map(|at| framed(&[0, 0, 0, 0, 3], format!("{{\"a\":{at}}}").as_bytes())).collect();
    let finding = found(&json);
    assert_eq!(finding.content.to_string(), "JSON, behind the schema's id 3");
    assert_eq!((finding.columns.len(), finding.spec.to_string().as_str(), finding.unfit), (1, "raw", Some(0)));
    assert!(has_note(&finding, "where a registry is given (-r)"), "{:?}", finding.notes);
    let by_header = infer(Side::Value).look([Payload::new(Some(b"\x02a"), Some(&[0, 0, 0, 0, 9])); 3]);
    assert_eq!(by_header.content.to_string(), "payloads with the schema's id 9 in a header");
}

#[test]
fn numbers_that_begin_with_zeros_are_no_schema_ids() {
    let small: Vec<Vec<u8>> = (0_i64..100).map(|value| value.to_be_bytes().to_vec()).collect();
    assert!(found(&small).notes.iter().all(|note| !note.contains("registry")));
    let ambiguous: Vec<Vec<u8>> = (0_i64..100).map(|value| (value + (1 << 24)).to_be_bytes().to_vec()).collect();
    let finding = found(&ambiguous);
    assert_eq!(finding.spec.to_string(), "simple:int64");
    assert!(has_note(&finding, "or they are payloads behind the schema's id 1: a registry (-r) can tell"), "{:?}", finding.notes);
    // Each its own id: no ids.
    let various: Vec<Vec<u8>> =
        (1_u32..100).map(|id| framed(&[0], &[&id.wrapping_mul(77_777_777).to_be_bytes()[..], &[0x80; 3]].concat())).collect();
    assert_eq!(found(&various).content, Content::Number(8));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        ".{0,5}".prop_map(Value::from),
        Just(json!("2026-11-21")),
        Just(json!("2026-11-21T08:00:00.5Z")),
        Just(json!("08:00:00")),
        Just(json!("123e4567-e89b-12d3-a456-426614174000")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec(("[a-d/~\"]{0,2}", inner), 0..5)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_found_reads_everything_that_it_was_found_in(
        documents in proptest::collection::vec(proptest::collection::vec(("[a-d_/~,:; \"]{0,3}", value()), 0..6), 1..6)
    ) {
        let documents: Vec<String> = documents
            .into_iter()
            .map(|members| Value::from(members.into_iter().collect::<Map<_, _>>()).to_string())
            .collect();
        let finding = found(&documents);
        prop_assert_eq!(finding.unfit, Some(0), "{} {:?} {:?}", finding.spec, finding.notes, documents);
        prop_assert_eq!(Spec::parse(&finding.spec.to_string()).unwrap(), finding.spec.clone());
        let data = serde_json::to_string(&finding.spec).unwrap();
        prop_assert_eq!(serde_json::from_str::<Spec>(&data).unwrap(), finding.spec);
    }

    #[test]
    fn whatever_comes_a_spec_is_found(payloads in proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..24)), 0..12)) {
        let finding = infer(Side::Value).look(payloads.iter().map(Option::as_deref));
        prop_assert_eq!(Spec::parse(&finding.spec.to_string()).unwrap(), finding.spec.clone());
        prop_assert_eq!(finding.payloads, payloads.len());
    }
}
