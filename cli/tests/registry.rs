//! The command and a schema registry: specs by subject, and how it ends without them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

const ORDER: &str = r#"{"id": 7, "version": 3, "schema": "{\"type\": \"record\", \"name\": \"Order\", \"fields\": [{\"name\": \"id\", \"type\": \"long\"}]}"}"#;

/// The address of a registry that has one subject, `orders-value`, and asks `closed-value` for a password.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let (status, body) = match first.split(' ').nth(1) {
                Some("/subjects/orders-value/versions/latest" | "/subjects/orders-value/versions/3" | "/schemas/ids/7") => {
                    (200, ORDER)
                }
                Some(path) if path.contains("closed") => (401, "{}"),
                _ => (404, r#"{"error_code": 40401, "message": "Subject not found."}"#),
            };
            // Whoever asked may be gone.
            let _ = write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    address
}

fn decode(spec: &str, more: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kolumn"))
        .args(["decode", "--input", "hex", "-f", "jsonl", "-v", spec])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where the command ends early, there is nobody to write to.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn decode_takes_its_schema_from_the_registry_and_takes_frames_off() {
    let registry = registry();
    for spec in ["avro:subject=orders-value", "avro:subject=orders-value,version=3;framing=confluent"] {
        let output = decode(spec, &["-r", &registry], "000000000754\n");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "{\"id\":42}\n"), "{}", text(&output.stderr));
    }
    let output = decode("avro:subject=orders-value;framing=none", &["-X", &format!("schema.registry.url={registry}")], "54\n");
    assert_eq!(text(&output.stdout), "{\"id\":42}\n");
}

#[test]
fn a_file_s_schema_has_frames_where_there_is_a_registry_and_none_where_there_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("order.avsc");
    std::fs::write(&path, r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]}"#).unwrap();
    let spec = format!("avro:{}", path.display());
    assert_eq!(text(&decode(&spec, &[], "54\n").stdout), "{\"id\":42}\n");
    assert_eq!(text(&decode(&spec, &["-r", &registry()], "000000000754\n").stdout), "{\"id\":42}\n");
}

#[test]
fn a_subject_that_is_not_there_is_code_four_and_one_that_is_refused_three() {
    let registry = registry();
    for (spec, code, part) in [
        ("avro:subject=none", 4, "subject \"none\", version latest: there is none (40401) Subject not found."),
        ("protobuf:subject=none,version=2", 4, "subject \"none\", version 2"),
        ("avro:subject=closed-value", 3, "not allowed: status 401"),
        ("protobuf:subject=orders-value", 2, "is no Protobuf schema, the registry says AVRO"),
        ("avro", 2, "there is no topic whose subject is meant; name it, as in subject=orders-value"),
    ] {
        let output = decode(spec, &["-r", &registry], "");
        let error = text(&output.stderr);
        assert!(output.status.code() == Some(code) && error.contains(part), "{spec}: {:?} {error}", output.status.code());
    }
    let output = decode("avro:subject=none", &[], "");
    let expected = "kolumn: the address of the schema registry is missing; give schema.registry.url\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), expected));
}
