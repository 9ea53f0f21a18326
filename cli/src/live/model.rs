//! What the live view shows, apart from how it is drawn: fed with plain observations and keys, without clock or terminal.

use std::time::Duration;

use crate::live::filter::Filter;
use crate::live::grid::Rows;
use crate::live::latency::Latencies;
use crate::live::rates::Rates;

/// What does not change while the view is open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// The topic.
    pub(crate) topic: String,
    /// The brokers to start from.
    pub(crate) brokers: String,
    /// The kind of table.
    pub(crate) table: String,
    /// Names and types of the columns.
    pub(crate) columns: Vec<(String, String)>,
    /// The same of the error table.
    pub(crate) error_columns: Vec<(String, String)>,
}

/// What was seen at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observation {
    /// When, since the start.
    pub(crate) at: Duration,
    /// What the table holds.
    pub(crate) table: Rows,
    /// What the error table holds.
    pub(crate) errors: Rows,
    /// Rows since the start.
    pub(crate) rows: u64,
    /// Error rows since the start.
    pub(crate) error_rows: u64,
    /// Bytes since the start.
    pub(crate) bytes: u64,
    /// Each partition.
    pub(crate) partitions: Vec<PartitionLine>,
    /// The state in a word or two.
    pub(crate) state: String,
    /// The last error.
    pub(crate) problem: Option<String>,
    /// Resident memory of the process in bytes.
    pub(crate) memory: Option<u64>,
    /// Bytes that the tables hold.
    pub(crate) held: u64,
    /// Bytes on their way to a reader, and how many these may be before the fetch waits.
    pub(crate) budget: (u64, u64),
    /// Latencies of rows that became visible since the last observation.
    pub(crate) latencies: Vec<Duration>,
}

/// Where one partition is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PartitionLine {
    /// The partition.
    pub(crate) partition: i32,
    /// The next offset to come.
    pub(crate) position: i64,
    /// The end of the log, where it is known.
    pub(crate) end: Option<i64>,
    /// Rows since the start.
    pub(crate) rows: u64,
    /// Error rows since the start.
    pub(crate) errors: u64,
    /// Its last error.
    pub(crate) problem: Option<String>,
}

impl PartitionLine {
    /// How far the position is behind the end, where that is known.
    pub(crate) fn lag(&self) -> Option<u64> {
        self.end.map(|end| u64::try_from(end.saturating_sub(self.position)).unwrap_or(0))
    }
}

/// A key, as far as the view knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Character(char),
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the oldest.
    Home,
    /// To the newest.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Control and C.
    Interrupt,
}

/// What a key asks of whoever runs the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Go on.
    Continue,
    /// End, all is well.
    Quit,
    /// End, interrupted.
    Interrupt,
}

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panel {
    /// The newest rows.
    Rows,
    /// The error table.
    Errors,
    /// The partitions.
    Partitions,
    /// The keys.
    Help,
}

/// The state of the live view.
#[derive(Debug)]
pub(crate) struct ViewModel {
    /// What does not change.
    pub(crate) header: Header,
    /// What fills the screen.
    pub(crate) panel: Panel,
    /// The latest of what was seen.
    pub(crate) latest: Observation,
    /// Rows per second.
    pub(crate) row_rates: Rates,
    /// Bytes per second.
    pub(crate) byte_rates: Rates,
    /// From append to visible.
    pub(crate) latencies: Latencies,
    /// The rows (and error rows) that stay on the screen while it is frozen.
    frozen: Option<(Rows, Rows)>,
    /// Whether scrolling froze the view, so that the newest row thaws it.
    frozen_by_scrolling: bool,
    /// The filter, and its text.
    filter: Option<(Filter, String)>,
    /// The text of a filter that is being typed.
    typing: Option<String>,
    /// How many rows before the newest the page ends; in the list of partitions, how many are above it.
    back: usize,
    /// The first column on the screen, or the first partition.
    column: usize,
    /// How many rows the grid had when it was last drawn.
    height: usize,
}

impl ViewModel {
    /// A view that has seen nothing yet.
    pub(crate) fn new(header: Header) -> Self {
        Self {
            header,
            panel: Panel::Rows,
            latest: Observation::default(),
            row_rates: Rates::default(),
            byte_rates: Rates::default(),
            latencies: Latencies::default(),
            frozen: None,
            frozen_by_scrolling: false,
            filter: None,
            typing: None,
            back: 0,
            column: 0,
            height: 10,
        }
    }

    /// Takes in what was seen.
    pub(crate) fn observe(&mut self, observation: Observation) {
        self.row_rates.observe(observation.at, observation.rows);
        self.byte_rates.observe(observation.at, observation.bytes);
        self.latencies.observe(observation.at, &observation.latencies);
        self.latest = observation;
    }

    /// Takes in a key.
    pub(crate) fn key(&mut self, key: Key) -> Reaction {
        if key == Key::Interrupt {
            return Reaction::Interrupt;
        }
        if self.typing.is_some() {
            self.type_filter(key);
            return Reaction::Continue;
        }
        match key {
            Key::Character('q') => return Reaction::Quit,
            Key::Escape if self.panel != Panel::Rows => self.open(Panel::Rows),
            Key::Escape => self.set_filter(""),
            Key::Character(' ') if self.frozen.is_some() => self.thaw(),
            Key::Character(' ') => self.freeze(),
            Key::Character('/') => self.typing = Some(self.filter_text().to_owned()),
            Key::Character('e') => self.toggle(Panel::Errors),
            Key::Character('p') => self.toggle(Panel::Partitions),
            Key::Character('?' | 'h') => self.toggle(Panel::Help),
            Key::Up | Key::Character('k') => self.scroll_back(1),
            Key::Down | Key::Character('j') => self.scroll_on(1),
            Key::PageUp => self.scroll_back(self.height),
            Key::PageDown => self.scroll_on(self.height),
            Key::Home => self.scroll_back(usize::MAX),
            Key::End => self.scroll_on(usize::MAX),
            Key::Left => self.column = self.column.saturating_sub(1),
            Key::Right => self.column = (self.column + 1).min(self.columns().len().saturating_sub(1)),
            _ => {}
        }
        Reaction::Continue
    }

    fn type_filter(&mut self, key: Key) {
        let Some(text) = &mut self.typing else { return };
        match key {
            Key::Character(character) => text.push(character),
            Key::Backspace => {
                text.pop();
            }
            Key::Enter => {
                let text = std::mem::take(text);
                self.typing = None;
                self.set_filter(&text);
            }
            Key::Escape => self.typing = None,
            _ => {}
        }
    }

    fn set_filter(&mut self, text: &str) {
        let names: Vec<String> = self.header.columns.iter().map(|(name, _)| name.clone()).collect();
        self.filter = Filter::parse(text, &names).map(|filter| (filter, text.trim().to_owned()));
        self.back = 0;
    }

    fn toggle(&mut self, panel: Panel) {
        self.open(if self.panel == panel { Panel::Rows } else { panel });
    }

    fn open(&mut self, panel: Panel) {
        self.panel = panel;
        self.column = 0;
        self.back = 0;
        if self.frozen_by_scrolling {
            self.thaw();
        }
    }

    fn freeze(&mut self) {
        self.frozen = Some((self.latest.table.clone(), self.latest.errors.clone()));
        self.frozen_by_scrolling = false;
    }

    fn thaw(&mut self) {
        self.frozen = None;
        self.frozen_by_scrolling = false;
        self.back = 0;
    }

    /// Rows that move away under the eyes cannot be read: scrolling back freezes.
    fn scroll_back(&mut self, rows: usize) {
        if self.panel == Panel::Partitions {
            // Partitions are read from the first on: up is towards it.
            self.back = self.back.saturating_sub(rows);
            return;
        }
        if self.frozen.is_none() && self.panel != Panel::Help {
            self.freeze();
            self.frozen_by_scrolling = true;
        }
        // A filter makes fewer rows; drawing moves the page back to the last that it has.
        let last = self.lines().saturating_sub(self.height);
        self.back = self.back.saturating_add(rows).min(last);
    }

    fn scroll_on(&mut self, rows: usize) {
        if self.panel == Panel::Partitions {
            self.back = self.back.saturating_add(rows).min(self.lines().saturating_sub(self.height));
            return;
        }
        self.back = self.back.saturating_sub(rows);
        if self.back == 0 && self.frozen_by_scrolling {
            self.thaw();
        }
    }

    /// How many lines the panel could show.
    fn lines(&self) -> usize {
        match self.panel {
            Panel::Rows => self.rows().len(),
            Panel::Errors => self.error_rows().len(),
            Panel::Partitions => self.latest.partitions.len(),
            Panel::Help => 0,
        }
    }

    /// Tells how many rows the grid has room for.
    pub(crate) fn set_height(&mut self, rows: usize) {
        self.height = rows.max(1);
        self.back = self.back.min(self.lines().saturating_sub(self.height));
    }

    /// The rows to show: the newest, or those of the moment of freezing.
    pub(crate) fn rows(&self) -> &Rows {
        self.frozen.as_ref().map_or(&self.latest.table, |(rows, _)| rows)
    }

    /// The error rows to show.
    pub(crate) fn error_rows(&self) -> &Rows {
        self.frozen.as_ref().map_or(&self.latest.errors, |(_, errors)| errors)
    }

    /// The columns of the panel.
    pub(crate) fn columns(&self) -> &[(String, String)] {
        match self.panel {
            Panel::Errors => &self.header.error_columns,
            _ => &self.header.columns,
        }
    }

    /// Whether the rows stand still.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// How many rows before the newest the page ends.
    pub(crate) fn back(&self) -> usize {
        self.back
    }

    /// The first column on the screen.
    pub(crate) fn first_column(&self) -> usize {
        self.column
    }

    /// The filter; it is for the rows, not for the errors.
    pub(crate) fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref().map(|(filter, _)| filter).filter(|_| self.panel == Panel::Rows)
    }

    /// The text of the filter.
    pub(crate) fn filter_text(&self) -> &str {
        self.filter.as_ref().map_or("", |(_, text)| text)
    }

    /// The text of the filter that is being typed.
    pub(crate) fn typing(&self) -> Option<&str> {
        self.typing.as_deref()
    }

    /// How far all partitions together are behind, where at least one knows.
    pub(crate) fn lag(&self) -> Option<u64> {
        let known: Vec<u64> = self.latest.partitions.iter().filter_map(PartitionLine::lag).collect();
        if known.is_empty() { None } else { Some(known.iter().fold(0, |sum: u64, lag| sum.saturating_add(*lag))) }
    }
}

#[cfg(test)]
mod tests;
