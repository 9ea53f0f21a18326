//! Durations as people write them: `10s`, `1h30m`, `250ms`, `1.5d`.

use std::time::Duration;

const UNITS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
/// Longer ones mean "never", and would overflow sums with the clock.
const LIMIT_SECONDS: f64 = 1_000.0 * 366.0 * 86_400.0;

/// Reads numbers with units `ms`, `s`, `m`, `h`, `d`, one after the other.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration; write 10s, 1h30m, 250ms or 2d");
    let mut rest = text;
    let mut seconds = 0.0_f64;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let scale = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale).ok_or_else(wrong)?;
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(wrong());
        }
        seconds += number.parse::<f64>().map_err(|_| wrong())? * scale;
        rest = tail;
    }
    if seconds > LIMIT_SECONDS {
        return Err(format!("{text:?} is longer than a thousand years"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_alone_and_in_sequence() {
        for (text, milliseconds) in [
            ("250ms", 250),
            ("10s", 10_000),
            ("1m30s", 90_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("1.5s", 1_500),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_hint() {
        for text in ["", "10", "s", "10 s", "-1h", "1h-", ".s", "1.2.3s", "10S", "1w", "999999999d"] {
            let refused = parse_duration(text);
            assert!(refused.is_err(), "{text}: {refused:?}");
        }
        assert!(parse_duration("10").is_err_and(|reason| reason.contains("write 10s")));
    }
}
