//! Commands as JSON, strictly: one flat struct of options first, then the enum.
//!
//! A generic JSON value or a tagged enum would accept surplus keys or keep the last of two; the flat struct refuses both.

mod flat;

use crate::command::arguments::{self, ArgumentError, ArgumentReader};
use crate::{
    Command, CommandId, CommandName, DEFAULT_HORN_MS, Degrees, DegreesPerSecond, Envelope, KeyName,
    MAX_COMMAND_BYTES, Mph, Reason, Refused, Shape, Signature, SignedSession,
};
use flat::Flat;
use serde::Deserialize;

/// Longest detail of a refusal in characters, so that nobody gets long rubbish back.
const MAX_DETAIL: usize = 256;

/// Reads one command.
///
/// # Errors
/// MALFORMED for what is no command in one of the four shapes, UNSUPPORTED for a CMD that does not exist, OUT_OF_RANGE
/// for an argument beyond its range; with the command and its ID as far as they could be read.
pub fn decode(bytes: &[u8]) -> Result<Envelope, Refused> {
    let mut flat = read(bytes).map_err(|detail| malformed(bytes, detail))?;
    let id = flat.id.clone();
    let Some(name) = CommandName::from_word(&flat.cmd) else {
        let word: String = flat.cmd.chars().take(40).collect();
        return Err(Refused {
            command: None,
            id,
            reason: Reason::Unsupported,
            detail: format!("no command {word:?}"),
        });
    };
    let refused = |(reason, detail)| Refused { command: Some(name), id, reason, detail };
    envelope(&mut flat, name).map_err(refused)
}

/// Writes one command.
#[must_use]
pub fn encode(envelope: &Envelope) -> String {
    // The struct holds only strings and numbers, which always serialise.
    serde_json::to_string(&Flat::from(envelope)).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Result<Flat, String> {
    if bytes.len() > MAX_COMMAND_BYTES {
        return Err(format!("longer than {MAX_COMMAND_BYTES} bytes"));
    }
    // serde would also read a struct from an array.
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
        Some(_) => Err("not a JSON object".to_owned()),
        None => Err("empty".to_owned()),
    }
}

/// As much of a malformed command as an answer can name, so that its sender finds it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Hint {
    cmd: Option<CommandName>,
    id: Option<CommandId>,
}

fn malformed(bytes: &[u8], mut detail: String) -> Refused {
    if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL) {
        detail.truncate(end);
    }
    let hint = if bytes.len() > MAX_COMMAND_BYTES { None } else { serde_json::from_slice(bytes).ok() };
    let Hint { cmd, id } = hint.unwrap_or_default();
    Refused { command: cmd, id, reason: Reason::Malformed, detail }
}

fn envelope(flat: &mut Flat, name: CommandName) -> Result<Envelope, ArgumentError> {
    let command = Command::read(name, flat)?;
    if let Some(key) = flat.leftover_argument() {
        return Err((Reason::Malformed, format!("{name} takes no {key}")));
    }
    let shape = shape(flat, name)?;
    arguments::check(&command).map_err(|detail| (Reason::OutOfRange, detail))?;
    Ok(Envelope { command, shape })
}

fn need<T>(value: Option<T>, key: &str) -> Result<T, ArgumentError> {
    value.ok_or_else(|| (Reason::Malformed, format!("{key} is missing")))
}

impl ArgumentReader for Flat {
    fn speed(&mut self) -> Result<Mph, ArgumentError> {
        need(self.mph.take(), "MPH")
    }

    fn turn(&mut self) -> Result<Degrees, ArgumentError> {
        need(self.degrees.take(), "DEGREES")
    }

    fn turn_rate(&mut self) -> Result<DegreesPerSecond, ArgumentError> {
        need(self.degrees_per_s.take(), "DEGREES_PER_S")
    }

    fn hold_ms(&mut self) -> Result<u64, ArgumentError> {
        need(self.hold_ms.take(), "HOLD_MS")
    }

    fn duration_ms(&mut self) -> Result<u64, ArgumentError> {
        Ok(self.duration_ms.take().unwrap_or(DEFAULT_HORN_MS))
    }

    fn target(&mut self) -> Result<CommandId, ArgumentError> {
        need(self.id.clone(), "ID")
    }

    fn target_key(&mut self) -> Result<KeyName, ArgumentError> {
        need(self.target_key.take(), "TARGET_KEY")
    }
}

fn shape(flat: &mut Flat, name: CommandName) -> Result<Shape, ArgumentError> {
    let parts = (
        flat.id.take(),
        flat.key.take(),
        flat.sid.take(),
        flat.epoch.take(),
        flat.ctr.take(),
        flat.exp.take(),
        flat.mac.take(),
    );
    Ok(match parts {
        (None, None, None, None, None, None, None) => Shape::Plain,
        (Some(id), None, None, None, None, None, None) => Shape::Identified(id),
        (Some(id), None, None, Some(epoch), None, Some(expires), None) => Shape::Timed { id, epoch, expires },
        (id, Some(key), Some(sid), Some(epoch), Some(counter), Some(expires), Some(mac)) => {
            let session = Some(SignedSession { sid, epoch, counter, expires });
            Shape::Signed(Signature { key, session, mac, id })
        }
        (id, Some(key), None, None, None, None, Some(mac)) if name.is_stop() => {
            Shape::Signed(Signature { key, session: None, mac, id })
        }
        _ => {
            let detail =
                "use none of ID, KEY, SID, EPOCH, CTR, EXP, MAC; or ID; or ID, EPOCH, EXP; or all of them";
            return Err((Reason::Malformed, detail.to_owned()));
        }
    })
}

#[cfg(test)]
mod tests;
