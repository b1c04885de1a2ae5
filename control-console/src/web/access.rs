//! Access rules: our host names, the origins that may ask, and the role that a token opens.

use crate::exit::{Exit, Fault};
use crate::random;
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq as _;

/// The rights of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Look, and stop in emergency, as anybody on the wire may.
    View,
    /// Everything.
    Control,
}

/// The rules of one server.
pub(super) struct Access {
    address: SocketAddr,
    secure: bool,
    names: Vec<String>,
    control: String,
    view: String,
}

impl Access {
    /// Makes the rules for a server at `address` that is also known by `names`.
    ///
    /// # Errors
    /// If the system has no random numbers, or a name can't be one.
    pub(super) fn new(address: SocketAddr, secure: bool, names: &[String]) -> Result<Self, Fault> {
        let legal = |name: &&String| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        };
        if let Some(bad) = names.iter().find(|name| !legal(name)) {
            let what = format!("{bad:?} is no host name");
            return Err(Fault::new(Exit::Usage, what, "give the name alone, such as --name rover.local"));
        }
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let (control, view) = (random::nonce()?.to_string(), random::nonce()?.to_string());
        Ok(Self { address, secure, names, control, view })
    }

    /// Returns the link that can drive, and the one for viewing only.
    pub(super) fn links(&self) -> [String; 2] {
        let scheme = if self.secure { "https" } else { "http" };
        let host = match self.names.first() {
            Some(name) => name.clone(),
            None if self.address.ip().is_unspecified() => "THIS-MACHINE".to_owned(),
            None if self.address.is_ipv6() => format!("[{}]", self.address.ip()),
            None => self.address.ip().to_string(),
        };
        let page = format!("{scheme}://{host}:{}/", self.address.port());
        // What stands after the # stays in the browser: no log and no other site gets to see it.
        let view =
            if self.address.ip().is_loopback() { String::new() } else { format!("#view={}", self.view) };
        [format!("{page}#control={}", self.control), format!("{page}{view}")]
    }

    /// Finds the role that a token opens; none if it is wrong, or missing where one is needed.
    pub(super) fn role(&self, token: Option<&str>) -> Option<Role> {
        let is = |known: &str, token: &str| bool::from(known.as_bytes().ct_eq(token.as_bytes()));
        match token {
            Some(token) if is(&self.control, token) => Some(Role::Control),
            Some(token) if is(&self.view, token) => Some(Role::View),
            None if self.address.ip().is_loopback() => Some(Role::View),
            Some(_) | None => None,
        }
    }

    /// Checks the host that a request names: one that only an attacker's name server leads here is none of ours.
    pub(super) fn is_our_host(&self, host: &str) -> bool {
        let default = if self.secure { 443 } else { 80 };
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(default)),
        };
        port == Some(self.address.port()) && self.is_our_name(name)
    }

    fn is_our_name(&self, name: &str) -> bool {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        match bare.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => {
                self.address.ip().is_loopback() || self.address.ip().is_unspecified()
            }
            // An address needs no name server, so that nobody can lead it here.
            Ok(ip) => self.address.ip() == ip || self.address.ip().is_unspecified(),
            Err(_) if self.address.ip().is_loopback() && name.eq_ignore_ascii_case("localhost") => true,
            Err(_) => self.names.iter().any(|known| name.eq_ignore_ascii_case(known)),
        }
    }

    /// Checks that `origin` is a page of this server, as it was asked for at `host`.
    pub(super) fn is_our_origin(&self, origin: &str, host: &str) -> bool {
        let scheme = if self.secure { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: &str, names: &[&str]) -> Access {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Access::new(address.parse().unwrap(), false, &names).unwrap()
    }

    #[test]
    fn on_loopback_looking_is_free_and_driving_needs_the_token() {
        let access = access("127.0.0.1:8000", &[]);
        let [control, view] = access.links();
        let token = control.split_once("#control=").unwrap().1;
        assert_eq!((token.len(), view.as_str()), (32, "http://127.0.0.1:8000/"));
        assert_eq!(access.role(Some(token)), Some(Role::Control));
        assert_eq!(access.role(None), Some(Role::View));
        for bad in ["", &token[1..], &token.to_uppercase(), &"0".repeat(32)] {
            assert_eq!(access.role(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn beyond_loopback_looking_needs_a_token_too() {
        let access = access("192.0.2.7:8000", &["rover.local"]);
        let [_, view] = access.links();
        let token = view.strip_prefix("http://rover.local:8000/#view=").unwrap();
        assert_eq!((access.role(Some(token)), access.role(None)), (Some(Role::View), None));
    }

    #[test]
    fn a_name_that_is_not_ours_is_refused() {
        let local = access("127.0.0.1:8000", &[]);
        for (host, ours) in [
            ("127.0.0.1:8000", true),
            ("localhost:8000", true),
            ("LOCALHOST:8000", true),
            ("[::1]:8000", true),
            ("localhost", false),
            ("localhost:8001", false),
            ("evil.example:8000", false),
            ("192.0.2.7:8000", false),
            ("", false),
        ] {
            assert_eq!(local.is_our_host(host), ours, "{host}");
        }
        let wide = access("0.0.0.0:8000", &["rover.local"]);
        for (host, ours) in
            [("rover.local:8000", true), ("192.0.2.7:8000", true), ("evil.example:8000", false)]
        {
            assert_eq!(wide.is_our_host(host), ours, "{host}");
        }
    }

    #[test]
    fn a_page_of_another_site_is_no_page_of_ours() {
        let access = access("127.0.0.1:8000", &[]);
        for (origin, ours) in [
            ("http://127.0.0.1:8000", true),
            ("https://127.0.0.1:8000", false),
            ("http://127.0.0.1:8001", false),
            ("http://evil.example", false),
            ("null", false),
        ] {
            assert_eq!(access.is_our_origin(origin, "127.0.0.1:8000"), ours, "{origin}");
        }
    }
}
