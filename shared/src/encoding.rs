//! The two encodings of commands and answers, told apart by the first byte.

pub use crate::answer::AnswerError;
use crate::{Answer, Envelope, Epoch, KeyName, Refused, SessionId, compact, json};

/// The encoding of a command or an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// For people, other languages and debugging.
    #[default]
    Json,
    /// For metered links.
    Compact,
}

impl Encoding {
    /// Recognises the encoding of bytes: compact if they begin like a list in CBOR, else JSON.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if matches!(bytes.first(), Some(0x80..=0x9f)) { Self::Compact } else { Self::Json }
    }
}

/// Reads a command in either encoding. `session` gives the key and the epoch of a session in the vehicle, which the compact
/// form leaves out; JSON has them and does not ask.
///
/// # Errors
/// As [`json::decode`]; and BAD_EPOCH for a compact command of a session that `session` does not know.
pub fn decode(
    bytes: &[u8],
    session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
) -> Result<Envelope, Refused> {
    match Encoding::of(bytes) {
        Encoding::Json => json::decode(bytes),
        Encoding::Compact => compact::command::decode(bytes, session),
    }
}

/// Writes a command.
#[must_use]
pub fn encode(envelope: &Envelope, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Json => json::encode(envelope).into_bytes(),
        Encoding::Compact => compact::command::encode(envelope),
    }
}

/// Reads an answer in either encoding. `session` gives the key and the epoch of a session of the reader's own, which the
/// compact form leaves out; JSON has them and does not ask.
///
/// # Errors
/// For what is no answer, and for a compact one to a session that `session` does not know.
pub fn decode_answer(
    bytes: &[u8],
    session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
) -> Result<Answer, AnswerError> {
    match Encoding::of(bytes) {
        Encoding::Json => Ok(serde_json::from_slice(bytes)?),
        Encoding::Compact => compact::answer::decode(bytes, session),
    }
}

/// Writes an answer.
#[must_use]
pub fn encode_answer(answer: &Answer, encoding: Encoding) -> Vec<u8> {
    match encoding {
        // The struct holds only strings and numbers, which always serialise.
        Encoding::Json => serde_json::to_vec(answer).unwrap_or_default(),
        Encoding::Compact => compact::answer::encode(answer),
    }
}

#[cfg(test)]
mod tests;
