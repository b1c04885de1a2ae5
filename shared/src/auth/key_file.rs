//! A key as it lies in a file, on the vehicle and on the console alike.

use super::{Role, Secret, Signer};
use crate::{KeyName, VehicleId};
use serde::Deserialize;
use zeroize::Zeroizing;

/// One key of one vehicle: a JSON object with just these four keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The vehicle that takes it.
    pub vehicle: VehicleId,
    /// Its name.
    pub key: KeyName,
    /// Its role; only the copy in the vehicle's file counts.
    pub role: Role,
    /// Its bytes.
    pub secret: Secret,
}

/// Why a text is no key file; tells nothing of its secret.
#[derive(Debug, thiserror::Error)]
#[error(
    "no key file ({0}): it is one JSON object with vehicle, key, role (viewer, driver, owner) and secret (64 hexadecimal digits)"
)]
pub struct KeyFileError(#[source] serde_json::Error);

impl KeyFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// For what is not exactly such an object.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        serde_json::from_str(text).map_err(KeyFileError)
    }

    /// The text of the file, one line; wiped from memory when dropped.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let Self { vehicle, key, role, secret } = self;
        // Names hold nothing that JSON escapes.
        let head = format!(r#"{{"vehicle":"{vehicle}","key":"{key}","role":"{role}","secret":""#);
        let mut text = Zeroizing::new(String::with_capacity(256));
        for part in [head.as_str(), secret.to_hex().as_str(), "\"}\n"] {
            text.push_str(part);
        }
        text
    }

    /// Borrows the key to sign and verify with it.
    #[must_use]
    pub const fn signer(&self) -> Signer<'_> {
        Signer { vehicle: &self.vehicle, key: &self.key, secret: &self.secret }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\"vehicle\":\"rover-1\",\"key\":\"tablet\",\"role\":\"driver\",\
        \"secret\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}\n";

    #[test]
    fn a_key_file_is_written_as_it_was_read() {
        let file = KeyFile::parse(TEXT).unwrap();
        assert_eq!((file.key.as_str(), file.role), ("tablet", Role::Driver));
        assert_eq!(*file.to_text(), TEXT);
        assert!(!format!("{file:?}").contains("0001"));
    }

    #[test]
    fn what_is_nearly_a_key_file_is_refused_without_a_word_of_the_secret() {
        for bad in [
            TEXT.replace("driver", "admin"),
            TEXT.replace("tablet", "Tablet"),
            TEXT.replace("0001", "000"),
            TEXT.replace("1e1f", "1E1F"),
            TEXT.replace(r#""role":"driver","#, ""),
            TEXT.replace('{', r#"{"more":1,"#),
            format!("{TEXT}{TEXT}"),
        ] {
            let said = KeyFile::parse(&bad).unwrap_err().to_string();
            assert!(!said.contains("0203") && said.starts_with("no key file"), "{said}");
        }
    }
}
