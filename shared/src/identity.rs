//! Names and numbers that tell vehicles, operators, commands, boots and sessions apart.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The reason for which a text is not a name or number of the contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not `[a-z0-9][a-z0-9-]{0,31}`.
    #[error(
        "invalid name {0:?}: use lower-case letters, digits and hyphens (at most 32), not beginning with a hyphen"
    )]
    Name(String),
    /// The reserved word.
    #[error("\"all\" is reserved: give each vehicle a name of its own")]
    Reserved,
    /// No command ID.
    #[error("an ID has 1 to 64 characters, none of them a control character")]
    Id,
    /// Not the right count of lower-case hexadecimal digits.
    #[error("expected {0} lower-case hexadecimal digits")]
    Hex(usize),
}

fn checked_name(text: &str) -> Result<String, NameError> {
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    match text.as_bytes() {
        [first, ..] if *first != b'-' && text.len() <= 32 && text.bytes().all(legal) => Ok(text.to_owned()),
        _ => Err(NameError::Name(text.chars().take(40).collect())),
    }
}

fn checked_vehicle(text: &str) -> Result<String, NameError> {
    if text == "all" { Err(NameError::Reserved) } else { checked_name(text) }
}

fn checked_id(text: &str) -> Result<String, NameError> {
    let length = text.chars().take(65).count();
    if (1..=64).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(NameError::Id)
    }
}

macro_rules! name {
    ($(#[$about:meta])* $name:ident, $check:path) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                $check(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

name!(
    /// A vehicle: `[a-z0-9][a-z0-9-]{0,31}`, but not `all`.
    VehicleId, checked_vehicle
);
name!(
    /// A person or program that drives: `[a-z0-9][a-z0-9-]{0,31}`.
    OperatorName, checked_name
);
name!(
    /// A key that signs commands: `[a-z0-9][a-z0-9-]{0,31}`.
    KeyName, checked_name
);
name!(
    /// The ID that its sender gives one command: 1 to 64 characters without control characters.
    CommandId, checked_id
);

macro_rules! hex_bytes {
    ($(#[$about:meta])* $name:ident, $count:literal) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; $count]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(encode_hex(&self.0, &mut [0; $count * 2]))
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let mut bytes = [0; $count];
                decode_hex(text, &mut bytes).ok_or(NameError::Hex($count * 2))?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(encode_hex(&self.0, &mut [0; $count * 2]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

/// Writes bytes into a text of twice their length.
fn encode_hex<'t>(bytes: &[u8], text: &'t mut [u8]) -> &'t str {
    base16ct::lower::encode_str(bytes, text).unwrap_or_default()
}

/// Reads exactly as many bytes as there are.
pub(crate) fn decode_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    let wanted = bytes.len();
    let read = base16ct::lower::decode(text, bytes).ok()?;
    (read.len() == wanted).then_some(())
}

hex_bytes!(
    /// One boot of a vehicle, or what follows a suspend: 16 random bytes.
    Epoch, 16
);
hex_bytes!(
    /// Ties a session answer to its request: 16 random bytes.
    Nonce, 16
);
hex_bytes!(
    /// A signed session: 4 bytes that the vehicle drew.
    SessionId, 4
);
hex_bytes!(
    /// The tag of a signed message: HMAC-SHA-256 cut to 8 bytes.
    Mac, 8
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_case_short_and_does_not_begin_with_a_hyphen() {
        for good in ["a", "rover-1", "0", &"x".repeat(32)] {
            assert!(good.parse::<VehicleId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "Rover", "a b", "a/b", "+", "#", "ä", "all", &"x".repeat(33)] {
            assert!(bad.parse::<VehicleId>().is_err(), "{bad}");
        }
        assert!("all".parse::<OperatorName>().is_ok());
    }

    #[test]
    fn an_id_is_any_short_text_without_control_characters() {
        for good in ["1", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "fahr los ä", &"ä".repeat(64)] {
            assert!(good.parse::<CommandId>().is_ok(), "{good}");
        }
        for bad in ["", "a\nb", "\u{0}", &"x".repeat(65)] {
            assert!(bad.parse::<CommandId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bytes_are_lower_case_hexadecimal_of_exact_length() {
        let id: SessionId = "00ff1a2b".parse().unwrap();
        assert_eq!((id, id.to_string().as_str()), (SessionId([0, 255, 26, 43]), "00ff1a2b"));
        for bad in ["", "00FF1A2B", "00ff1a2", "00ff1a2b0", "00ff1a2g", "+0ff1a2b"] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
    }
}
