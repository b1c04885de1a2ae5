//! Failures and successes over real sockets and real TLS on loopback.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod peer;

use rumqttc::{ConnectReturnCode, Event, Packet};
use vehicle_link::{Cause, Endpoint, Failure, Stage, TlsCause, TlsFiles, connect};

use peer::{ACCEPTED, Authority, REFUSES_LOGIN, Tls, UNAVAILABLE, Validity, free_port, listen, listen_tls};

/// Makes one attempt: the broker's acceptance, or why there is none.
async fn attempt(url: &str, tls: TlsFiles) -> Result<(), Failure> {
    let endpoint = Endpoint { tls, ..Endpoint::new(url.parse().unwrap()) };
    let (_client, mut event_loop) = connect(endpoint.options("mule").unwrap(), 1);
    match event_loop.poll().await {
        Ok(event) => {
            assert!(matches!(event, Event::Incoming(Packet::ConnAck(_))), "{event:?}");
            Ok(())
        }
        Err(error) => Err(Failure::new(&endpoint, &error, Stage::Connecting)),
    }
}

async fn cause(url: String, tls: TlsFiles) -> Cause {
    let failure = attempt(&url, tls).await.unwrap_err();
    assert!(failure.to_string().contains(&url), "the address is missing: {failure}");
    failure.cause().clone()
}

async fn plain_cause(answer: &'static [u8]) -> Cause {
    cause(format!("mqtt://127.0.0.1:{}", listen("127.0.0.1", answer).await), TlsFiles::default()).await
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let (_reserved, port) = free_port();
    let Cause::Unreachable(why) = cause(format!("mqtt://127.0.0.1:{port}"), TlsFiles::default()).await else {
        panic!("another cause");
    };
    assert!(why.contains("nothing listens"), "{why}");
}

#[tokio::test]
async fn a_web_server_does_not_speak_mqtt_however_long_its_answer() {
    let short = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let long = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 30\r\n\r\nthis is no place for a vehicle";
    assert_eq!(plain_cause(short).await, Cause::NotMqtt);
    assert_eq!(plain_cause(long).await, Cause::NotMqtt);
    assert_eq!(plain_cause(b"SSH-2.0-OpenSSH_9.2\r\n").await, Cause::NotMqtt);
}

#[tokio::test]
async fn a_peer_that_closes_at_once_is_unreachable_and_worth_another_try() {
    let Cause::Unreachable(why) = plain_cause(b"").await else { panic!("another cause") };
    assert!(why.contains("closes the connection without an answer"), "{why}");
}

#[tokio::test]
async fn a_broker_that_refuses_is_told_from_one_that_is_not_there() {
    assert_eq!(plain_cause(REFUSES_LOGIN).await, Cause::NotAuthorised);
    assert_eq!(plain_cause(UNAVAILABLE).await, Cause::Refused(ConnectReturnCode::ServiceUnavailable));
}

#[tokio::test]
async fn a_broker_that_accepts_is_reached_by_name_and_by_both_kinds_of_address() {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let port = listen(if host == "[::1]" { "::1" } else { "127.0.0.1" }, ACCEPTED).await;
        attempt(&format!("mqtt://{host}:{port}"), TlsFiles::default()).await.unwrap();
    }
}

#[tokio::test]
async fn tls_without_and_with_a_client_certificate_is_accepted() {
    let ours = Authority::new();
    let port = listen_tls(Tls::of(&ours)).await;
    attempt(&format!("mqtts://localhost:{port}"), ours.ca_only()).await.unwrap();
    attempt(&format!("mqtts://127.0.0.1:{port}"), ours.ca_only()).await.unwrap();

    let port = listen_tls(Tls { clients: Some(&ours), ..Tls::of(&ours) }).await;
    attempt(&format!("mqtts://localhost:{port}"), ours.client()).await.unwrap();
}

#[tokio::test]
async fn a_broker_of_an_unknown_authority_is_refused_even_under_the_name_of_ours() {
    let ours = Authority::new();
    for other in [Authority::named("another CA"), Authority::new()] {
        let port = listen_tls(Tls::of(&other)).await;
        let cause = cause(format!("mqtts://localhost:{port}"), ours.ca_only()).await;
        assert_eq!(cause, Cause::Tls(TlsCause::UnknownCa));
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let ours = Authority::new();
    let port = listen_tls(Tls { name: "broker.example", ..Tls::of(&ours) }).await;
    let cause = cause(format!("mqtts://localhost:{port}"), ours.ca_only()).await;
    assert_eq!(cause, Cause::Tls(TlsCause::WrongName));
}

#[tokio::test]
async fn a_certificate_outside_its_time_is_refused() {
    let ours = Authority::new();
    for (validity, words) in
        [(Validity::Past, "has expired on 2001-01-01"), (Validity::Future, "valid only from 3999-01-01 on")]
    {
        let port = listen_tls(Tls { validity, ..Tls::of(&ours) }).await;
        let failure = attempt(&format!("mqtts://localhost:{port}"), ours.ca_only()).await.unwrap_err();
        assert!(failure.is_permanent() && failure.to_string().contains(words), "{failure}");
    }
}

#[tokio::test]
async fn a_missing_client_certificate_is_told_from_one_that_is_refused() {
    let ours = Authority::new();
    let port = listen_tls(Tls { clients: Some(&ours), ..Tls::of(&ours) }).await;
    let url = format!("mqtts://localhost:{port}");
    assert_eq!(cause(url.clone(), ours.ca_only()).await, Cause::Tls(TlsCause::CertificateRequired));

    for other in [Authority::named("another CA"), Authority::new()] {
        let stranger = TlsFiles { ca_file: ours.ca_only().ca_file, ..other.client() };
        let cause = cause(url.clone(), stranger).await;
        assert!(matches!(cause, Cause::Tls(TlsCause::CertificateRefused(_))), "{cause:?}");
    }
}

#[tokio::test]
async fn tls_to_a_port_without_tls_says_so() {
    let ours = Authority::new();
    let port = listen("127.0.0.1", b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = format!("mqtts://localhost:{port}");
    assert_eq!(cause(url, ours.ca_only()).await, Cause::Tls(TlsCause::NotTls));

    let url = format!("mqtts://localhost:{}", listen("127.0.0.1", b"").await);
    let failure = attempt(&url, ours.ca_only()).await.unwrap_err();
    assert_eq!(failure.cause(), &Cause::Tls(TlsCause::Closed));
    assert!(!failure.is_permanent(), "a broker that ends hangs up, too");
}

#[tokio::test]
async fn a_tls_port_addressed_without_tls_says_to_check_the_scheme() {
    let ours = Authority::new();
    let url = format!("mqtt://localhost:{}", listen_tls(Tls::of(&ours)).await);
    let failure = attempt(&url, TlsFiles::default()).await.unwrap_err();
    assert!(
        failure.to_string().contains("mqtts://") || failure.to_string().contains("TLS port"),
        "{failure}"
    );
}
