//! What is measured without a peer that does the same work: figures, and what they are to be.

use std::fmt::Write;

/// A table of figures.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    title: String,
    columns: Vec<&'static str>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    name: String,
    cells: Vec<String>,
    goal: Option<Goal>,
}

/// What a figure is to be, and whether it is.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    text: String,
    met: bool,
}

impl Goal {
    /// All of these figures, each with the most that it may be, are to be met.
    pub(crate) fn at_most<const COUNT: usize>(text: impl Into<String>, figures: [(f64, f64); COUNT]) -> Option<Self> {
        Some(Self { text: text.into(), met: figures.iter().all(|(figure, most)| figure <= most) })
    }
}

impl Figures {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), lines: Vec::new() }
    }

    /// Adds a line, and shows it, as all of them may take a while.
    pub(crate) fn line<const COUNT: usize>(&mut self, name: impl Into<String>, cells: [String; COUNT], goal: Option<Goal>) {
        let name = name.into();
        eprintln!("{}: {name}: {}", self.title, cells.join(", "));
        self.lines.push(Line { name, cells: cells.to_vec(), goal });
    }

    /// As Markdown.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "\n## {}\n\n| | {} | goal |\n|{}\n",
            self.title,
            self.columns.join(" | "),
            "---|".repeat(self.columns.len() + 2)
        );
        for Line { name, cells, goal } in &self.lines {
            let goal = goal.as_ref().map(|goal| format!("{}: {}", goal.text, if goal.met { "met" } else { "**missed**" }));
            let _ = writeln!(text, "| {name} | {} | {} |", cells.join(" | "), goal.unwrap_or_default());
        }
        text
    }
}

/// The value that `part` of the sorted values are below.
pub(crate) fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
