//! On what the benchmark ran.

use std::fs;
use std::thread::available_parallelism;

use anyhow::Result;

/// Processor, number of cores, kernel, and how busy others kept it, in one line.
///
/// # Errors
///
/// When `/proc` cannot be read.
pub fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split_whitespace().next().unwrap_or_default();
    let (model, cores) = (model(&cpus), available_parallelism()?);
    Ok(format!("{model}, {cores} cores, Linux {}, load before the run {load}", kernel.trim()))
}

/// The processor's name; boards name themselves where others name the processor.
fn model(cpuinfo: &str) -> &str {
    let named = |name: &str| {
        let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    };
    named("model name").or_else(|| named("Model")).unwrap_or("unknown processor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_called_by_its_name_and_a_board_by_its_own() {
        assert_eq!(model("processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n"), "AMD EPYC");
        assert_eq!(model("processor\t: 0\n\nModel\t\t: Raspberry Pi 4\n"), "Raspberry Pi 4");
        assert_eq!(model(""), "unknown processor");
    }
}
