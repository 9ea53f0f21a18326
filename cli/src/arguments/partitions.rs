//! Which partitions: `all`, or numbers and ranges as in `0,2,4-7`.

use kolumn::position::Partitions;

/// A range may name at most so many partitions: a slip of the finger shall not fill the memory.
const LIMIT: usize = 100_000;

/// Reads a list of partitions and ranges, both ends included, each partition once.
pub(crate) fn parse_partitions(text: &str) -> Result<Partitions, String> {
    if text == "all" {
        return Ok(Partitions::All);
    }
    let wrong = |part: &str| format!("{part:?} is no partition; write numbers and ranges like 0,2,4-7");
    let mut partitions = Vec::new();
    for part in text.split(',') {
        let number = |digits: &str| -> Result<i32, String> {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong(part));
            }
            digits.parse().map_err(|_| wrong(part))
        };
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        if first > last {
            return Err(format!("the range {part:?} runs backwards"));
        }
        let count = usize::try_from(i64::from(last) - i64::from(first)).map_err(|_| wrong(part))?;
        if partitions.len() + count >= LIMIT {
            return Err(format!("{text:?} names more than {LIMIT} partitions"));
        }
        partitions.extend(first..=last);
    }
    partitions.sort_unstable();
    partitions.dedup();
    Ok(Partitions::These(partitions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_make_a_sorted_list_without_doubles() {
        assert_eq!(parse_partitions("0,2,4-7"), Ok(Partitions::These(vec![0, 2, 4, 5, 6, 7])));
        assert_eq!(parse_partitions("7,1-3,2"), Ok(Partitions::These(vec![1, 2, 3, 7])));
        assert_eq!(parse_partitions("5-5"), Ok(Partitions::These(vec![5])));
    }

    #[test]
    fn all_means_those_that_come_later_too() {
        assert_eq!(parse_partitions("all"), Ok(Partitions::All));
    }

    #[test]
    fn what_is_no_partition_is_refused() {
        for text in ["", ",", "1,", "-1", "1-", "a", "3-1", "1.5", "+1", "0-2147483647", "99999999999"] {
            assert!(parse_partitions(text).is_err(), "{text}");
        }
    }
}
