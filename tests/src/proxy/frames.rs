//! Bytes cut into MQTT packets; on a connection with TLS, whose packets nobody sees, into records.

use rumqttc::mqttbytes::{Error, FixedHeader, PacketType, check};

/// Larger packets than any broker takes.
const LARGEST: usize = 256 * 1024 * 1024;

/// What a record of TLS begins with; no first packet of MQTT does.
const TLS: std::ops::RangeInclusive<u8> = 0x14..=0x17;
/// Kind, version and length, in front of each record.
const RECORD_HEAD: usize = 5;

/// Collects bytes until they are packets, or records.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Whether it is TLS, once the first byte has come.
    tls: Option<bool>,
}

/// A packet or record, or what could not be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Option<PacketType>,
    pub(super) bytes: Vec<u8>,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.tls = self.tls.or(bytes.first().map(|first| TLS.contains(first)));
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole packet or record.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let (kind, length) = if self.tls == Some(true) { (None, self.record()?) } else { self.packet()? };
        let rest = self.bytes.split_off(length.min(self.bytes.len()));
        let bytes = std::mem::replace(&mut self.bytes, rest);
        (!bytes.is_empty()).then_some(Frame { kind, bytes })
    }

    fn packet(&self) -> Option<(Option<PacketType>, usize)> {
        match check(self.bytes.iter(), LARGEST) {
            Ok(header) => Some((header.packet_type().ok(), FixedHeader::frame_length(&header))),
            Err(Error::InsufficientBytes(_)) => None,
            // What is no packet is carried all the same: the broker shall judge it.
            Err(_) => Some((None, self.bytes.len())),
        }
    }

    fn record(&self) -> Option<usize> {
        let [_, _, _, high, low, ..] = *self.bytes.as_slice() else { return None };
        let length = RECORD_HEAD.saturating_add(u16::from_be_bytes([high, low]).into());
        (self.bytes.len() >= length).then_some(length)
    }

    /// What is left when no more comes.
    pub(super) fn rest(self) -> Option<Frame> {
        (!self.bytes.is_empty()).then_some(Frame { kind: None, bytes: self.bytes })
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

    #[test]
    fn of_tls_each_record_is_one() {
        let (hello, data) = ([0x16, 3, 1, 0, 2, 9, 9], [0x17, 3, 3, 0, 1, 8]);
        let mut frames = Frames::default();
        frames.push(&[hello.as_slice(), &data[..5]].concat());
        assert_eq!((frames.next().map(|frame| frame.bytes), frames.next()), (Some(hello.to_vec()), None));
        frames.push(&data[5..]);
        assert_eq!(frames.next(), Some(Frame { kind: None, bytes: data.to_vec() }));
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
