//! Every key that a command can have, each at most once and none of them null.

use crate::command::arguments::ArgumentWriter;
use crate::units::Thousandths;
use crate::{
    CommandId, Degrees, DegreesPerSecond, Envelope, Epoch, KeyName, MAX_INTEGER, Mac, Mph, SessionId, Shape,
};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A command before it is known which keys belong to it.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
pub(super) struct Flat {
    pub(super) cmd: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) mph: Option<Mph>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) degrees: Option<Degrees>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) degrees_per_s: Option<DegreesPerSecond>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "milliseconds")]
    pub(super) hold_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "milliseconds")]
    pub(super) duration_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) target_key: Option<KeyName>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) id: Option<CommandId>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) key: Option<KeyName>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) sid: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) epoch: Option<Epoch>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub(super) ctr: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub(super) exp: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) mac: Option<Mac>,
}

/// Reads a key that is there, so that null is refused.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = u64::deserialize(deserializer)?;
    if value > MAX_INTEGER {
        return Err(de::Error::invalid_value(de::Unexpected::Unsigned(value), &"an integer up to 2^53 - 1"));
    }
    Ok(Some(value))
}

/// Reads a whole number, which other languages may write as 150.0; less than nothing is nothing, and out of every range.
fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let thousandths = Thousandths::deserialize(deserializer)?.0;
    if thousandths % 1000 != 0 {
        return Err(de::Error::custom("milliseconds are whole"));
    }
    Ok(Some(u64::try_from(thousandths / 1000).unwrap_or(0)))
}

impl Flat {
    /// An argument that is left when those of the command have been read.
    pub(super) fn leftover_argument(&self) -> Option<&'static str> {
        // Named one by one, so that a key that is added does not compile before it is decided here what it is.
        let Self {
            mph,
            degrees,
            degrees_per_s,
            hold_ms,
            duration_ms,
            target_key,
            cmd: _,
            id: _,
            key: _,
            sid: _,
            epoch: _,
            ctr: _,
            exp: _,
            mac: _,
        } = self;
        let arguments = [
            (mph.is_some(), "MPH"),
            (degrees.is_some(), "DEGREES"),
            (degrees_per_s.is_some(), "DEGREES_PER_S"),
            (hold_ms.is_some(), "HOLD_MS"),
            (duration_ms.is_some(), "DURATION_MS"),
            (target_key.is_some(), "TARGET_KEY"),
        ];
        arguments.into_iter().find_map(|(is_left, key)| is_left.then_some(key))
    }
}

impl ArgumentWriter<'_> for Flat {
    fn speed(&mut self, value: Mph) {
        self.mph = Some(value);
    }

    fn turn(&mut self, value: Degrees) {
        self.degrees = Some(value);
    }

    fn turn_rate(&mut self, value: DegreesPerSecond) {
        self.degrees_per_s = Some(value);
    }

    fn hold_ms(&mut self, value: u64) {
        self.hold_ms = Some(value);
    }

    fn duration_ms(&mut self, value: u64) {
        self.duration_ms = Some(value);
    }

    fn target(&mut self, value: &CommandId) {
        self.id = Some(value.clone());
    }

    fn target_key(&mut self, value: &KeyName) {
        self.target_key = Some(value.clone());
    }
}

impl From<&Envelope> for Flat {
    fn from(envelope: &Envelope) -> Self {
        let mut flat = Self { cmd: envelope.command.name().to_string(), ..Self::default() };
        match &envelope.shape {
            Shape::Plain => {}
            Shape::Identified(id) => flat.id = Some(id.clone()),
            Shape::Timed { id, epoch, expires } => {
                (flat.id, flat.epoch, flat.exp) = (Some(id.clone()), Some(*epoch), Some(*expires));
            }
            Shape::Signed(signature) => {
                (flat.id, flat.key, flat.mac) =
                    (signature.id.clone(), Some(signature.key.clone()), Some(signature.mac));
                if let Some(session) = signature.session {
                    (flat.sid, flat.epoch) = (Some(session.sid), Some(session.epoch));
                    (flat.ctr, flat.exp) = (Some(session.counter), Some(session.expires));
                }
            }
        }
        envelope.command.write(&mut flat);
        flat
    }
}
