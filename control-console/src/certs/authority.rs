//! The authority's own work: keys, certificates, and the list of what was revoked. ECDSA on P-256 throughout: with RSA a
//! connection takes two thirds more bytes.

use super::identity::Identity;
use super::register::{Entry, Register};
use super::store::{self, Store};
use super::when::When;
use crate::cli::Kind;
use crate::exit::{Exit, Fault};
use crate::random;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use vehicle_link::secret_file;
use vehicle_protocol::Nonce;

/// The authority with its key.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM form.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    /// Makes an authority and its certificate. Its name is its own: two of one name could not be told apart.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub(super) fn new(days: u32, now: When) -> Result<(Self, Pair, Register), Fault> {
        let name = format!("vehicle authority {}", random::name()?);
        let register = Register {
            name,
            begins: now.backdated(),
            ends: now.after(days)?,
            crl_number: 0,
            certificates: Vec::new(),
        };
        let key = KeyPair::generate().map_err(cryptography)?;
        let params = params(&register);
        let certificate = params.self_signed(&key).map_err(cryptography)?.pem();
        let pair = Pair { certificate, key: key.serialize_pem() };
        Ok((Self { issuer: Issuer::new(params, key) }, pair, register))
    }

    /// Reads its key.
    ///
    /// # Errors
    /// If the key is missing, open to others, or none.
    pub(super) fn read(store: &Store, register: &Register) -> Result<Self, Fault> {
        let path = store.authority_key();
        let text = secret_file::read(&path).map_err(store::fault)?;
        let key = KeyPair::from_pem(&text).map_err(|error| {
            let what = format!("{} holds no key of an authority: {error}", path.display());
            Fault::new(Exit::Other, what, "put back the last good copy of it")
        })?;
        Ok(Self { issuer: Issuer::new(params(register), key) })
    }

    /// Makes the certificate of `entry` and a key for it.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub(super) fn issue(&self, entry: &Entry) -> Result<Pair, Fault> {
        let mut params = CertificateParams::new(entry.hosts.clone()).map_err(cryptography)?;
        params.distinguished_name = named(&entry.identity().common_name());
        params.serial_number = Some(serial(entry)?);
        (params.not_before, params.not_after) = (entry.begins.into(), entry.ends.into());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // What is issued for one side of a connection is no good for the other.
        params.extended_key_usages = vec![match entry.kind {
            Kind::Broker => ExtendedKeyUsagePurpose::ServerAuth,
            Kind::Vehicle | Kind::Operator => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(cryptography)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(cryptography)?.pem();
        Ok(Pair { certificate, key: key.serialize_pem() })
    }

    /// Signs the list of what was revoked. It is good as long as the authority: a broker lets nobody in on a list that
    /// has run out.
    ///
    /// # Errors
    /// If the register holds a serial that is none.
    pub(super) fn revoked(&self, register: &Register, now: When) -> Result<String, Fault> {
        let mut revoked_certs = Vec::new();
        for entry in &register.certificates {
            let Some(revoked) = entry.revoked else { continue };
            revoked_certs.push(RevokedCertParams {
                serial_number: serial(entry)?,
                revocation_time: revoked.into(),
                reason_code: None,
                invalidity_date: None,
            });
        }
        let list = CertificateRevocationListParams {
            this_update: now.backdated().into(),
            next_update: register.ends.into(),
            crl_number: SerialNumber::from(register.crl_number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).and_then(|list| list.pem()).map_err(cryptography)
    }
}

fn params(register: &Register) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&register.name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (register.begins.into(), register.ends.into());
    params
}

fn named(name: &str) -> rcgen::DistinguishedName {
    let mut names = rcgen::DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// A serial that nobody has had: 16 random bytes, of which the first makes it a positive number of that length.
///
/// # Errors
/// If there are no random numbers.
pub(super) fn new_serial() -> Result<String, Fault> {
    let Nonce(mut bytes) = random::nonce()?;
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    Ok(Nonce(bytes).to_string())
}

fn serial(entry: &Entry) -> Result<SerialNumber, Fault> {
    let Nonce(bytes) = entry.serial.parse().map_err(|_| {
        let what = format!("the register has {:?} for a serial of {}", entry.serial, entry.name);
        Fault::new(Exit::Other, what, "put back the last good copy of register.json")
    })?;
    Ok(SerialNumber::from_slice(&bytes))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn cryptography(error: rcgen::Error) -> Fault {
    Fault::new(Exit::Other, format!("the certificate can't be made: {error}"), "check /dev/urandom")
}

/// SafetyChecks that what is to be issued ends before the authority does.
///
/// # Errors
/// If it does not, with the number of days that are left.
pub(super) fn within(register: &Register, identity: &Identity, ends: When, now: When) -> Result<(), Fault> {
    if ends <= register.ends {
        return Ok(());
    }
    let what = format!("the authority ends on {}, before {identity} would", register.ends.day());
    let step = match register.ends.days_from(now) {
        Some(days @ 1..) => format!("--days {days} at most, or make a new authority with certs init --dir"),
        _ => "make a new authority: control-console certs init --dir DIR".to_owned(),
    };
    Err(Fault::new(Exit::Usage, what, step))
}
