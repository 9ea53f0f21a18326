//! What columns a schema gives: names, types, limits, refusals.

use super::*;

/// The columns with their types.
fn typed(spec: ProtobufSpec) -> Result<Vec<String>> {
    let fields = Spec::from(spec).columns(Side::Value, &crate::spec::Names::default())?;
    Ok(fields.iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect())
}

fn refused(spec: ProtobufSpec) -> String {
    typed(spec).unwrap_err().to_string()
}

#[test]
fn every_type_has_its_column() {
    let google = ["any", "duration", "field_mask", "struct", "timestamp", "wrappers", "empty"];
    let imports: String = google.map(|name| format!("import \"google/protobuf/{name}.proto\";\n")).concat();
    for (declared, expected) in [
        ("int32 f = 1", "Int32"),
        ("sint32 f = 1", "Int32"),
        ("sfixed32 f = 1", "Int32"),
        ("uint32 f = 1", "UInt32"),
        ("fixed32 f = 1", "UInt32"),
        ("int64 f = 1", "Int64"),
        ("sint64 f = 1", "Int64"),
        ("sfixed64 f = 1", "Int64"),
        ("uint64 f = 1", "UInt64"),
        ("fixed64 f = 1", "UInt64"),
        ("float f = 1", "Float32"),
        ("double f = 1", "Float64"),
        ("bool f = 1", "Boolean"),
        ("string f = 1", "Utf8"),
        ("bytes f = 1", "Binary"),
        ("E f = 1", "Utf8"),
        ("google.protobuf.Timestamp f = 1", r#"Timestamp(ns, "UTC")"#),
        ("google.protobuf.Duration f = 1", "Duration(ns)"),
        ("google.protobuf.DoubleValue f = 1", "Float64"),
        ("google.protobuf.FloatValue f = 1", "Float32"),
        ("google.protobuf.Int64Value f = 1", "Int64"),
        ("google.protobuf.UInt64Value f = 1", "UInt64"),
        ("google.protobuf.Int32Value f = 1", "Int32"),
        ("google.protobuf.UInt32Value f = 1", "UInt32"),
        ("google.protobuf.BoolValue f = 1", "Boolean"),
        ("google.protobuf.StringValue f = 1", "Utf8"),
        ("google.protobuf.BytesValue f = 1", "Binary"),
        ("google.protobuf.Struct f = 1", "Utf8"),
        ("google.protobuf.Value f = 1", "Utf8"),
        ("google.protobuf.ListValue f = 1", "Utf8"),
        ("google.protobuf.FieldMask f = 1", "List(Utf8)"),
        ("google.protobuf.Any f = 1", r#"Struct("type_url": Utf8, "value": Binary)"#),
        ("repeated uint32 f = 1", "List(UInt32)"),
        ("repeated S f = 1", r#"List(Struct("a": Int32, "b": Struct("c": Utf8)))"#),
        ("repeated google.protobuf.Int64Value f = 1", "List(Int64)"),
        ("map<bool, fixed64> f = 1", r#"Map("entries": non-null Struct("keys": non-null Boolean, "values": UInt64), unsorted)"#),
    ] {
        let schema = format!(
            "syntax = \"proto3\"; {imports} message M {{ {declared}; google.protobuf.Empty empty = 2; }} enum E {{ Z = 0; }}
             message S {{ int32 a = 1; T b = 2; }} message T {{ string c = 1; }}"
        );
        assert_eq!(typed(protobuf(schema)).unwrap(), [format!("f: {expected}")], "{declared}");
    }
}

#[test]
fn enums_may_be_numbers_and_messages_structs() {
    let schema = r#"syntax = "proto3"; message M { E e = 1; S s = 2; } enum E { Z = 0; } message S { E e = 1; }"#;
    assert_eq!(typed(protobuf(schema).enum_numbers(true)).unwrap(), ["e: Int32", "s_e: Int32"]);
    assert_eq!(typed(protobuf(schema).nested(Nested::Struct)).unwrap(), ["e: Utf8", r#"s: Struct("e": Utf8)"#]);
}

const ORDERS: &str = r#"syntax = "proto3";
    message M { repeated Order orders = 1; map<string, Order> by_name = 2; map<string, Price> last = 3; Price price = 4; }
    message Order { int64 id = 1; repeated Price prices = 2; Price first = 3; map<int32, Order2> more = 4; }
    message Order2 { int32 a = 1; int32 b = 2; }
    message Price { double value = 1; }"#;

#[test]
fn repeated_messages_may_be_lists_beside_each_other_named_as_the_reference_does() {
    assert_eq!(
        typed(protobuf(ORDERS).include("/orders/*").include("/last/*").include("/price/*").flatten(true)).unwrap(),
        [
            "orders_id: List(Int64)",
            "orders_prices_value: List(List(Float64))",
            "orders_first_value: List(Float64)",
            "orders_more_key: List(List(Int32))",
            "orders_more_value_a: List(List(Int32))",
            "orders_more_value_b: List(List(Int32))",
            r#"last: Map("entries": non-null Struct("keys": non-null Utf8, "values": Float64), unsorted)"#,
            "price_value: Float64",
        ]
    );
    let by_name = protobuf(ORDERS).include("/by_name/value/id").include("/by_name/value/first/*").flatten(true);
    assert_eq!(
        typed(by_name).unwrap(),
        ["by_name_key: List(Utf8)", "by_name_value_id: List(Int64)", "by_name_value_first_value: List(Float64)"]
    );
    let both = refused(protobuf(ORDERS).flatten(true).nested(Nested::Struct));
    assert!(both.contains("only one of the two"), "{both}");
}

#[test]
fn include_paths_lead_into_lists_and_maps() {
    assert_eq!(typed(protobuf(ORDERS).include("/orders/id")).unwrap(), [r#"orders: List(Struct("id": Int64))"#]);
    let map = r#"last: Map("entries": non-null Struct("keys": non-null Utf8, "values": Struct("value": Float64)), unsorted)"#;
    for path in ["/last/*", "/last/value/*", "/last/value/value"] {
        assert_eq!(typed(protobuf(ORDERS).include(path)).unwrap(), [map], "{path}");
    }
    assert_eq!(typed(protobuf(ORDERS).include("/*")).unwrap().len(), 4);
    for (path, hint) in [
        ("/orders", "/orders/*"),
        ("/price", "/price/*"),
        ("/last", "/last/*"),
        ("/last/value", "/last/value/*"),
        ("/orders/first", "/orders/first/*"),
        ("/last/nothing", "names no field"),
        ("/price/value/more", "names no field"),
        ("/price/nothing", "names no field"),
        ("", "names no field"),
    ] {
        let error = refused(protobuf(ORDERS).include(path));
        assert!(error.contains(hint), "{path}: {error}");
    }
}

const RECURSIVE: &str = r#"syntax = "proto3"; import "google/protobuf/struct.proto";
    message Node { int32 id = 1; Node next = 2; repeated Node all = 3; map<string, Node> named = 4; Other other = 5; google.protobuf.Value json = 6; }
    message Other { Node back = 1; }"#;

#[test]
fn messages_that_contain_themselves_are_refused_or_bytes() {
    let error = refused(protobuf(RECURSIVE));
    assert!(error.contains("field /next: Cyclical protobuf message descriptor detected: Node"), "{error}");
    assert!(error.contains("recursive=raw"), "{error}");
    let raw = || protobuf(RECURSIVE).recursive(Recursive::Raw);
    let map = r#"named: Map("entries": non-null Struct("keys": non-null Utf8, "values": Binary), unsorted)"#;
    let expected = ["id: Int32", "next: Binary", "all: List(Binary)", map, "other_back: Binary", "json: Utf8"];
    assert_eq!(typed(raw()).unwrap(), expected);
    assert_eq!(typed(raw().flatten(true)).unwrap(), expected);
    assert_eq!(typed(raw().nested(Nested::Struct)).unwrap()[4], r#"other: Struct("back": Binary)"#);
}

#[test]
fn an_include_path_into_a_recursive_message_has_an_end() {
    let spec = protobuf(RECURSIVE).include("/next/next/id").include("/other/back/id");
    assert_eq!(typed(spec).unwrap(), ["next_next_id: Int32", "other_back_id: Int32"]);
    assert!(refused(protobuf(RECURSIVE).include("/next/*")).contains("Cyclical"));
}

/// A message within a message, `levels` times.
fn nested(levels: usize) -> String {
    let messages = (1..=levels).map(|level| format!("message M{level} {{ M{} m = 1; }}", level + 1));
    format!("syntax = \"proto3\"; {} message M{} {{ int32 x = 1; }}", messages.collect::<String>(), levels + 1)
}

#[test]
fn messages_are_columns_to_a_depth_of_64_and_no_deeper() {
    assert_eq!(typed(protobuf(nested(63))).unwrap().len(), 1);
    assert!(refused(protobuf(nested(64))).contains("more than 64 levels deep"));
}

#[test]
fn a_message_gives_10_000_columns_and_no_more() {
    let schema = |rest: usize| {
        let fields = (1..=99).map(|field| format!("B f{field} = {field};"));
        let inner = (1..=100).map(|field| format!("int32 f{field} = {field};"));
        let more = (1..=rest).map(|field| format!("int32 g{field} = {};", field + 1000));
        format!(
            "syntax = \"proto3\"; message A {{ {} {} }} message B {{ {} }}",
            fields.collect::<String>(),
            more.collect::<String>(),
            inner.collect::<String>()
        )
    };
    assert_eq!(typed(protobuf(schema(100))).unwrap().len(), 10_000);
    assert!(refused(protobuf(schema(101))).contains("more than 10000 columns"));
    // Twice as many with each message: the limit comes before the memory is gone.
    let doubling = (1..60).map(|level| format!("message M{level} {{ M{0} a = 1; M{0} b = 2; }}", level + 1));
    let schema = format!("syntax = \"proto3\"; {} message M60 {{ int32 x = 1; }}", doubling.collect::<String>());
    assert!(refused(protobuf(schema)).contains("more than 10000 columns"));
}

#[test]
fn messages_that_only_bear_google_s_names_are_refused() {
    let fake = r#"syntax = "proto3"; package google.protobuf; message Timestamp { string text = 1; }"#;
    let schema = r#"syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp t = 1; }"#;
    let error = refused(protobuf(schema).import("google/protobuf/timestamp.proto", fake));
    assert!(error.contains("is not what Google declares"), "{error}");
}
