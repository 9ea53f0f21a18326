//! The command with a registry that knows the ids in front of payloads.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use kolumn_test_broker::{BatchBuilder, TestCluster};

const ORDER: &str =
    r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"symbol","type":"string"}]}"#;

/// A registry that has one schema, of id 7 and of the subject `orders-value`. It ends with the test's process.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let (status, body) = match path.as_str() {
                "/schemas/ids/7" | "/subjects/orders-value/versions/latest" => {
                    (200, serde_json::json!({"schema": ORDER, "id": 7, "version": 1, "subject": "orders-value"}))
                }
                _ => (404, serde_json::json!({"error_code": 40403, "message": "Schema not found"})),
            };
            let body = body.to_string();
            let length = body.len();
            // The client may be gone.
            let _ = write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    url
}

fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().topic("orders", 1).start_blocking().unwrap();
    cluster.produce("orders", 0, BatchBuilder::new().values((0..8).map(order)).build());
    cluster
}

fn order(id: u8) -> Vec<u8> {
    vec![0, 0, 0, 0, 7, id * 2, 6, b'C', b'R', b'M']
}

fn run(arguments: &[&str], brokers: &str, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolumn"));
    command.args(arguments).env("KOLUMN_BROKERS", brokers);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Where the command ends early, there is nobody to write to.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn schema_and_consume_ask_what_framed_payloads_are() {
    let (cluster, url) = (cluster(), registry());
    let output = run(&["schema", "orders", "-r", &url], &cluster.bootstrap(), "");
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        (
            "-v 'avro'\n",
            "keys: nothing (8 records, 8 null)\n  all are null\n\
             values: AVRO, behind the schema's id 7 (8 records)\n  columns by the latest schema of subject orders-value\n"
        )
    );
    let output = run(&["schema", "orders", "-r", &url, "--side", "value", "--as", "json", "-q"], &cluster.bootstrap(), "");
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("{\n  \"kind\": \"avro\"\n}\n", ""));
    let output = run(&["consume", "orders", "-r", &url, "--no-meta", "-c", "2"], &cluster.bootstrap(), "");
    assert_eq!(text(&output.stdout), "{\"id\":0,\"symbol\":\"CRM\"}\n{\"id\":1,\"symbol\":\"CRM\"}\n");
    assert_eq!(text(&output.stderr), "values look like -v 'avro'\n");
}

#[test]
fn decode_asks_for_the_reader_s_schema_and_for_the_writers() {
    let url = registry();
    let payloads = "00 00000007 54 06 43524d\n00 00000009 54 06 43524d\n00 00000007 54 06 43\n";
    for spec in [&["-v", "avro", "--topic", "orders"][..], &["-v", "avro:subject=orders-value"]] {
        let arguments = [&["decode", "-r", &url, "--input", "hex"], spec].concat();
        let output = run(&arguments, "", payloads);
        assert_eq!(text(&output.stdout), "{\"id\":42,\"symbol\":\"CRM\"}\n", "{}", text(&output.stderr));
        // What the registry does not have is in the log as well.
        let errors: Vec<&str> = text(&output.stderr).lines().filter(|line| line.starts_with("payload")).collect();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].starts_with("payload 1: ") && errors[0].ends_with("(schema)"), "{errors:?}");
        assert!(errors[1].starts_with("payload 2: column symbol, byte 6: "), "{errors:?}");
    }
    let output = run(&["decode", "-v", "avro:subject=orders-value"], "", "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("give schema.registry.url"), "{}", text(&output.stderr));
    let output = run(&["decode", "-r", "http://127.0.0.1:1", "-X", "kolumn.registry.retries=0", "-v", "avro:subject=s"], "", "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}
