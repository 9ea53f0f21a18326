use super::*;
use crate::spec::Side;

mod columns_of;
mod editions;

fn columns(spec: impl Into<Spec>) -> Result<String> {
    let fields = spec.into().columns(Side::Value, &crate::spec::Names::default())?;
    Ok(fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(" "))
}

const ORDER: &str = r#"syntax = "proto3"; package shop; message Order { string symbol = 1; Price price = 2; }
    message Price { double last = 1; int64 at = 2; }"#;

#[test]
fn specs_print_as_they_are_read() {
    for text in [
        "protobuf:order.proto",
        "protobuf:a/order.proto,message=shop.Order,include=/ts,include=/sub/*",
        "protobuf:\"my order.proto\";framing=confluent,nested=struct,enums=number,defaults",
        "protobuf:order.proto;recursive=raw,flatten",
        "protobuf:order.proto;tombstones=skip",
    ] {
        assert_eq!(Spec::parse(text).unwrap().to_string(), text);
    }
    let built: Spec = protobuf(ORDER).message("shop.Order").framing(Framing::Confluent).tombstones(Tombstones::Skip).into();
    assert_eq!(Spec::parse(&built.to_string()).unwrap(), built);
}

#[test]
fn what_is_wrong_in_a_text_is_named() {
    for (text, part) in [
        ("protobuf:", "message= or include= is missing"),
        ("protobuf:o.proto,mesage=M", "neither message= nor include="),
        ("protobuf:o.proto,message", "neither message= nor include="),
        ("protobuf:o.proto;framing=glue", "none, confluent or guid"),
        ("protobuf:o.proto;enums=int", "text or numbers"),
        ("protobuf:o.proto;recursive", "recursive=fail or recursive=raw"),
        ("protobuf:o.proto;flatten=yes", "takes no value"),
        ("protobuf:o.proto;lenient", "json specs only"),
        ("json:a:int64;enums=number", "protobuf specs only"),
    ] {
        let error = Spec::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn files_are_read_with_what_they_import() {
    let read = |path: &Path| match path.to_str() {
        Some("a/order.proto") => Ok(r#"syntax = "proto3"; import "b/price.proto"; message Order { P price = 1; }"#.into()),
        Some("a/b/price.proto") => Ok(r#"syntax = "proto3"; message P { int32 x = 1; }"#.into()),
        other => Err(format!("{other:?}")),
    };
    let spec = Spec::parse("protobuf:a/order.proto").unwrap();
    assert!(columns(spec.clone()).unwrap_err().to_string().contains("has not been read"));
    assert_eq!(columns(spec.read_files(read).unwrap()).unwrap(), "price_x");
    assert!(Spec::parse("protobuf:c.proto").unwrap().read_files(read).is_err());
}

#[test]
fn a_descriptor_set_is_a_schema_as_well() {
    let file = protox::file::File::from_source("order.proto", ORDER).unwrap();
    let mut pool = prost_reflect::DescriptorPool::new();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).unwrap();
    assert_eq!(columns(protobuf_descriptors(pool.encode_to_vec())).unwrap(), "symbol price_last price_at");
    assert!(columns(protobuf_descriptors([1, 2, 3])).unwrap_err().to_string().contains("the descriptor set"));
}

#[test]
fn include_paths_choose_fields_and_refuse_whole_messages() {
    assert_eq!(columns(protobuf(ORDER).include("/symbol")).unwrap(), "symbol");
    assert_eq!(columns(protobuf(ORDER).include("/price/at")).unwrap(), "price_at");
    assert_eq!(columns(protobuf(ORDER).include("/price/*")).unwrap(), "price_last price_at");
    let whole = columns(protobuf(ORDER).include("/price")).unwrap_err().to_string();
    assert!(whole.contains("/price/*"), "{whole}");
    let none = columns(protobuf(ORDER).include("/nothing")).unwrap_err().to_string();
    assert!(none.contains("/nothing"), "{none}");
}

#[test]
fn messages_without_columns_are_refused_with_the_reason() {
    for (schema, part) in [
        (r#"syntax = "proto3"; message M { M m = 1; int32 a = 2; }"#, "Cyclical protobuf message descriptor detected"),
        (r#"syntax = "proto3"; message M { S a = 1; int32 a_b = 2; } message S { int32 b = 1; }"#, "a column of this name"),
        (r#"syntax = "proto3"; message M {}"#, "no columns"),
        (r#"syntax = "proto3"; import "x.proto"; message M { int32 a = 1; }"#, "x.proto"),
        ("message {", "the schema"),
    ] {
        let error = columns(protobuf(schema)).unwrap_err().to_string();
        assert!(error.contains(part), "{schema}: {error}");
    }
    let cyclic = r#"syntax = "proto3"; message M { M m = 1; int32 a = 2; }"#;
    assert_eq!(columns(protobuf(cyclic).include("/a")).unwrap(), "a");
    assert!(columns(protobuf(ORDER).message("shop.No")).unwrap_err().to_string().contains("shop.Order, shop.Price"));
}
