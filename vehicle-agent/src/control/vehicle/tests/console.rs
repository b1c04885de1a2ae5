//! The other side: whoever holds a key, signs with it, and believes only answers that are signed.

use super::{Scene, json};
use crate::control::{Report, SafetyChecks, Setup, Trust, samples};
use vehicle_protocol::auth::{KeyFile, Role, Signer};
use vehicle_protocol::{
    CommandName, Encoding, Envelope, Epoch, Nonce, SessionAnswer, SessionId, SignedSession, Stream, Topic,
    encoding,
};

/// A console with a key.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) file: KeyFile,
    pub(crate) sid: SessionId,
    pub(crate) epoch: Epoch,
    pub(crate) encoding: Encoding,
    /// The last counters of commands and of the stream.
    pub(crate) counters: [u64; 2],
    pub(crate) nonces: u8,
}

/// A command as it goes over the wire.
pub(crate) type Frame = (Topic, Vec<u8>);

impl Console {
    /// Without a session.
    pub(crate) fn new(name: &str, role: Role) -> Self {
        let vehicle = samples::setup().vehicle;
        let secret = [u8::try_from(name.len()).unwrap() ^ name.as_bytes()[0]; 32].into();
        let file = KeyFile { vehicle, key: name.parse().unwrap(), role, secret };
        let (sid, epoch, encoding) = (SessionId::default(), Epoch::default(), Encoding::Json);
        Self { file, sid, epoch, encoding, counters: [0; 2], nonces: 0 }
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        self.file.signer()
    }

    /// Asks for a session; gives what the vehicle answers, once it is known to be its.
    pub(crate) fn request(&mut self, scene: &mut Scene, nonce: Nonce) -> Option<SessionAnswer> {
        let request = self.signer().session_request(nonce);
        scene.deliver(Topic::SessionRequest, false, &serde_json::to_vec(&request).unwrap());
        let answer = scene.sessions().pop()?;
        assert!(self.signer().verifies_session_answer(&answer) && answer.nonce == nonce, "{answer:?}");
        Some(answer)
    }

    /// Opens a session of its own.
    pub(crate) fn open(mut self, scene: &mut Scene) -> Self {
        self.reopen(scene);
        self
    }

    pub(crate) fn reopen(&mut self, scene: &mut Scene) {
        self.nonces += 1;
        let mut nonce = Nonce([self.nonces; 16]);
        nonce.0[..4].copy_from_slice(&self.sid.0);
        let answer = self.request(scene, nonce).expect("a session");
        assert_eq!(answer.clock, scene.now.clock());
        (self.sid, self.epoch, self.counters) = (answer.sid.unwrap(), answer.epoch, [0; 2]);
    }

    /// A command with the next counter and 1.5 s to live.
    pub(crate) fn frame(&mut self, scene: &Scene, words: &str) -> Frame {
        self.frame_until(scene.now.clock() + 1_500, words)
    }

    pub(crate) fn frame_until(&mut self, expires: u64, words: &str) -> Frame {
        let (name, _) = words.split_once(' ').unwrap_or((words, ""));
        let stream = CommandName::from_word(name).unwrap().stream();
        let counter = &mut self.counters[usize::from(stream == Stream::Drive)];
        *counter += 1;
        let (sid, epoch, counter) = (self.sid, self.epoch, *counter);
        self.sign(words, Some(SignedSession { sid, epoch, counter, expires }))
    }

    /// Any command in any place of any session.
    pub(crate) fn sign(&self, words: &str, session: Option<SignedSession>) -> Frame {
        let envelope = self.envelope(words, session);
        let drive = envelope.command.name().is_on_drive_topic();
        let topic = if drive { Topic::Drive } else { Topic::Commands };
        (topic, encoding::encode(&envelope, self.encoding))
    }

    pub(crate) fn envelope(&self, words: &str, session: Option<SignedSession>) -> Envelope {
        let plain = vehicle_protocol::json::decode(json(words).as_bytes()).unwrap();
        let id = plain.shape.id().cloned();
        self.signer().command(plain.command, id, session)
    }

    pub(crate) fn send(&mut self, scene: &mut Scene, words: &str) {
        let frame = self.frame(scene, words);
        scene.bring(&frame);
    }

    /// Sends a command and gives its terminal answers, each of which is signed.
    pub(crate) fn ask(&mut self, scene: &mut Scene, words: &str) -> String {
        scene.answers();
        self.send(scene, words);
        self.ends(scene)
    }

    /// The terminal answers of late, which must be this vehicle's to this session.
    pub(crate) fn ends(&self, scene: &mut Scene) -> String {
        let answers = scene.answers();
        for answer in &answers {
            assert!(self.signer().verifies_answer(answer), "{answer:?}");
        }
        scene.reports.extend(answers.into_iter().map(|answer| (scene.now, Report::Answer(answer))));
        scene.ends()
    }
}

impl Scene {
    /// With keys and, as things are, nothing else taken but stops.
    pub(crate) fn trusting(keys: &[&Console]) -> Self {
        Self::of(setup(keys), SafetyChecks::ALL)
    }

    pub(crate) fn bring(&mut self, (topic, payload): &Frame) {
        self.deliver(*topic, false, payload);
    }
}

pub(crate) fn setup(keys: &[&Console]) -> Setup {
    let keys = keys.iter().map(|console| console.file.clone()).collect();
    Setup { trust: Trust { keys, ..Trust::default() }, ..samples::setup() }
}

/// A driver with a session on a vehicle whose engine is on.
pub(crate) fn driving() -> (Scene, Console) {
    let tablet = Console::new("tablet", Role::Driver);
    let mut scene = Scene::trusting(&[&tablet, &Console::new("desk", Role::Owner)]);
    let mut tablet = tablet.open(&mut scene);
    assert_eq!(tablet.ask(&mut scene, "TURN_ON_ENGINE"), "SUCCEEDED");
    (scene, tablet)
}

/// A command with arguments that are in range and do little; one that is missing here is answered MALFORMED.
pub(crate) fn harmless(name: CommandName) -> String {
    let arguments = match name.as_str() {
        "ROTATE_LEFT" | "ROTATE_RIGHT" => " DEGREES=10",
        "SET_MAX_SPEED" | "SET_MIN_SPEED" => " MPH=0",
        "DRIVE" => " MPH=0 DEGREES_PER_S=0 HOLD_MS=100",
        "CANCEL" => " ID=none",
        "REVOKE_KEY" => " TARGET_KEY=nobody",
        _ => "",
    };
    format!("{name}{arguments}")
}
