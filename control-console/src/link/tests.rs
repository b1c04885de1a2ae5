//! The link against a broker in few words.

use super::*;
use bytes::BytesMut;
use rumqttc::{ConnAck, ConnectReturnCode, Error, Packet, PubAck, SubAck};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Takes whatever a client says, up to its goodbye.
async fn until_goodbye(stream: &mut TcpStream) {
    let mut bytes = BytesMut::new();
    loop {
        let mut answer = BytesMut::new();
        match Packet::read(&mut bytes, 1_000) {
            Ok(Packet::Disconnect) => return,
            Ok(Packet::Connect(_)) => ConnAck::new(ConnectReturnCode::Success, false).write(&mut answer),
            Ok(Packet::Subscribe(asked)) => {
                SubAck::new(asked.pkid, vec![SubscribeReasonCode::Success(QoS::AtMostOnce)])
                    .write(&mut answer)
            }
            Ok(Packet::Publish(publish)) => PubAck::new(publish.pkid).write(&mut answer),
            Ok(_) => Ok(0),
            Err(Error::InsufficientBytes(_)) => {
                stream.read_buf(&mut bytes).await.map_err(|_| Error::InvalidProtocol)
            }
            Err(error) => Err(error),
        }
        .unwrap();
        stream.write_all(&answer).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_shown_to_be_there_hangs_up_only_after_the_broker() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let subscriptions = Subscriptions { filters: vec![("a".to_owned(), QoS::AtMostOnce)], settle: false };
    let endpoint = Endpoint::new(url.parse().unwrap());
    let mut link: Link<()> = Link::open_as(endpoint, subscriptions, Some(&"anna".parse().unwrap())).unwrap();
    let mut stream = listener.accept().await.unwrap().0;
    let leaves = async {
        while !matches!(link.next().await, Event::Up) {}
        link.close().await;
    };
    let broker = async {
        until_goodbye(&mut stream).await;
        // What is still on its way to the client when it has said goodbye.
        assert!(timeout(GOODBYE / 10, stream.read_u8()).await.is_err(), "it did not wait for the broker");
        drop(stream);
    };
    timeout(Duration::from_secs(60), async { tokio::join!(leaves, broker) }).await.unwrap();
}
