//! Measures the agent beside bare echoes; see `tests/RESULTS.md`.

use anyhow::Result;
use clap::Parser;
use system_tests::bench;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    bench::main(bench::options::Options::parse()).await
}
