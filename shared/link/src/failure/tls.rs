//! Why no TLS connection comes about.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use crate::tls::TlsFiles;
use crate::validity::day;
use vehicle_protocol::Advice;

/// Why no TLS connection comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsCause {
    /// None of those we trust vouches for the broker.
    UnknownCa,
    /// The broker's certificate has expired; the text is when, and what the day is taken for.
    Expired(String),
    /// The broker's certificate is not yet valid; the text is when it will be, and what the day is taken for.
    NotYetValid(String),
    /// The broker's certificate is for another name.
    WrongName,
    /// The broker wants a client certificate, and none was given.
    CertificateRequired,
    /// The broker does not accept the client certificate; the text is its alert.
    CertificateRefused(String),
    /// Something answers, but not with TLS.
    NotTls,
    /// The other side hung up during the handshake.
    Closed,
    /// Something else, in the words of the TLS library.
    Other(String),
}

impl TlsCause {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "rustls has many errors and adds more; it words the rest itself"
    )]
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            Error::InvalidMessage(_) => Self::NotTls,
            error => Self::Other(error.to_string()),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "rustls has many errors and adds more; it words the rest itself"
    )]
    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            // A bad signature is what a CA made anew under its old name looks like.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownCa,
            CertificateError::Expired => Self::Expired("long ago".to_owned()),
            CertificateError::ExpiredContext { time, not_after } => {
                Self::Expired(format!("on {}, and it is {} here", day(*not_after), day(*time)))
            }
            CertificateError::NotValidYet => Self::NotYetValid("yet".to_owned()),
            CertificateError::NotValidYetContext { time, not_before } => {
                Self::NotYetValid(format!("from {} on, and it is {} here", day(*not_before), day(*time)))
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            error => Self::Other(format!("the broker's certificate is no good: {error}")),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the alerts that concern a certificate, and the rest")]
    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired => Self::CertificateRequired,
            AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate => Self::CertificateRefused(format!("{alert:?}")),
            alert => Self::Other(format!("the broker gives up with the alert {alert:?}")),
        }
    }

    /// Tells whether trying again is in vain until a person changes something.
    pub(super) fn is_permanent(&self) -> bool {
        *self != Self::Closed
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::UnknownCa => "name the file of the CA that signed it",
            Self::Expired(_) => "have it renewed, and check this machine's clock",
            Self::NotYetValid(_) => "check this machine's clock",
            Self::WrongName => "use the name in the certificate, or have the certificate made for this one",
            Self::CertificateRequired => "give a client certificate and its key",
            Self::CertificateRefused(alert) => refused(alert),
            Self::NotTls => "use mqtt://, or the broker's TLS port (often 8883)",
            Self::Closed => "check that this is the broker's TLS port (often 8883)",
            Self::Other(_) => "look into the broker's log",
        }
    }

    /// Names the problem, with the file of ours that it is about.
    pub(super) fn advice(&self, files: &TlsFiles) -> Advice {
        let what = match self {
            Self::UnknownCa => match &files.ca_file {
                Some(path) => format!("no CA in {} has signed the broker's certificate", path.display()),
                None => "no CA that this machine trusts has signed the broker's certificate".to_owned(),
            },
            Self::Expired(when) => format!("the broker's certificate has expired {when}"),
            Self::NotYetValid(when) => format!("the broker's certificate is valid only {when}"),
            Self::WrongName => "the broker's certificate is for another name".to_owned(),
            Self::CertificateRequired => "the broker wants a client certificate".to_owned(),
            Self::CertificateRefused(alert) => match &files.cert_file {
                Some(path) => format!("the broker refuses the certificate {} ({alert})", path.display()),
                None => format!("the broker refuses the client certificate ({alert})"),
            },
            Self::NotTls => "what answers does not speak TLS".to_owned(),
            Self::Closed => "the other side hung up during the handshake".to_owned(),
            Self::Other(text) => text.clone(),
        };
        Advice::new(what, self.next_step())
    }
}

/// What to do about a certificate that the broker refuses with this alert.
fn refused(alert: &str) -> &'static str {
    match alert {
        "CertificateExpired" => "have a new one made: control-console certs issue, with --renew",
        "CertificateRevoked" => "it was revoked: have its authority issue a new one",
        "UnknownCA" => "give one from the CA that the broker trusts",
        _ => "give one that is in force and from a CA that the broker trusts",
    }
}

/// Finds the TLS library's own error in one of the socket.
pub(super) fn inner(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}
