use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;
use crate::live::grid::Rows;
use crate::live::model::{Header, Key, Observation};

fn view() -> ViewModel {
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let mut view = ViewModel::new(Header {
        topic: "orders".into(),
        brokers: "localhost:9092".into(),
        table: "ring(1000)".into(),
        columns: vec![column("Symbol", "utf8"), column("Price", "float64")],
        error_columns: vec![column("code", "utf8"), column("raw", "binary")],
    });
    let symbols: ArrayRef = Arc::new(StringArray::from(vec![Some("CRM"), Some("MSFT"), None]));
    let prices: ArrayRef = Arc::new(Float64Array::from(vec![166.25, 7.5, 1.0]));
    let codes: ArrayRef = Arc::new(StringArray::from(vec!["syntax"]));
    let raw: ArrayRef = Arc::new(BinaryArray::from(vec![&b"{oops\xff"[..]]));
    for second in 0..3 {
        view.observe(Observation {
            at: Duration::from_secs(second),
            table: Rows::new(vec![
                RecordBatch::try_from_iter_with_nullable([
                    ("Symbol", Arc::clone(&symbols), true),
                    ("Price", Arc::clone(&prices), true),
                ])
                .unwrap(),
            ]),
            errors: Rows::new(vec![
                RecordBatch::try_from_iter([("code", Arc::clone(&codes)), ("raw", Arc::clone(&raw))]).unwrap(),
            ]),
            rows: second * 617_283,
            error_rows: 1,
            bytes: second * 10_485_760,
            partitions: (0..6)
                .map(|partition| PartitionLine {
                    partition,
                    position: 1_000,
                    end: Some(1_007),
                    rows: 999,
                    errors: u64::from(partition == 0),
                    problem: None,
                })
                .collect(),
            state: "running".into(),
            memory: Some(45 << 20),
            held: 12 << 20,
            budget: (10 << 20, 256 << 20),
            latencies: vec![Duration::from_millis(2)],
            ..Observation::default()
        });
    }
    view
}

fn screen(view: &mut ViewModel, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view, &Palette::coloured())).unwrap();
    let buffer = terminal.backend().buffer();
    (0..height).map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned()).collect()
}

fn has(screen: &[String], text: &str) -> bool {
    screen.iter().any(|line| line.contains(text))
}

#[test]
fn the_first_screen_shows_rows_types_rates_lag_errors_memory_and_latency() {
    let screen = screen(&mut view(), 110, 24);
    for text in [
        "orders localhost:9092  ring(1000)  running  0:02",
        "rows 1,234,566  617,283 rows/s  10 MiB/s  lag 42  errors 1",
        "latency p50 2 ms p99 2 ms",
        "memory 45 MiB  tables 12 MiB  in flight 10 MiB of 256 MiB",
        "Symbol    Price",
        "utf8    float64",
        "CRM      166.25",
        "null        1.0",
        "partitions, 2 more with p",
        "q quit  space freeze",
    ] {
        assert!(has(&screen, text), "{text}\n{}", screen.join("\n"));
    }
    assert!(screen.iter().any(|line| line.contains(['▁', '▄', '█'])), "a sparkline");
}

#[test]
fn the_error_panel_shows_the_raw_bytes() {
    let mut view = view();
    view.key(Key::Character('e'));
    let screen = screen(&mut view, 100, 24);
    assert!(has(&screen, "errors: 1") && has(&screen, "syntax") && has(&screen, "{oops\\xff"), "{}", screen.join("\n"));
}

#[test]
fn the_partition_panel_shows_all_partitions() {
    let mut view = view();
    view.key(Key::Character('p'));
    let screen = screen(&mut view, 110, 24);
    let lines = screen.iter().filter(|line| line.contains("1007")).count();
    assert_eq!(lines, 6, "{}", screen.join("\n"));
}

#[test]
fn help_names_every_key() {
    let mut view = view();
    view.key(Key::Character('?'));
    let screen = screen(&mut view, 110, 24);
    assert!(HELP.iter().all(|(key, meaning)| has(&screen, key) && has(&screen, meaning)), "{}", screen.join("\n"));
}

#[test]
fn freezing_typing_and_problems_are_seen() {
    let mut view = view();
    view.key(Key::Character(' '));
    assert!(has(&screen(&mut view, 100, 24), "FROZEN"));
    view.key(Key::Character('/'));
    view.key(Key::Character('x'));
    assert!(has(&screen(&mut view, 100, 24), "filter: x█"));
    view.key(Key::Enter);
    assert!(has(&screen(&mut view, 100, 24), "no row matches the filter"));
    view.latest.problem = Some("cannot reach localhost:9092".into());
    assert!(has(&screen(&mut view, 100, 24), "cannot reach localhost:9092"));
}

#[test]
fn columns_scroll_to_the_left() {
    let mut view = view();
    view.key(Key::Right);
    let screen = screen(&mut view, 100, 24);
    assert!(!has(&screen, "Symbol") && has(&screen, "Price"));
}

#[test]
fn a_tiny_screen_does_not_panic() {
    for (width, height) in [(1, 1), (5, 3), (20, 6), (40, 10)] {
        for key in ['e', 'p', '?', ' '] {
            let mut view = view();
            view.key(Key::Character(key));
            let _ = screen(&mut view, width, height);
        }
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut terminal = Terminal::new(TestBackend::new(100, 24)).unwrap();
    terminal.draw(|frame| draw(frame, &mut view(), &Palette::plain())).unwrap();
    let coloured = terminal.backend().buffer().content().iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
    assert_eq!(coloured.count(), 0);
}
