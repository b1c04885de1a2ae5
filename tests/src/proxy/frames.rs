//! Bytes cut into MQTT packets.

use rumqttc::mqttbytes::{Error, FixedHeader, PacketType, check};

/// Larger packets than any broker takes.
const LARGEST: usize = 256 * 1024 * 1024;

/// Collects bytes until they are packets.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

/// A packet, or what could not be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Option<PacketType>,
    pub(super) bytes: Vec<u8>,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole packet.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let (kind, length) = match check(self.0.iter(), LARGEST) {
            Ok(header) => (header.packet_type().ok(), FixedHeader::frame_length(&header)),
            Err(Error::InsufficientBytes(_)) => return None,
            // What is no packet is carried all the same: the broker shall judge it.
            Err(_) => (None, self.0.len()),
        };
        let rest = self.0.split_off(length.min(self.0.len()));
        let bytes = std::mem::replace(&mut self.0, rest);
        (!bytes.is_empty()).then_some(Frame { kind, bytes })
    }

    /// What is left when no more comes.
    pub(super) fn rest(self) -> Option<Frame> {
        (!self.0.is_empty()).then_some(Frame { kind: None, bytes: self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISH: [u8; 7] = [0x30, 5, 0, 1, b'a', b'h', b'i'];
    const PUBACK: [u8; 4] = [0x40, 2, 0, 1];

    #[test]
    fn packets_come_out_whole_however_they_come_in() {
        let all = [PUBLISH.as_slice(), &PUBACK].concat();
        for size in 1..=all.len() {
            let (mut frames, mut out) = (Frames::default(), Vec::new());
            for chunk in all.chunks(size) {
                frames.push(chunk);
                out.extend(std::iter::from_fn(|| frames.next()));
            }
            let kinds: Vec<_> = out.iter().map(|frame| frame.kind).collect();
            assert_eq!(kinds, [Some(PacketType::Publish), Some(PacketType::PubAck)]);
            assert_eq!(out.concat_bytes(), all);
            assert_eq!(frames.rest(), None);
        }
    }

    #[test]
    fn what_is_no_packet_passes_as_it_is() {
        let mut frames = Frames::default();
        frames.push(&[0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 7]);
        let frame = frames.next().unwrap();
        assert_eq!((frame.kind, frame.bytes.len()), (None, 7));
        frames.push(&[0x30]);
        assert_eq!((frames.next(), frames.rest().map(|frame| frame.bytes)), (None, Some(vec![0x30])));
    }

    trait Concat {
        fn concat_bytes(&self) -> Vec<u8>;
    }

    impl Concat for Vec<Frame> {
        fn concat_bytes(&self) -> Vec<u8> {
            self.iter().flat_map(|frame| frame.bytes.clone()).collect()
        }
    }
}
