//! Somebody who holds a key of a vehicle: asks for a session, signs, and believes only what is signed.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use vehicle_link::secret_file;
use vehicle_protocol::auth::{KeyFile, Role};
use vehicle_protocol::encoding::{Encoding, decode_answer, encode};
use vehicle_protocol::{
    Answer, Command, CommandId, Envelope, Epoch, Nonce, SessionAnswer, SessionId, SignedSession, Stream,
    Topic,
};

/// The holder of one key, with at most one session.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// The key.
    pub file: KeyFile,
    /// How commands are written.
    pub encoding: Encoding,
    nonce: Nonce,
    session: Option<Session>,
}

/// What a vehicle has granted.
#[derive(Clone, Copy, Debug)]
struct Session {
    epoch: Epoch,
    sid: SessionId,
    clock: u64,
    heard: u64,
    /// The CTR used last of the commands, and of the stream.
    counters: [u64; 2],
}

impl KeyHolder {
    /// Makes a key; `now` everywhere here is nanoseconds of any one clock.
    ///
    /// # Errors
    ///
    /// When the names are none.
    pub fn new(vehicle: &str, key: &str, role: Role, encoding: Encoding) -> Result<Self> {
        let mut secret = [0; 32];
        fastrand::fill(&mut secret);
        let file = KeyFile { vehicle: vehicle.parse()?, key: key.parse()?, role, secret: secret.into() };
        let nonce = Nonce(fastrand::u128(..).to_be_bytes());
        Ok(Self { file, encoding, nonce, session: None })
    }

    /// Puts the key where the agent of its vehicle finds it.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or is there.
    pub fn enrol(&self, folder: &Path) -> Result<()> {
        let file = folder.join(format!("{}.json", self.file.key));
        Ok(secret_file::create(&file, self.file.to_text().as_bytes())?)
    }

    /// Asks for its session; the vehicle gives the one that it has, if it still has it.
    ///
    /// # Errors
    ///
    /// Never with what it holds.
    pub fn request(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.file.signer().session_request(self.nonce))?)
    }

    /// Takes the answer to its request, and tells whether it was one.
    pub fn hear(&mut self, payload: &[u8], now: u64) -> bool {
        let answer = serde_json::from_slice(payload).ok();
        let own = answer.filter(|answer: &SessionAnswer| {
            answer.nonce == self.nonce && self.file.signer().verifies_session_answer(answer)
        });
        let Some(SessionAnswer { epoch, sid: Some(sid), clock, .. }) = own else { return false };
        let known = self.session.filter(|session| (session.epoch, session.sid) == (epoch, sid));
        let counters = known.map_or([0; 2], |session| session.counters);
        self.session = Some(Session { epoch, sid, clock, heard: now, counters });
        true
    }

    /// The boot that the session is of, and when that boot began at the latest.
    #[must_use]
    pub fn boot(&self) -> Option<(Epoch, u64)> {
        let Session { epoch, clock, heard, .. } = self.session?;
        Some((epoch, heard.saturating_sub(clock.saturating_mul(1_000_000))))
    }

    /// The next command of the session, which may be begun within `life_ms`.
    ///
    /// # Errors
    ///
    /// Without a session.
    pub fn command(
        &mut self,
        command: Command,
        id: Option<CommandId>,
        now: u64,
        life_ms: u64,
    ) -> Result<Envelope> {
        let session = self.session.as_mut().context("no session yet")?;
        let [commands, drive] = &mut session.counters;
        let counter = if command.name().stream() == Stream::Drive { drive } else { commands };
        *counter = counter.saturating_add(1);
        let Session { epoch, sid, clock, heard, .. } = *session;
        let since = now.saturating_sub(heard).div_euclid(1_000_000);
        let expires = clock.saturating_add(since).saturating_add(life_ms);
        let place = SignedSession { sid, epoch, counter: *counter, expires };
        Ok(self.file.signer().command(command, id, Some(place)))
    }

    /// Writes a command down, and says where it belongs.
    #[must_use]
    pub fn frame(&self, envelope: &Envelope) -> (Topic, Vec<u8>) {
        let drive = envelope.command.name().is_on_drive_topic();
        let topic = if drive { Topic::Drive } else { Topic::Commands };
        (topic, encode(envelope, self.encoding))
    }

    /// Where its answers come.
    #[must_use]
    pub const fn answers(&self) -> Topic {
        match self.encoding {
            Encoding::Json => Topic::ExecutedCommands,
            Encoding::Compact => Topic::Answers,
        }
    }

    /// Reads an answer to a command of the session.
    ///
    /// # Errors
    ///
    /// When it is none, or not the vehicle's.
    pub fn open(&self, payload: &[u8]) -> Result<Answer> {
        let known = |sid| {
            let session = self.session.filter(|session| session.sid == sid)?;
            Some((self.file.key.clone(), session.epoch))
        };
        let answer = decode_answer(payload, known)?;
        ensure!(self.file.signer().verifies_answer(&answer), "{answer:?} is not the vehicle's");
        Ok(answer)
    }
}
