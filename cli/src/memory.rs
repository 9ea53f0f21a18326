//! What this process has used, and its machine, as the operating system tells it.

use std::time::Duration;

/// The most memory that the process has had resident at once, in bytes; none where the system does not say.
pub(crate) fn peak() -> Option<u64> {
    status_field(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The memory that the process has resident now, in bytes; none where the system does not say.
pub(crate) fn resident() -> Option<u64> {
    status_field(&std::fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// A field of `/proc/self/status`, given there in kibibytes.
fn status_field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The processor time that all threads of the process have used; none where the system does not say.
pub(crate) fn processor_time() -> Option<Duration> {
    processor_ticks(&std::fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| Duration::from_millis(ticks * 10))
}

/// User and system time in ticks, which Linux counts to user space as 100 a second on every architecture.
fn processor_ticks(stat: &str) -> Option<u64> {
    // The name of the program stands in parentheses and may hold anything; the fields behind it are 3 and on.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let user: u64 = fields.get(11)?.parse().ok()?;
    let system: u64 = fields.get(12)?.parse().ok()?;
    user.checked_add(system)
}

/// The time for which the machine's processors had nothing to do since it was started, all together; none where the system does not say.
pub(crate) fn idle_time() -> Option<Duration> {
    idle_ticks(&std::fs::read_to_string("/proc/stat").ok()?).map(|ticks| Duration::from_millis(ticks * 10))
}

/// Idle time and that in which a disk was waited for, of the line for all processors.
fn idle_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().skip(3);
    let mut next = || fields.next()?.parse::<u64>().ok();
    next()?.checked_add(next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_bytes() {
        let status = "Name:\tkolumn\nVmPeak:\t  999 kB\nVmHWM:\t   12345 kB\nVmRSS:\t 100 kB\n";
        assert_eq!(status_field(status, "VmHWM:"), Some(12_345 * 1024));
        assert_eq!(status_field(status, "VmSwap:"), None);
        assert_eq!(status_field("VmHWM: much", "VmHWM:"), None);
    }

    #[test]
    fn processor_time_is_found_behind_any_program_name() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 1 0";
        assert_eq!(processor_ticks(stat), Some(400));
        assert_eq!(processor_ticks("42 kolumn S"), None);
    }

    #[test]
    fn idle_time_is_that_of_all_processors() {
        assert_eq!(idle_ticks("cpu  100 2 30 4000 56 0 7 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n"), Some(4_056));
        assert_eq!(idle_ticks("cpu0 1 2 3 4 5"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory() {
        assert!(peak().is_some_and(|peak| peak >= resident().unwrap_or(u64::MAX).min(1 << 20)));
    }
}
