//! ISO 8601 durations, as `auto.offset.reset=by_duration:…` has them.

use std::time::Duration;

/// Longer makes no sense for records, and is far from every overflow.
const LONGEST_DAYS: u64 = 365 * 1000;

/// Reads `PnDTnHnMn.nS`: what `java.time.Duration.parse` takes, negative ones aside.
///
/// # Errors
/// What is wrong, as a sentence.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no ISO 8601 duration as P2DT3H, PT15M or PT1.5S");
    let upper = text.trim().to_ascii_uppercase();
    let rest = upper.strip_prefix('P').ok_or_else(wrong)?;
    let (days, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(wrong()),
        Some((days, time)) => (days, time),
        None => (rest, ""),
    };
    if days.is_empty() && time.is_empty() {
        return Err(wrong());
    }
    let mut seconds = 0u64;
    if !days.is_empty() {
        let days: u64 = days.strip_suffix('D').and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        seconds = days.checked_mul(86_400).ok_or_else(wrong)?;
    }
    let mut nanos = 0;
    let mut rest = time;
    for (letter, unit) in [('H', 3600), ('M', 60)] {
        if let Some((number, after)) = rest.split_once(letter) {
            let number: u64 = number.parse().map_err(|_| wrong())?;
            seconds = number.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
            rest = after;
        }
    }
    if !rest.is_empty() {
        let number = rest.strip_suffix('S').ok_or_else(wrong)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if fraction.is_empty() || fraction.len() > 9 {
            return Err(wrong());
        }
        nanos = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        seconds = seconds.checked_add(whole).ok_or_else(wrong)?;
    }
    if seconds / 86_400 > LONGEST_DAYS {
        return Err(format!("{text:?} is more than {LONGEST_DAYS} days"));
    }
    Ok(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_what_java_takes_them_for() {
        for (text, milliseconds) in [
            ("PT15M", 900_000),
            ("pt1.5s", 1_500),
            ("P2DT3H4M", 183_840_000),
            ("P1D", 86_400_000),
            ("PT0S", 0),
            ("PT1H0.000001S", 3_600_000),
        ] {
            assert_eq!(parse(text).map(|found| found.as_millis()), Ok(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "P", "PT", "P1DT", "1H", "PT1", "PT1.S", "PT-1S", "-PT1S", "P1Y", "PT1S1H", "PT1.0000000001S", "P999999999D"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
