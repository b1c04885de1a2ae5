//! How long certificates last.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::UnixTime;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

use crate::endpoint::{Endpoint, EndpointError, FileRole};
use crate::tls::certificates;
use vehicle_protocol::Advice;

/// What ends so soon is warned of.
const SOON: Duration = Duration::from_secs(30 * 86_400);

/// The end of the year 9999, after which no certificate can last.
const LAST: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(253_402_300_799));

/// The day of a moment, as 2026-11-22.
#[must_use]
pub fn day(time: UnixTime) -> String {
    let known = Duration::from_secs(time.as_secs().min(LAST.as_secs()));
    let Some(time) = SystemTime::UNIX_EPOCH.checked_add(known) else { return String::new() };
    humantime::format_rfc3339_seconds(time).to_string().chars().take(10).collect()
}

/// When the client's own certificate ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    path: PathBuf,
    ends: UnixTime,
}

impl Endpoint {
    /// Reads when the client's own certificate ends; nothing without one.
    ///
    /// # Errors
    ///
    /// If its file cannot be used.
    pub fn ending(&self) -> Result<Option<Ending>, EndpointError> {
        let Some(path) = self.tls.cert_file.clone().filter(|_| self.url.is_tls()) else { return Ok(None) };
        let chain = certificates(FileRole::Certificate, &path)?;
        let ends = chain.first().and_then(|own| {
            let own = ParsedCertificate::try_from(own).ok()?;
            let provider = default_provider();
            let algorithms = provider.signature_verification_algorithms.all;
            // Nobody to trust is needed: the dates of a certificate are looked at before those who signed it.
            let refusal = verify_server_cert_signed_by_trust_anchor(
                &own,
                &RootCertStore::empty(),
                &[],
                LAST,
                algorithms,
            );
            match refusal {
                Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                    Some(not_after)
                }
                _ => None,
            }
        });
        Ok(ends.map(|ends| Ending { path, ends }))
    }
}

impl Ending {
    fn left(&self, now: UnixTime) -> Option<Duration> {
        Duration::from_secs(self.ends.as_secs()).checked_sub(Duration::from_secs(now.as_secs()))
    }

    /// Which certificate it is and when it ends, as a sentence without full stop.
    #[must_use]
    pub fn told(&self, now: UnixTime) -> String {
        let (path, day) = (self.path.display(), day(self.ends));
        match self.left(now) {
            Some(left) => {
                format!("the certificate {path} ends on {day}, in {} days", left.as_secs() / 86_400)
            }
            None => format!("the certificate {path} has ended on {day}"),
        }
    }

    /// A warning with its next step, from 30 days before the end on.
    #[must_use]
    pub fn warning(&self, now: UnixTime) -> Option<Advice> {
        let is_soon = self.left(now).is_none_or(|left| left <= SOON);
        let step = "have a new one made: control-console certs issue, with --renew";
        is_soon.then(|| Advice::new(self.told(now), step))
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers are written here")]
mod tests {
    use super::*;
    use crate::TlsFiles;

    fn at(days: i64) -> UnixTime {
        let end = 1_893_456_000_i64; // 2030-01-01
        UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(end + days * 86_400).unwrap()))
    }

    #[test]
    fn a_certificate_is_warned_of_from_thirty_days_before_its_end_on() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("own.pem"), rcgen::KeyPair::generate().unwrap());
        let mut params = rcgen::CertificateParams::default();
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        std::fs::write(&path, params.self_signed(&key).unwrap().pem()).unwrap();
        let tls = TlsFiles { cert_file: Some(path), ..TlsFiles::default() };
        let endpoint = Endpoint { tls, ..Endpoint::new("mqtts://broker".parse().unwrap()) };
        let ending = endpoint.ending().unwrap().unwrap();
        assert_eq!(ending.warning(at(-31)), None);
        let said = ending.warning(at(-9)).unwrap().to_string();
        assert!(said.contains("own.pem ends on 2030-01-01, in 9 days; "), "{said}");
        assert!(ending.warning(at(1)).unwrap().what.contains("has ended on 2030-01-01"));
        assert_eq!(Endpoint::new("mqtts://broker".parse().unwrap()).ending().unwrap(), None);
    }

    #[test]
    fn no_moment_is_too_far_to_be_told() {
        assert_eq!(day(UnixTime::since_unix_epoch(Duration::ZERO)), "1970-01-01");
        assert_eq!(day(LAST), "9999-12-31");
        assert_eq!(day(UnixTime::since_unix_epoch(Duration::MAX)), "9999-12-31");
    }
}
