//! What the network says when there is no connection, or no longer one.

use std::io::{Error, ErrorKind};

use rumqttc::{ConnectionError, StateError, mqttbytes};

use super::{Cause, TlsCause, tls};
use crate::endpoint::MAX_PACKET_BYTES;

/// Classifies an error of the socket before the broker has accepted us.
pub(super) fn connecting(error: &Error) -> Cause {
    if let Some(error) = tls::inner(error) {
        return Cause::Tls(TlsCause::of(error));
    }
    let text = error.to_string();
    if is_closed(error) {
        return closed();
    }
    // The codec's words for a stream that ends within what could have been a packet.
    if text.contains("bytes remaining on stream") {
        return Cause::NotMqtt;
    }
    let why = if text.contains("failed to lookup address") || text.contains("could not resolve") {
        "its name has no address (is the name right, does DNS work?)".to_owned()
    } else if error.kind() == ErrorKind::ConnectionRefused {
        "nothing listens at that port".to_owned()
    } else {
        text
    };
    Cause::Unreachable(why)
}

/// Classifies an error of the socket during the handshake.
pub(super) fn handshake(error: &Error) -> Cause {
    Cause::Tls(match tls::inner(error) {
        Some(error) => TlsCause::of(error),
        None if is_closed(error) => TlsCause::Closed,
        None => TlsCause::Other(error.to_string()),
    })
}

/// Tells whether the other side hung up.
fn is_closed(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
    )
}

/// Brokers hang up on what they do not understand, when they are full and when they end: not the end of trying.
pub(super) fn closed() -> Cause {
    let why = "it closes the connection without an answer (is it a TLS port, does it want a certificate?)";
    Cause::Unreachable(why.to_owned())
}

/// Says how an established connection ended.
pub(super) fn end_of(error: &ConnectionError) -> String {
    match error {
        ConnectionError::MqttState(StateError::ConnectionAborted) => "the broker closed it".to_owned(),
        ConnectionError::MqttState(StateError::AwaitPingResp) => "no answer to a ping".to_owned(),
        ConnectionError::MqttState(StateError::Deserialization(error)) => end_of_stream(error),
        ConnectionError::MqttState(StateError::Io(error)) | ConnectionError::Io(error) => error.to_string(),
        ConnectionError::MqttState(error) => error.to_string(),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            "what is to go out cannot be sent".to_owned()
        }
        ConnectionError::RequestsDone => "this program has closed it".to_owned(),
        ConnectionError::Tls(_) | ConnectionError::ConnectionRefused(_) | ConnectionError::NotConnAck(_) => {
            error.to_string()
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other errors of the decoder mean the same")]
fn end_of_stream(error: &mqttbytes::Error) -> String {
    match error {
        mqttbytes::Error::Io(error) => error.to_string(),
        mqttbytes::Error::PayloadSizeLimitExceeded(size) => {
            format!("a packet of {size} bytes came in, more than {MAX_PACKET_BYTES}")
        }
        error => format!("what came in is not MQTT ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_address_is_told_from_a_port_without_listener() {
        let dns = "failed to lookup address information: Name or service not known";
        let causes = [
            (Error::other(dns), "its name has no address"),
            (Error::from(ErrorKind::ConnectionRefused), "nothing listens"),
            (Error::from(ErrorKind::HostUnreachable), "host unreachable"),
            (Error::from(ErrorKind::ConnectionReset), "closes the connection"),
        ];
        for (error, words) in causes {
            let Cause::Unreachable(why) = connecting(&error) else { panic!("{error}") };
            assert!(why.contains(words), "{why}");
        }
    }
}
