//! Closed sets of words as they stand on the wire.

use serde::de::value::Error;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IntoDeserializer};

/// Defines an enum whose variants are exact words on the wire, with the list of all of them. A number before each variant
/// is that of the word in the compact encoding; it stays for ever.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $number:literal $variant:ident = $word:literal,)+ }) => {
        $crate::word::words! { $(#[$about])* $name { $($(#[$doc])* $variant = $word,)+ } }

        impl $name {
            /// Its number in the compact encoding.
            #[must_use]
            pub const fn number(self) -> u64 {
                match self { $(Self::$variant => $number),+ }
            }

            /// The member of the set with a number.
            #[must_use]
            pub const fn from_number(number: u64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every word of the set, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The member of the set that `word` names exactly.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| {
                    serde::de::Error::custom(format_args!(concat!("{:?} is no ", stringify!($name)), word))
                })
            }
        }
    };
}
pub(crate) use words;

/// Reads a word that a newer vehicle may have added to its set: one that is not known reads as none, so that the rest of
/// the message is not lost with it.
pub(crate) fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.and_then(|word| T::deserialize(IntoDeserializer::<Error>::into_deserializer(word)).ok()))
}
