//! In which order the files of a channel are written: the kernel refuses a step on the way that makes no sense.

use std::time::Duration;

/// The files that pulses need; `polarity` is not on every chip.
pub(super) const FILES: [&str; 3] = ["period", "duty_cycle", "enable"];

/// The state of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ChannelState {
    pub(super) period_ns: u64,
    pub(super) width_ns: u64,
    pub(super) inverted: bool,
    pub(super) enabled: bool,
}

/// The pulses that are asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulses {
    pub(super) period: Duration,
    pub(super) width: Duration,
    pub(super) inverted: bool,
}

/// One write to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileWrite {
    Period(u64),
    Width(u64),
    Inverted(bool),
    Enabled(bool),
}

impl FileWrite {
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Period(_) => "period",
            Self::Width(_) => "duty_cycle",
            Self::Inverted(_) => "polarity",
            Self::Enabled(_) => "enable",
        }
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::Period(ns) | Self::Width(ns) => ns.to_string(),
            Self::Inverted(true) => "inversed".to_owned(),
            Self::Inverted(false) => "normal".to_owned(),
            Self::Enabled(on) => u8::from(on).to_string(),
        }
    }
}

impl ChannelState {
    /// The writes that lead to `pulses`.
    ///
    /// The kernel wants a period before anything else, never a pulse longer than it, and no change of the polarity while
    /// the channel runs. The last two are written each time, since the guard may have written there meanwhile. The channel
    /// is left running without pulses rather than stopped: what level a stopped one has is up to the hardware.
    pub(super) fn steps(self, pulses: Pulses) -> Vec<FileWrite> {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (period, width) = (nanos(pulses.period), nanos(pulses.width.min(pulses.period)));
        let mut steps = Vec::new();
        if self.period_ns != period {
            if self.width_ns > period {
                steps.push(FileWrite::Width(0));
            }
            steps.push(FileWrite::Period(period));
        }
        if self.inverted != pulses.inverted {
            if self.enabled {
                steps.push(FileWrite::Enabled(false));
            }
            steps.push(FileWrite::Inverted(pulses.inverted));
        }
        steps.extend([FileWrite::Width(width), FileWrite::Enabled(true)]);
        steps
    }

    pub(super) const fn after(self, step: FileWrite) -> Self {
        match step {
            FileWrite::Period(period_ns) => Self { period_ns, ..self },
            FileWrite::Width(width_ns) => Self { width_ns, ..self },
            FileWrite::Inverted(inverted) => Self { inverted, ..self },
            FileWrite::Enabled(enabled) => Self { enabled, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The kernel's answer to a write, as in its drivers/pwm.
    fn kernel_takes(state: ChannelState, step: FileWrite) -> bool {
        let after = state.after(step);
        let applied = after.period_ns > 0 && after.width_ns <= after.period_ns;
        let polarity = !matches!(step, FileWrite::Inverted(_)) || !state.enabled;
        applied && polarity
    }

    fn state() -> impl Strategy<Value = ChannelState> {
        (0u64..50, 0u64..50, any::<bool>(), any::<bool>()).prop_map(
            |(period_ns, width_ns, inverted, enabled)| {
                // A channel that is new has no period and no width.
                let width_ns = width_ns.min(period_ns);
                ChannelState { period_ns, width_ns, inverted, enabled: enabled && period_ns > 0 }
            },
        )
    }

    proptest! {
        #[test]
        fn whatever_a_channel_does_the_kernel_takes_each_step_to_whatever_it_is_to_do(
            from in state(), period_ns in 1u64..50, width_ns in 0u64..60, inverted: bool
        ) {
            let (period, width) = (Duration::from_nanos(period_ns), Duration::from_nanos(width_ns));
            let mut state = from;
            for step in from.steps(Pulses { period, width, inverted }) {
                prop_assert!(kernel_takes(state, step), "{state:?} {step:?}");
                state = state.after(step);
            }
            prop_assert_eq!(state, ChannelState { period_ns, width_ns: width_ns.min(period_ns), inverted, enabled: true });
        }
    }
}
