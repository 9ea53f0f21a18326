//! Consumptions of a scripted cluster: what no broker can bring about.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use bytes::Bytes;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataResponse,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use super::plan::Draft;
use super::*;
use crate::decode::PANICS;
use crate::position::Offsets;
use crate::record::sample::Batch;
use crate::registry::tests::{Reply as Says, Scripted};
use crate::registry::{Registry, RegistryFault};
use crate::spec;
use crate::table::{EventKind, PartitionState};
use crate::wire::testing::{Asked, Network, Reply};

fn topic() -> TopicName {
    TopicName(StrBytes::from_static_str("t"))
}

/// A broker of the topic `t`, whose partitions hold these values, a batch of each.
fn serving(partitions: Vec<Vec<&'static str>>) -> Network {
    let network = Network::default();
    network.host("a:9092", move |asked| answer(asked, &partitions));
    network
}

fn answer(asked: &Asked, partitions: &[Vec<&'static str>]) -> Reply {
    let values = |partition: i32| partitions.get(usize::try_from(partition).expect("not negative")).expect("a partition");
    let next = |partition: i32| i64::try_from(values(partition).len()).expect("few");
    if asked.is(ApiKey::ApiVersions) {
        let api = |(key, max)| ApiVersion::default().with_api_key(key).with_max_version(max);
        let apis = [(1, 6), (2, 2), (3, 5), (18, 3)].map(api).to_vec();
        return asked.answer(&ApiVersionsResponse::default().with_api_keys(apis));
    }
    if asked.is(ApiKey::Metadata) {
        let broker =
            MetadataResponseBroker::default().with_node_id(1.into()).with_host(StrBytes::from_static_str("a")).with_port(9092);
        let count = i32::try_from(partitions.len()).expect("few");
        let partition = |index| MetadataResponsePartition::default().with_partition_index(index).with_leader_id(1.into());
        let found =
            MetadataResponseTopic::default().with_name(Some(topic())).with_partitions((0..count).map(partition).collect());
        return asked.answer(&MetadataResponse::default().with_brokers(vec![broker]).with_topics(vec![found]));
    }
    if asked.is(ApiKey::ListOffsets) {
        let request: ListOffsetsRequest = asked.request();
        let found = request.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| {
            let offset = if partition.timestamp == -1 { next(partition.partition_index) } else { 0 };
            ListOffsetsPartitionResponse::default().with_partition_index(partition.partition_index).with_offset(offset)
        });
        let found = ListOffsetsTopicResponse::default().with_name(topic()).with_partitions(found.collect());
        return asked.answer(&ListOffsetsResponse::default().with_topics(vec![found]));
    }
    let request: FetchRequest = asked.request();
    let found = request.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| {
        let index = partition.partition;
        let from = usize::try_from(partition.fetch_offset).expect("not negative");
        let batches = values(index).iter().enumerate().skip(from);
        let bytes: Vec<u8> =
            batches.flat_map(|(at, value)| Batch::at(i64::try_from(at).expect("few")).records([value]).bytes()).collect();
        PartitionData::default()
            .with_partition_index(index)
            .with_high_watermark(next(index))
            .with_records(Some(Bytes::from(bytes)))
    });
    let found = FetchableTopicResponse::default().with_topic(topic()).with_partitions(found.collect());
    asked.answer(&FetchResponse::default().with_responses(vec![found]))
}

/// A table of the whole topic, by one lane.
async fn whole(network: &Network, consume: Consume) -> Table {
    started(network, consume.value(spec::raw(PANICS)), None).await.expect("a table")
}

/// As [`whole`], with a spec of its own and perhaps another registry than the one that the properties name.
async fn started(network: &Network, consume: Consume, registry: Option<Registry>) -> Result<Table> {
    let consume = consume.brokers("a:9092").offsets(Offsets::Beginning).until(Stop::End).lanes(1);
    let mut draft = Draft::new(consume, TableType::Append, false)?;
    if let Some(registry) = registry {
        draft.ask(registry);
    }
    let (ready, started) = oneshot::channel();
    let transport = network.transport();
    control::on_thread(move || control::run(draft, transport, ready)).expect("a thread");
    match started.await.expect("an answer")? {
        Handle::Plain(table, _) => Ok(table),
        Handle::Partitioned(_) => panic!("by partition"),
    }
}

#[tokio::test]
async fn e3_a_decoder_that_panics_stops_its_partition_and_the_others_come_to_their_end() {
    let network = serving(vec![vec!["a", "b", "boom", "d"], vec!["e", "f", "g"], vec!["h", "i"]]);
    let table = whole(&network, consume("t")).await;
    let error = table.finished().await.expect_err("a partition stopped");
    assert!(matches!(&error, Error::Panicked { what, reason } if what.contains("t/0") && reason == "boom"), "{error}");
    let status = table.status();
    let states: Vec<_> = status.partitions.iter().map(|partition| (partition.position, partition.state.clone())).collect();
    let failed = PartitionState::Failed { error: error.clone() };
    assert_eq!(states[1..], [(3, PartitionState::Ended), (2, PartitionState::Ended)]);
    assert_eq!(states[0].1, failed);
    assert!(states[0].0 <= 2, "nothing of the batch that it panicked at: {}", states[0].0);
    let snapshot = table.snapshot();
    assert_eq!(i64::try_from(snapshot.rows()), Ok(states[0].0 + 5));
    assert!(snapshot.positions().iter().all(|(_, position)| position.account.adds_up()));
    let failed = EventKind::PartitionFailed { error };
    assert!(status.events.iter().any(|event| event.partition == Some(0) && event.what == failed), "{:?}", status.events);
}

#[tokio::test]
async fn e3_rows_that_a_panic_took_with_it_do_not_count_against_the_limit() {
    let network = serving(vec![vec!["a", "b", "boom", "d"], vec!["e", "f", "g"]]);
    let table = whole(&network, consume("t").limit(3)).await;
    table.finished().await.expect("the limit is reached");
    assert_eq!(table.snapshot().rows(), 3);
}

/// A consumption whose value's schema is the registry's, which is not the one behind this address.
fn by_subject(spec: &str) -> Consume {
    consume("t").property("schema.registry.url", "http://none").value(Spec::parse(spec).expect("a spec"))
}

#[tokio::test]
async fn the_registry_gives_the_columns_before_the_table_is_made() {
    let network = serving(vec![vec!["\0\0\0\0\x07\x54\x04hi", "\0\0\0\0\x07\x01\0"]]);
    let schema =
        r#"{"type": "record", "name": "R", "fields": [{"name": "id", "type": "long"}, {"name": "text", "type": "string"}]}"#;
    let answer = serde_json::json!({"schema": schema, "id": 7, "version": 2}).to_string();
    let scripted = Scripted::new(move |_, path, _| match path {
        "/subjects/t-value/versions/latest" | "/subjects/own/versions/2" | "/schemas/ids/7" => Says::Says(200, answer.clone()),
        other => panic!("{other}"),
    });
    for (spec, columns) in [("avro", ["id", "text"]), ("avro:subject=own,version=2,id=Number", ["Number", "text"])] {
        let table = started(&network, by_subject(spec), Some(scripted.registry(&[]))).await.expect("a table");
        let names = |schema: &arrow_schema::Schema| schema.fields().iter().skip(3).map(|f| f.name().clone()).collect::<Vec<_>>();
        assert_eq!(names(&table.schema()), columns, "{spec}");
        table.finished().await.expect("read");
        let rows = table.snapshot().to_batch().expect("rows");
        assert_eq!(rows.column(3).as_primitive::<Int64Type>().values().to_vec(), [42, -1]);
    }
}

#[tokio::test]
async fn a_subject_that_is_not_there_ends_the_start() {
    let missing = r#"{"error_code": 40401, "message": "Subject 't-key' not found."}"#;
    let scripted = Scripted::new(|_, _, _| Says::Says(404, missing.into()));
    let consume = by_subject("raw").key(Spec::parse("protobuf:version=4").expect("a spec"));
    let error = started(&serving(vec![vec![]]), consume, Some(scripted.registry(&[]))).await.expect_err("no subject");
    assert!(
        matches!(&error, Error::Registry { what, fault: RegistryFault::NotFound { code: 40401, .. }, .. } if what == "subject \"t-key\", version 4")
    );
}

#[tokio::test]
async fn a_registry_that_does_not_answer_holds_the_start_no_longer_than_its_limit() {
    let scripted = Scripted::new(|_, _, _| Says::Silent);
    let consume = by_subject("avro").property("default.api.timeout.ms", "50").property("request.timeout.ms", "50");
    let error = started(&serving(vec![vec![]]), consume, Some(scripted.registry(&[]))).await.expect_err("no answer");
    assert!(matches!(&error, Error::Timeout { what, .. } if what.contains("default.api.timeout.ms")), "{error}");
}

#[test]
fn a_subject_without_a_registry_is_refused_before_any_socket() {
    let consume = consume("t").brokers("a:9092").value(Spec::parse("avro:subject=S").expect("a spec"));
    let Err(error) = Draft::new(consume, TableType::Append, false) else { panic!("there is no registry") };
    assert_eq!(
        error.to_string(),
        "the address of the schema registry, which has the schema of the value's spec avro:subject=S, is missing; give schema.registry.url, or the schema's file"
    );
}
