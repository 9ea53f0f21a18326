//! Specs as data: JSON and TOML.

use super::*;

#[test]
fn specs_without_columns_are_data_too() {
    for spec in [ignore(), from_properties(), Spec::parse("raw").unwrap(), simple("a", Type::Utf8), simple_name("b")] {
        let data = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<Spec>(&data).unwrap(), spec, "{data}");
    }
    let data =
        "kind = 'json'\nzone = '+02:00'\n[[columns]]\nname = 'a'\ntype = 'list<utf8>'\npath = ['/x', '/y']\nnot_null = true\n";
    assert_eq!(toml::from_str::<Spec>(data).unwrap(), Spec::parse("json:a:list<utf8>!=/x|/y;zone=+02:00").unwrap());
}

#[test]
fn data_that_is_wrong_says_where_and_what() {
    for (data, parts) in [
        (r#"{}"#, &["kind: it is missing"][..]),
        (r#"{"kind":"jsno"}"#, &["kind: \"jsno\" is no kind of spec; did you mean \"json\"?; there are ignore, raw"]),
        (
            r#"{"kind":"raw","type":"utf8"}"#,
            &["type: a spec of kind raw has no such key", "; there are kind, name, zone, lenient"],
        ),
        (r#"{"kind":"ignore","columns":[]}"#, &["columns: a spec of kind ignore has no such key"]),
        (r#"{"kind":"simple"}"#, &["type: it is missing"]),
        (r#"{"kind":"simple","type":"date32"}"#, &["the type: simple has no form for date32"]),
        (r#"{"kind":"json"}"#, &["the columns: there are none"]),
        (r#"{"kind":"json","columns":[{"name":"a"}]}"#, &["columns[0] \"a\", type: it is missing"]),
        (
            r#"{"kind":"json","columns":[{"name":"a","type":"utf8","nul":1}]}"#,
            &[
                "columns[0] \"a\", nul: a column has no such key; there are name, type, path, default, on_missing, on_null, not_null",
            ],
        ),
        (
            r#"{"kind":"json","columns":[{"name":"a","type":"utf8"},{"name":"b","type":"list<utf9>"}]}"#,
            &["columns[1] \"b\", type: ", "did you mean \"utf8\"?", "character 6"],
        ),
        (r#"{"kind":"json","columns":[{"name":"a","type":"utf8","path":"/~2"}]}"#, &["column \"a\": ", "does not parse"]),
        (r#"{"kind":"json","columns":[{"name":"a","type":"utf8","path":[]}]}"#, &["columns[0] \"a\", path: the list"]),
        (
            r#"{"kind":"json","columns":[{"name":"a","type":"utf8","path":5}]}"#,
            &["columns[0] \"a\", path: a text or a list of texts is expected, not a number"],
        ),
        (r#"{"kind":"json","zone":"Mars","columns":[]}"#, &["zone: \"Mars\" is no zone"]),
        (r#"{"kind":"raw","lenient":true}"#, &["option lenient: "]),
        (r#"["json"]"#, &["the spec: an object is expected, not a list"]),
        (r#"{"kind":"raw","kind":"raw"}"#, &["the key \"kind\" is there twice"]),
        (r#"{"kind":5}"#, &["kind: a text is expected, not a number"]),
        (r#"{"kind":"json","columns":{"a":"utf8"}}"#, &["columns: a list of objects is expected, not an object"]),
        (r#"{"kind":"json","columns":["a"]}"#, &["columns[0]: an object is expected, not a text"]),
        (
            r#"{"kind":"json","columns":[{"name":"a","type":"utf8","path":["x",1]}]}"#,
            &["columns[0] \"a\", path[1]: a text is expected"],
        ),
        (
            r#"{"kind":"json","columns":[{"name":"a","type":"utf8","not_null":"yes"}]}"#,
            &["not_null: true or false is expected, not a text"],
        ),
        (
            r#"{"kind":"json","columns":[{"name":"a","type":"utf8","default":null}]}"#,
            &["columns[0] \"a\", default: a text, a number or a boolean"],
        ),
        (r#"{"kind":"json","depth":-1}"#, &["depth: it is no number from 0 on"]),
        (r#"{"kind":"json","depth":1.5}"#, &["depth: a number"]),
        (r#"{"kind":"json","tombstones":"drop"}"#, &["tombstones: tombstones are \"rows\" or \"skip\", not \"drop\""]),
        (
            r#"{"kind":"avro","subjct":"S"}"#,
            &[
                "subjct: a spec of kind avro has no such key; did you mean \"subject\"?; there are kind, schema, file, subject, version, mapped_only",
            ],
        ),
        (r#"{"kind":"avro","subject":"S","version":0}"#, &["version: \"0\" is no version"]),
        (r#"{"kind":"avro","subject":"S","version":[]}"#, &["version: a number or \"latest\" is expected, not a list"]),
        (
            r#"{"kind":"avro","file":"o.avsc","version":1}"#,
            &["version: it is for schemas of the registry, and the schema is given"],
        ),
        (r#"{"kind":"avro","file":"o.avsc","schema":"\"int\""}"#, &["schema: the schema is given twice"]),
        (r#"{"kind":"avro","subject":""}"#, &["the subject: the subject has no name"]),
        (r#"{"kind":"avro","mapping":{"a":1}}"#, &["mapping \"a\": a text is expected, not a number"]),
        (
            r#"{"kind":"json","framing":"glue","columns":[{"name":"a","type":"utf8"}]}"#,
            &["framing: the framing of JSON is none, confluent or guid"],
        ),
        (r#"{"kind":"avro","framing":"confluence"}"#, &["framing: the framing is none, confluent, guid, single-object or glue"]),
        (r#"{"kind":"avro","nested":5}"#, &["nested: a text is expected, not a number"]),
        (r#"{"kind":"avro","writers":[{"id":"x","file":"w"}]}"#, &["writers[0], id: \"x\" names no schema"]),
        (r#"{"kind":"avro","writers":[{"id":1}]}"#, &["writers[0], schema: it is missing"]),
        (
            r#"{"kind":"avro","writers":[{"subject":"S"}]}"#,
            &["writers[0], subject: the registry is asked for writers' schemas by their ids"],
        ),
        (
            r#"{"kind":"avro","writers":[{"file":"w","ids":1}]}"#,
            &["writers[0], ids: a writer's schema has no such key; did you mean \"id\"?"],
        ),
        (r#"{"kind":"protobuf","descriptors":"%"}"#, &["descriptors: it is no base64"]),
        (r#"{"kind":"protobuf","schema":{}}"#, &["schema: the schema's text is expected, not an object"]),
        (r#"{"kind":"protobuf","defaults":"yes"}"#, &["defaults: the option defaults takes no value"]),
        (r#"{"kind":"protobuf","include":[1]}"#, &["include[0]: a text is expected"]),
        (r#"{"kind":"object"}"#, &["value: it is missing; it describes the JSON value"]),
        (r#"{"kind":"object","value":"lnog"}"#, &["lnog"]),
    ] {
        let error = serde_json::from_str::<Spec>(data).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{data}: {error}");
        }
    }
}

#[test]
fn every_kind_has_the_forms_that_the_documents_show() {
    for (text, json, toml) in [
        ("ignore", r#"{"kind":"ignore"}"#, "kind = 'ignore'"),
        ("raw:Bytes", r#"{"kind":"raw","name":"Bytes"}"#, "kind = 'raw'\nname = 'Bytes'"),
        ("simple:int64:Id", r#"{"kind":"simple","name":"Id","type":"long"}"#, "kind = 'simple'\nname = 'Id'\ntype = 'int64'"),
        ("from_properties", r#"{"kind":"from_properties"}"#, "kind = 'from_properties'"),
        (
            "json:price:float64=/px,qty:int64!?0;lenient,depth=8",
            r#"{"kind":"json","lenient":true,"depth":8,"columns":[{"name":"price","type":"float64","path":"/px"},
                {"name":"qty","type":"int64","not_null":true,"default":0}]}"#,
            "kind = 'json'\nlenient = true\ndepth = 8\n[[columns]]\nname = 'price'\ntype = 'double'\npath = '/px'\n[[columns]]\nname = 'qty'\ntype = 'int64'\nnot_null = true\ndefault = '0'",
        ),
        (
            r#"object:{"fields":{"id":"long"}}"#,
            r#"{"kind":"object","value":{"fields":{"id":"long"}}}"#,
            "kind = 'object'\n[[value.fields]]\nname = 'id'\ntype = 'long'",
        ),
        ("object:order.json", r#"{"kind":"object","file":"order.json"}"#, "kind = 'object'\nfile = 'order.json'"),
        (
            "json:price:double;framing=confluent",
            r#"{"kind":"json","framing":"confluent","columns":[{"name":"price","type":"float64"}]}"#,
            "kind = 'json'\nframing = 'confluent'\n[[columns]]\nname = 'price'\ntype = 'double'",
        ),
        ("avro", r#"{"kind":"avro"}"#, "kind = 'avro'\nversion = 'latest'"),
        (
            "avro:subject=S,version=3,mapped_only,Symbol=Ticker;framing=guid",
            r#"{"kind":"avro","subject":"S","version":3,"mapped_only":true,"mapping":{"Symbol":"Ticker"},"framing":"guid"}"#,
            "kind = 'avro'\nsubject = 'S'\nversion = 3\nmapped_only = true\nframing = 'guid'\n[mapping]\nSymbol = 'Ticker'",
        ),
        (
            r#"avro:"""long""";writer@7=old.avsc,nested=struct"#,
            r#"{"kind":"avro","schema":"\"long\"","nested":"struct","writers":[{"id":7,"file":"old.avsc"}]}"#,
            "kind = 'avro'\nschema = '\"long\"'\nnested = 'struct'\n[[writers]]\nid = '7'\nfile = 'old.avsc'",
        ),
        (
            "protobuf:subject=S,message=M,include=/ts,include=/sub/*;tombstones=skip",
            r#"{"kind":"protobuf","subject":"S","message":"M","include":["/ts","/sub/*"],"tombstones":"skip"}"#,
            "kind = 'protobuf'\nsubject = 'S'\nmessage = 'M'\ninclude = ['/ts', '/sub/*']\ntombstones = 'skip'",
        ),
        (
            "protobuf:orders.desc,message=shop.Order;enums=number,defaults",
            r#"{"kind":"protobuf","file":"orders.desc","message":"shop.Order","enums":"number","defaults":true}"#,
            "kind = 'protobuf'\nfile = 'orders.desc'\nmessage = 'shop.Order'\nenums = 'number'\ndefaults = true",
        ),
        (
            r#"protobuf:descriptors="Cg==";framing=none"#,
            r#"{"kind":"protobuf","descriptors":"Cg==","framing":"none","defaults":false}"#,
            "kind = 'protobuf'\ndescriptors = 'Cg=='\nframing = 'none'",
        ),
        (
            r#"protobuf:o.proto;import@"a b.proto"="message A {}""#,
            r#"{"kind":"protobuf","file":"o.proto","imports":{"a b.proto":"message A {}"}}"#,
            "kind = 'protobuf'\nfile = 'o.proto'\n[imports]\n'a b.proto' = 'message A {}'",
        ),
    ] {
        let spec = Spec::parse(text).expect(text);
        assert_eq!(serde_json::from_str::<Spec>(json).expect(json), spec, "{json}");
        assert_eq!(toml::from_str::<Spec>(toml).expect(toml), spec, "{toml}");
    }
}

#[test]
fn an_avro_schema_within_json_needs_no_quotes() {
    let data =
        r#"{"kind":"avro","schema":{"type":"record","name":"R","fields":[{"name":"b","type":"int"},{"name":"a","type":"int"}]}}"#;
    let spec: Spec = serde_json::from_str(data).unwrap();
    let names: Vec<_> = spec.schema(Side::Value).unwrap().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["b", "a"]);
}
