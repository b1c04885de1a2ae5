//! A broker that says what no real one says on demand.

use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ACCEPTED: [u8; 4] = [0x20, 2, 0, 0];

pub(super) struct Scripted {
    pub(super) port: u16,
    listener: TcpListener,
}

impl Scripted {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { port: listener.local_addr().unwrap().port(), listener }
    }

    /// Accepts the next connection and answers its subscription with `codes`, and in the same breath says `more`.
    pub(super) async fn accept(&self, codes: &[u8], more: &[u8]) -> TcpStream {
        let mut stream = self.listener.accept().await.unwrap().0;
        packet(&mut stream).await;
        stream.write_all(&ACCEPTED).await.unwrap();
        let subscription = packet(&mut stream).await;
        let length = u8::try_from(2 + codes.len()).unwrap();
        let mut answer = vec![0x90, length, subscription[0], subscription[1]];
        answer.extend(codes);
        answer.extend(more);
        stream.write_all(&answer).await.unwrap();
        stream
    }
}

/// A publish at QoS 0.
pub(super) fn publish(topic: &str, payload: &str) -> Vec<u8> {
    let length = 2 + topic.len() + payload.len();
    let mut packet = vec![0x30, u8::try_from(length).unwrap(), 0, u8::try_from(topic.len()).unwrap()];
    packet.extend(topic.bytes().chain(payload.bytes()));
    assert!(length < 128, "longer ones have another head");
    packet
}

/// A publish at QoS 1 or 2.
pub(super) fn publish_numbered(qos: u8, number: u8, topic: &str, payload: &str) -> Vec<u8> {
    let mut packet = publish(topic, payload);
    packet[0] |= qos << 1;
    packet[1] += 2;
    let behind_topic = 4 + topic.len();
    packet.splice(behind_topic..behind_topic, [0, number]);
    packet
}

/// Reads packets until all of the kinds asked for have come; gives the kinds in their order, without all others.
pub(super) async fn kinds(stream: &mut TcpStream, asked: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    while found.len() < asked.len() {
        let kind = stream.read_u8().await.unwrap() >> 4;
        body(stream).await;
        if asked.contains(&kind) {
            found.push(kind);
        }
    }
    found
}

/// Reads one packet; gives what follows its head.
pub(super) async fn packet(stream: &mut TcpStream) -> Vec<u8> {
    stream.read_u8().await.unwrap();
    body(stream).await
}

async fn body(stream: &mut TcpStream) -> Vec<u8> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = usize::from(stream.read_u8().await.unwrap());
        length |= (byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    body
}
