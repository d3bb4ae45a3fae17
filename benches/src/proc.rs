//! What does the kernel say of a process? CPU time and peak memory, from `/proc`.

use std::time::Duration;

use crate::Result;

/// The unit of times in `/proc/PID/stat`: on Linux a hundredth of a second, whatever the kernel's
/// own tick is.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of a process so far, those of its threads that have ended included.
pub(crate) fn cpu(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in parentheses, which may hold spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("no fields in stat")?;
    let ticks: u32 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse().unwrap_or(0_u32))
        .sum();
    Ok(TICK * ticks)
}

/// The most memory that this process ever had resident, in bytes.
pub(crate) fn peak_memory() -> Result<u64> {
    peak_memory_of("self")
}

/// The same of another process.
pub(crate) fn peak_memory_of(process: &str) -> Result<u64> {
    from_status(process, "VmHWM:")
}

/// The memory that a process has resident now, in bytes.
pub(crate) fn memory_of(process: &str) -> Result<u64> {
    from_status(process, "VmRSS:")
}

fn from_status(process: &str, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .ok_or("not in status")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes * 1024)
}

/// How many processes wanted a processor in the last minute, on average: how far times can be
/// trusted.
pub(crate) fn load() -> Result<String> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().unwrap_or_default().to_owned())
}
