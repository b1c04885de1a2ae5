//! Roles and their rights, and the tags by which a vehicle and its consoles know each other.
//!
//! A tag is HMAC-SHA-256 under a key that only these two have, cut to 8 bytes, over a list of values in deterministic
//! CBOR; section 4 of the contract has the list. Both encodings of a message have the same tag.

mod key_file;
mod role;
mod secret;
mod signed;
mod signer;

pub use key_file::{KeyFile, KeyFileError};
pub use role::Role;
pub use secret::Secret;
pub use signer::Signer;
