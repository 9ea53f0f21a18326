use clap::CommandFactory;
use clap::error::ErrorKind;
use kolumn::position::{Offsets, Partitions, Stop};

use super::*;
use crate::arguments::table::TableArgument;

fn parse(line: &str) -> Result<CommandLine, clap::Error> {
    CommandLine::try_parse_from(line.split_whitespace())
}

fn consume(line: &str) -> ConsumeArguments {
    match parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).verb {
        Verb::Consume(arguments) => arguments,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_commands_do_not_contradict_themselves() {
    CommandLine::command().debug_assert();
}

#[test]
fn the_flags_of_kcat_mean_what_they_mean_there() {
    let arguments = consume("kolumn consume orders -b a:1,b:2 -X client.id=me -p 0,2,4-7 -o -10 -e -c 5 -q");
    assert_eq!(arguments.topic, "orders");
    assert_eq!(arguments.connection.brokers.as_deref(), Some("a:1,b:2"));
    assert_eq!(arguments.connection.properties, [("client.id".to_owned(), "me".to_owned())]);
    assert_eq!(arguments.range.partitions, Some(Partitions::These(vec![0, 2, 4, 5, 6, 7])));
    assert_eq!(arguments.range.start(), Offsets::Last(10).into());
    assert_eq!(arguments.range.stop(true), Stop::End);
    assert_eq!(arguments.range.count, Some(5));
}

#[test]
fn without_flags_a_live_view_never_stops_and_a_pipe_stops_at_the_end() {
    let arguments = consume("kolumn consume orders");
    assert_eq!(arguments.range.start(), Offsets::Beginning.into());
    assert_eq!(arguments.range.stop(true), Stop::Never);
    assert_eq!(arguments.range.stop(false), Stop::End);
    assert_eq!(consume("kolumn consume orders -o end").range.stop(false), Stop::Never);
}

#[test]
fn a_range_of_offsets_stops_where_it_ends_unless_a_flag_says_otherwise() {
    assert_eq!(consume("kolumn consume orders -o 5:27").range.stop(true), Stop::At(27));
    assert_eq!(consume("kolumn consume orders -o 5:27 --until 30").range.stop(true), Stop::At(30));
}

#[test]
fn tables_columns_and_files_are_read() {
    let arguments =
        consume("kolumn consume orders -t ring:100 --by-partition --select A,B --no-meta -O x.parquet --errors e.jsonl");
    assert_eq!(arguments.table, Some(TableArgument::Ring(100)));
    assert!(arguments.by_partition && arguments.specs.no_meta);
    assert_eq!(arguments.select, ["A", "B"]);
    assert_eq!(arguments.output.file(), Some(std::path::Path::new("x.parquet")));
    assert_eq!(consume("kolumn consume orders -O -").output.file(), None);
}

#[test]
fn stats_are_text_unless_json_is_asked_for() {
    assert_eq!(consume("kolumn consume orders --stats").stats, Some(StatsFormat::Text));
    assert_eq!(consume("kolumn consume orders --stats=json").stats, Some(StatsFormat::Json));
    assert_eq!(consume("kolumn consume --stats orders").topic, "orders");
    assert_eq!(consume("kolumn consume orders").stats, None);
}

#[test]
fn two_places_to_stop_are_refused() {
    assert_eq!(parse("kolumn consume orders -e --until 5").unwrap_err().kind(), ErrorKind::ArgumentConflict);
}

#[test]
fn decode_wants_a_spec_for_keys_or_values() {
    assert_eq!(parse("kolumn decode").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
    assert_eq!(parse("kolumn decode -k raw -v raw").unwrap_err().kind(), ErrorKind::ArgumentConflict);
    assert!(parse("kolumn decode -k raw").is_ok());
}

#[test]
fn the_log_is_louder_with_each_v() {
    assert_eq!(parse("kolumn -VV demo").unwrap().talk.verbose, 2);
    assert_eq!(parse("kolumn demo -V -V -V").unwrap().talk.verbose, 3);
}

/// Every line of an example that begins with `kolumn`, or has it behind a pipe, is a line that parses.
#[test]
fn the_examples_of_every_help_text_parse() {
    let command = CommandLine::command();
    let texts = command.get_subcommands().chain([&command]).filter_map(|verb| Some(verb.get_after_help()?.to_string()));
    let mut count = 0;
    for text in texts {
        for line in text.lines().filter_map(|line| line.find("kolumn ").map(|at| &line[at..])).filter(|_| true) {
            if !text.contains("Examples:") || !text[text.find("Examples:").unwrap()..].contains(line) {
                continue;
            }
            let line = line.split("    ").next().unwrap();
            let line = line.split([';', '|', '>']).next().unwrap();
            if line.starts_with("kolumn and") {
                continue;
            }
            let words = line.split_whitespace().map(|word| word.trim_matches('\''));
            CommandLine::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
            count += 1;
        }
    }
    assert!(count > 15, "only {count} examples were found");
}
