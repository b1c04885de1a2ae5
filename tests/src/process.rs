//! Programs under test and beside it, with what they write kept in files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tempfile::TempDir;

use crate::wait::{SOON, until};

/// Lines of a program's output that are shown when its handle is dropped.
const SHOWN_LINES: usize = 60;

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    output: TempDir,
}

/// Exit code and output of a program that has ended.
#[derive(Debug)]
pub struct Output {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl Program {
    /// Starts a program of this workspace, such as `vehicle-agent`.
    ///
    /// # Errors
    ///
    /// If the program has not been built, or is older than its sources.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Self::command(name)?;
        command.args(arguments);
        Self::spawn(name, command)
    }

    /// A command for a program of this workspace, to add an environment or a folder to.
    ///
    /// # Errors
    ///
    /// If the program has not been built, or is older than its sources.
    pub fn command(name: &str) -> Result<Command> {
        let file = built(name)?;
        Ok(Command::new(file))
    }

    /// Starts any command, without input, and with its output kept in files.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn spawn(name: &str, mut command: Command) -> Result<Self> {
        let output = tempfile::tempdir()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(output.path().join("stdout"))?)
            .stderr(File::create(output.path().join("stderr"))?)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, output })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells whether the program still runs.
    ///
    /// # Errors
    ///
    /// If the system does not know the process.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Reads what it has written to standard output so far.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn stdout(&self) -> Result<String> {
        self.read("stdout")
    }

    /// Reads what it has written to standard error so far.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn stderr(&self) -> Result<String> {
        self.read("stderr")
    }

    /// Waits for a text on standard output.
    ///
    /// # Errors
    ///
    /// If the program ends without it, or it does not come soon.
    pub async fn wait_for_stdout(&mut self, text: &str) -> Result<()> {
        self.wait_for("stdout", text).await
    }

    /// Waits for a text on standard error.
    ///
    /// # Errors
    ///
    /// If the program ends without it, or it does not come soon.
    pub async fn wait_for_stderr(&mut self, text: &str) -> Result<()> {
        self.wait_for("stderr", text).await
    }

    /// Sends a signal, such as `Signal::TERM` or `Signal::STOP`.
    ///
    /// # Errors
    ///
    /// If the program has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        ensure!(self.is_running()?, "{} has ended already", self.name);
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("process id")?;
        Ok(kill_process(id, signal)?)
    }

    /// Stops the program, and returns when it does nothing any more.
    ///
    /// # Errors
    ///
    /// If it has ended already.
    pub async fn freeze(&mut self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let stat = format!("/proc/{}/stat", self.id());
        until("the program to freeze", SOON, || Ok(fs::read_to_string(&stat)?.contains(") T ").then_some(())))
            .await
    }

    /// Kills the program, and returns when it is gone.
    ///
    /// # Errors
    ///
    /// If it has ended already.
    pub async fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.exit(SOON).await?;
        Ok(())
    }

    /// Waits until the program ends by itself.
    ///
    /// # Errors
    ///
    /// If it still runs after `limit`.
    pub async fn exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("{} to end", self.name);
        until(&what, limit, || Ok(self.child.try_wait()?)).await
    }

    /// Waits until the program ends by itself, and returns all it wrote.
    ///
    /// # Errors
    ///
    /// If it still runs after `limit`.
    pub async fn output(mut self, limit: Duration) -> Result<Output> {
        let status = self.exit(limit).await?;
        Ok(Output { code: status.code(), stdout: self.stdout()?, stderr: self.stderr()? })
    }

    async fn wait_for(&mut self, stream: &str, text: &str) -> Result<()> {
        let what = format!("{text:?} on the {stream} of {}", self.name);
        until(&what, SOON, || {
            // Asked before reading: what an ended program wrote is then all there.
            let running = self.is_running()?;
            let found = self.read(stream)?.contains(text);
            ensure!(running || found, "{} ended without writing {text:?} to {stream}", self.name);
            Ok(found.then_some(()))
        })
        .await
    }

    fn read(&self, stream: &str) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.output.path().join(stream))?).into_owned())
    }

    fn show(&self, stream: &str) {
        let text = self.read(stream).unwrap_or_default();
        let skipped = text.lines().count().saturating_sub(SHOWN_LINES);
        for line in text.lines().skip(skipped) {
            eprintln!("{} {stream}: {line}", self.name);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails only if it has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The test runner shows this of failed tests only.
        self.show("stdout");
        self.show("stderr");
    }
}

/// Finds a program beside the test executable, which lies in `target/<profile>/deps`, or in `target/<profile>`.
fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).context("no folder")?;
    current(folder.join(name), &format!("build it first: cargo build --bin {name} (tests/run does)"))
}

/// Finds a program that `deploy/cross` has built for a target.
///
/// # Errors
///
/// If it has not been built, or is older than its sources.
pub fn cross_built(target: &str, name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().find(|folder| folder.join("cross").is_dir());
    let advice = "build it first: deploy/cross (tests/boards does)";
    let folder = folder.with_context(|| format!("nothing was built for boards; {advice}"))?;
    current(folder.join("cross").join(target).join("board").join(name), advice)
}

fn current(file: PathBuf, advice: &str) -> Result<PathBuf> {
    ensure!(file.is_file(), "{} does not exist; {advice}", file.display());
    ensure!(is_current(&file)?, "{} is older than its sources; {advice}", file.display());
    Ok(file)
}

/// Compares a program with the sources that cargo lists beside it.
fn is_current(program: &Path) -> Result<bool> {
    let built = fs::metadata(program)?.modified()?;
    let list = fs::read_to_string(program.with_extension("d"))?;
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources);
    let newer =
        |source: &str| fs::metadata(source).and_then(|data| data.modified()).is_ok_and(|at| at > built);
    Ok(!sources.split_whitespace().any(newer))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_program_is_current_until_one_of_its_sources_is_newer() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str, second: u64| -> Result<PathBuf> {
            let path = folder.path().join(name);
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            File::options().create(true).append(true).open(&path)?.set_modified(time)?;
            Ok(path)
        };
        let program = at("program", 100)?;
        let (one, other) = (at("one.rs", 99)?, at("other.rs", 100)?);
        let list = format!("{}: {} {}\n", program.display(), one.display(), other.display());
        fs::write(folder.path().join("program.d"), list)?;
        ensure!(is_current(&program)?, "nothing was newer");
        at("other.rs", 101)?;
        ensure!(!is_current(&program)?, "a newer source was overlooked");
        Ok(())
    }
}
