//! Whom we trust, and who we are, from PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, Error, RootCertStore, crypto};

use crate::endpoint::{EndpointError, FileRole, read};

/// The PEM files of a TLS connection; all are optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Those who may vouch for the broker; without it, those whom this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate, with those between it and the CA.
    pub cert_file: Option<PathBuf>,
    /// The private key of the client's certificate.
    pub key_file: Option<PathBuf>,
}

impl TlsFiles {
    /// Reads the files; the cryptography is named here, so that no default of the process is needed.
    pub(crate) fn client_config(&self, time: Arc<dyn TimeProvider>) -> Result<ClientConfig, EndpointError> {
        let pair = self.pair()?;
        let roots = match &self.ca_file {
            Some(path) => roots(path)?,
            None => platform_roots(rustls_native_certs::load_native_certs())?,
        };
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let Some((cert_path, key_path)) = pair else { return Ok(builder.with_no_client_auth()) };
        let chain = certificates(FileRole::Certificate, cert_path)?;
        builder.with_client_auth_cert(chain, private_key(key_path)?).map_err(|error| {
            if let Error::InconsistentKeys(_) = error {
                return EndpointError::KeyMismatch {
                    key: key_path.to_owned(),
                    certificate: cert_path.to_owned(),
                };
            }
            malformed(FileRole::Certificate, cert_path, error.to_string())
        })
    }

    fn pair(&self) -> Result<Option<(&Path, &Path)>, EndpointError> {
        let unpaired = |given, path: &Path, missing| {
            Err(EndpointError::Unpaired { given, path: path.to_owned(), missing })
        };
        match (&self.cert_file, &self.key_file) {
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
            (Some(path), None) => unpaired(FileRole::Certificate, path, FileRole::Key),
            (None, Some(path)) => unpaired(FileRole::Key, path, FileRole::Certificate),
            (None, None) => Ok(None),
        }
    }
}

fn malformed(role: FileRole, path: &Path, reason: impl Into<String>) -> EndpointError {
    EndpointError::Malformed { role, path: path.to_owned(), reason: reason.into() }
}

fn roots(path: &Path) -> Result<RootCertStore, EndpointError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(FileRole::Ca, path)? {
        roots.add(certificate).map_err(|error| malformed(FileRole::Ca, path, error.to_string()))?;
    }
    Ok(roots)
}

/// Takes what can be used of the platform's store: among many, some are always too old to be understood.
fn platform_roots(found: rustls_native_certs::CertificateResult) -> Result<RootCertStore, EndpointError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let reason = found.errors.first().map(|error| format!(" ({error})"));
        return Err(EndpointError::NoRoots(reason.unwrap_or_default()));
    }
    Ok(roots)
}

pub(crate) fn certificates(
    role: FileRole,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, EndpointError> {
    let pem = read(role, path)?;
    let certificates: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| malformed(role, path, pem_reason(&error)))?;
    if certificates.is_empty() {
        return Err(malformed(role, path, "it holds no certificate"));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, EndpointError> {
    let pem = read(FileRole::Key, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
        let is_encrypted = pem.windows(9).any(|window| window == b"ENCRYPTED");
        let reason = match (error, is_encrypted) {
            (PemError::NoItemsFound, true) => "its private key is encrypted".to_owned(),
            (PemError::NoItemsFound, false) => "it holds no private key".to_owned(),
            (error, _) => pem_reason(&error),
        };
        malformed(FileRole::Key, path, reason)
    })
}

fn pem_reason(error: &PemError) -> String {
    format!("its PEM form is damaged ({error})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::time_provider::DefaultTimeProvider;
    use std::fs;

    /// A folder with a CA, a certificate of its own making, and the key of another.
    struct Folder {
        folder: tempfile::TempDir,
    }

    impl Folder {
        fn new() -> Self {
            let made = Self { folder: tempfile::tempdir().unwrap() };
            let pair = rcgen::generate_simple_self_signed(["mule".to_owned()]).unwrap();
            let other = rcgen::KeyPair::generate().unwrap();
            made.write("cert.pem", &pair.cert.pem());
            made.write("key.pem", &pair.signing_key.serialize_pem());
            made.write("other.pem", &other.serialize_pem());
            made
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder.path().join(name), text).unwrap();
        }

        fn refusal(&self, ca: Option<&str>, cert: Option<&str>, key: Option<&str>) -> String {
            self.config(ca, cert, key).expect_err("refused").to_string()
        }

        fn config(
            &self,
            ca: Option<&str>,
            cert: Option<&str>,
            key: Option<&str>,
        ) -> Result<ClientConfig, EndpointError> {
            let path = |name: Option<&str>| name.map(|name| self.folder.path().join(name));
            TlsFiles { ca_file: path(ca), cert_file: path(cert), key_file: path(key) }
                .client_config(Arc::new(DefaultTimeProvider))
        }
    }

    #[test]
    fn a_ca_alone_and_a_ca_with_a_pair_are_accepted() {
        let folder = Folder::new();
        assert!(!folder.config(Some("cert.pem"), None, None).unwrap().client_auth_cert_resolver.has_certs());
        let config = folder.config(Some("cert.pem"), Some("cert.pem"), Some("key.pem")).unwrap();
        assert!(config.client_auth_cert_resolver.has_certs());
    }

    #[test]
    fn a_certificate_without_key_and_a_key_without_certificate_are_refused() {
        let folder = Folder::new();
        let said = folder.refusal(Some("cert.pem"), Some("cert.pem"), None);
        assert!(said.contains("cert.pem needs a key file beside it"), "{said}");
        let said = folder.refusal(None, None, Some("key.pem"));
        assert!(said.contains("key.pem needs a certificate file beside it"), "{said}");
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_with_both_names() {
        let said = Folder::new().refusal(Some("cert.pem"), Some("cert.pem"), Some("other.pem"));
        assert!(said.contains("other.pem does not belong to the certificate in"), "{said}");
    }

    #[test]
    fn each_unusable_file_is_named_with_its_reason() {
        let folder = Folder::new();
        folder.write("empty.pem", "");
        folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
        folder.write("nonsense.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        folder.write("encrypted.pem", encrypted);
        let cert = Some("cert.pem");
        let cases = [
            (
                folder.refusal(Some("none.pem"), None, None),
                "the CA file ",
                "none.pem cannot be read: No such file",
            ),
            (folder.refusal(Some("empty.pem"), None, None), "the CA file ", "it holds no certificate"),
            (folder.refusal(Some("key.pem"), None, None), "the CA file ", "it holds no certificate"),
            (folder.refusal(Some("broken.pem"), None, None), "the CA file ", "its PEM form is damaged"),
            (folder.refusal(Some("nonsense.pem"), None, None), "the CA file ", "invalid peer certificate"),
            (
                folder.refusal(cert, Some("key.pem"), Some("key.pem")),
                "the certificate file ",
                "holds no certificate",
            ),
            (folder.refusal(cert, cert, Some("none.pem")), "the key file ", "none.pem cannot be read"),
            (folder.refusal(cert, cert, cert), "the key file ", "it holds no private key"),
            (
                folder.refusal(cert, cert, Some("encrypted.pem")),
                "the key file ",
                "its private key is encrypted",
            ),
        ];
        for (said, start, part) in cases {
            assert!(said.starts_with(start) && said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_machine_without_trusted_certificates_asks_for_a_ca_file() {
        let said = platform_roots(rustls_native_certs::CertificateResult::default()).unwrap_err().to_string();
        assert_eq!(said, "this machine offers no certificates to trust; name the CA's file");
    }
}
