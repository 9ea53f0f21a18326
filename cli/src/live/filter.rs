//! The filter of the live view: a text in any column, or a comparison of one.

use std::cmp::Ordering;

/// Which rows are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Rows with this text, in lower case, in any of so many columns.
    Anywhere {
        /// The text in lower case.
        text: String,
        /// How many columns there are.
        columns: usize,
    },
    /// Rows whose column compares so.
    Column {
        /// The column's place.
        column: usize,
        /// How it compares.
        operator: Operator,
        /// With what.
        value: String,
    },
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `~`, which asks whether the text holds the other, upper and lower case alike
    Contains,
}

/// Longer signs before those that they begin with.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Contains),
];

impl Filter {
    /// Reads `Column=value` and its like, where a column has that name, and anything else as a text to find; none for an empty one.
    pub(crate) fn parse(text: &str, columns: &[String]) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let comparison = text.find(['=', '!', '<', '>', '~']).and_then(|place| {
            let (name, rest) = text.split_at(place);
            let column = columns.iter().position(|column| column.eq_ignore_ascii_case(name.trim()))?;
            let (sign, operator) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign))?;
            let value = rest.strip_prefix(sign)?.trim().to_owned();
            Some(Self::Column { column, operator: *operator, value })
        });
        Some(comparison.unwrap_or_else(|| Self::Anywhere { text: text.to_lowercase(), columns: columns.len() }))
    }

    /// Whether a row is shown. `text` appends the text of the value in a column, or says false for a null, which nothing but `!=`
    /// lets through.
    pub(crate) fn matches(&self, text: impl Fn(usize, &mut Vec<u8>) -> bool) -> bool {
        let mut bytes = Vec::new();
        match self {
            Self::Anywhere { text: wanted, columns } => (0..*columns).any(|column| {
                bytes.clear();
                text(column, &mut bytes) && String::from_utf8_lossy(&bytes).to_lowercase().contains(wanted)
            }),
            Self::Column { column, operator, value } => {
                if !text(*column, &mut bytes) {
                    return *operator == Operator::NotEqual;
                }
                let found = String::from_utf8_lossy(&bytes);
                if *operator == Operator::Contains {
                    return found.to_lowercase().contains(&value.to_lowercase());
                }
                let order = compare(&found, value);
                match operator {
                    Operator::Equal => order == Ordering::Equal,
                    Operator::NotEqual => order != Ordering::Equal,
                    Operator::Less => order == Ordering::Less,
                    Operator::LessOrEqual => order != Ordering::Greater,
                    Operator::Greater => order == Ordering::Greater,
                    Operator::GreaterOrEqual => order != Ordering::Less,
                    Operator::Contains => true,
                }
            }
        }
    }
}

/// As integers where both are, else as numbers where both are, else as text; RFC 3339 in one zone orders as text.
fn compare(left: &str, right: &str) -> Ordering {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return left.cmp(&right);
    }
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right),
        _ => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(filter: &str, row: &[Option<&str>]) -> bool {
        let columns = ["Symbol".to_owned(), "Price".to_owned(), "Id".to_owned()];
        Filter::parse(filter, &columns).unwrap().matches(|column, out| match row[column] {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                true
            }
            None => false,
        })
    }

    const ROW: [Option<&str>; 3] = [Some("CRM"), Some("166.25"), Some("9223372036854775807")];

    #[test]
    fn a_text_is_found_in_any_column_in_upper_and_lower_case() {
        assert!(shows("crm", &ROW) && shows("166", &ROW));
        assert!(!shows("msft", &ROW));
    }

    #[test]
    fn columns_compare_as_numbers_where_they_are_numbers() {
        for (filter, expected) in [
            ("price>99", true),
            ("price>=166.25", true),
            ("price<99", false),
            ("Price != 166.25", false),
            ("symbol=CRM", true),
            ("symbol=crm", false),
            ("symbol~cr", true),
            ("id>9223372036854775806", true),
            ("id=9223372036854775806", false),
        ] {
            assert_eq!(shows(filter, &ROW), expected, "{filter}");
        }
    }

    #[test]
    fn nulls_are_only_unequal() {
        let row = [None, None, None];
        assert!(!shows("symbol=", &row) && !shows("price<1", &row) && !shows("x", &row));
        assert!(shows("symbol!=CRM", &row));
    }

    #[test]
    fn a_comparison_with_no_column_is_a_text_to_find() {
        assert!(shows("a=b", &[Some("xa=by"), None, None]));
        assert_eq!(Filter::parse("  ", &[]), None);
    }
}
