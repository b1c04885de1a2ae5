//! The bytes that make a key.

use crate::cbor::{Item, encode};
use crate::identity::decode_hex;
use crate::{Mac, NameError};
use hmac::{Hmac, KeyInit, Mac as _};
use serde::{Deserialize, Deserializer, de};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const BYTES: usize = 32;

/// 32 random bytes that one vehicle and one key of it share; wiped from memory when dropped, and never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; BYTES]);

impl From<[u8; 32]> for Secret {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

impl FromStr for Secret {
    type Err = NameError;

    /// Reads 64 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut secret = Self([0; BYTES]);
        decode_hex(text, &mut secret.0).ok_or(NameError::Hex(BYTES * 2))?;
        Ok(secret)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SecretVisitor)
    }
}

/// Reads the text where it lies, and says nothing of it.
struct SecretVisitor;

impl de::Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("64 lower-case hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        text.parse().map_err(E::custom)
    }
}

impl Secret {
    /// The bytes as 64 lower-case hexadecimal digits, for a key file.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(base16ct::lower::encode_string(&self.0))
    }

    /// The tag over a list of values.
    pub(super) fn tag(&self, values: &[Item<'_>]) -> Mac {
        let code = self.code(values).finalize().into_bytes();
        let mut tag = Mac::default();
        tag.0.iter_mut().zip(code).for_each(|(byte, from)| *byte = from);
        tag
    }

    /// Compares a tag with the one over a list of values, in the same time for any wrong one.
    pub(super) fn agrees(&self, values: &[Item<'_>], tag: Mac) -> bool {
        self.code(values).verify_truncated_left(&tag.0).is_ok()
    }

    fn code(&self, values: &[Item<'_>]) -> Hmac<Sha256> {
        // HMAC fills a key up to one block with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(self.0).for_each(|(byte, from)| *byte = from);
        let block: &[u8; 64] = &block;
        let mut code = Hmac::new(block.into());
        code.update(&encode(values));
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_64_digits_and_shows_none_of_them() {
        let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let secret: Secret = text.parse().unwrap();
        assert_eq!(*secret.to_hex(), text);
        assert_eq!(format!("{secret:?}"), "Secret(not shown)");
        for bad in ["", &text[1..], &text.to_uppercase(), &format!("{text}0")] {
            assert!(bad.parse::<Secret>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_is_the_beginning_of_the_hmac_that_python_computes() {
        // python3 -c 'import hmac; print(hmac.new(bytes(range(32)), bytes.fromhex("8263767031f6"), "sha256").hexdigest())'
        let secret = Secret(std::array::from_fn(|n| u8::try_from(n).unwrap()));
        let values = ["vp1".into(), Item::Null];
        assert_eq!(secret.tag(&values).to_string(), "e61c74a64e652740");
        assert!(secret.agrees(&values, secret.tag(&values)));
        assert!(!secret.agrees(&values, Mac::default()));
    }
}
