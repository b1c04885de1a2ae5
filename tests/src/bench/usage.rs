//! What a process uses, read from outside, from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

/// What a process uses at one moment, over all its threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on a processor since the start, in user mode and in the kernel. What the kernel counts for utime and stime,
    /// but in nanoseconds where `/proc/PID/stat` rounds to hundredths of a second.
    pub cpu: Duration,
    /// How often a thread has gone to sleep and was woken since the start.
    pub wakes: u64,
    /// Memory that is resident now, in KiB.
    pub resident_kib: u64,
    /// Threads that live now.
    pub threads: u64,
}

impl Usage {
    /// Reads what a process uses now.
    ///
    /// # Errors
    ///
    /// When the process is gone, or the kernel does not account for time on processors.
    pub fn of(process: u32) -> Result<Self> {
        let folder = Path::new("/proc").join(process.to_string());
        let read = |file: &Path| fs::read_to_string(file).with_context(|| format!("{}", file.display()));
        let mut usage = Self {
            resident_kib: field(&read(&folder.join("status"))?, "VmRSS").context("VmRSS")?,
            ..Self::default()
        };
        for task in fs::read_dir(folder.join("task"))? {
            let task = task?.path();
            let on_cpu = time_on_cpu(&read(&task.join("schedstat"))?).context("schedstat")?;
            let wakes = field(&read(&task.join("status"))?, "voluntary_ctxt_switches");
            usage.cpu = usage.cpu.saturating_add(on_cpu);
            usage.wakes = usage.wakes.saturating_add(wakes.context("voluntary_ctxt_switches")?);
            usage.threads = usage.threads.saturating_add(1);
        }
        Ok(usage)
    }
}

/// The number behind `name` in a `status` file; a unit behind it is left out.
fn field(status: &str, name: &str) -> Option<u64> {
    let values = status.lines().filter_map(|line| line.split_once(':'));
    let value = values.into_iter().find_map(|(key, value)| (key == name).then_some(value))?;
    value.split_whitespace().next()?.parse().ok()
}

/// The first number of a `schedstat` file, which is the time on a processor in nanoseconds.
fn time_on_cpu(schedstat: &str) -> Option<Duration> {
    Some(Duration::from_nanos(schedstat.split_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::stopwatch::Stopwatch;

    const STATUS: &str = "Name:\tvehicle-agent\nVmHWM:\t    5000 kB\nVmRSS:\t    4096 kB\nThreads:\t2\n\
        voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(field(STATUS, "VmRSS"), Some(4096));
        assert_eq!(field(STATUS, "voluntary_ctxt_switches"), Some(150));
        assert_eq!(field(STATUS, "ctxt_switches"), None);
        assert_eq!(field(STATUS, "Name"), None);
    }

    #[test]
    fn time_on_a_processor_is_the_first_number() {
        assert_eq!(time_on_cpu("95552 245229 2\n"), Some(Duration::from_nanos(95_552)));
        assert_eq!(time_on_cpu(""), None);
    }

    #[test]
    fn a_process_that_works_uses_more_and_more_time() -> Result<()> {
        // Another process: in this one, threads of other tests come and go, and take their time with them.
        let mut child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn()?;
        let before = Usage::of(child.id())?;
        assert!(before.resident_kib > 0 && before.threads > 0, "{before:?}");
        let watch = Stopwatch::start();
        let mut after = Usage::of(child.id())?;
        while after.cpu <= before.cpu && watch.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
            after = Usage::of(child.id())?;
        }
        child.kill()?;
        child.wait()?;
        assert!(after.cpu > before.cpu, "{before:?} {after:?}");
        Ok(())
    }
}
