//! The command as its users run it: exit codes, what goes to which stream, pipes that close.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

fn kolumn(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolumn"));
    command.args(arguments).env_remove("KOLUMN_BROKERS").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = kolumn(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // Where the command ends early, there is nobody to write to.
    let _ = writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const PRICES: &str = "{\"price\":1.5}\n{\"price\":\"x\"}\n\n{\"price\":null}\n";

#[test]
fn decode_gives_rows_to_stdout_and_what_is_wrong_to_stderr() {
    let output = run(&["decode", "-v", "json:price:float64"], PRICES);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "{\"price\":1.5}\n{\"price\":null}\n");
    let errors: Vec<&str> = text(&output.stderr).lines().collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("payload 1: column price, byte 9: "), "{errors:?}");
    assert!(errors[1].starts_with("payload 2: ") && errors[1].ends_with("(empty)"), "{errors:?}");
}

#[test]
fn decode_puts_bad_payloads_into_the_file_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let (rows, errors) = (directory.path().join("rows.csv"), directory.path().join("bad.jsonl"));
    let arguments = ["decode", "-v", "json:price:float64", "-O", rows.to_str().unwrap(), "--errors", errors.to_str().unwrap()];
    let output = run(&arguments, PRICES);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(&rows).unwrap(), "price\n1.5\n\n");
    let errors = std::fs::read_to_string(&errors).unwrap();
    let first: serde_json::Value = serde_json::from_str(errors.lines().next().unwrap()).unwrap();
    assert_eq!((&first["index"], &first["column"], &first["code"]), (&1.into(), &"price".into(), &"type".into()));
    assert_eq!(first["raw"], "eyJwcmljZSI6IngifQ==");
    assert_eq!(first.as_object().unwrap().len(), 6);
    assert_eq!(errors.lines().count(), 2);
}

#[test]
fn decode_reads_avro_by_the_schema_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let schema = directory.path().join("order.avsc");
    std::fs::write(
        &schema,
        r#"{"type": "record", "name": "Order", "fields": [
            {"name": "id", "type": "int"},
            {"name": "price", "type": {"type": "record", "name": "Price", "fields": [
                {"name": "last", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
                {"name": "at", "type": {"type": "long", "logicalType": "local-timestamp-millis"}}]}}
        ]}"#,
    )
    .unwrap();
    let spec = format!("avro:\"{}\";framing=confluent", schema.display());
    let output = run(&["decode", "-v", &spec, "--input", "hex"], "00 00000001 54 04 0100 02\nnull\n00 00000001 54 04 01\n");
    let rows = concat!(
        "{\"id\":42,\"price__last\":\"2.56\",\"price__at\":\"1970-01-01T00:00:00.001\"}\n",
        "{\"id\":null,\"price__last\":null,\"price__at\":null}\n"
    );
    assert_eq!(text(&output.stdout), rows);
    let error = text(&output.stderr);
    assert!(error.starts_with("payload 2: column price__last, byte 6: a length of 2 is beyond the payload's end"), "{error}");

    let output = run(&["decode", "-v", "avro:no-such.avsc"], "");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("cannot read the schema no-such.avsc"), "{}", text(&output.stderr));
}

#[test]
fn decode_reads_keys_in_hex() {
    let output = run(&["decode", "-k", "simple:int64:Id", "--input", "hex"], "000000000000002a\nnull\n7fffffffffffffff\n");
    assert_eq!(text(&output.stdout), "{\"Id\":42}\n{\"Id\":null}\n{\"Id\":9223372036854775807}\n");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let payloads = "{\"price\":1.5}\n".repeat(200_000);
    let mut child = kolumn(&["decode", "-v", "json:price:float64"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(payloads.as_bytes()));
    let mut some = [0; 14];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    assert_eq!(text(&some), "{\"price\":1.5}\n");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn wrong_usage_is_two_and_names_what_to_do() {
    for (arguments, hint) in [
        (&["decode", "-v", "jsn:price"][..], "json"),
        (&["decode", "-v", "json:price:float64,price:int64"], "price"),
        (&["decode"], "--value"),
        (&["consume", "orders", "-o", "middle"], "beginning"),
        (&["consume", "orders", "-O", "orders"], "-f jsonl"),
        (&["consum"], "consume"),
    ] {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(hint), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}

#[test]
fn a_missing_file_is_four() {
    assert_eq!(run(&["decode", "-v", "raw", "/nonexistent/x"], "").status.code(), Some(4));
    assert_eq!(run(&["topics", "-F", "/nonexistent/x"], "").status.code(), Some(4));
}

#[test]
fn help_version_completions_and_pages_go_to_stdout() {
    for (arguments, expected) in [
        (&["--help"][..], "Examples:"),
        (&["consume", "--help"], "--by-partition"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["completions", "bash"], "_kolumn"),
        (&["completions", "zsh"], "#compdef kolumn"),
        (&["completions", "fish"], "complete -c kolumn"),
        (&["man", "consume"], ".TH kolumn-consume 1"),
    ] {
        let output = run(arguments, "");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
        assert!(text(&output.stdout).contains(expected), "{arguments:?}");
    }
}

#[test]
fn help_shows_no_value_of_the_environment() {
    let output = kolumn(&["consume", "--help"]).env("KOLUMN_BROKERS", "secret.example:9092").output().unwrap();
    assert!(!text(&output.stdout).contains("secret.example"));
}

#[test]
fn x_list_says_what_every_property_does_and_needs_no_topic() {
    let output = run(&["consume", "-X", "list"], "");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let list = text(&output.stdout);
    assert!(list.contains("  bootstrap.servers, metadata.broker.list\n      Brokers to begin with"), "{list}");
    assert!(list.contains("  interceptor.classes\n      Refused: ") && list.lines().count() > 400, "{list}");
}

#[test]
fn decode_explains_each_bad_payload_with_the_bytes_around_the_place() {
    let payloads = "{\"n\":\"12\"}\n{\"n\":1} x\n{\"n\":9223372036854775808}\n\n";
    let output = run(&["decode", "-v", "json:n:int64", "--explain"], payloads);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    assert_eq!(
        text(&output.stderr),
        "payload 0: column n, byte 5: int64 is asked for, found the text \"12\" (type)\n    {\"n\":\"12\"}\n         ^\n\
         payload 1: byte 8: behind the object there is \"x\" (trailing)\n    {\"n\":1} x\n            ^\n\
         payload 2: column n, byte 5: 9223372036854775808 is beyond the range of int64 (range)\n    {\"n\":9223372036854775808}\n         ^\n\
         payload 3: byte 0: the payload is empty, a JSON object is expected (empty)\n"
    );
    let output = run(&["decode", "-k", "simple:int64", "--input", "hex", "--explain"], "0001ff\n");
    assert_eq!(
        text(&output.stderr),
        "payload 0: column KafkaKey, byte 3: int64 is 8 bytes, the payload has 3 (length)\n    00 01 ff\n             ^^\n"
    );
}

#[test]
fn decode_replays_a_file_of_errors_with_a_mended_spec() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (first, second) = (path("first.jsonl"), path("second.jsonl"));
    run(
        &["decode", "-v", "json:price:float64", "--errors", &first, "-q"],
        "{\"price\":1}\n{\"price\":\"2\"}\n{oops\n{\"price\":\"3\"}\n",
    );
    let output = run(&["decode", "-v", "json:price:float64;lenient", "--input", "errors", &first, "--errors", &second], "");
    assert_eq!(text(&output.stdout), "{\"price\":2.0}\n{\"price\":3.0}\n");
    assert_eq!(text(&output.stderr), "1 payloads could not be decoded\n");
    let left = std::fs::read_to_string(&second).unwrap();
    assert_eq!(left.lines().count(), 1);
    assert!(left.starts_with("{\"index\":2,\"code\":\"syntax\",") && left.contains("\"raw\":\"e29vcHM=\""), "{left}");
    let output = run(&["decode", "-v", "raw", "--input", "errors", &second], "");
    assert_eq!(text(&output.stdout), "{\"KafkaValue\":\"e29vcHM=\"}\n");
}

#[test]
fn decode_finds_the_columns_of_json_in_the_first_payloads() {
    let output = run(&["decode", "-v", "json", "-f", "csv"], "{\"a\":1,\"b\":{\"c\":\"x\"}}\n{\"a\":2.5}\n");
    assert_eq!(text(&output.stdout), "a,b__c\n1.0,x\n2.5,\n");
    assert_eq!(text(&output.stderr), "values look like 'json:a:float64,b__c:utf8=/b/c'\n");
    let output = run(&["decode", "-v", "json;lenient", "-q"], "hello\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the values that were looked at are text"), "{}", text(&output.stderr));
}
