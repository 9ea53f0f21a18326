use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};

use super::*;
use crate::live::grid::BytesAs;

fn rows(count: i64) -> Rows {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
    Rows::new(vec![RecordBatch::try_from_iter([("n", numbers)]).unwrap()])
}

fn view(count: i64) -> ViewModel {
    let column = |name: &str| (name.to_owned(), "int64".to_owned());
    let mut view = ViewModel::new(Header {
        columns: vec![column("n"), column("m")],
        error_columns: vec![column("code")],
        ..Header::default()
    });
    view.set_height(10);
    observe(&mut view, count);
    view
}

fn observe(view: &mut ViewModel, count: i64) {
    view.observe(Observation { table: rows(count), rows: count.unsigned_abs(), ..Observation::default() });
}

fn press(view: &mut ViewModel, keys: &str) {
    for character in keys.chars() {
        let key = match character {
            '\n' => Key::Enter,
            '↑' => Key::Up,
            '↓' => Key::Down,
            '→' => Key::Right,
            '←' => Key::Left,
            other => Key::Character(other),
        };
        assert_eq!(view.key(key), Reaction::Continue, "{character}");
    }
}

fn newest(view: &ViewModel) -> String {
    view.rows()
        .page(view.filter(), view.back(), 10, BytesAs::Base64)
        .rows
        .last()
        .map(|row| row[0].text.clone())
        .unwrap_or_default()
}

#[test]
fn q_quits_and_control_c_interrupts_even_while_typing() {
    assert_eq!(view(1).key(Key::Character('q')), Reaction::Quit);
    let mut typing = view(1);
    press(&mut typing, "/q");
    assert_eq!(typing.typing(), Some("q"));
    assert_eq!(typing.key(Key::Interrupt), Reaction::Interrupt);
}

#[test]
fn space_freezes_the_rows_and_thaws_them_while_the_figures_go_on() {
    let mut view = view(20);
    press(&mut view, " ");
    observe(&mut view, 30);
    assert_eq!((view.is_frozen(), newest(&view).as_str(), view.latest.rows), (true, "19", 30));
    press(&mut view, " ");
    assert_eq!((view.is_frozen(), newest(&view).as_str()), (false, "29"));
}

#[test]
fn scrolling_back_holds_the_rows_and_coming_back_to_the_newest_lets_them_go() {
    let mut view = view(20);
    press(&mut view, "↑↑");
    observe(&mut view, 30);
    assert_eq!((view.is_frozen(), newest(&view).as_str()), (true, "17"));
    press(&mut view, "↓↓");
    assert_eq!((view.is_frozen(), newest(&view).as_str()), (false, "29"));
}

#[test]
fn a_view_frozen_by_space_stays_so_when_scrolled() {
    let mut view = view(20);
    press(&mut view, " ↑↓");
    assert!(view.is_frozen());
}

#[test]
fn scrolling_stops_at_the_oldest_page() {
    let mut view = view(20);
    view.key(Key::Home);
    assert_eq!(view.back(), 10);
    view.key(Key::PageUp);
    assert_eq!(view.back(), 10);
    view.key(Key::PageDown);
    assert_eq!(view.back(), 0);
    view.key(Key::PageUp);
    view.key(Key::End);
    assert_eq!((view.back(), view.is_frozen()), (0, false));
}

#[test]
fn partitions_scroll_from_the_first_on() {
    let mut view = view(0);
    view.latest.partitions = (0..15).map(|partition| PartitionLine { partition, ..PartitionLine::default() }).collect();
    press(&mut view, "p↓↓");
    assert_eq!((view.back(), view.is_frozen()), (2, false));
    view.key(Key::End);
    assert_eq!(view.back(), 5);
    press(&mut view, "↑");
    assert_eq!(view.back(), 4);
    view.key(Key::Home);
    assert_eq!(view.back(), 0);
}

#[test]
fn a_filter_is_typed_corrected_applied_and_cleared() {
    let mut view = view(20);
    press(&mut view, "/n<5x");
    view.key(Key::Backspace);
    assert_eq!(view.filter(), None, "not before enter");
    press(&mut view, "\n");
    assert_eq!((view.filter_text(), newest(&view).as_str()), ("n<5", "4"));
    press(&mut view, "/");
    assert_eq!(view.typing(), Some("n<5"), "typing begins with the old one");
    view.key(Key::Escape);
    assert_eq!(view.filter_text(), "n<5");
    view.key(Key::Escape);
    assert_eq!((view.filter(), newest(&view).as_str()), (None, "19"));
}

#[test]
fn panels_open_and_close_with_their_key() {
    let mut view = view(1);
    for (key, panel) in [("e", Panel::Errors), ("p", Panel::Partitions), ("?", Panel::Help)] {
        press(&mut view, key);
        assert_eq!(view.panel, panel);
        press(&mut view, key);
        assert_eq!(view.panel, Panel::Rows);
    }
    press(&mut view, "ep");
    view.key(Key::Escape);
    assert_eq!(view.panel, Panel::Rows);
}

#[test]
fn the_columns_scroll_within_those_of_the_panel() {
    let mut view = view(1);
    press(&mut view, "→→→");
    assert_eq!(view.first_column(), 1);
    press(&mut view, "e→");
    assert_eq!(view.first_column(), 0);
}

#[test]
fn lag_is_the_sum_of_what_is_known() {
    let mut view = view(1);
    assert_eq!(view.lag(), None);
    let line = |partition, position, end| PartitionLine { partition, position, end, ..PartitionLine::default() };
    view.latest.partitions = vec![line(0, 5, Some(8)), line(1, 5, None), line(2, 9, Some(8))];
    assert_eq!(view.lag(), Some(3));
}

#[test]
fn rates_and_latencies_come_from_the_observations() {
    let mut view = view(0);
    for second in 0..5 {
        view.observe(Observation {
            at: Duration::from_secs(second),
            rows: second * 100,
            bytes: second * 1_000,
            latencies: vec![Duration::from_millis(second + 1)],
            ..Observation::default()
        });
    }
    assert_eq!((crate::figures::whole(view.row_rates.now()), crate::figures::whole(view.byte_rates.now())), (100, 1_000));
    assert_eq!(view.latencies.percentile(50), Some(Duration::from_millis(3)));
}
