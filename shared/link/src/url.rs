//! The address of a broker.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use rustls::pki_types::ServerName;
use vehicle_protocol::Advice;

/// The address of a broker, `mqtt[s]://host[:port]`; the port is 1883, with TLS 8883, if none is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerUrl {
    host: String,
    port: u16,
    tls: bool,
}

/// Faults of a broker address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// There is no `://`.
    MissingScheme(String),
    /// The scheme belongs to another protocol.
    UnknownScheme(String),
    /// There is a name or password before an `@`; the text is not repeated, for it may hold a secret.
    Login,
    /// There is no host.
    MissingHost,
    /// The host is neither a name nor an address.
    Host(String),
    /// The port is not a number from 1 to 65535.
    Port(String),
    /// Something follows the port.
    Path(String),
}

impl UrlError {
    /// Says what is wrong with the address, and how to write it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let scheme = "write mqtt://, or mqtts:// for TLS";
        match self {
            Self::MissingScheme(text) => Advice::new(
                format!("the broker address `{text}` has no scheme"),
                format!("write mqtt://{text}, or mqtts://{text} for TLS"),
            ),
            Self::UnknownScheme(name) => {
                Advice::new(format!("`{name}://` does not lead to a broker"), scheme)
            }
            Self::Login => Advice::new(
                "a broker address holds no login",
                "give the name apart and put the password into a file",
            ),
            Self::MissingHost => {
                Advice::new("the broker address names no host", "write for example mqtt://localhost")
            }
            Self::Host(host) => Advice::new(
                format!("invalid host name `{host}`"),
                "use letters, digits, `-` and `.`, or an IP address, IPv6 in brackets",
            ),
            Self::Port(port) => {
                Advice::new(format!("invalid port `{port}`"), "use a number from 1 to 65535, or leave it out")
            }
            Self::Path(path) => Advice::new(
                format!("`{path}` after the broker's address means nothing in MQTT"),
                "leave it out",
            ),
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

impl std::error::Error for UrlError {}

impl BrokerUrl {
    /// The address of a broker with TLS; `host` is a host name or an IP address, IPv6 without brackets.
    #[must_use]
    pub fn tls(host: &str, port: u16) -> Self {
        Self { host: host.to_ascii_lowercase(), port, tls: true }
    }

    /// Gives the host name or IP address; IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Gives the port, from 1 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Tells whether the scheme is `mqtts`.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Tells whether the broker runs on this machine, by `localhost` or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let by_name = self.host == "localhost" || self.host.ends_with(".localhost");
        by_name || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

impl FromStr for BrokerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.contains('@') {
            return Err(UrlError::Login);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(UrlError::MissingScheme(text.to_owned()));
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(UrlError::UnknownScheme(scheme.to_owned())),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if !matches!(path, "" | "/") {
            return Err(UrlError::Path(path.to_owned()));
        }
        let (host, port) = split_authority(authority)?;
        let port = match port {
            Some(port) => port_number(port)?,
            None if tls => 8883,
            None => 1883,
        };
        Ok(Self { host, port, tls })
    }
}

/// Parts host and port; the host is checked, the port not yet.
fn split_authority(authority: &str) -> Result<(String, Option<&str>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let refused = || UrlError::Host(authority.to_owned());
        let (host, port) = rest.split_once(']').ok_or_else(refused)?;
        let host: Ipv6Addr = host.parse().map_err(|_| refused())?;
        let port = match port.strip_prefix(':') {
            None if !port.is_empty() => return Err(refused()),
            port => port,
        };
        return Ok((host.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if port.is_some_and(|port| port.contains(':')) {
        return Err(UrlError::Host(authority.to_owned()));
    }
    if host.is_empty() {
        return Err(UrlError::MissingHost);
    }
    if ServerName::try_from(host).is_err() {
        return Err(UrlError::Host(host.to_owned()));
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn port_number(text: &str) -> Result<u16, UrlError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|&port| is_number && port != 0);
    number.ok_or_else(|| UrlError::Port(text.to_owned()))
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> BrokerUrl {
        text.parse().unwrap()
    }

    fn refusal(text: &str) -> UrlError {
        text.parse::<BrokerUrl>().unwrap_err()
    }

    #[test]
    fn the_port_hangs_on_the_scheme_unless_it_is_written() {
        assert_eq!(url("mqtt://broker.example").to_string(), "mqtt://broker.example:1883");
        assert_eq!(url("mqtts://Broker.example/").to_string(), "mqtts://broker.example:8883");
        assert_eq!(url(" MQTT://10.0.0.7:65535 ").to_string(), "mqtt://10.0.0.7:65535");
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets_outside_and_without_inside() {
        let url = url("mqtts://[0:0::1]:884");
        assert_eq!((url.host(), url.port(), url.is_tls()), ("::1", 884, true));
        assert_eq!(url.to_string(), "mqtts://[::1]:884");
        for text in
            ["mqtt://::1", "mqtt://fe80::1:1883", "mqtt://[::1", "mqtt://[::1]1883", "mqtt://[broker]"]
        {
            assert!(matches!(refusal(text), UrlError::Host(_)), "{text}");
        }
    }

    #[test]
    fn loopback_is_recognised_by_name_and_by_address() {
        for text in ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(url(&format!("mqtt://{text}")).is_loopback(), "{text}");
        }
        for text in ["localhost.example", "notlocalhost", "128.0.0.1", "[::2]"] {
            assert!(!url(&format!("mqtt://{text}")).is_loopback(), "{text}");
        }
    }

    #[test]
    fn each_slip_gets_its_own_next_step() {
        let slips = [
            ("broker:1883", "write mqtt://broker:1883, or mqtts://broker:1883 for TLS"),
            ("http://broker", "`http://` does not lead to a broker; write mqtt://"),
            ("mqtt://", "names no host"),
            ("mqtt://:1883", "names no host"),
            ("mqtt://bro ker", "invalid host name `bro ker`"),
            ("mqtt://bröker", "invalid host name `bröker`"),
            ("mqtt://broker:", "invalid port ``; use a number from 1 to 65535"),
            ("mqtt://broker:0", "invalid port `0`"),
            ("mqtt://broker:65536", "invalid port `65536`"),
            ("mqtt://broker:+7", "invalid port `+7`"),
            ("mqtt://broker:1883/vehicles", "`/vehicles` after the broker's address means nothing"),
            ("mqtt://broker?tls", "`?tls` after"),
        ];
        for (text, sentence) in slips {
            let said = refusal(text).to_string();
            assert!(said.contains(sentence), "{text}: {said}");
        }
    }

    #[test]
    fn a_login_is_refused_without_repeating_the_password() {
        for text in ["mqtt://mule:hunter2@broker", "mule:hunter2@broker", "http://hunter2@broker"] {
            let said = refusal(text).to_string();
            assert!(said.contains("password into a file") && !said.contains("hunter2"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn what_is_displayed_is_read_back(host in "[a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9]{0,9}){0,3}", port in 1_u16.., tls: bool) {
            let url = BrokerUrl { host, port, tls };
            prop_assert_eq!(url.to_string().parse(), Ok(url));
        }

        #[test]
        fn no_text_is_read_as_something_that_displays_unreadably(text in "mqtts?://[\\[\\]a-z0-9.:/-]{0,20}|\\PC*") {
            if let Ok(url) = text.parse::<BrokerUrl>() {
                prop_assert_eq!(url.to_string().parse(), Ok(url));
            }
        }
    }
}
