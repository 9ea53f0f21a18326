//! What is wrong is said at the latest when the table is awaited, and says what to do.

use std::collections::BTreeMap;
use std::net::TcpListener;

use crate::common::{self, consume, number, numbered, whole, within};
use kolumn::config::Properties;
use kolumn::spec::{self, Type, column};
use kolumn::{Consume, Error, MetadataColumns, Offsets, Partitions, Spec, Start, Stop, TableType};
use kolumn_test_broker::{ApiKey, Response, Verdict};
use tokio::net::TcpSocket;

/// What awaiting the table says, which must be an error.
async fn refused(consume: Consume) -> Error {
    match within(consume.table(TableType::Append).into_future()).await {
        Err(error) => error,
        Ok(table) => panic!("a table came of it: {:?}", table.status()),
    }
}

/// A description that would do, of brokers that do not matter: its errors need no socket.
fn unconnected() -> Consume {
    kolumn::consume("t").brokers("127.0.0.1:1").value(number()).offsets(Offsets::Beginning)
}

/// An address at which nobody listens, and the socket that keeps it from everybody else.
fn deserted() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("its address").to_string();
    (socket, address)
}

fn unknown_property(key: &str, nearest: Option<&str>) -> Error {
    Error::UnknownProperty { key: key.into(), nearest: nearest.map(Into::into) }
}

#[tokio::test]
async fn an_unknown_property_is_refused_with_the_nearest_name_before_a_socket_is_opened() {
    for (key, nearest) in [
        ("bootstrap.server", Some("bootstrap.servers")),
        ("fetch.max.byte", Some("fetch.max.bytes")),
        ("kolumn.lane", Some("kolumn.lanes")),
        ("colour", None),
        ("", None),
    ] {
        let error = refused(unconnected().property(key, "1")).await;
        assert_eq!(error, unknown_property(key, nearest));
        assert!(error.to_string().contains("kolumn.lenient.config"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_property_is_only_a_warning_where_that_is_asked_for() {
    let cluster = numbered(1, 1, 10, 10);
    let lenient = consume(&cluster).property("colour", "blue").property("kolumn.lenient.config", "true").until(Stop::End);
    let table = common::complete(lenient).await;
    common::assert_numbered(&table.snapshot(), 1, 10);
}

#[tokio::test]
async fn a_property_with_an_impossible_value_is_refused_with_what_it_should_be() {
    for (key, value, reason) in [
        ("fetch.min.bytes", "many", "number"),
        ("fetch.max.bytes", "-1", "from 1 to"),
        ("kolumn.memory.budget.bytes", "5", "1048576"),
        ("isolation.level", "serializable", "read_uncommitted or read_committed"),
        ("auto.offset.reset", "first", "earliest, latest, by_duration"),
        ("check.crcs", "yes", "true"),
        ("security.protocol", "KERBEROS", "PLAINTEXT"),
        ("bootstrap.servers", "localhost:port", "port"),
    ] {
        match refused(unconnected().property(key, value)).await {
            Error::InvalidProperty { key: named, value: shown, reason: said } => {
                assert_eq!((named.as_str(), shown.as_str()), (key, value));
                assert!(said.contains(reason), "{key}: {said}");
            }
            other => panic!("{key}={value}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn without_brokers_the_error_says_how_to_give_them() {
    let nowhere = kolumn::consume("t").value(number()).offsets(Offsets::Beginning);
    for consume in [nowhere.clone(), nowhere.clone().brokers(""), nowhere.brokers(" , ")] {
        match refused(consume).await {
            Error::Missing { what, hint } => {
                assert_eq!(what, "the address of a broker");
                assert!(hint.contains("bootstrap.servers"), "{hint}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_broker_that_refuses_connections_is_an_error_when_the_time_for_the_bootstrap_is_over() {
    let (_socket, address) = deserted();
    let alone = unconnected().brokers(address.clone()).property("kolumn.bootstrap.timeout.ms", "300");
    match refused(alone.clone()).await {
        Error::Connect { broker, reason } => {
            assert_eq!(broker, address);
            assert!(!reason.is_empty());
        }
        other => panic!("{other:?}"),
    }
    let [(_first, first), (_second, second)] = [deserted(), deserted()];
    match refused(alone.brokers(format!("{first},{second}"))).await {
        Error::NoBroker { tried } => {
            let mut brokers: Vec<String> = tried
                .into_iter()
                .map(|error| match error {
                    Error::Connect { broker, .. } => broker,
                    other => panic!("{other:?}"),
                })
                .collect();
            brokers.sort_unstable();
            let mut pair = [first, second];
            pair.sort_unstable();
            assert_eq!(brokers, pair);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_broker_that_accepts_and_says_nothing_is_an_error_when_the_time_for_the_bootstrap_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    let error = refused(unconnected().brokers(address.clone()).property("kolumn.bootstrap.timeout.ms", "300")).await;
    match error {
        Error::Timeout { what, limit } => {
            assert!(what.contains(&address), "{what}");
            assert_eq!(limit.as_millis(), 300);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a2_a_host_without_address_is_named() {
    let error = refused(unconnected().brokers("no-such-host.invalid:9092").property("kolumn.bootstrap.timeout.ms", "300")).await;
    match error {
        // A resolver may also just not answer.
        Error::Resolve { host, .. } => assert_eq!(host, "no-such-host.invalid"),
        Error::Timeout { what, .. } => assert!(what.contains("no-such-host.invalid"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_broker_of_the_list_that_answers_is_enough() {
    let cluster = numbered(1, 1, 10, 10);
    let [(_first, first), (_second, second)] = [deserted(), deserted()];
    let brokers = format!("{first},{},{second}", cluster.bootstrap());
    let table = common::complete(consume(&cluster).brokers(brokers).until(Stop::End)).await;
    common::assert_numbered(&table.snapshot(), 1, 10);
}

#[tokio::test]
async fn an_unknown_topic_is_refused_with_the_nearest_name_and_is_not_created() {
    let cluster = kolumn_test_broker::TestCluster::builder()
        .topic("orders", 1)
        .topic("trades", 1)
        .auto_create(1)
        .start_blocking()
        .expect("the cluster starts");
    let of = |topic: &str| kolumn::consume(topic).brokers(cluster.bootstrap()).value(number()).offsets(Offsets::Beginning);
    let error = refused(of("order")).await;
    assert_eq!(error, Error::UnknownTopic { topic: "order".into(), nearest: Some("orders".into()) });
    assert!(error.to_string().contains("did you mean \"orders\""), "{error}");
    assert_eq!(refused(of("quotes-eod")).await, Error::UnknownTopic { topic: "quotes-eod".into(), nearest: None });
    assert_eq!(cluster.topics(), ["orders", "trades"]);
}

#[tokio::test]
async fn a_topic_name_that_cannot_be_is_refused() {
    let cluster = numbered(1, 1, 10, 10);
    for topic in ["", "a b", "a/b"] {
        let consume = kolumn::consume(topic).brokers(cluster.bootstrap()).value(number());
        match refused(consume).await {
            Error::UnknownTopic { topic: named, .. } => assert_eq!(named, topic),
            Error::Refused { what, code, .. } => assert!(what.contains(topic) && code == 17, "{what} {code}"),
            other => panic!("{topic:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_unknown_partition_is_refused_with_the_number_that_there_are() {
    let cluster = numbered(1, 3, 10, 10);
    let unknown = |partition| Error::UnknownPartition { topic: "t".into(), partition, count: 3 };
    assert_eq!(refused(consume(&cluster).partitions([0, 3])).await, unknown(3));
    assert_eq!(refused(consume(&cluster).partitions([-1])).await, unknown(-1));
    assert_eq!(refused(consume(&cluster).offsets([(7, Offsets::Beginning)])).await, unknown(7));
    assert_eq!(refused(consume(&cluster).until(Stop::AtEach(BTreeMap::from([(4, 1)])))).await, unknown(4));
    assert!(unknown(3).to_string().contains("0 to 2"));
}

#[tokio::test]
async fn an_empty_list_of_partitions_is_refused() {
    let cluster = numbered(1, 3, 10, 10);
    match refused(consume(&cluster).partitions(Partitions::These(Vec::new()))).await {
        Error::Missing { what, hint } => {
            assert!(what.contains("partitions") && what.contains("\"t\""), "{what}");
            assert!(hint.contains("Partitions::All"), "{hint}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_offset_that_the_log_does_not_hold_is_refused_with_what_it_holds() {
    let cluster = numbered(1, 2, 100, 10);
    cluster.log("t", 1).delete_records(40);
    let out = |partition, offset, first| Error::OffsetOutOfRange { topic: "t".into(), partition, offset, first, next: 100 };
    assert_eq!(refused(consume(&cluster).offsets(Offsets::At(101))).await, out(0, 101, 0));
    assert_eq!(refused(consume(&cluster).offsets(Offsets::At(39))).await, out(1, 39, 40));
    assert_eq!(refused(consume(&cluster).offsets([(1, Offsets::At(-5)), (0, Offsets::End)])).await, out(1, -5, 40));
    let none = consume(&cluster).offsets(Offsets::At(1_000)).property("auto.offset.reset", "none");
    assert_eq!(refused(none).await, out(0, 1_000, 0));
}

#[tokio::test]
async fn a_column_that_is_there_twice_is_refused_with_where_it_comes_from() {
    let duplicate = |column: &str, first, second| Error::DuplicateColumn { column: column.into(), first, second };
    let keyed = unconnected().key(spec::simple("n", Type::Utf8));
    assert_eq!(refused(keyed).await, duplicate("n", "key", "value"));
    let metadata = unconnected().value(spec::simple("KafkaOffset", Type::Int64));
    assert_eq!(refused(metadata).await, duplicate("KafkaOffset", "metadata", "value"));
    let renamed = unconnected().property("deephaven.offset.column.name", "KafkaPartition");
    assert_eq!(refused(renamed).await, duplicate("KafkaPartition", "metadata", "metadata"));
    let mut columns = MetadataColumns::none();
    columns.receive_time = Some("n".into());
    assert_eq!(refused(unconnected().metadata(columns)).await, duplicate("n", "metadata", "value"));
}

async fn invalid_spec(value: Spec) -> (String, String) {
    match refused(unconnected().value(value)).await {
        Error::InvalidSpec { place, reason, .. } => (place, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_spec_that_contradicts_itself_is_refused_with_the_place() {
    let twice = spec::json([column("a", Type::Int64), column("b", Type::Utf8), column("a", Type::Bool)]);
    let (place, reason) = invalid_spec(twice).await;
    assert_eq!(place, "column \"a\"");
    assert!(reason.contains("second column"), "{reason}");

    let (place, reason) = invalid_spec(spec::json([column("a", Type::Int64).at("/x~2y")])).await;
    assert_eq!(place, "column \"a\"");
    assert!(reason.contains("/x~2y") && reason.contains("character 3"), "{reason}");

    let (place, _) = invalid_spec(spec::json([])).await;
    assert_eq!(place, "the columns");

    let (place, reason) = invalid_spec(spec::simple("a", Type::Date32)).await;
    assert_eq!(place, "the type");
    assert!(reason.contains("date"), "{reason}");
}

#[tokio::test]
async fn a_value_without_a_type_is_refused_with_the_properties_that_would_give_it() {
    let untyped = kolumn::consume("t").brokers("127.0.0.1:1");
    let unknown = |column: &str, side| Error::UnknownColumnType { column: column.into(), side };
    assert_eq!(refused(untyped.clone()).await, unknown("KafkaValue", "value"));
    let named = untyped.clone().property("deephaven.value.column.name", "Price");
    assert_eq!(refused(named).await, unknown("Price", "value"));
    let keyed = untyped.value(number()).key(spec::from_properties());
    let error = refused(keyed).await;
    assert_eq!(error, unknown("KafkaKey", "key"));
    assert!(error.to_string().contains("'deephaven.key.column.type'"), "{error}");
}

#[tokio::test]
async fn a_type_or_deserializer_that_does_not_exist_is_refused() {
    let untyped = kolumn::consume("t").brokers("127.0.0.1:1");
    for (key, value) in [("deephaven.value.column.type", "quaternion"), ("value.deserializer", "com.example.OrderDeserializer")] {
        match refused(untyped.clone().property(key, value)).await {
            Error::InvalidProperty { key: named, value: shown, .. } => assert_eq!((&*named, &*shown), (key, value)),
            other => panic!("{key}={value}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn b16_access_that_is_denied_is_an_error_that_says_what_to_ask_for() {
    // A broker names itself and the others also to who may not see a topic.
    let hidden = Verdict::edit(|response| {
        if let Response::Metadata(response) = response {
            response.topics.iter_mut().for_each(|topic| topic.error_code = 29);
        }
    });
    for (api, verdict) in [
        (ApiKey::Metadata, hidden),
        (ApiKey::ListOffsets, Verdict::Error(29)),
        (ApiKey::OffsetFetch, Verdict::Error(30)),
        (ApiKey::FindCoordinator, Verdict::Error(30)),
    ] {
        let cluster = numbered(1, 1, 10, 10);
        cluster.next(api, u32::MAX, verdict);
        let stored = consume(&cluster).offsets(Start::from(Offsets::Stored)).property("group.id", "readers");
        match refused(stored).await {
            error @ Error::NotAuthorized { .. } => assert!(error.to_string().contains("READ"), "{error}"),
            other => panic!("{api:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn no_secret_is_shown_by_an_error_or_by_debug() {
    let secrets = unconnected()
        .property("sasl.password", "hunter2")
        .property("sasl.jaas.config", "x password=\"hunter2\";")
        .property("my.api.token", "hunter2");
    let error = refused(secrets.clone()).await;
    assert_eq!(error, unknown_property("my.api.token", None));
    for shown in
        [format!("{error}"), format!("{error:?}"), format!("{secrets:?}"), format!("{:?}", secrets.table(TableType::Blink))]
    {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let properties = Properties::parse("ssl.key.password=hunter2\nclient.id=me").expect("it parses");
    assert!(!format!("{properties:?}").contains("hunter2"));
    let brokers = refused(unconnected().brokers("user:hunter2@localhost:9092")).await;
    assert!(matches!(&brokers, Error::InvalidProperty { key, .. } if key == "bootstrap.servers"), "{brokers:?}");
    assert!(!format!("{brokers} {brokers:?}").contains("hunter2"), "{brokers}");
}

#[tokio::test]
async fn what_was_refused_leaves_no_connection_behind() {
    let cluster = numbered(1, 1, 10, 10);
    refused(consume(&cluster).partitions([9])).await;
    refused(consume(&cluster).offsets(Offsets::At(99))).await;
    within(cluster.until_connections_fall_to(0)).await;
    common::assert_numbered(&whole(&cluster).await.snapshot(), 1, 10);
}
