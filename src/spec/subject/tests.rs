use arrow_schema::DataType;

use super::*;
use crate::error::Error;
use crate::registry::RegistryFault;
use crate::registry::tests::{Reply, Scripted, avro, refers};
use crate::spec::{self, Framing, Kind, Names, Spec, avro_subject, avro_topic_subject, protobuf_subject, protobuf_topic_subject};

const ORDER: &str = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]}"#;

fn says(kind: &str, text: &str) -> Reply {
    Reply::Says(200, serde_json::json!({"schema": text, "schemaType": kind, "id": 7, "version": 3}).to_string())
}

fn names(spec: &Spec) -> Vec<String> {
    let columns = spec.columns(Side::Value, &Names::default()).expect("columns");
    columns.iter().map(|column| column.name().clone()).collect()
}

fn framing(spec: &Spec) -> Framing {
    match &spec.kind {
        Kind::Avro(avro) => avro.framed(),
        Kind::Protobuf(protobuf) => protobuf.framed(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn subjects_in_text_are_what_the_builders_make() {
    let latest = Version::Latest;
    for (text, built) in [
        ("avro", Spec::from(avro_topic_subject())),
        ("avro:version=2", avro_topic_subject().version(2).into()),
        ("avro:mapped_only,a=b", avro_topic_subject().mapped_only(true).mapping([("a", "b")]).into()),
        (
            "avro:subject=S,version=3,mapped_only,Symbol=Ticker",
            avro_subject("S").version(3).mapped_only(true).mapping([("Symbol", "Ticker")]).into(),
        ),
        ("avro:subject=S", avro_subject("S").version(latest).into()),
        (
            r#"avro:subject="a, b","subject"=x,"version"=y"#,
            avro_subject("a, b").mapping([("version", "y"), ("subject", "x")]).into(),
        ),
        (
            "avro:subject=S;framing=glue,nested=struct",
            avro_subject("S").framing(Framing::Glue).nested(spec::Nested::Struct).into(),
        ),
        ("protobuf", protobuf_topic_subject().into()),
        ("protobuf:message=M", protobuf_topic_subject().message("M").into()),
        (
            "protobuf:subject=S,version=1,message=M,include=/ts,include=/sub/*;framing=none",
            protobuf_subject("S").version(1).message("M").include("/ts").include("/sub/*").framing(Framing::None).into(),
        ),
    ] {
        assert_eq!(Spec::parse(text).expect(text), built, "{text}");
        assert_eq!(built.to_string(), text);
    }
    assert_eq!(Spec::parse("avro: version = latest , subject = S").expect("a spec"), avro_subject("S").into());
}

#[test]
fn what_is_no_subject_is_refused_with_its_place() {
    for (text, place, reason) in [
        ("avro:subject=S,version=0", "character 16", "\"0\" is no version; it is latest, or a number from 1 on"),
        ("avro:subject=S,version=x", "character 16", "is no version"),
        ("avro:subject=S,subject=T", "character 16", "subject= is there twice"),
        ("avro:o.avsc,subject=S", "character 13", "the schema is given; a field named subject is in quotes"),
        ("protobuf:o.proto,version=1", "character 18", "version= is for schemas of the registry"),
        ("avro:subject=", "character 14", "the column's name is missing"),
        ("avro:subject=\"\"", "the subject", "the subject has no name"),
        ("avro:subject=S,o.avsc", "character 16", "\"o.avsc\" is not mapped"),
        ("protobuf:subject=S,o.proto", "character 20", "neither message= nor include="),
        ("protobuf:message=M,descriptors=Cg==", "character 20", "comes first"),
        ("protobuf:descriptors=!", "character 10", "no base64"),
    ] {
        match Spec::parse(text) {
            Err(Error::InvalidSpec { place: at, reason: why, .. }) => {
                assert!(at == place && why.contains(reason), "{text}: {at}: {why}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let error = Spec::from(avro_subject("S").version(-1)).columns(Side::Value, &Names::default()).unwrap_err();
    assert_eq!(error.to_string(), "spec \"avro:subject=S,version=-1\", at the subject: versions begin with 1, there is none -1");
}

#[test]
fn before_the_registry_was_asked_the_columns_are_not_known_and_the_error_says_so() {
    for (text, subject) in
        [("avro:subject=S,version=3", "subject \"S\", version 3"), ("protobuf", "the topic's subject, version latest")]
    {
        let spec = Spec::parse(text).expect("a spec");
        assert!(spec.is_unresolved());
        let error = spec.schema(Side::Value).unwrap_err();
        let expected = format!(
            "spec {text:?}: its schema is {subject}, of the schema registry, which has not been asked; Spec::resolve does so"
        );
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, Error::UnresolvedSchema { .. }));
    }
    assert!(!Spec::parse("avro:o.avsc").expect("a spec").is_unresolved());
}

#[tokio::test]
async fn a_subject_is_asked_for_once_and_gives_the_columns() {
    let scripted = Scripted::new(|_, path, _| match path {
        "/subjects/orders-value/versions/latest" => avro(ORDER),
        "/subjects/S/versions/3" => says("PROTOBUF", r#"syntax = "proto3"; message Order { int64 id = 1; string s = 2; }"#),
        other => panic!("{other}"),
    });
    let registry = scripted.registry(&[]);
    let value = Spec::parse("avro").expect("a spec").resolve(&registry, Some("orders"), Side::Value).await.expect("resolved");
    assert_eq!((names(&value), framing(&value), value.is_unresolved()), (vec!["id".to_owned()], Framing::Confluent, false));
    let again = value.clone().resolve(&registry, Some("other"), Side::Key).await.expect("resolved");
    assert_eq!(again, value);
    let key: Spec = protobuf_subject("S").version(3).include("/s").framing(Framing::None).into();
    let key = key.resolve(&registry, Some("orders"), Side::Key).await.expect("resolved");
    assert_eq!((names(&key), framing(&key)), (vec!["s".to_owned()], Framing::None));
    assert_eq!(scripted.asked(), ["a /subjects/orders-value/versions/latest", "a /subjects/S/versions/3"]);
}

#[tokio::test]
async fn what_a_schema_refers_to_gives_columns_too() {
    let price = r#"{"type": "record", "name": "Price", "namespace": "money", "fields": [
        {"name": "last", "type": "double"}, {"name": "unit", "type": {"type": "enum", "name": "Unit", "symbols": ["EUR"]}}]}"#;
    let order = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
        {"name": "price", "type": ["null", "money.Price"]}, {"name": "fee", "type": "money.Price"}, {"name": "unit", "type": "money.Unit"}]}"#;
    let scripted = Scripted::new(move |_, path, _| match path {
        "/subjects/orders-value/versions/latest" => refers(order, &["money.Price"]),
        "/subjects/money.Price/versions/1?deleted=true" => avro(price),
        "/subjects/shop/versions/latest" => Reply::Says(
            200,
            serde_json::json!({"schemaType": "PROTOBUF",
                "schema": r#"syntax = "proto3"; import "money/price.proto"; message Order { money.Price price = 1; }"#,
                "references": [{"name": "money/price.proto", "subject": "price", "version": 2}]})
            .to_string(),
        ),
        "/subjects/price/versions/2?deleted=true" => {
            says("PROTOBUF", r#"syntax = "proto3"; package money; message Price { double last = 1; double first = 2; }"#)
        }
        other => panic!("{other}"),
    });
    let registry = scripted.registry(&[]);
    let resolve = async |spec: Spec| spec.resolve(&registry, Some("orders"), Side::Value).await.expect("resolved");
    let avro = resolve(avro_topic_subject().into()).await;
    assert_eq!(names(&avro), ["price__last", "price__unit", "fee__last", "fee__unit", "unit"]);
    let protobuf = resolve(protobuf_subject("shop").into()).await;
    assert_eq!(names(&protobuf), ["price_last", "price_first"]);
}

#[tokio::test]
async fn a_union_of_what_it_refers_to_is_one_column_of_them() {
    let event = |name: &str, field: &str| {
        format!(r#"{{"type": "record", "name": "shop.{name}", "fields": [{{"name": "{field}", "type": "long"}}]}}"#)
    };
    let (placed, cancelled) = (event("Placed", "id"), event("Cancelled", "reason"));
    let scripted = Scripted::new(move |_, path, _| match path {
        "/subjects/events-value/versions/latest" => {
            refers(r#"["shop.Placed", "shop.Cancelled"]"#, &["shop.Placed", "shop.Cancelled"])
        }
        "/subjects/shop.Placed/versions/1?deleted=true" => avro(&placed),
        "/subjects/shop.Cancelled/versions/1?deleted=true" => avro(&cancelled),
        other => panic!("{other}"),
    });
    let spec: Spec = avro_topic_subject().into();
    let spec = spec.resolve(&scripted.registry(&[]), Some("events"), Side::Value).await.expect("resolved");
    let schema = spec.schema(Side::Value).expect("known");
    assert_eq!((schema.fields().len(), schema.field(0).name().as_str()), (1, "KafkaValue"));
    let DataType::Struct(branches) = schema.field(0).data_type() else { panic!("{schema}") };
    assert_eq!(branches.iter().map(|branch| branch.name().as_str()).collect::<Vec<_>>(), ["Placed", "Cancelled"]);
}

#[tokio::test]
async fn a_subject_that_is_not_there_or_of_another_kind_is_named() {
    let scripted = Scripted::new(|_, path, _| match path {
        "/subjects/json/versions/latest" => says("JSON", "{}"),
        "/subjects/broken/versions/latest" => avro(r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "B"}]}"#),
        _ => Reply::Says(404, r#"{"error_code": 40401, "message": "Subject 'S' not found."}"#.into()),
    });
    let registry = scripted.registry(&[]);
    let error = Spec::parse("avro:subject=S").expect("a spec").resolve(&registry, None, Side::Value).await.unwrap_err();
    assert!(matches!(error, Error::Registry { fault: RegistryFault::NotFound { code: 40401, .. }, .. }));
    assert_eq!(
        error.to_string(),
        "schema registry http://a: subject \"S\", version latest: there is none (40401) Subject 'S' not found."
    );
    let columns = async |text: &str| {
        let spec = Spec::parse(text).expect("a spec").resolve(&registry, Some("t"), Side::Value).await.expect("resolved");
        spec.columns(Side::Value, &Names::default()).unwrap_err().to_string()
    };
    assert_eq!(
        columns("avro:subject=json").await,
        "spec \"avro:subject=json\", at the schema: subject \"json\", version 3 is no Avro schema, the registry says JSON"
    );
    assert!(columns("protobuf:subject=json").await.contains("is no Protobuf schema, the registry says JSON"));
    let broken = columns("avro:subject=broken").await;
    assert!(broken.contains("at the schema: subject \"broken\", version latest: ") && broken.contains('B'), "{broken}");
    let error = Spec::parse("avro").expect("a spec").resolve(&registry, None, Side::Key).await.unwrap_err();
    assert!(error.to_string().contains("there is no topic whose subject is meant; name it, as in subject=orders-key"), "{error}");
}

#[tokio::test]
async fn a_schema_that_is_no_record_gives_one_column_named_as_simple_would() {
    let scripted = Scripted::new(|_, _, _| avro(r#"{"type": "long", "logicalType": "timestamp-millis"}"#));
    let spec = Spec::from(avro_subject("S")).resolve(&scripted.registry(&[]), None, Side::Key).await.expect("resolved");
    let schema = spec.schema(Side::Key).expect("known");
    assert_eq!(schema.field(0).name(), "KafkaKey");
    assert!(matches!(schema.field(0).data_type(), DataType::Timestamp(..)));
    let properties = Names::from_properties(|name| (name == "deephaven.value.column.name").then(|| "At".to_owned()));
    assert_eq!(spec.columns(Side::Value, &properties).expect("known")[0].name(), "At");
}
