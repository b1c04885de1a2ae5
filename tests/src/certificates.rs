//! A certificate authority for one test: P-256 throughout, as shipped installations use.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;

/// An authority with a certificate for a server on loopback; makes client certificates on request.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    server: Identity,
}

/// The files of one certificate and its private key, both PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Certificates {
    /// Makes an authority and a server certificate for `localhost` and `127.0.0.1`, and for what emulated boards call
    /// their host, in a temporary folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn create() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        fs::write(folder.path().join("ca.pem"), params.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(params, key);

        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "10.0.2.2".to_owned()];
        let mut params = CertificateParams::new(names)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server = sign(folder.path(), &issuer, "localhost", params)?;
        Ok(Self { folder, issuer, server })
    }

    /// Makes a client certificate; its common name is what the broker takes for the user's name.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written, or `name` cannot be a file's name.
    pub fn client(&self, name: &str) -> Result<Identity> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        sign(self.folder.path(), &self.issuer, name, params)
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The server's certificate and key.
    #[must_use]
    pub fn server(&self) -> &Identity {
        &self.server
    }
}

/// Makes what no authority in its right mind would: a certificate for any time, signed by the authority whose key and name
/// these are; for a broker on `localhost` if it is called so, else for a client.
///
/// # Errors
///
/// When the key cannot be read, or `folder` not written.
pub fn forge(folder: &Path, authority: (&Path, &str), name: &str, years: (i32, i32)) -> Result<Identity> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, authority.1);
    let issuer = Issuer::new(params, KeyPair::from_pem(&fs::read_to_string(authority.0)?)?);
    let (names, usage) = match name {
        "localhost" => (vec![name.to_owned()], ExtendedKeyUsagePurpose::ServerAuth),
        _ => (Vec::new(), ExtendedKeyUsagePurpose::ClientAuth),
    };
    let mut params = CertificateParams::new(names)?;
    params.extended_key_usages = vec![usage];
    params.distinguished_name = rcgen::DistinguishedName::new();
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    sign(folder, &issuer, name, params)
}

fn sign(
    folder: &Path,
    issuer: &Issuer<'static, KeyPair>,
    name: &str,
    mut params: CertificateParams,
) -> Result<Identity> {
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let identity = Identity {
        certificate: folder.join(format!("{name}.crt.pem")),
        key: folder.join(format!("{name}.key.pem")),
    };
    fs::write(&identity.certificate, params.signed_by(&key, issuer)?.pem())
        .with_context(|| format!("certificate of {name}"))?;
    fs::write(&identity.key, key.serialize_pem())?;
    Ok(identity)
}
