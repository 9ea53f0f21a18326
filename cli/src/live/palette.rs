//! Colours, and what stands for them where there are to be none.

use ratatui::style::{Color, Modifier, Style};

/// The styles of the live view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Palette {
    /// Names of columns, titles.
    pub(crate) strong: Style,
    /// Types, borders, nulls, labels.
    pub(crate) dim: Style,
    /// Figures that are well.
    pub(crate) good: Style,
    /// Figures to look at.
    pub(crate) warning: Style,
    /// What went wrong.
    pub(crate) bad: Style,
    /// The sparkline.
    pub(crate) spark: Style,
}

impl Palette {
    /// With colours of the terminal's own scheme.
    pub(crate) fn coloured() -> Self {
        Self {
            strong: Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            dim: Style::new().fg(Color::DarkGray),
            good: Style::new().fg(Color::Green),
            warning: Style::new().fg(Color::Yellow),
            bad: Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            spark: Style::new().fg(Color::Green),
        }
    }

    /// Without any colour.
    pub(crate) fn plain() -> Self {
        Self {
            strong: Style::new().add_modifier(Modifier::BOLD),
            dim: Style::new().add_modifier(Modifier::DIM),
            good: Style::new(),
            warning: Style::new().add_modifier(Modifier::UNDERLINED),
            bad: Style::new().add_modifier(Modifier::REVERSED),
            spark: Style::new(),
        }
    }

    /// What `NO_COLOR` asks for: set and not empty, there are no colours (<https://no-color.org>).
    pub(crate) fn for_environment(no_color: Option<&std::ffi::OsStr>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) { Self::plain() } else { Self::coloured() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_takes_the_colours_out() {
        assert_eq!(Palette::for_environment(Some("1".as_ref())), Palette::plain());
        assert_eq!(Palette::for_environment(Some("".as_ref())), Palette::coloured());
        assert_eq!(Palette::for_environment(None), Palette::coloured());
        let plain = Palette::plain();
        for style in [plain.strong, plain.dim, plain.good, plain.warning, plain.bad, plain.spark] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
