//! Figures for people: grouped digits, bytes, durations.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that leaves at most four digits.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    // Precision is lost far below what is shown.
    let mut value = number as f64 / 1024.0;
    let mut unit = "KiB";
    for next in UNITS.iter().skip(1) {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A rate per second, `count` in `time`; 0 where no time has passed.
pub(crate) fn rate(count: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// A rate without its fraction.
pub(crate) fn whole(rate: f64) -> u64 {
    // Saturates, which is what a figure for people should do.
    rate.max(0.0).round() as u64
}

/// `h:mm:ss`, or `m:ss`.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A latency with two or three digits.
pub(crate) fn latency(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1_000.0;
    match milliseconds {
        _ if milliseconds < 1.0 => "<1 ms".to_owned(),
        _ if milliseconds < 1_000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", milliseconds / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 7, 999, 1_000, 1_234_567].map(grouped), ["0", "7", "999", "1,000", "1,234,567"]);
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn bytes_have_a_fitting_unit() {
        assert_eq!(
            [0, 1023, 1024, 1536, 10 << 20, 256 << 20, 3 << 30].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10 MiB", "256 MiB", "3.0 GiB"]
        );
        assert_eq!(bytes(u64::MAX), "16 EiB");
    }

    #[test]
    fn a_rate_without_time_is_zero() {
        assert_eq!(whole(rate(10, Duration::ZERO)), 0);
        assert_eq!(whole(rate(10, Duration::from_millis(500))), 20);
    }

    #[test]
    fn times_are_short() {
        assert_eq!(clock(Duration::from_secs(75)), "1:15");
        assert_eq!(clock(Duration::from_secs(3_675)), "1:01:15");
        assert_eq!(
            [100, 1_000, 42_000, 2_345_000].map(|micros| latency(Duration::from_micros(micros))),
            ["<1 ms", "1 ms", "42 ms", "2.3 s"]
        );
    }
}
