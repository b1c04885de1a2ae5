//! Random bytes from the system, for names that nobody else may have.

use crate::exit::{Exit, Fault};
use vehicle_protocol::Nonce;
use vehicle_protocol::auth::Secret;

fn bytes<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        let what = format!("the system gives no random bytes: {error}");
        Fault::new(Exit::Other, what, "check /dev/urandom")
    })?;
    Ok(bytes)
}

/// A nonce for a session request.
///
/// # Errors
/// If the system has no source of randomness.
pub fn nonce() -> Result<Nonce, Fault> {
    bytes().map(Nonce)
}

/// The secret of a key.
///
/// # Errors
/// If the system has no source of randomness.
pub fn secret() -> Result<Secret, Fault> {
    bytes().map(Secret::from)
}

/// A seed, for the jitter of the back-off.
///
/// # Errors
/// If the system has no source of randomness.
pub fn seed() -> Result<u64, Fault> {
    bytes().map(u64::from_le_bytes)
}

/// A name of 16 hexadecimal digits, for a command or a client.
///
/// # Errors
/// If the system has no source of randomness.
pub fn name() -> Result<String, Fault> {
    bytes::<8>().map(|bytes| base16ct::lower::encode_string(&bytes))
}
