//! The processor time of the programs that were run, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// What Linux counts processor time in, whatever its own clock: hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all programs that were started from here and have ended, with those that they started and waited for.
///
/// None where the system does not tell, which is everywhere but on Linux.
pub(crate) fn of_children() -> Option<Duration> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| TICK * ticks)
}

/// `cutime` and `cstime` of a line of `/proc/PID/stat`.
fn ticks(stat: &str) -> Option<u32> {
    // The program's name, in parentheses, may hold blanks and parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    // What follows begins with field 3; the two are fields 16 and 17.
    let mut fields = rest.split_whitespace().skip(13).map(|field| field.parse::<u32>().ok());
    fields.next()??.checked_add(fields.next()??)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_times_of_children_are_found_behind_a_name_of_any_kind() {
        let stat = "12 (a ) b) S 1 12 12 0 -1 4194304 1 2 3 4 50 60 700 80 20 0 1 0 99";
        assert_eq!(ticks(stat), Some(780));
        assert_eq!(ticks("12 (cut) S 1 12"), None);
    }

    #[test]
    fn what_a_child_computes_is_counted_when_it_has_ended() {
        let Some(before) = of_children() else { return };
        let busy = Command::new("sh").args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]).status().unwrap();
        assert!(busy.success());
        assert!(of_children().unwrap() > before);
    }
}
