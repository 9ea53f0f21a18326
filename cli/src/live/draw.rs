//! The live view as cells on a screen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Sparkline};
use unicode_width::UnicodeWidthStr;

use crate::figures;
use crate::live::grid::{BytesAs, Kind, Shown};
use crate::live::model::{Panel, PartitionLine, ViewModel};
use crate::live::palette::Palette;

/// Draws the view, and tells it how many rows had room.
pub(crate) fn draw(frame: &mut Frame<'_>, view: &mut ViewModel, palette: &Palette) {
    let partitions = if view.panel == Panel::Rows && frame.area().height >= 20 { partition_strip_height(view) } else { 0 };
    let [top, figures, middle, strip, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(3),
        Constraint::Min(3),
        Constraint::Length(partitions),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_title(frame, top, view, palette);
    draw_figures(frame, figures, view, palette);
    match view.panel {
        Panel::Rows | Panel::Errors => draw_grid(frame, middle, view, palette),
        Panel::Partitions => draw_partitions(frame, middle, view, palette, " partitions "),
        Panel::Help => draw_help(frame, middle, palette),
    }
    if partitions > 0 {
        draw_partitions(frame, strip, view, palette, "");
    }
    draw_bottom(frame, bottom, view, palette);
}

fn draw_title(frame: &mut Frame<'_>, area: Rect, view: &ViewModel, palette: &Palette) {
    let header = &view.header;
    let mut spans = vec![
        Span::styled(format!(" {} ", header.topic), palette.strong),
        Span::styled(format!("{}  ", header.brokers), palette.dim),
        Span::raw(format!("{}  ", header.table)),
        Span::styled(format!("{}  ", view.latest.state), palette.good),
        Span::raw(figures::clock(view.latest.at)),
    ];
    if view.is_frozen() {
        spans.push(Span::styled("  FROZEN", palette.warning));
    }
    if !view.filter_text().is_empty() {
        spans.push(Span::styled(format!("  filter: {}", view.filter_text()), palette.warning));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_figures(frame: &mut Frame<'_>, area: Rect, view: &ViewModel, palette: &Palette) {
    let [left, spark] = Layout::horizontal([Constraint::Min(20), Constraint::Length(area.width / 5)]).areas(area);
    let latest = &view.latest;
    let label = |text: &'static str| Span::styled(text, palette.dim);
    let first = Line::from(vec![
        label(" rows "),
        Span::raw(figures::grouped(latest.rows)),
        Span::styled(format!("  {} rows/s", figures::grouped(figures::whole(view.row_rates.now()))), palette.strong),
        Span::raw(format!("  {}/s", figures::bytes(figures::whole(view.byte_rates.now())))),
        label("  lag "),
        Span::raw(view.lag().map_or_else(|| "–".to_owned(), figures::grouped)),
        label("  errors "),
        Span::styled(figures::grouped(latest.error_rows), if latest.error_rows > 0 { palette.bad } else { palette.good }),
    ]);
    let percentile = |percent| view.latencies.percentile(percent).map_or_else(|| "–".to_owned(), figures::latency);
    let (waiting, limit) = latest.budget;
    let second = Line::from(vec![label(" latency p50 "), Span::raw(percentile(50)), label(" p99 "), Span::raw(percentile(99))]);
    let third = Line::from(vec![
        label(" memory "),
        Span::raw(latest.memory.map_or_else(|| "–".to_owned(), figures::bytes)),
        label("  tables "),
        Span::raw(figures::bytes(latest.held)),
        label("  in flight "),
        Span::styled(
            format!("{} of {}", figures::bytes(waiting), figures::bytes(limit)),
            // The fetch waits: nothing is lost, but nothing is fast either.
            if waiting >= limit { palette.warning } else { palette.good },
        ),
    ]);
    frame.render_widget(Paragraph::new(vec![first, second, third]), left);
    let history = view.row_rates.history(usize::from(spark.width.saturating_sub(1)));
    frame.render_widget(Sparkline::default().data(history).style(palette.spark), spark);
}

fn draw_grid(frame: &mut Frame<'_>, area: Rect, view: &mut ViewModel, palette: &Palette) {
    let block = Block::bordered().border_style(palette.dim).title(Span::styled(grid_title(view), palette.strong));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let height = usize::from(inner.height.saturating_sub(2));
    view.set_height(height);
    let (rows, bytes) = match view.panel {
        Panel::Errors => (view.error_rows(), BytesAs::Escaped),
        _ => (view.rows(), BytesAs::Base64),
    };
    let page = rows.page(view.filter(), view.back(), height, bytes);
    let columns = view.columns();
    let first = view.first_column();
    let mut widths: Vec<usize> = columns.iter().map(|(name, kind)| name.width().max(kind.width())).collect();
    for row in &page.rows {
        for (width, shown) in widths.iter_mut().zip(row) {
            *width = (*width).max(shown.text.width());
        }
    }
    let cells = |texts: Vec<Span<'static>>, rights: Vec<bool>| -> Line<'static> {
        let mut spans = Vec::new();
        for ((text, right), width) in texts.into_iter().zip(rights).zip(&widths).skip(first) {
            let padding = " ".repeat(width.saturating_sub(text.width()));
            let (before, after) = if right { (padding, String::new()) } else { (String::new(), padding) };
            spans.extend([Span::raw(before), text, Span::raw(after), Span::raw("  ")]);
        }
        Line::from(spans)
    };
    let numbers: Vec<bool> = columns.iter().map(|(_, kind)| is_number(kind)).collect();
    let mut lines = vec![
        cells(columns.iter().map(|(name, _)| Span::styled(name.clone(), palette.strong)).collect(), numbers.clone()),
        cells(columns.iter().map(|(_, kind)| Span::styled(kind.clone(), palette.dim)).collect(), numbers),
    ];
    if page.rows.is_empty() {
        lines.push(Line::styled(empty_text(view, page.search_cut), palette.dim));
    }
    for row in page.rows {
        let rights = row.iter().map(|shown| shown.kind == Kind::Number).collect();
        let texts = row.into_iter().map(|Shown { text, kind }| match kind {
            Kind::Null => Span::styled(text, palette.dim),
            Kind::Number | Kind::Text => Span::raw(text),
        });
        lines.push(cells(texts.collect(), rights));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn is_number(kind: &str) -> bool {
    kind.starts_with("int") || kind.starts_with("uint") || kind.starts_with("float") || kind == "bool"
}

fn grid_title(view: &ViewModel) -> String {
    let (name, count) = match view.panel {
        Panel::Errors => ("errors", view.error_rows().len()),
        _ => ("rows", view.rows().len()),
    };
    let count = figures::grouped(u64::try_from(count).unwrap_or(u64::MAX));
    match view.back() {
        0 => format!(" {name}: {count} "),
        back => format!(" {name}: {count}, {back} before the newest "),
    }
}

fn empty_text(view: &ViewModel, search_cut: bool) -> String {
    match view.panel {
        Panel::Errors => "no record failed to decode".to_owned(),
        _ if search_cut => "no such row among the newest 100,000".to_owned(),
        _ if view.filter().is_some() => "no row matches the filter".to_owned(),
        _ => match &view.latest.problem {
            Some(_) => "no rows".to_owned(),
            None => "no rows yet".to_owned(),
        },
    }
}

/// Some partitions under the rows; all of them are a key away.
const STRIP_PARTITIONS: usize = 4;

fn partition_strip_height(view: &ViewModel) -> u16 {
    let lines = view.latest.partitions.len().min(STRIP_PARTITIONS);
    if lines == 0 { 0 } else { u16::try_from(lines + 3).unwrap_or(0) }
}

fn draw_partitions(frame: &mut Frame<'_>, area: Rect, view: &mut ViewModel, palette: &Palette, title: &'static str) {
    let strip = title.is_empty();
    let count = view.latest.partitions.len();
    let more = count.saturating_sub(STRIP_PARTITIONS);
    let title = match (strip, more) {
        (false, _) => title.to_owned(),
        (true, 0) => " partitions ".to_owned(),
        (true, _) => format!(" partitions, {more} more with p "),
    };
    let block = Block::bordered().border_style(palette.dim).title(Span::styled(title, palette.strong));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let height = usize::from(inner.height.saturating_sub(1));
    if !strip {
        view.set_height(height);
    }
    let skip = if strip { 0 } else { view.back() };
    let name = Line::styled(
        format!("{:>9}  {:>14}  {:>14}  {:>10}  {:>12}  {:>8}  {}", "partition", "position", "end", "lag", "rows", "errors", ""),
        palette.dim,
    );
    let lines = view.latest.partitions.iter().skip(skip).take(height).map(|line| partition_line(line, palette));
    frame.render_widget(Paragraph::new(std::iter::once(name).chain(lines).collect::<Vec<_>>()), inner);
}

fn partition_line(line: &PartitionLine, palette: &Palette) -> Line<'static> {
    let unknown = || "–".to_owned();
    Line::from(vec![
        Span::raw(format!("{:>9}  {:>14}  ", line.partition, line.position)),
        Span::raw(format!("{:>14}  ", line.end.map_or_else(unknown, |end| end.to_string()))),
        Span::styled(
            format!("{:>10}  ", line.lag().map_or_else(unknown, figures::grouped)),
            if line.lag().unwrap_or(0) > 0 { palette.warning } else { palette.good },
        ),
        Span::raw(format!("{:>12}  ", figures::grouped(line.rows))),
        Span::styled(
            format!("{:>8}  ", figures::grouped(line.errors)),
            if line.errors > 0 { palette.bad } else { ratatui::style::Style::new() },
        ),
        Span::styled(line.problem.clone().unwrap_or_default(), palette.bad),
    ])
}

const HELP: [(&str, &str); 10] = [
    ("q", "quit"),
    ("space", "freeze the rows, and let them go on"),
    ("arrows, page up and down", "scroll; scrolling back freezes"),
    ("home, end", "the oldest and the newest row"),
    ("/", "filter: a text in any column, or Column=value, != < <= > >= ~; escape clears it"),
    ("e", "the records that could not be decoded, with their bytes"),
    ("p", "the partitions: position, end, lag, rows, errors"),
    ("?", "this help"),
    ("escape", "back to the rows"),
    ("control c", "quit as interrupted (exit code 130)"),
];

fn draw_help(frame: &mut Frame<'_>, area: Rect, palette: &Palette) {
    let block = Block::bordered().border_style(palette.dim).title(Span::styled(" keys ", palette.strong));
    let lines: Vec<Line<'_>> = HELP
        .iter()
        .map(|(key, meaning)| Line::from(vec![Span::styled(format!("{key:>26}  "), palette.strong), Span::raw(*meaning)]))
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn draw_bottom(frame: &mut Frame<'_>, area: Rect, view: &ViewModel, palette: &Palette) {
    let line = match (view.typing(), &view.latest.problem) {
        (Some(text), _) => {
            Line::from(vec![Span::styled(" filter: ", palette.strong), Span::raw(text.to_owned()), Span::raw("█")])
        }
        (None, Some(problem)) => Line::styled(format!(" {problem}"), palette.bad),
        (None, None) => Line::styled(" q quit  space freeze  ↑↓←→ scroll  / filter  e errors  p partitions  ? help", palette.dim),
    };
    frame.render_widget(line, area);
}

#[cfg(test)]
mod tests;
