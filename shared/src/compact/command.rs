//! Commands.

use super::{IDENTIFIED, PLAIN, SIGNED, TIMED, WITHOUT_SESSION, bytes, id, mac, maybe, number, text};
use crate::cbor::{self, Item};
use crate::command::arguments::{self, ArgumentError, ArgumentReader};
use crate::{
    Command, CommandId, CommandName, Degrees, DegreesPerSecond, Envelope, Epoch, KeyName, MAX_COMMAND_BYTES,
    MAX_INTEGER, Mac, Mph, Reason, Refused, SessionId, Shape, Signature, SignedSession,
};

/// Writes a command: its shape, its number, its arguments, and what its shape has.
pub(crate) fn encode(envelope: &Envelope) -> Vec<u8> {
    let Envelope { command, shape } = envelope;
    let id = envelope.id().map(CommandId::as_str);
    let (kind, rest): (_, Vec<Item<'_>>) = match shape {
        // A CANCEL has its argument in the place of the ID.
        Shape::Plain if id.is_none() => (PLAIN, Vec::new()),
        Shape::Plain | Shape::Identified(_) => (IDENTIFIED, vec![id.into()]),
        Shape::Timed { epoch, expires, .. } => {
            (TIMED, vec![id.into(), epoch.0.as_slice().into(), (*expires).into()])
        }
        Shape::Signed(Signature { session: Some(session), mac, .. }) => (
            SIGNED,
            vec![
                id.into(),
                session.sid.0.as_slice().into(),
                session.counter.into(),
                session.expires.into(),
                mac.0.as_slice().into(),
            ],
        ),
        Shape::Signed(Signature { key, session: None, mac, .. }) => {
            (WITHOUT_SESSION, vec![id.into(), key.as_str().into(), mac.0.as_slice().into()])
        }
    };
    let name = command.name();
    let mut items = vec![kind.into(), name.number().into(), Item::List(arguments::items(command))];
    items.extend(rest);
    cbor::encode(&items)
}

/// Reads a command; `session` gives the key and the epoch of a session.
pub(crate) fn decode(
    bytes: &[u8],
    session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
) -> Result<Envelope, Refused> {
    let nothing =
        |reason, detail: &str| Refused { command: None, id: None, reason, detail: detail.to_owned() };
    if bytes.len() > MAX_COMMAND_BYTES {
        return Err(nothing(Reason::Malformed, &format!("longer than {MAX_COMMAND_BYTES} bytes")));
    }
    let items = cbor::decode(bytes).ok_or_else(|| {
        nothing(Reason::Malformed, "not one list in deterministic CBOR of integers, bytes and texts")
    })?;
    let [kind, name, Item::List(arguments), rest @ ..] = items.as_slice() else {
        return Err(nothing(Reason::Malformed, "not a list of shape, command, [arguments] and more"));
    };
    let id = rest.first().and_then(id);
    let Some(name) = number(name) else {
        return Err(Refused { id, ..nothing(Reason::Malformed, "the number of the command is no number") });
    };
    let Some(name) = CommandName::from_number(name) else {
        return Err(Refused { id, ..nothing(Reason::Unsupported, &format!("no command {name}")) });
    };
    let refused = |(reason, detail)| Refused { command: Some(name), id, reason, detail };
    envelope(number(kind), name, arguments, rest, session).map_err(refused)
}

fn envelope(
    kind: Option<u64>,
    name: CommandName,
    arguments: &[Item<'_>],
    rest: &[Item<'_>],
    session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
) -> Result<Envelope, ArgumentError> {
    let mut reader = PositionalArguments { left: arguments, id: rest.first() };
    let command = Command::read(name, &mut reader)?;
    if !reader.left.is_empty() {
        return Err((Reason::Malformed, format!("too many arguments for {name}")));
    }
    let shape = shape(kind, name, rest).ok_or_else(|| {
        let detail = "use shape 0; 1 with ID; 2 with ID, EPOCH, EXP; 3 with ID or null, SID, CTR, EXP, MAC; or, for a stop, \
                      4 with ID or null, KEY, MAC";
        (Reason::Malformed, detail.to_owned())
    })?;
    arguments::check(&command).map_err(|detail| (Reason::OutOfRange, detail))?;
    Ok(Envelope { command, shape: shape.complete(session)? })
}

/// A shape as far as the bytes have it.
enum PartialShape {
    Whole(Shape),
    InSession { id: Option<CommandId>, sid: SessionId, counter: u64, expires: u64, mac: Mac },
}

impl PartialShape {
    fn complete(
        self,
        session: impl FnOnce(SessionId) -> Option<(KeyName, Epoch)>,
    ) -> Result<Shape, ArgumentError> {
        match self {
            Self::Whole(shape) => Ok(shape),
            Self::InSession { id, sid, counter, expires, mac } => {
                let (key, epoch) = session(sid).ok_or_else(|| {
                    (Reason::BadEpoch, format!("no session {sid} in this boot; ask for a new one"))
                })?;
                let session = Some(SignedSession { sid, epoch, counter, expires });
                Ok(Shape::Signed(Signature { key, session, mac, id }))
            }
        }
    }
}

fn shape(kind: Option<u64>, name: CommandName, rest: &[Item<'_>]) -> Option<PartialShape> {
    Some(match (kind?, rest) {
        (PLAIN, []) => PartialShape::Whole(Shape::Plain),
        (IDENTIFIED, [named]) => PartialShape::Whole(Shape::Identified(id(named)?)),
        (TIMED, [named, epoch, expires]) => PartialShape::Whole(Shape::Timed {
            id: id(named)?,
            epoch: Epoch(bytes(epoch)?),
            expires: number(expires)?,
        }),
        (SIGNED, [named, sid, counter, expires, tag]) => PartialShape::InSession {
            id: maybe(named, id)?,
            sid: SessionId(bytes(sid)?),
            counter: number(counter)?,
            expires: number(expires)?,
            mac: mac(tag)?,
        },
        (WITHOUT_SESSION, [named, key, tag]) if name.is_stop() => {
            PartialShape::Whole(Shape::Signed(Signature {
                id: maybe(named, id)?,
                key: text(key)?.parse().ok()?,
                session: None,
                mac: mac(tag)?,
            }))
        }
        _ => return None,
    })
}

/// The arguments that are not yet read.
struct PositionalArguments<'a, 'b> {
    left: &'a [Item<'b>],
    id: Option<&'a Item<'b>>,
}

impl<'a, 'b> PositionalArguments<'a, 'b> {
    fn next<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&'a Item<'b>) -> Option<T>,
    ) -> Result<T, ArgumentError> {
        let (item, left) = self.left.split_first().ok_or_else(|| missing(key))?;
        self.left = left;
        read(item).ok_or_else(|| (Reason::Malformed, format!("{key} is of another type, or too large")))
    }
}

fn missing(key: &str) -> ArgumentError {
    (Reason::Malformed, format!("{key} is missing"))
}

fn thousandths(item: &Item<'_>) -> Option<i64> {
    let Item::Integer(number) = item else { return None };
    i64::try_from(*number).ok().filter(|number| number.unsigned_abs() <= MAX_INTEGER)
}

impl ArgumentReader for PositionalArguments<'_, '_> {
    fn speed(&mut self) -> Result<Mph, ArgumentError> {
        self.next("MPH", thousandths).map(Mph::from_thousandths)
    }

    fn turn(&mut self) -> Result<Degrees, ArgumentError> {
        self.next("DEGREES", thousandths).map(Degrees::from_thousandths)
    }

    fn turn_rate(&mut self) -> Result<DegreesPerSecond, ArgumentError> {
        self.next("DEGREES_PER_S", thousandths).map(DegreesPerSecond::from_thousandths)
    }

    fn hold_ms(&mut self) -> Result<u64, ArgumentError> {
        self.next("HOLD_MS", number)
    }

    fn duration_ms(&mut self) -> Result<u64, ArgumentError> {
        self.next("DURATION_MS", number)
    }

    fn target(&mut self) -> Result<CommandId, ArgumentError> {
        self.id.and_then(id).ok_or_else(|| missing("ID"))
    }

    fn target_key(&mut self) -> Result<KeyName, ArgumentError> {
        self.next("TARGET_KEY", |item| text(item)?.parse().ok())
    }
}
