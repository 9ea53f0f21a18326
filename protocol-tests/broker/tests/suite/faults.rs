//! What hooks and handles can do to a client, seen from the client's socket.

use crate::client::{Client, fetch, only, values};
use bytes::Bytes;
use kafka_protocol::messages::{FetchRequest, ListOffsetsRequest, MetadataRequest};
use kolumn_test_broker::{ApiKey, BatchBuilder, Response, TestCluster, Verdict, kafka_protocol};
use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().nodes(2).topic("t", 1).start_blocking().expect("it starts");
    cluster.produce("t", 0, BatchBuilder::new().values(["a"]).build());
    cluster
}

/// The whole frame of an undisturbed fetch, length included; its correlation id is 101, the first of every client.
fn sound_frame(cluster: &TestCluster) -> Vec<u8> {
    let mut client = Client::connect(cluster, 1);
    client.send(12, &fetch("t", 0, 0));
    let body = client.frame().expect("an answer");
    [u32::try_from(body.len()).expect("a length").to_be_bytes().as_slice(), &body].concat()
}

fn answered(client: &mut Client) -> Vec<String> {
    values(&only(&client.call(12, &fetch("t", 0, 0))).1)
}

#[test]
fn an_answer_can_be_cut_at_every_byte() {
    let cluster = cluster();
    let sound = sound_frame(&cluster);
    assert_eq!(cluster.requests_of(ApiKey::Fetch)[0].response_bytes, sound.len());
    for at in 0..sound.len() {
        cluster.next(ApiKey::Fetch, 1, Verdict::CutAt(at));
        let mut client = Client::connect(&cluster, 1);
        client.send(12, &fetch("t", 0, 0));
        assert_eq!(client.rest(), sound[..at], "cut at {at}");
        cluster.clear_hooks();
    }
}

#[test]
fn an_answer_can_be_corrupted_at_every_byte() {
    let cluster = cluster();
    let mut expected = sound_frame(&cluster);
    // From the correlation id on: a corrupt length cannot be read back here.
    for at in 4..expected.len() {
        cluster.next(ApiKey::Fetch, 1, Verdict::CorruptAt(at, 0x80));
        let mut client = Client::connect(&cluster, 1);
        client.send(12, &fetch("t", 0, 0));
        expected[at] ^= 0x80;
        assert_eq!(client.frame().expect("a frame"), expected[4..], "corrupt at {at}");
        expected[at] ^= 0x80;
        cluster.clear_hooks();
    }
}

#[test]
fn an_answer_can_come_in_drips() {
    let cluster = cluster();
    let sound = sound_frame(&cluster);
    let pause = Duration::from_millis(2);
    cluster.next(ApiKey::Fetch, 1, Verdict::Drip(20, pause));
    let mut client = Client::connect(&cluster, 1);
    let begun = Instant::now();
    assert_eq!(answered(&mut client), ["a"]);
    let pauses = u32::try_from(sound.len() / 20).expect("a count");
    assert!(begun.elapsed() >= pause * pauses);
    assert_eq!(answered(&mut client), ["a"], "the next answer is whole");
}

#[test]
fn silence_leaves_the_connection_open_and_this_and_all_later_requests_unanswered() {
    let cluster = cluster();
    cluster.next(ApiKey::Fetch, 1, Verdict::Silence);
    let mut silent = Client::connect(&cluster, 1);
    silent.send(12, &fetch("t", 0, 0));
    silent.send(12, &fetch("t", 0, 0));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 1, Duration::from_secs(10)));
    assert_eq!(answered(&mut Client::connect(&cluster, 1)), ["a"], "another connection is served");
    silent.stream.set_nonblocking(true).expect("a socket");
    assert_eq!(silent.stream.read(&mut [0; 1]).expect_err("neither bytes nor an end").kind(), ErrorKind::WouldBlock);
}

#[test]
fn an_answer_can_stall_in_the_middle() {
    let cluster = cluster();
    cluster.next(ApiKey::Fetch, 1, Verdict::StallAt(10));
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0));
    let mut begun = [0; 10];
    client.stream.read_exact(&mut begun).expect("ten bytes");
    assert_eq!(answered(&mut Client::connect(&cluster, 1)), ["a"], "another connection is served");
    client.stream.set_nonblocking(true).expect("a socket");
    assert_eq!(client.stream.read(&mut [0; 1]).expect_err("nothing more").kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_can_be_closed_reset_or_closed_after_the_answer() {
    let cluster = cluster();
    cluster.next(ApiKey::Fetch, 1, Verdict::Close);
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0));
    assert_eq!(client.stream.read(&mut [0; 1]).expect("an end"), 0);

    cluster.next(ApiKey::Fetch, 1, Verdict::Reset);
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0));
    assert_eq!(client.stream.read(&mut [0; 1]).expect_err("a reset").kind(), ErrorKind::ConnectionReset);

    cluster.next(ApiKey::Fetch, 1, Verdict::CloseAfter);
    let mut client = Client::connect(&cluster, 1);
    assert_eq!(answered(&mut client), ["a"]);
    assert_eq!(client.stream.read(&mut [0; 1]).expect("an end"), 0);
}

#[test]
fn a_skipped_request_lets_the_client_see_the_next_correlation_id() {
    let cluster = cluster();
    cluster.next(ApiKey::Fetch, 1, Verdict::Skip);
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0));
    let second = client.send(12, &fetch("t", 0, 0));
    assert_eq!(client.receive::<FetchRequest>(12).expect("an answer").0, second);
}

#[test]
fn an_answer_can_bear_another_correlation_id_or_come_twice() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    cluster.next(ApiKey::Fetch, 1, Verdict::CorrelationId(-5));
    client.send(12, &fetch("t", 0, 0));
    assert_eq!(client.receive::<FetchRequest>(12).expect("an answer").0, -5);
    cluster.next(ApiKey::Fetch, 1, Verdict::Twice);
    let sent = client.send(12, &fetch("t", 0, 0));
    for _ in 0..2 {
        assert_eq!(client.receive::<FetchRequest>(12).expect("an answer").0, sent);
    }
}

#[test]
fn an_answer_can_be_any_bytes_or_any_body_or_edited() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    cluster.next(ApiKey::Fetch, 1, Verdict::ReplaceBytes(Bytes::from_static(b"HTTP/1.1 400 Bad Request\r\n")));
    client.send(12, &fetch("t", 0, 0));
    let mut bytes = [0; 26];
    client.stream.read_exact(&mut bytes).expect("bytes");
    assert_eq!(&bytes, b"HTTP/1.1 400 Bad Request\r\n");

    cluster.next(ApiKey::Fetch, 1, Verdict::ReplaceBody(Bytes::from_static(b"body")));
    let sent = client.send(12, &fetch("t", 0, 0));
    assert_eq!(client.frame().expect("a frame"), [sent.to_be_bytes().as_slice(), &[0], b"body"].concat());

    cluster.next(ApiKey::Fetch, 1, Verdict::edit_frame(|frame| frame[..4].copy_from_slice(&[0xff; 4])));
    client.send(12, &fetch("t", 0, 0));
    client.stream.read_exact(&mut bytes[..4]).expect("a length");
    assert_eq!(bytes[..4], [0xff; 4]);

    let mut client = Client::connect(&cluster, 1);
    let no_brokers = Verdict::edit(|response| {
        if let Response::Metadata(response) = response {
            response.brokers.clear();
        }
    });
    cluster.next(ApiKey::Metadata, 1, no_brokers);
    assert_eq!(client.call(12, &MetadataRequest::default().with_topics(None)).brokers.len(), 0);
    let twice = Verdict::edit(|response| {
        if let Response::Fetch(response) = response {
            response.responses.extend(response.responses.clone());
        }
    });
    cluster.next(ApiKey::Fetch, 1, twice);
    let response = client.call(12, &fetch("t", 0, 0));
    assert_eq!(response.responses.len(), 2);
    assert_eq!(response.responses[0], response.responses[1], "records and all");
}

#[test]
fn errors_are_given_to_whole_requests_or_to_one_partition() {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("it starts");
    cluster.produce("t", 1, BatchBuilder::new().values(["kept"]).build());
    let mut client = Client::connect(&cluster, 1);
    cluster.next(ApiKey::Fetch, 1, Verdict::Error(6));
    assert_eq!(only(&client.call(12, &fetch("t", 1, 0))).0, 6);

    cluster.next(ApiKey::Fetch, 1, Verdict::PartitionError("t".to_owned(), 0, 56));
    let mut request = fetch("t", 0, 0).with_max_wait_ms(60_000).with_min_bytes(1 << 20);
    let second = request.topics[0].partitions[0].clone().with_partition(1);
    request.topics[0].partitions.push(second);
    let response = client.call(12, &request);
    let codes: Vec<i16> = response.responses[0].partitions.iter().map(|one| one.error_code).collect();
    assert_eq!(codes, [56, 0], "at once, although the fetch would have waited");
    assert!(response.responses[0].partitions[1].records.as_ref().is_some_and(|records| !records.is_empty()));

    cluster.next(ApiKey::Metadata, 1, Verdict::Error(3));
    let topic =
        kafka_protocol::messages::metadata_request::MetadataRequestTopic::default().with_name(Some(crate::client::name("t")));
    let request = MetadataRequest::default().with_topics(Some(vec![topic]));
    assert_eq!(client.call(12, &request).topics[0].error_code, 3);
    assert_eq!(client.call(12, &request).topics[0].error_code, 0);
}

#[test]
fn a_throttled_fetch_says_so_and_has_no_partitions() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    cluster.next(ApiKey::Fetch, 1, Verdict::Throttle(Duration::from_millis(1500)));
    let response = client.call(12, &fetch("t", 0, 0));
    assert_eq!((response.throttle_time_ms, response.responses.len()), (1500, 0));
    cluster.next(ApiKey::ListOffsets, 1, Verdict::Throttle(Duration::from_millis(7)));
    assert_eq!(client.call(7, &ListOffsetsRequest::default()).throttle_time_ms, 7);
}

#[test]
fn a_delayed_request_is_handled_after_the_delay() {
    let cluster = cluster();
    cluster.next(ApiKey::Fetch, 1, Verdict::Delay(Duration::from_millis(30)));
    let begun = Instant::now();
    assert_eq!(answered(&mut Client::connect(&cluster, 1)), ["a"]);
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[test]
fn hooks_see_who_asks_what_and_the_first_that_objects_decides() {
    let cluster = cluster();
    cluster.on(|request| {
        assert_eq!(request.client_id, Some("suite"));
        if request.api == ApiKey::Fetch && request.count == 2 { Verdict::Error(7) } else { Verdict::Pass }
    });
    cluster.on(|request| if request.node == 1 { Verdict::Error(8) } else { Verdict::Pass });
    let mut client = Client::connect(&cluster, 1);
    let codes: Vec<i16> = (0..3).map(|_| only(&client.call(12, &fetch("t", 0, 0))).0).collect();
    assert_eq!(codes, [8, 7, 8]);
    let requests = cluster.requests_of(ApiKey::Fetch);
    assert_eq!(
        requests.iter().map(|one| (one.node, one.version, one.count)).collect::<Vec<_>>(),
        [(1, 12, 1), (1, 12, 2), (1, 12, 3)]
    );
    assert_eq!((cluster.count(ApiKey::Fetch), cluster.count_of_node(2, ApiKey::Fetch)), (3, 0));
    cluster.clear_requests();
    assert_eq!((cluster.count(ApiKey::Fetch), cluster.requests().len()), (0, 0));
}

#[test]
fn a_killed_node_breaks_its_connections_in_the_middle_of_a_long_poll() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 1).with_max_wait_ms(60_000));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 1, Duration::from_secs(10)));
    assert_eq!((cluster.connections(), cluster.connections_accepted()), (1, 1));
    cluster.kill(1);
    assert_eq!(cluster.connections(), 0);
    assert_eq!(client.rest(), b"", "no answer, only the end");
    cluster.restart(1);
    assert_eq!(answered(&mut Client::connect(&cluster, 1)), ["a"], "the log is still there");
}

#[tokio::test]
async fn a_killed_node_begins_no_answer_although_the_election_wakes_its_long_polls() {
    // On one thread the fetch that waits is woken before the listener is told to stop.
    let cluster = TestCluster::builder().topic("t", 1).start().await.expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0).with_max_wait_ms(60_000));
    cluster.until_requests(ApiKey::Fetch, 1).await;
    cluster.kill(1);
    cluster.until_connections_fall_to(0).await;
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_node_can_come_back_on_another_port_that_metadata_tells() {
    let cluster = cluster();
    let before = cluster.address(1).port();
    cluster.restart_on_new_port(1);
    let after = cluster.address(1).port();
    assert_ne!(before, after);
    let response = Client::connect(&cluster, 2).call(12, &MetadataRequest::default().with_topics(None));
    assert_eq!(response.brokers.iter().find(|node| node.node_id == 1).map(|node| node.port), Some(i32::from(after)));
    assert_eq!(answered(&mut Client::connect(&cluster, 1)), ["a"]);
}

#[test]
fn a_paused_node_reads_and_answers_when_it_is_resumed() {
    let cluster = cluster();
    cluster.pause(1);
    let mut client = Client::connect(&cluster, 1);
    let sent = client.send(12, &fetch("t", 0, 0));
    let answered_by_the_other = Client::connect(&cluster, 2).call(12, &MetadataRequest::default().with_topics(None));
    assert_eq!(answered_by_the_other.brokers.len(), 2, "a paused node is still told of");
    assert_eq!(cluster.count(ApiKey::Fetch), 0);
    cluster.resume(1);
    assert_eq!(client.receive::<FetchRequest>(12).expect("an answer").0, sent);
}

#[test]
fn what_is_no_request_ends_the_connection_and_nothing_else() {
    use std::io::Write;
    let cluster = cluster();
    for bytes in
        [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0, 0, 0, 2, 1, 2], &[0, 0, 0, 8, 0x7f, 0xff, 0, 0, 0, 0, 0, 0], &[0xff; 8]]
    {
        let mut client = Client::connect(&cluster, 1);
        client.stream.write_all(bytes).expect("it is sent");
        assert_eq!(client.rest(), b"");
    }
    let mut noise = noise_of_one_seed();
    for api in 0_i16..70 {
        let mut client = Client::connect(&cluster, 1);
        let body = [api.to_be_bytes().as_slice(), &[0, 4, 0, 0, 0, 1, 0xff, 0xff], &noise(64)].concat();
        let frame = [u32::try_from(body.len()).expect("a length").to_be_bytes().as_slice(), &body].concat();
        client.stream.write_all(&frame).expect("it is sent");
        client.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        client.rest();
    }
    assert_eq!(answered(&mut Client::connect(&cluster, 1)), ["a"]);
}

/// Bytes that look random and are the same each time (xorshift).
fn noise_of_one_seed() -> impl FnMut(usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |count| {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..count).map(|_| next()).collect()
    }
}
