//! Why there is no connection, in words a person can act on.

mod tls;
mod transport;

use std::fmt;

use rumqttc::{ConnectReturnCode, ConnectionError, StateError, TlsError, mqttbytes};

pub use tls::TlsCause;
use vehicle_protocol::Advice;

use crate::{BrokerUrl, Endpoint, TlsFiles};

/// A connection that failed, and its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    broker: BrokerUrl,
    files: Box<TlsFiles>,
    cause: Cause,
}

/// How far the connection had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The broker has not yet accepted us.
    Connecting,
    /// The broker had accepted us.
    Connected,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No broker answers; the text says how that was noticed.
    Unreachable(String),
    /// The broker refuses the login.
    NotAuthorised,
    /// The broker's access list refuses a topic.
    NotAllowed(String),
    /// No encrypted connection comes about.
    Tls(TlsCause),
    /// Something answers that does not speak MQTT.
    NotMqtt,
    /// The broker refuses the connection for another reason.
    Refused(ConnectReturnCode),
    /// A connection that was accepted has ended; the text says how.
    Lost(String),
}

impl Failure {
    /// Classifies what the event loop returned.
    #[must_use]
    pub fn new(endpoint: &Endpoint, error: &ConnectionError, stage: Stage) -> Self {
        let cause = match stage {
            Stage::Connecting => connecting(error),
            Stage::Connected => Cause::Lost(transport::end_of(error)),
        };
        Self { broker: endpoint.url.clone(), files: Box::new(endpoint.tls.clone()), cause }
    }

    /// Makes the failure of a subscription that the broker's access list refuses.
    #[must_use]
    pub fn not_allowed(endpoint: &Endpoint, topic: impl Into<String>) -> Self {
        let cause = Cause::NotAllowed(topic.into());
        Self { broker: endpoint.url.clone(), files: Box::new(endpoint.tls.clone()), cause }
    }

    /// Gives the cause.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Says why there is no connection, and what a person can do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let broker = &self.broker;
        match &self.cause {
            Cause::Unreachable(why) => Advice::new(
                format!("the broker {broker} cannot be reached: {why}"),
                "check the address and that it runs",
            ),
            Cause::NotAuthorised => Advice::new(
                format!("the broker {broker} refuses the login"),
                "check name, password and certificate",
            ),
            Cause::NotAllowed(topic) => Advice::new(
                format!("the broker {broker} does not let this login use {topic}"),
                "have the broker's access list allow it",
            ),
            Cause::Tls(cause) => cause.advice(&self.files).at(format_args!("no TLS connection to {broker}")),
            Cause::NotMqtt => Advice::new(
                format!("what answers at {broker} does not speak MQTT"),
                "check the port, and whether it wants mqtt:// or mqtts://",
            ),
            Cause::Refused(code) => {
                refusal(*code).at(format_args!("the broker {broker} refuses the connection"))
            }
            Cause::Lost(how) => Advice::new(
                format!("the connection to {broker} is lost: {how}"),
                "check the network if this happens often",
            ),
        }
    }

    /// Tells whether trying again is in vain until a person changes something.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match &self.cause {
            Cause::NotAuthorised | Cause::NotAllowed(_) | Cause::NotMqtt => true,
            Cause::Tls(cause) => cause.is_permanent(),
            Cause::Refused(code) => *code != ConnectReturnCode::ServiceUnavailable,
            Cause::Unreachable(_) | Cause::Lost(_) => false,
        }
    }
}

fn connecting(error: &ConnectionError) -> Cause {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => Cause::NotAuthorised,
        ConnectionError::ConnectionRefused(code) => Cause::Refused(*code),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            Cause::Unreachable("it does not answer in time".to_owned())
        }
        ConnectionError::Tls(TlsError::Io(error)) => transport::handshake(error),
        ConnectionError::Tls(TlsError::TLS(error)) => Cause::Tls(TlsCause::of(error)),
        ConnectionError::Tls(error) => Cause::Tls(TlsCause::Other(error.to_string())),
        ConnectionError::Io(error)
        | ConnectionError::MqttState(
            StateError::Io(error) | StateError::Deserialization(mqttbytes::Error::Io(error)),
        ) => transport::connecting(error),
        ConnectionError::NotConnAck(_) | ConnectionError::MqttState(StateError::Deserialization(_)) => {
            Cause::NotMqtt
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => transport::closed(),
        ConnectionError::MqttState(error) => Cause::Unreachable(error.to_string()),
        ConnectionError::RequestsDone => Cause::Unreachable("this program has closed it".to_owned()),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.advice().fmt(f)
    }
}

fn refusal(code: ConnectReturnCode) -> Advice {
    let (why, next_step) = match code {
        ConnectReturnCode::RefusedProtocolVersion => {
            ("it does not speak MQTT 3.1.1", "allow this version in its configuration")
        }
        ConnectReturnCode::BadClientId => {
            ("it does not accept the client id", "allow the id, or choose another")
        }
        ConnectReturnCode::ServiceUnavailable => ("it is not available now", "try again later"),
        ConnectReturnCode::BadUserNamePassword
        | ConnectReturnCode::NotAuthorized
        | ConnectReturnCode::Success => ("it does not say why", "look into its log"),
    };
    Advice::new(why, next_step)
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new("mqtts://broker".parse().unwrap())
    }

    fn failure(error: &ConnectionError, stage: Stage) -> Failure {
        Failure::new(&endpoint(), error, stage)
    }

    fn refused(code: ConnectReturnCode) -> Failure {
        failure(&ConnectionError::ConnectionRefused(code), Stage::Connecting)
    }

    #[test]
    fn a_refused_login_is_permanent_whichever_code_says_so() {
        for code in [ConnectReturnCode::BadUserNamePassword, ConnectReturnCode::NotAuthorized] {
            assert_eq!(refused(code).cause(), &Cause::NotAuthorised);
            assert!(refused(code).is_permanent());
        }
        let said = refused(ConnectReturnCode::NotAuthorized).to_string();
        assert!(said.starts_with("the broker mqtts://broker:8883 refuses the login; check name"), "{said}");
    }

    #[test]
    fn an_unavailable_service_is_worth_another_try_and_a_wrong_version_is_not() {
        assert!(!refused(ConnectReturnCode::ServiceUnavailable).is_permanent());
        assert!(refused(ConnectReturnCode::RefusedProtocolVersion).is_permanent());
        assert!(refused(ConnectReturnCode::BadClientId).to_string().contains("client id"));
    }

    #[test]
    fn a_topic_out_of_bounds_is_permanent_and_named() {
        let failure = Failure::not_allowed(&endpoint(), "vehicles/mule/command");
        assert!(failure.is_permanent());
        assert!(failure.to_string().contains("use vehicles/mule/command;"), "{failure}");
    }

    #[test]
    fn whatever_ends_an_established_connection_is_a_loss_and_worth_another_try() {
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let too_large = mqttbytes::Error::PayloadSizeLimitExceeded(300_000);
        let ends = [
            (ConnectionError::MqttState(StateError::ConnectionAborted), "the broker closed it"),
            (ConnectionError::MqttState(StateError::AwaitPingResp), "no answer to a ping"),
            (ConnectionError::MqttState(StateError::Deserialization(reset.into())), "connection reset"),
            (ConnectionError::MqttState(StateError::Deserialization(too_large)), "packet of 300000 bytes"),
            (ConnectionError::FlushTimeout, "cannot be sent"),
        ];
        for (error, words) in ends {
            let failure = failure(&error, Stage::Connected);
            assert!(matches!(failure.cause(), Cause::Lost(_)) && !failure.is_permanent());
            assert!(failure.to_string().contains(words), "{failure}");
        }
    }
}
