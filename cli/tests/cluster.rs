//! The command against a cluster, in-process but over real sockets: what comes out, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use kolumn_test_broker::{BatchBuilder, Record, TestCluster};
use serde_json::Value;

const SPEC: &str = "json:id:int64,name:utf8";

/// Three partitions with 100 records each, of which one in each cannot be decoded; the last record of the last is a tombstone.
fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().topic("orders", 3).topic("empty", 1).start_blocking().unwrap();
    for partition in 0..3 {
        for batch in 0..10 {
            let mut builder = BatchBuilder::new().timestamp(1_700_000_000_000 + batch * 1_000);
            for record in 0..10 {
                let id = i64::from(partition) * 1_000 + batch * 10 + record;
                builder = match (partition, batch * 10 + record) {
                    (2, 99) => builder.record(Record::null()),
                    (_, 42) => builder.record(Record::new("{\"id\":\"x\"}")),
                    _ => builder.record(Record::new(format!("{{\"id\":{id},\"name\":\"n{id}\"}}"))),
                };
            }
            cluster.produce("orders", partition, builder.build());
        }
    }
    cluster
}

fn command(cluster: &TestCluster, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolumn"));
    command.args(arguments).env("KOLUMN_BROKERS", cluster.bootstrap());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(cluster: &TestCluster, arguments: &[&str]) -> Output {
    command(cluster, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json_lines(text(&output.stdout))
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The summary of `--stats=json`, whose parts must add up in each partition.
fn summary(output: &Output) -> Value {
    let line =
        text(&output.stderr).lines().rfind(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{}", text(&output.stderr)));
    let summary: Value = serde_json::from_str(line).unwrap();
    for partition in summary["partitions"].as_array().unwrap() {
        let number = |name: &str| partition[name].as_i64().unwrap();
        let parts: i64 = ["rows", "errors", "filtered", "control", "gaps"].map(number).iter().sum();
        assert_eq!(parts, number("next") - number("first"), "{partition}");
    }
    summary
}

#[test]
fn a_pipe_gets_every_row_once_and_the_summary_adds_up() {
    let cluster = cluster();
    let output = run(&cluster, &["consume", "orders", "-v", SPEC, "--stats=json"]);
    let rows = lines(&output);
    assert_eq!(rows.len(), 297);
    for partition in 0..3 {
        let offsets: Vec<i64> = rows
            .iter()
            .filter(|row| row["KafkaPartition"] == partition)
            .map(|row| row["KafkaOffset"].as_i64().unwrap())
            .collect();
        let expected: Vec<i64> = (0..100).filter(|offset| *offset != 42).collect();
        assert_eq!(offsets, expected);
    }
    assert_eq!(rows[0]["KafkaTimestamp"], "2023-11-14T22:13:20.000Z");
    let summary = summary(&output);
    assert_eq!((&summary["rows"], &summary["errors"], &summary["offsets"]), (&297.into(), &3.into(), &300.into()));
    assert_eq!(summary["partitions"][0]["end"], 100);
    assert!(summary["bytes"].as_u64().unwrap() > 5_000 && summary["fetched_bytes"].as_u64() >= summary["bytes"].as_u64());
    assert!(text(&output.stderr).contains("3 records could not be decoded: partition "), "{}", text(&output.stderr));
}

#[test]
fn partitions_offsets_counts_and_columns_are_as_asked_for() {
    let cluster = cluster();
    let consume = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["consume", "orders", "-v", SPEC, "-q"].iter().chain(arguments).copied().collect();
        lines(&run(&cluster, &arguments))
    };
    let offsets = |rows: &[Value]| rows.iter().map(|row| row["KafkaOffset"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(offsets(&consume(&["-p", "1", "-o", "5:8"])), [5, 6, 7]);
    assert_eq!(offsets(&consume(&["-p", "1", "-o", "-3"])), [97, 98, 99]);
    assert_eq!(offsets(&consume(&["-p", "1", "-o", "s@1700000009000"])), (90..100).collect::<Vec<_>>());
    assert_eq!(offsets(&consume(&["-p", "1", "--until", "e@1700000001000"])), (0..10).collect::<Vec<_>>());
    assert_eq!(offsets(&consume(&["-p", "1,2", "-o", "1:98,2:97", "-e"])).len(), 5);
    assert_eq!(consume(&["-c", "17"]).len(), 17);
    assert_eq!(offsets(&consume(&["-p", "0", "-t", "ring:2"])), [98, 99]);
    let selected = consume(&["-p", "0", "-c", "1", "--no-meta", "--select", "name,id"]);
    assert_eq!(serde_json::to_string(&selected[0]).unwrap(), "{\"id\":0,\"name\":\"n0\"}");
    assert_eq!(consume(&["-p", "2", "-o", "99"])[0]["name"], Value::Null, "a tombstone is a row of nulls");
}

#[test]
fn values_are_found_out_where_no_spec_is_given() {
    let cluster = TestCluster::builder().topic("t", 1).topic("b", 1).topic("none", 1).start_blocking().unwrap();
    cluster.produce("t", 0, BatchBuilder::new().values(["{\"a\":1,\"b\":{\"c\":true}}", "{\"a\":2.5}"]).build());
    cluster.produce("b", 0, BatchBuilder::new().values([&[0_u8, 255, 254][..]]).build());
    let output = run(&cluster, &["consume", "t", "--no-meta"]);
    assert_eq!(text(&output.stdout), "{\"a\":1.0,\"b__c\":true}\n{\"a\":2.5,\"b__c\":null}\n");
    assert_eq!(text(&output.stderr), "values look like -v 'json:a:float64,b__c:bool=/b/c'\n");
    assert_eq!(text(&run(&cluster, &["consume", "b", "--no-meta"]).stdout), "{\"KafkaValue\":\"AP/+\"}\n");
    assert_eq!(lines(&run(&cluster, &["consume", "none"])).len(), 0);
}

#[test]
fn files_are_complete_and_one_for_each_partition_where_asked_for() {
    let cluster = cluster();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (rows, errors) = (path("orders.csv"), path("errors.jsonl"));
    let output = run(&cluster, &["consume", "orders", "-v", SPEC, "--by-partition", "-O", &rows, "--errors", &errors]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    for partition in 0..3 {
        let text = std::fs::read_to_string(path(&format!("orders-{partition}.csv"))).unwrap();
        assert_eq!(text.lines().count(), 100, "99 rows and a header");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&format!("{partition},"))));
    }
    let errors = json_lines(&std::fs::read_to_string(errors).unwrap());
    assert_eq!(errors.len(), 3);
    assert!(
        errors.iter().all(|error| error["KafkaOffset"] == 42 && error["Column"] == "id" && error["Raw"] == "eyJpZCI6IngifQ==")
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 4, "nothing partial is left");
}

#[test]
fn binary_formats_read_back() {
    let cluster = cluster();
    let output = run(&cluster, &["consume", "orders", "-v", SPEC, "-f", "arrow", "-q"]);
    let batches = arrow_ipc::reader::StreamReader::try_new(&output.stdout[..], None).unwrap();
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 297);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.parquet");
    let output = run(&cluster, &["consume", "orders", "-v", SPEC, "-O", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let file = std::fs::File::open(Path::new(&path)).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 297);
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let cluster = cluster();
    for (arguments, code, hint) in [
        (&["consume", "order", "-v", SPEC][..], 4, "did you mean \"orders\""),
        (&["consume", "orders", "-v", SPEC, "-p", "7"], 4, "no partition 7"),
        (&["consume", "orders", "-v", SPEC, "-o", "1000"], 1, "not 1000"),
        (&["consume", "orders", "-v", SPEC, "-b", "127.0.0.1:1"], 1, "is the broker running?"),
        (&["consume", "orders", "-v", SPEC, "-X", "grup.id=x"], 2, "group.id"),
        (&["consume", "orders", "-v", SPEC, "--select", "nme"], 2, "name"),
        (&["consume", "orders", "-v", "json:id:int65"], 2, "int65"),
        (&["consume", "orders", "-v", SPEC, "--on-error", "fail"], 5, "offset 42"),
        (&["topics", "nothing*"], 4, "nothing*"),
        (&["perf", "order"], 4, "orders"),
    ] {
        let output = run(&cluster, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(hint), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_failed_consumption_leaves_no_file() {
    let cluster = cluster();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.csv");
    let output = run(&cluster, &["consume", "orders", "-v", SPEC, "--on-error", "fail", "-O", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn on_error_null_keeps_a_row() {
    let cluster = cluster();
    let output = run(&cluster, &["consume", "orders", "-v", SPEC, "--on-error", "null", "-p", "0", "-o", "42:43", "--no-meta"]);
    assert_eq!(text(&output.stdout), "{\"id\":null,\"name\":null}\n");
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn an_interrupt_completes_the_file_with_what_was_visible_and_is_130() {
    let cluster = cluster();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.jsonl");
    let arguments = ["-V", "consume", "orders", "-v", SPEC, "--until", "never", "--stats=json", "-O", path.to_str().unwrap()];
    let mut child = command(&cluster, &arguments).spawn().unwrap();
    // What is visible is written at once, into a file beside the one that was asked for.
    let partial = wait_for(|| partial_of(directory.path()).filter(|text| text.lines().count() == 297));
    assert!(!path.exists() && partial.ends_with('\n'));
    interrupt(&child);
    let status = child.wait().unwrap();
    let mut stderr = Vec::new();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    assert_eq!(status.code(), Some(130), "{}", text(&stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), partial);
    summary(&Output { status, stdout: Vec::new(), stderr });
}

#[test]
fn b5_rows_that_were_written_and_that_the_log_lost_afterwards_are_told_and_summed_up() {
    let cluster = cluster();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.jsonl");
    let arguments =
        ["consume", "orders", "-v", SPEC, "--until", "never", "--stats=json", "-X", "kolumn.on.truncation=withdraw", "-O"];
    let mut child = command(&cluster, &[&arguments[..], &[path.to_str().unwrap()]].concat()).spawn().unwrap();
    wait_for(|| partial_of(directory.path()).filter(|text| text.lines().count() == 297));
    cluster.log("orders", 1).elect_unclean(1, 40);
    cluster.produce("orders", 1, BatchBuilder::new().values(["{\"id\":7,\"name\":\"new\"}"]).build());
    let partial = wait_for(|| partial_of(directory.path()).filter(|text| text.lines().count() == 298));
    assert_eq!(json_lines(&partial).last().map(|row| row["KafkaOffset"].as_i64()), Some(Some(40)));
    interrupt(&child);
    let status = child.wait().unwrap();
    let mut stderr = Vec::new();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    let said = "partition 1: the log lost its end: 59 rows from offset 40 on are written and no longer in it";
    assert!(text(&stderr).lines().any(|line| line == said), "{}", text(&stderr));
    let summary = summary(&Output { status, stdout: Vec::new(), stderr });
    assert_eq!((summary["rows"].as_i64(), summary["withdrawn"].as_i64()), (Some(297 - 59 + 1), Some(59)));
}

fn partial_of(directory: &Path) -> Option<String> {
    let found = std::fs::read_dir(directory).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.to_string_lossy().ends_with(".partial").then_some(path)
    });
    std::fs::read_to_string(found?).ok()
}

/// Asks until there is an answer; a minute of none is a failure.
fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "nothing within a minute");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn new_records_reach_a_pipe_at_once_and_its_closing_ends_the_command_quietly() {
    let cluster = cluster();
    let mut child = command(&cluster, &["consume", "empty", "-v", SPEC, "--until", "never", "--no-meta"]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    cluster.produce("empty", 0, BatchBuilder::new().values(["{\"id\":1,\"name\":\"a\"}"]).build());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"id\":1,\"name\":\"a\"}\n");
    drop(stdout);
    // Another test's child may hold the pipe's end for the moment between fork and exec: one record need not be enough.
    wait_for(|| {
        cluster.produce("empty", 0, BatchBuilder::new().values(["{\"id\":2}"]).build());
        child.try_wait().unwrap()
    });
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn topics_are_listed_for_people_and_scripts() {
    let cluster = cluster();
    let output = run(&cluster, &["topics", "--json"]);
    let topics = lines(&output);
    assert_eq!(topics.len(), 2);
    assert_eq!((&topics[1]["topic"], &topics[1]["messages"]), (&"orders".into(), &300.into()));
    assert_eq!(topics[1]["partitions"][2]["next"], 100);
    let table = run(&cluster, &["topics", "ord*"]);
    assert_eq!(text(&table.stdout).lines().count(), 4, "a header and three partitions");
}

#[test]
fn perf_measures_each_stage_over_the_whole_topic() {
    let cluster = cluster();
    let stages = lines(&run(&cluster, &["perf", "orders", "-v", SPEC, "--json"]));
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["walked", "raw", "decoded", "table"]);
    assert!(stages.iter().all(|stage| stage["offsets"] == 300), "{stages:?}");
    assert_eq!((&stages[1]["errors"], &stages[2]["errors"]), (&0.into(), &3.into()));
}

#[test]
fn the_demo_without_a_terminal_makes_all_its_orders_and_stops() {
    let cluster = cluster();
    let output = run(&cluster, &["demo", "--rows", "20000", "--rate", "max", "--partitions", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let last = text(&output.stdout).lines().last().unwrap();
    assert!(last.contains("  20,000 rows  ") && last.contains("  errors 0  "), "{last}");
    let said = text(&output.stderr);
    assert!(said.starts_with("orders: 20,000 rows in ") && said.ends_with("of 20,000 made\n"), "{said}");
}

/// Lines of a child's stderr, as they come.
fn stderr_lines(child: &mut Child) -> std::sync::mpsc::Receiver<String> {
    let (sender, lines) = std::sync::mpsc::channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

#[test]
fn a_broker_that_goes_and_comes_back_is_told_of_in_one_line_each_and_the_summary_accounts_for_every_offset() {
    let cluster = cluster();
    let arguments = ["consume", "orders", "-v", SPEC, "--until", "never", "--count", "597", "--stats=json"];
    let mut child = command(&cluster, &arguments).spawn().unwrap();
    let errors = stderr_lines(&mut child);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut rows = String::new();
    for _ in 0..297 {
        stdout.read_line(&mut rows).unwrap();
    }
    cluster.kill(1);
    let limit = std::time::Duration::from_secs(60);
    let mut seen = Vec::new();
    let mut until = |what: &str| {
        // It says every now and then that the trouble lasts: a limit of each line would never end.
        let end = std::time::Instant::now() + limit;
        while !seen.last().is_some_and(|line: &String| line.contains(what)) {
            let left = end.saturating_duration_since(std::time::Instant::now());
            seen.push(errors.recv_timeout(left).unwrap_or_else(|_| panic!("no {what:?} in {seen:?}")));
        }
    };
    until("in trouble for ");
    cluster.restart(1);
    until("all well again after ");
    for partition in 0..3 {
        cluster.produce("orders", partition, BatchBuilder::new().values(vec!["{\"id\":1}"; 100]).build());
    }
    stdout.read_to_string(&mut rows).unwrap();
    let status = child.wait().unwrap();
    seen.extend(errors.iter());
    let stderr = seen.join("\n");
    assert_eq!(status.code(), Some(0), "{stderr}");
    let told: Vec<_> = seen.iter().filter(|line| line.contains("in trouble for ")).collect();
    let [line] = told.as_slice() else { panic!("told {} times: {stderr}", told.len()) };
    assert!(line.contains(&cluster.bootstrap()) && line.contains("connecting again"), "who, and what is done about it: {line}");
    let rows = json_lines(&rows);
    assert_eq!(rows.len(), 597);
    let offsets: std::collections::BTreeSet<_> =
        rows.iter().map(|row| (row["KafkaPartition"].as_i64(), row["KafkaOffset"].as_i64())).collect();
    assert_eq!(offsets.len(), 597, "each row once");
    let summary = summary(&Output { status, stdout: Vec::new(), stderr: stderr.into_bytes() });
    assert_eq!((&summary["rows"], &summary["errors"], &summary["offsets"]), (&597.into(), &3.into(), &600.into()));
}

#[test]
fn the_errors_of_a_consumption_are_decoded_again_from_their_file() {
    let cluster = cluster();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (errors, left) = (path("errors.jsonl"), path("left.jsonl"));
    let consumed = run(&cluster, &["consume", "orders", "-v", SPEC, "-k", "simple:utf8", "--errors", &errors, "-f", "none"]);
    assert_eq!(consumed.status.code(), Some(0), "{}", text(&consumed.stderr));
    let mut rows = lines(&run(&cluster, &["decode", "-v", "json:id:utf8", "--input", "errors", &errors]));
    rows.sort_by_key(|row| row["KafkaPartition"].as_i64());
    assert_eq!(rows.len(), 3);
    assert_eq!(
        rows[1].to_string(),
        "{\"KafkaOffset\":42,\"KafkaPartition\":1,\"KafkaTimestamp\":\"2023-11-14T22:13:24.000Z\",\"id\":\"x\"}"
    );
    let still = run(&cluster, &["decode", "-v", SPEC, "--input", "errors", &errors, "--errors", &left]);
    assert_eq!((text(&still.stdout), text(&still.stderr)), ("", "3 payloads could not be decoded\n"));
    let mut rows = lines(&run(&cluster, &["decode", "-v", "json:id:utf8", "--input", "errors", &left]));
    rows.sort_by_key(|row| row["KafkaPartition"].as_i64());
    assert_eq!((rows.len(), &rows[2]["KafkaPartition"], &rows[2]["id"]), (3, &2.into(), &"x".into()));
    let other = run(&cluster, &["decode", "-k", "simple:utf8", "--input", "errors", &errors]);
    assert_eq!(
        (text(&other.stdout), text(&other.stderr)),
        ("", "3 errors are of another side: keys are decoded with -k, values with -v\n")
    );

    let cut = path("cut.jsonl");
    run(
        &cluster,
        &["consume", "orders", "-v", SPEC, "-p", "0", "--errors", &cut, "-f", "none", "-X", "kolumn.error.raw.bytes=4"],
    );
    let told = run(&cluster, &["decode", "-v", "json:id:utf8", "--input", "errors", &cut]);
    assert_eq!(
        text(&told.stderr),
        "partition 0, offset 42: byte 4: only the first 4 of 10 bytes were kept (kolumn.error.raw.bytes): consume the record again (truncated)\n"
    );
}
