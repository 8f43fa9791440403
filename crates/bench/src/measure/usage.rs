//! What a process uses, as the kernel says.

use std::time::Duration;

use anyhow::Context as _;

/// Ticks a second in `/proc/PID/stat`: what the kernel shows to users is the same on every machine.
const TICKS: u64 = 100;

/// CPU time of a process since its start, its own and the kernel's for it.
pub(super) fn cpu(pid: i32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&stat).map(|ticks| Duration::from_millis(ticks * 1_000 / TICKS)).context("no times in /proc/PID/stat")
}

/// Resident memory of a process, in KiB.
pub(super) fn resident(pid: i32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    kilobytes(&status, "VmRSS:").context("no VmRSS in /proc/PID/status")
}

/// The most resident memory that a process had since [`forget_peak`], in KiB.
pub(super) fn peak(pid: i32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    kilobytes(&status, "VmHWM:").context("no VmHWM in /proc/PID/status")
}

/// Has the kernel note a process's peak from now on (proc(5), `clear_refs`).
pub(super) fn forget_peak(pid: i32) -> anyhow::Result<()> {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").context("write /proc/PID/clear_refs")
}

/// `utime` and `stime`; the name before them is in parentheses and may contain anything.
fn ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        assert_eq!(ticks("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 31 11 0 0 20"), Some(42));
        assert_eq!(ticks("nothing"), None);
    }

    #[test]
    fn memory_is_read() {
        let status = "VmHWM:\t 6000 kB\nVmRSS:\t  5120 kB\n";
        assert_eq!((kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:")), (Some(5120), Some(6000)));
    }
}
