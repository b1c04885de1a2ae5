//! A real mosquitto of its own for each test.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::port::free_port;
use crate::process::{Program, Signal};
use crate::wait::{SOON, until};

/// How often another port is tried when somebody was faster.
const ATTEMPTS: usize = 5;

/// What the broker of a test is like; the default is plain, open to all, and forgets everything when it ends.
#[derive(Debug, Default)]
pub struct Settings<'a> {
    /// Speaks TLS alone and refuses clients without a certificate of this authority, whose common name is then the
    /// user's name.
    pub mutual_tls: Option<&'a Certificates>,
    /// Names and passwords; without a right one nobody is let in.
    pub logins: &'a [(&'a str, &'a str)],
    /// Keeps sessions and retained messages over `kill` and `restart`. The broker stores after it has confirmed, so
    /// what must survive is certain only when one more round trip has been made.
    pub persistent: bool,
    /// Lines to add to the configuration.
    pub extra: &'a str,
}

/// A running mosquitto on a loopback port of its own; ended when dropped.
#[derive(Debug)]
pub struct Mosquitto {
    port: u16,
    tls: bool,
    program: Program,
    folder: TempDir,
}

impl Mosquitto {
    /// Starts a plain broker that lets everybody in, and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// When mosquitto is not installed or does not come up.
    pub async fn start() -> Result<Self> {
        Self::start_with(&Settings::default()).await
    }

    /// Starts a broker and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// When mosquitto is not installed, refuses the configuration, or does not come up.
    pub async fn start_with(settings: &Settings<'_>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        write_passwords(folder.path(), settings.logins)?;
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let configuration = configuration(folder.path(), port, settings)?;
            fs::write(folder.path().join("mosquitto.conf"), configuration)?;
            if let Some(program) = spawn(folder.path()).await? {
                return Ok(Self { port, tls: settings.mutual_tls.is_some(), program, folder });
            }
        }
        bail!("mosquitto found {ATTEMPTS} ports in use")
    }

    /// Starts a broker on a configuration that has listeners of its own, with one more on loopback, open to all and without
    /// access lists, so that a test sees whatever passes.
    ///
    /// # Errors
    ///
    /// When mosquitto is not installed, refuses the configuration, or does not come up.
    pub async fn start_observed(configuration: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let extra = format!(
                "user root\nlog_dest stderr\nlog_type all\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
            );
            fs::write(folder.path().join("mosquitto.conf"), format!("{configuration}\n{extra}"))?;
            if let Some(program) = spawn(folder.path()).await? {
                return Ok(Self { port, tls: false, program, folder });
            }
        }
        bail!("mosquitto found {ATTEMPTS} ports in use")
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as our programs take it: `mqtt://127.0.0.1:port`, or `mqtts://…` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Sends a signal, such as `Signal::STOP`.
    ///
    /// # Errors
    ///
    /// When it is not running.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.program.signal(signal)
    }

    /// Kills the broker without a chance to say goodbye.
    ///
    /// # Errors
    ///
    /// When it is not running.
    pub async fn kill(&mut self) -> Result<()> {
        self.program.kill().await
    }

    /// Kills the broker if it runs, and starts it with the same configuration on the same port.
    ///
    /// # Errors
    ///
    /// When it does not come up again.
    pub async fn restart(&mut self) -> Result<()> {
        if self.program.is_running()? {
            self.kill().await?;
        }
        self.program = spawn(self.folder.path()).await?.context("the port was taken meanwhile")?;
        Ok(())
    }

    /// What the broker has logged since it was last started.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        self.program.stderr()
    }
}

/// Starts mosquitto on the configuration in `folder`; gives nothing if its port is in use.
async fn spawn(folder: &Path) -> Result<Option<Program>> {
    let mut command = Command::new(executable()?);
    command.arg("-c").arg(folder.join("mosquitto.conf"));
    let mut program = Program::spawn("mosquitto", command)?;
    let accepts = until("mosquitto to accept connections", SOON, || {
        // Asked before reading: what an ended broker wrote is then all there.
        let (running, log) = (program.is_running()?, program.stderr()?);
        if running {
            // Written after the listeners were opened.
            return Ok(log.contains(" running\n").then_some(true));
        }
        ensure!(log.contains("Address already in use"), "mosquitto ended at once:\n{log}");
        Ok(Some(false))
    });
    Ok(accepts.await?.then_some(program))
}

fn configuration(folder: &Path, port: u16, settings: &Settings<'_>) -> Result<String> {
    // Started as root, mosquitto would change to a user who cannot read the folder.
    let mut text = format!(
        "user root\nlistener {port} 127.0.0.1\nset_tcp_nodelay true\nlog_dest stderr\nlog_type all\nallow_anonymous {}\n",
        settings.logins.is_empty()
    );
    if !settings.logins.is_empty() {
        writeln!(text, "password_file {}", folder.join("passwords").display())?;
    }
    if let Some(certificates) = settings.mutual_tls {
        let server = certificates.server();
        writeln!(text, "cafile {}", certificates.authority().display())?;
        writeln!(text, "certfile {}", server.certificate.display())?;
        writeln!(text, "keyfile {}", server.key.display())?;
        text.push_str("require_certificate true\nuse_identity_as_username true\n");
    }
    if settings.persistent {
        // Stored at each change, because the broker is killed rather than ended.
        writeln!(text, "persistence true\npersistence_location {}", folder.display())?;
        text.push_str("autosave_on_changes true\nautosave_interval 1\n");
    }
    text.push_str(settings.extra);
    text.push('\n');
    Ok(text)
}

fn write_passwords(folder: &Path, logins: &[(&str, &str)]) -> Result<()> {
    let file = folder.join("passwords");
    fs::write(&file, "")?;
    for (name, password) in logins {
        let status = Command::new("mosquitto_passwd").arg("-b").arg(&file).args([name, password]).status();
        ensure!(status.context("mosquitto_passwd")?.success(), "mosquitto_passwd refused {name}");
    }
    Ok(())
}

/// Finds mosquitto where distributions put it, which is often not in an ordinary user's PATH.
fn executable() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join("mosquitto"))
        .find(|file| file.is_file())
        .context("mosquitto is not installed; tests/run installs it")
}
