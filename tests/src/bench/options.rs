//! What the benchmark is asked to do.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Measures the agent beside bare echoes, in one interleaved run on one broker of its own.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub struct Options {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    #[command(flatten)]
    pub(crate) plan: Plan,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Be the echo on rumqttc.
    #[command(hide = true)]
    Echo { port: u16, client: String, from: String, to: String },
}

/// How much is measured.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// Rounds; in each, every candidate answers one block of requests at each QoS.
    #[arg(long, default_value_t = 150)]
    pub rounds: usize,
    /// Requests in a block; before them a tenth as many that do not count.
    #[arg(long, default_value_t = 100)]
    pub requests: usize,
    /// How many seconds the idle candidates are watched.
    #[arg(long, default_value_t = 60)]
    pub idle: u64,
    /// Put the tables into tests/RESULTS.md.
    #[arg(long)]
    pub write: bool,
}

impl Plan {
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(self.idle)
    }

    /// The command that does the same again.
    pub(crate) fn command(&self) -> String {
        let Self { rounds, requests, idle, .. } = self;
        let flags = format!("--rounds {rounds} --requests {requests} --idle {idle}");
        format!("cargo run --release -p system-tests --bin bench -- {flags}")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn the_command_in_the_table_asks_for_the_same_measurement() {
        let asked = ["bench", "--rounds", "7", "--requests", "3", "--idle", "1", "--write"];
        let plan = Options::parse_from(asked).plan;
        let command = plan.command();
        let (_, flags) = command.split_once(" -- ").unwrap();
        let again = Options::parse_from(["bench"].into_iter().chain(flags.split(' '))).plan;
        assert_eq!((again.rounds, again.requests, again.idle, again.write), (7, 3, 1, false));
    }
}
