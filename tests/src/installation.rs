//! A broker as an owner installs it: authority, certificates, configuration, all made by the console.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::{Identity, forge};
use crate::client::{self, Client, MqttOptions};
use crate::mosquitto::Mosquitto;
use crate::port::free_port;
use crate::process::Program;
use crate::wait::SOON;

/// A running broker with a listener for vehicles, one for operators, and a plain one for the test itself.
#[derive(Debug)]
pub struct Installation {
    /// The broker; its own port is the plain one.
    pub broker: Mosquitto,
    /// The port for vehicles.
    pub vehicles_port: u16,
    /// The port for operators.
    pub operators_port: u16,
    folder: TempDir,
}

impl Installation {
    /// Makes an authority, issues to each of `identities`, and starts the broker configured for them. An identity is what
    /// `certs issue` takes, such as `operator anna --vehicles rover-1`.
    ///
    /// # Errors
    ///
    /// When the console is not built or refuses, or the broker does not come up.
    pub async fn start(identities: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        certs(folder.path(), "init").await?;
        certs(folder.path(), "issue broker localhost --san 127.0.0.1").await?;
        for identity in identities {
            certs(folder.path(), &format!("issue {identity}")).await?;
        }
        let (vehicles_port, operators_port) = (free_port()?, free_port()?);
        configure(folder.path(), vehicles_port, operators_port).await?;
        let configuration = fs::read_to_string(folder.path().join("authority/mosquitto/mosquitto.conf"))?;
        let broker = Mosquitto::start_observed(&configuration).await?;
        Ok(Self { broker, vehicles_port, operators_port, folder })
    }

    /// Lets the authority do something more, and gives what it wrote to standard output.
    ///
    /// # Errors
    ///
    /// When it refuses.
    pub async fn certs(&self, arguments: &str) -> Result<String> {
        certs(self.folder.path(), arguments).await
    }

    /// Writes the broker's configuration anew; the broker learns of it when it is started again.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn configure(&self) -> Result<()> {
        configure(self.folder.path(), self.vehicles_port, self.operators_port).await
    }

    /// A file of the authority.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("authority").join(name)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// What the authority's certificate calls it.
    ///
    /// # Errors
    ///
    /// When the list cannot be read.
    pub async fn authority_name(&self) -> Result<String> {
        let list = self.certs("list --json").await?;
        let first: Value = serde_json::from_str(list.lines().next().context("an empty list")?)?;
        let name = first.get("name").and_then(Value::as_str);
        Ok(name.context("no name")?.to_owned())
    }

    /// Has a certificate made for any years, as [`forge`] does, in a folder of its own.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn forge(&self, name: &str, years: (i32, i32)) -> Result<Identity> {
        let folder = self.folder.path().join(format!("{name}-{}-{}", years.0, years.1));
        fs::create_dir_all(&folder)?;
        forge(&folder, (&self.file("ca.key"), &self.authority_name().await?), name, years)
    }

    /// Lets the broker show another certificate, after a restart.
    ///
    /// # Errors
    ///
    /// When it does not come up again.
    pub async fn show(&mut self, identity: &Identity) -> Result<()> {
        fs::copy(&identity.certificate, self.file("mosquitto/broker.pem"))?;
        fs::copy(&identity.key, self.file("mosquitto/broker.key"))?;
        self.broker.restart().await
    }

    /// The files of what was issued, such as `vehicles/rover-1`.
    #[must_use]
    pub fn identity(&self, name: &str) -> Identity {
        Identity { certificate: self.file(&format!("{name}.pem")), key: self.file(&format!("{name}.key")) }
    }

    /// The flags by which agent and console show an identity.
    #[must_use]
    pub fn flags(&self, identity: &Identity) -> Vec<String> {
        let files = [
            ("--ca-file", &self.authority()),
            ("--cert-file", &identity.certificate),
            ("--key-file", &identity.key),
        ];
        files.iter().flat_map(|(flag, file)| [(*flag).to_owned(), file.display().to_string()]).collect()
    }

    /// Options for a client with a certificate, on either port.
    ///
    /// # Errors
    ///
    /// When the files cannot be read.
    pub fn options(&self, id: &str, identity: Option<&Identity>, port: u16) -> Result<MqttOptions> {
        let mut options = client::options(id, port);
        options.set_transport(client::tls(&self.authority(), identity)?);
        Ok(options)
    }

    /// Somebody who sees and may do everything.
    ///
    /// # Errors
    ///
    /// When the broker is down.
    pub async fn observer(&self, name: &str) -> Result<Client> {
        Client::connect(&format!("VP1-{name}"), self.broker.port()).await
    }
}

async fn certs(folder: &Path, arguments: &str) -> Result<String> {
    let mut command = Program::command("control-console")?;
    command.arg("certs").arg("--dir").arg(folder.join("authority")).args(arguments.split(' '));
    let output = Program::spawn("control-console", command)?.output(SOON).await?;
    ensure!(output.code == Some(0), "certs {arguments}: {}", output.stderr);
    Ok(output.stdout)
}

async fn configure(folder: &Path, vehicles: u16, operators: u16) -> Result<()> {
    let ports = format!("--vehicles-port {vehicles} --operators-port {operators}");
    certs(folder, &format!("broker-config {ports}")).await?;
    Ok(())
}
