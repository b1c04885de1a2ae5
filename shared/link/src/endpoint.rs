//! A broker, how to log in there, and the connection made of both.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, MqttOptions, NetworkOptions, Transport};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};

use crate::{BrokerUrl, Login, TlsFiles};
use vehicle_protocol::Advice;

/// The largest packet that is sent or taken, in bytes; a larger one ends the connection.
pub const MAX_PACKET_BYTES: usize = 256 * 1024;

/// How long one attempt may take, from the name's resolution to the broker's answer.
const CONNECT_TIMEOUT_S: u64 = 5;

/// All that is needed to reach a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The broker's address.
    pub url: BrokerUrl,
    /// Name and password, if the broker wants them.
    pub login: Option<Login>,
    /// Certificates and key, for `mqtts://` only.
    pub tls: TlsFiles,
    /// The longest silence before a ping, in whole seconds from 1 to 65535.
    pub keep_alive: Duration,
}

/// Why no connection can be prepared.
#[derive(Debug)]
pub enum EndpointError {
    /// A file is missing or must not be read.
    Unreadable {
        /// What the file is for.
        role: FileRole,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file can be read but does not hold what it should.
    Malformed {
        /// What the file is for.
        role: FileRole,
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        reason: String,
    },
    /// Certificate and key are not a pair.
    KeyMismatch {
        /// The key file.
        key: PathBuf,
        /// The certificate file.
        certificate: PathBuf,
    },
    /// A client certificate is of no use without its key, nor a key without its certificate.
    Unpaired {
        /// What was given.
        given: FileRole,
        /// Its file.
        path: PathBuf,
        /// What was not.
        missing: FileRole,
    },
    /// TLS files were given for a connection without TLS.
    TlsFilesWithoutTls(BrokerUrl),
    /// This machine has no certificates to trust.
    NoRoots(String),
    /// The keep-alive does not fit into the packet.
    KeepAlive(Duration),
    /// TLS cannot be set up at all.
    Tls(rustls::Error),
}

impl EndpointError {
    /// Says why no connection can be prepared, and what a person can do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Unreadable { role, path, source } => Advice::new(
                format!("the {role} file {} cannot be read: {source}", path.display()),
                "check its name and permissions",
            ),
            Self::Malformed { role, path, reason } => Advice::new(
                format!("the {role} file {} is no use: {reason}", path.display()),
                role.next_step(),
            ),
            Self::KeyMismatch { key, certificate } => Advice::new(
                format!(
                    "the key in {} does not belong to the certificate in {}",
                    key.display(),
                    certificate.display()
                ),
                "give the pair made together",
            ),
            Self::Unpaired { given, path, missing } => Advice::new(
                format!("the {given} file {} needs a {missing} file beside it", path.display()),
                "give both or neither",
            ),
            Self::TlsFilesWithoutTls(url) => Advice::new(
                format!("{url} is not encrypted, yet TLS files are given"),
                "write mqtts:// (port 8883 if none is named), or leave the files out",
            ),
            Self::NoRoots(reason) => Advice::new(
                format!("this machine offers no certificates to trust{reason}"),
                "name the CA's file",
            ),
            Self::KeepAlive(length) => {
                Advice::new(format!("a keep-alive of {length:?} is out of range"), "choose 1 s to 65535 s")
            }
            Self::Tls(error) => Advice::new(
                format!("TLS cannot be set up: {error}"),
                "check the versions of certificate and key",
            ),
        }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl std::error::Error for EndpointError {}

impl From<rustls::Error> for EndpointError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Certificates of those who may vouch for the broker.
    Ca,
    /// The client's own certificate.
    Certificate,
    /// The private key of that certificate.
    Key,
    /// The password of the login.
    Password,
}

impl FileRole {
    fn next_step(self) -> &'static str {
        match self {
            Self::Ca => "give the CA's certificate in PEM form",
            Self::Certificate => "give the client's certificate in PEM form",
            Self::Key => "give the unencrypted private key in PEM form",
            Self::Password => "write the password into its first line",
        }
    }
}

impl fmt::Display for FileRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ca => "CA",
            Self::Certificate => "certificate",
            Self::Key => "key",
            Self::Password => "password",
        })
    }
}

pub(crate) fn read(role: FileRole, path: &Path) -> Result<Vec<u8>, EndpointError> {
    fs::read(path).map_err(|source| EndpointError::Unreadable { role, path: path.to_owned(), source })
}

impl Endpoint {
    /// Starts without login, without TLS files, with a keep-alive of 60 s.
    #[must_use]
    pub fn new(url: BrokerUrl) -> Self {
        Self { url, login: None, tls: TlsFiles::default(), keep_alive: Duration::from_secs(60) }
    }

    /// Reads the TLS files and makes the options of a clean session; certificates are judged by the system's clock.
    ///
    /// # Errors
    ///
    /// If a file cannot be used, if TLS files and address contradict each other, or if the keep-alive is out of range.
    pub fn options(&self, client_id: &str) -> Result<MqttOptions, EndpointError> {
        self.options_by(client_id, Arc::new(DefaultTimeProvider))
    }

    /// As [`Endpoint::options`], with a clock to judge certificates by.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::options`].
    pub fn options_by(
        &self,
        client_id: &str,
        time: Arc<dyn TimeProvider>,
    ) -> Result<MqttOptions, EndpointError> {
        if !(1..=u64::from(u16::MAX)).contains(&self.keep_alive.as_secs()) {
            return Err(EndpointError::KeepAlive(self.keep_alive));
        }
        // Without brackets: that form of an IPv6 address is understood by the resolver and by TLS alike.
        let mut options = MqttOptions::new(client_id, self.url.host(), self.url.port());
        if self.url.is_tls() {
            options.set_transport(Transport::tls_with_config(self.tls.client_config(time)?.into()));
        } else if self.tls != TlsFiles::default() {
            return Err(EndpointError::TlsFilesWithoutTls(self.url.clone()));
        }
        if let Some(login) = &self.login {
            options.set_credentials(login.name(), login.password());
        }
        options
            .set_clean_session(true)
            .set_keep_alive(self.keep_alive)
            .set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
        Ok(options)
    }
}

/// Makes a client and its event loop, with `TCP_NODELAY` (its lack costs 40 ms at `QoS` 1) and 5 s per attempt.
///
/// `capacity` is the number of requests that may wait; nothing is sent before the event loop is polled.
#[must_use]
pub fn connect(options: MqttOptions, capacity: usize) -> (AsyncClient, EventLoop) {
    let (client, mut event_loop) = AsyncClient::new(options, capacity);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_TIMEOUT_S);
    event_loop.set_network_options(network);
    (client, event_loop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new("mqtt://broker:1900".parse().unwrap())
    }

    #[test]
    fn options_carry_address_login_and_the_limits_of_the_house() {
        let endpoint = Endpoint { login: Some(Login::new("mule", "hunter2")), ..endpoint() };
        let options = endpoint.options("mule-1").unwrap();
        assert_eq!(options.broker_address(), ("broker".to_owned(), 1900));
        assert_eq!(options.client_id(), "mule-1");
        assert_eq!(options.credentials().map(|login| login.password), Some("hunter2".to_owned()));
        assert_eq!(options.keep_alive(), Duration::from_secs(60));
        assert_eq!(options.max_packet_size(), 262_144);
        assert!(options.clean_session());
        assert!(matches!(options.transport(), Transport::Tcp));
    }

    #[test]
    fn a_keep_alive_that_the_protocol_cannot_carry_is_refused() {
        for seconds in [0, 65_536] {
            let endpoint = Endpoint { keep_alive: Duration::from_secs(seconds), ..endpoint() };
            let said = endpoint.options("mule").unwrap_err().to_string();
            assert!(said.contains("choose 1 s to 65535 s"), "{said}");
        }
    }

    #[test]
    fn tls_files_without_tls_are_refused_with_the_right_scheme() {
        let tls = TlsFiles { ca_file: Some("ca.pem".into()), ..TlsFiles::default() };
        let said = Endpoint { tls, ..endpoint() }.options("mule").unwrap_err().to_string();
        assert!(
            said.starts_with("mqtt://broker:1900 is not encrypted") && said.contains("mqtts://"),
            "{said}"
        );
    }
}
