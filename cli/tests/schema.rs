//! `kolumn schema`, and consumptions that find out what is in a topic.

use std::process::{Command, Output, Stdio};

use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

fn run(cluster: &TestCluster, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolumn"));
    command.args(arguments).env("KOLUMN_BROKERS", cluster.bootstrap()).stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What it printed on stdout and on stderr.
fn said(cluster: &TestCluster, arguments: &[&str]) -> (String, String) {
    let output = run(cluster, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

const ORDERS: [&str; 3] = [
    r#"{"symbol":"CRM","px":{"last":166.25},"at":"2026-11-21T08:00:00.123Z","legs":[{"qty":1}],"note":null}"#,
    r#"{"symbol":"X","px":{"last":7.5},"at":"2026-11-21T08:00:01Z","KafkaOffset":1,"id":"a"}"#,
    r#"{"symbol":"Y","px":null,"at":null,"legs":[]}"#,
];

fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().topic("orders", 2).topic("mixed", 1).topic("empty", 1).topic("framed", 1);
    let cluster = cluster.start_blocking().unwrap();
    for (number, order) in (1_i64..).zip(ORDERS) {
        let record = Record::new(order).key(number.to_be_bytes());
        cluster.produce("orders", (number % 2) as i32, BatchBuilder::new().record(record).build());
    }
    cluster.produce("orders", 0, BatchBuilder::new().record(Record::null().key(2_i64.to_be_bytes())).build());
    for number in 0..500 {
        cluster.produce("mixed", 0, BatchBuilder::new().values([format!("{{\"old\":{number}}}")]).build());
    }
    for number in 0..500 {
        cluster.produce("mixed", 0, BatchBuilder::new().values([format!("{{\"new\":{number}.5}}")]).build());
    }
    let framed = (0_u8..20).map(|length| [&[0, 0, 0, 0, 7][..], &vec![0x80; usize::from(length) + 1]].concat());
    cluster.produce("framed", 0, BatchBuilder::new().values(framed).build());
    cluster
}

#[test]
fn a_topic_is_told_in_words_and_as_a_spec_that_can_be_pasted() {
    let cluster = cluster();
    let (stdout, stderr) = said(&cluster, &["schema", "orders"]);
    assert_eq!(
        stdout,
        "-k 'simple:int64' -v 'json:symbol:utf8,px__last:float64=/px/last,at:timestamp(ms),KafkaOffset_2:int64=/KafkaOffset,\
         id:utf8,legs:list<struct<qty:int64>>,note:json'\n"
    );
    assert_eq!(
        stderr,
        "keys: numbers of 8 bytes (4 records)\n  as int64 they are 1 to 3; float64 is as long\n\
         values: JSON objects (4 records, 1 null)\n  \
         symbol         utf8\n  \
         px__last       float64                  missing in 1\n  \
         at             timestamp(ms)            null in 1\n  \
         KafkaOffset_2  int64                    missing in 2\n  \
         id             utf8                     missing in 2\n  \
         legs           list<struct<qty:int64>>  missing in 1\n  \
         note           json                     missing in 2; null in 1; only null was seen: the text of whatever comes\n"
    );
    let quiet = run(&cluster, &["schema", "orders", "-q"]);
    assert_eq!((text(&quiet.stderr), text(&quiet.stdout)), ("", stdout.as_str()));
}

#[test]
fn the_spec_of_one_side_reads_the_topic_in_every_form() {
    let cluster = cluster();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("orders.json");
    let (json, _) = said(&cluster, &["schema", "orders", "-p", "0", "--side", "value", "--as", "json", "-q"]);
    assert_eq!(
        json,
        r#"{
  "kind": "json",
  "columns": [
    {
      "name": "symbol",
      "type": "utf8"
    },
    {
      "name": "px__last",
      "type": "float64",
      "path": "/px/last"
    },
    {
      "name": "at",
      "type": "timestamp(ms)"
    },
    {
      "name": "KafkaOffset_2",
      "type": "int64",
      "path": "/KafkaOffset"
    },
    {
      "name": "id",
      "type": "utf8"
    }
  ]
}
"#
    );
    std::fs::write(&file, &json).unwrap();
    let at = format!("@{}", file.display());
    let (bare, _) = said(&cluster, &["schema", "orders", "-p", "0", "--side", "value", "-q"]);
    assert_eq!(bare, "json:symbol:utf8,px__last:float64=/px/last,at:timestamp(ms),KafkaOffset_2:int64=/KafkaOffset,id:utf8\n");
    let rows = |spec: &str| said(&cluster, &["consume", "orders", "-p", "0", "-v", spec, "--no-meta", "-c", "1", "-q"]).0;
    assert_eq!(
        rows(&at),
        "{\"symbol\":\"X\",\"px__last\":7.5,\"at\":\"2026-11-21T08:00:01.000Z\",\"KafkaOffset_2\":1,\"id\":\"a\"}\n"
    );
    assert_eq!(rows(&at), rows(bare.trim_end()));
    let (toml, _) = said(&cluster, &["schema", "orders", "-p", "0", "--as", "toml", "-q"]);
    assert!(
        toml.starts_with("[key]\nkind = \"simple\"\ntype = \"int64\"\n\n[value]\nkind = \"json\"\n\n[[value.columns]]\n"),
        "{toml}"
    );
    let (both, _) = said(&cluster, &["schema", "orders", "-p", "0", "--as", "json", "-q"]);
    assert!(
        both.starts_with("{\n  \"key\": {\n    \"kind\": \"simple\",\n    \"type\": \"int64\"\n  },\n  \"value\": {\n"),
        "{both}"
    );
    let (rust, _) = said(&cluster, &["schema", "orders", "-p", "0", "--side", "key", "--as", "rust", "-q"]);
    assert_eq!(rust, "spec::simple_type(Type::Int64)\n");
    let (program, _) = said(&cluster, &["schema", "orders", "-p", "0", "--as", "rust", "-q"]);
    assert!(program.starts_with("use kolumn::spec::{self, TimeUnit, Type, column};\n"), "{program}");
    assert!(program.contains("        column(\"px__last\", Type::Float64).at(\"/px/last\"),\n"), "{program}");
}

#[test]
fn the_sample_is_what_was_asked_for() {
    let cluster = cluster();
    let spec = |arguments: &[&str]| said(&cluster, &[&["schema", "mixed", "--side", "value"], arguments].concat());
    assert_eq!(spec(&["-q"]).0, "json:old:int64,new:float64\n");
    assert_eq!(spec(&["-q", "--from", "beginning"]).0, "json:old:int64\n");
    assert_eq!(spec(&["-q", "--from", "end", "-n", "500"]).0, "json:new:float64\n");
    let (only, told) = spec(&["-n", "1"]);
    assert_eq!((only.as_str(), told.lines().next()), ("json:old:int64\n", Some("values: JSON objects (1 record)")));
    let (_, cut) = spec(&["--bytes", "1"]);
    assert!(cut.ends_with("not all records that were asked for: the bytes were enough (--bytes)\n"), "{cut}");
    let all = spec(&["-n", "5000"]).1;
    assert!(all.starts_with("values: JSON objects (1,000 records)\n"), "{all}");
}

#[test]
fn what_is_framed_empty_or_not_there_is_told() {
    let cluster = cluster();
    let (spec, told) = said(&cluster, &["schema", "framed"]);
    assert_eq!(spec, "-v 'raw'\n");
    assert!(
        told.contains("values: payloads behind the schema's id 7 (20 records)\n  the registry (-r) knows what they are"),
        "{told}"
    );
    assert!(told.starts_with("keys: nothing (20 records, 20 null)\n  all are null\n"), "{told}");
    let (spec, told) = said(&cluster, &["schema", "empty"]);
    assert_eq!((spec.as_str(), told.contains("there are no records to look at")), ("-v 'raw'\n", true));
    let missing = run(&cluster, &["schema", "order"]);
    assert_eq!(missing.status.code(), Some(4));
    assert!(text(&missing.stderr).contains("did you mean \"orders\""), "{}", text(&missing.stderr));
    let missing = run(&cluster, &["schema", "orders", "-p", "7"]);
    assert_eq!(missing.status.code(), Some(4));
    assert!(text(&missing.stderr).contains("no partition 7"), "{}", text(&missing.stderr));
    assert_eq!(run(&cluster, &["schema", "orders", "-n", "0"]).status.code(), Some(2));
}

#[test]
fn json_without_columns_finds_them_with_the_options_given() {
    let cluster = cluster();
    let (rows, told) =
        said(&cluster, &["consume", "orders", "-p", "0", "-v", "json;tombstones=skip", "--no-meta", "--select", "symbol"]);
    assert_eq!(rows, "{\"symbol\":\"X\"}\n");
    assert!(
        told.starts_with("values look like -v 'json:symbol:utf8,") && told.trim_end().ends_with(";tombstones=skip'"),
        "{told}"
    );
    let refused = run(&cluster, &["consume", "framed", "-v", "json"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("the values that were looked at are payloads behind the schema's id 7"),
        "{}",
        text(&refused.stderr)
    );
    let (_, told) = said(&cluster, &["consume", "orders", "-V", "-c", "1", "-f", "none"]);
    assert!(told.contains("values: JSON objects"), "{told}");
}

#[test]
fn a_column_that_is_found_has_no_name_that_the_key_s_spec_gives() {
    let cluster = cluster();
    let (rows, _) = said(
        &cluster,
        &[
            "consume",
            "orders",
            "-p",
            "0",
            "-k",
            "simple:int64:symbol",
            "--no-meta",
            "-c",
            "1",
            "--select",
            "symbol,symbol_2",
            "-q",
        ],
    );
    assert_eq!(rows, "{\"symbol\":2,\"symbol_2\":\"X\"}\n");
}
