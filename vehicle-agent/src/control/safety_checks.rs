//! The protections of the core, each of which a test can take away.

/// Which protections are in force. The agent runs with [`SafetyChecks::ALL`]; the fault harness builds an agent of its own with a
/// hole, to show that its oracle sees what then goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a protection of its own")]
pub struct SafetyChecks {
    /// A command is not executed after its EXP.
    pub expiry: bool,
    /// A repeated ID and an old setpoint are not executed.
    pub counter: bool,
    /// Motion ends when its lease does.
    pub lease: bool,
    /// The guard turns the motors off when the agent is silent.
    pub guard: bool,
    /// A retained command is not executed.
    pub retained: bool,
    /// A command of another boot is not executed.
    pub epoch: bool,
    /// A signed message whose tag is wrong is not authentic.
    pub mac: bool,
}

impl SafetyChecks {
    /// Every protection.
    pub const ALL: Self = Self {
        expiry: true,
        counter: true,
        lease: true,
        guard: true,
        retained: true,
        epoch: true,
        mac: true,
    };
}
