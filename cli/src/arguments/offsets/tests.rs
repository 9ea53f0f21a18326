use std::time::Duration;

use super::*;

const NOW: i64 = 1_795_248_000_000; // 2026-11-21T08:00:00Z
const HOUR: i64 = 3_600_000;

fn start(text: &str) -> Start {
    let parsed = parse_offset(text, NOW).unwrap();
    assert_eq!(parsed.stop, None, "{text}");
    parsed.start
}

fn range(text: &str) -> (Offsets, Option<Stop>) {
    let parsed = parse_offset(text, NOW).unwrap();
    assert!(parsed.start.partitions.is_empty(), "{text}");
    (parsed.start.default, parsed.stop)
}

#[test]
fn words_and_numbers_are_for_every_partition() {
    for (text, expected) in [
        ("beginning", Offsets::Beginning),
        ("start", Offsets::Beginning),
        ("earliest", Offsets::Beginning),
        ("end", Offsets::End),
        ("latest", Offsets::End),
        ("stored", Offsets::Stored),
        ("0", Offsets::At(0)),
        ("42", Offsets::At(42)),
        ("9223372036854775807", Offsets::At(i64::MAX)),
        ("-100", Offsets::Last(100)),
        ("s@1700000000000", Offsets::Timestamp(1_700_000_000_000)),
        ("s@2026-11-21T09:00:00+01:00", Offsets::Timestamp(NOW)),
        ("@2026-11-21", Offsets::Timestamp(NOW - 8 * HOUR)),
        ("@-1h", Offsets::Timestamp(NOW - HOUR)),
        ("@2026-11-21T08:00:00Z", Offsets::Timestamp(NOW)),
    ] {
        assert_eq!(start(text), expected.into(), "{text}");
    }
}

#[test]
fn partitions_may_each_start_elsewhere_and_the_unnamed_are_not_sought() {
    let parsed = start("1:end,3:beginning,5:27");
    assert_eq!(parsed, Start::from([(1, Offsets::End), (3, Offsets::Beginning), (5, Offsets::At(27))]));
    assert_eq!(parsed.of(0), Offsets::Stored);
    assert_eq!(start("1:end"), Start::from([(1, Offsets::End)]));
    assert_eq!(start("1:-5"), Start::from([(1, Offsets::Last(5))]));
    assert_eq!(start("0:@-1h,1:s@1000"), Start::from([(0, Offsets::Timestamp(NOW - HOUR)), (1, Offsets::Timestamp(1_000))]));
    assert_eq!(start("0:s@2026-11-21T08:00:00Z"), Start::from([(0, Offsets::Timestamp(NOW))]));
}

#[test]
fn a_place_without_a_partition_is_for_all_others() {
    let parsed = start("beginning,5:27");
    assert_eq!((parsed.of(0), parsed.of(5)), (Offsets::Beginning, Offsets::At(27)));
}

#[test]
fn two_numbers_alone_are_a_range_and_with_a_comma_a_partition() {
    assert_eq!(range("5:27"), (Offsets::At(5), Some(Stop::At(27))));
    assert_eq!(start("5:27,6:0"), Start::from([(5, Offsets::At(27)), (6, Offsets::At(0))]));
}

#[test]
fn ranges_may_be_open_at_either_end() {
    assert_eq!(range("5:"), (Offsets::At(5), None));
    assert_eq!(range(":27"), (Offsets::Beginning, Some(Stop::At(27))));
    assert_eq!(range(":end"), (Offsets::Beginning, Some(Stop::End)));
    assert_eq!(range(":@-1h"), (Offsets::Beginning, Some(Stop::Timestamp(NOW - HOUR))));
}

#[test]
fn ranges_of_time_are_split_at_the_right_colon() {
    let between = (Offsets::Timestamp(NOW - 2 * HOUR), Some(Stop::Timestamp(NOW - HOUR)));
    assert_eq!(range("@-2h:-1h"), between);
    assert_eq!(range("@-2h:1h"), between, "a positive second time is a length");
    assert_eq!(range("@2026-11-21T06:00:00Z:2026-11-21T07:00:00Z"), between);
    assert_eq!(range("@-2h:end"), (Offsets::Timestamp(NOW - 2 * HOUR), Some(Stop::End)));
    assert_eq!(range("@-2h:"), (Offsets::Timestamp(NOW - 2 * HOUR), None));
}

#[test]
fn what_is_no_place_to_start_is_refused() {
    for text in ["", "middle", "1:2:3", "a:1", "1:end,1:beginning", "end,beginning", "27:5", "--5", "+5", "s@", "@", ",", ":"] {
        let parsed = parse_offset(text, NOW);
        assert!(parsed.is_err(), "{text}: {parsed:?}");
    }
    assert!(parse_offset("middle", NOW).is_err_and(|reason| reason.contains("write beginning")));
    assert!(parse_offset("27:5", NOW).is_err_and(|reason| reason.contains("backwards")));
    assert!(parse_offset("1:end,1:beginning", NOW).is_err_and(|reason| reason.contains("twice")));
}

#[test]
fn every_form_of_a_stop_is_read() {
    for (text, expected) in [
        ("end", Stop::End),
        ("never", Stop::Never),
        ("42", Stop::At(42)),
        ("10s", Stop::After(Duration::from_secs(10))),
        ("1h30m", Stop::After(Duration::from_secs(5_400))),
        ("e@1700000000000", Stop::Timestamp(1_700_000_000_000)),
        ("e@-1h", Stop::Timestamp(NOW - HOUR)),
        ("@2026-11-21T08:00:00Z", Stop::Timestamp(NOW)),
        ("0:42,1:7", Stop::AtEach([(0, 42), (1, 7)].into())),
        ("3:42", Stop::AtEach([(3, 42)].into())),
    ] {
        assert_eq!(parse_stop(text, NOW), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_place_to_stop_is_refused() {
    for text in ["", "beginning", "-5", "e@", "0:1,0:2", "0:1,", "10 s", "1:end"] {
        assert!(parse_stop(text, NOW).is_err(), "{text}");
    }
}
