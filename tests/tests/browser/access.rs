//! Access to the page: view only, driving, refused.

use crate::chromium::Chromium;
use crate::rig::Rig;
use anyhow::{Context as _, Result, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use system_tests::certificates::Certificates;
use system_tests::process::Program;
use system_tests::wait::SOON;

/// What a browser sends to open a socket, besides who it is.
const SOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The status of the answer to a request with these headers.
fn status(mut stream: impl Read + Write, path: &str, headers: &str) -> Result<u16> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{headers}\r\n").as_bytes())?;
    let mut answer = [0; 64];
    let read = stream.read(&mut answer)?;
    let text = String::from_utf8_lossy(answer.get(..read).unwrap_or_default()).into_owned();
    let code = text.split(' ').nth(1).with_context(|| text.clone())?;
    Ok(code.parse()?)
}

/// A connection in TLS that trusts this authority alone.
fn secure(address: &str, authority: &Path) -> Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into()?)?;
    Ok(StreamOwned::new(connection, TcpStream::connect(address)?))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_page_of_another_origin_or_a_host_that_is_not_ours_gets_403() -> Result<()> {
    let rig = Rig::start().await?;
    let host = rig.address()?.to_owned();
    for (path, headers, expected) in [
        ("/", format!("Host: {host}\r\n"), 200),
        ("/", format!("Host: {host}\r\nOrigin: http://{host}\r\n"), 200),
        ("/", format!("Host: {host}\r\nOrigin: http://evil.example\r\n"), 403),
        ("/", "Host: evil.example\r\n".to_owned(), 403),
        ("/events", format!("Host: {host}\r\nOrigin: null\r\n"), 403),
        (
            "/events",
            format!("Host: {host}\r\nAuthorization: Bearer 00000000000000000000000000000000\r\n"),
            401,
        ),
        ("/drive", format!("Host: {host}\r\nOrigin: http://{host}\r\n{SOCKET}"), 101),
        ("/drive", format!("Host: {host}\r\nOrigin: http://evil.example\r\n{SOCKET}"), 403),
        ("/drive", format!("Host: {host}\r\n{SOCKET}"), 403),
    ] {
        let got = status(TcpStream::connect(&host)?, path, &headers)?;
        ensure!(got == expected, "{path} {headers:?}: {got} instead of {expected}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_link_without_the_token_may_look_and_stop_but_not_drive() -> Result<()> {
    let (rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let mut operator = rig.operator().await?;
    operator.send(r#"{"CMD":"TURN_ON_ENGINE"}"#).await?;
    let tab = chromium.open(&rig.view).await?;
    tab.shows("#role-badge", "View only").await?;
    tab.shows("#mode-badge", "standing").await?;
    tab.until("document.getElementById('control').disabled && document.querySelector('[data-command=ACCELERATE]').disabled").await?;
    // Whoever goes past the page is refused by the console.
    let refused = tab
        .js("new Promise((done) => { const heard = [], socket = new WebSocket(`ws://${location.host}/drive`); socket.onopen = () => { for (const message of [{hello: null}, {take_control: 'rover-1'}, {stick: {ahead: 1, right: 0}}, {send: {vehicle: 'rover-1', command: {CMD: 'ACCELERATE'}}}]) socket.send(JSON.stringify(message)); }; socket.onmessage = (message) => { heard.push(JSON.parse(message.data)); if (heard.length === 4) done(heard.filter((reply) => reply.refused).length); }; })")
        .await?;
    ensure!(refused == 3, "{refused}");
    rig.never_moved().await?;
    tab.press("Space").await?;
    operator.status("mode", "emergency_stop").await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn of_two_tabs_one_holds_the_stick_and_the_other_is_told() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let first = rig.driver(&chromium).await?;
    // Behind another tab of its window the first one would have let go.
    let second = chromium.window().await?;
    second.go(&rig.control).await?;
    first.until("!document.hidden").await?;
    second.shows("#drive-hint", "nother page is in control").await?;
    second.click("#control").await?;
    second.shows("#drive-hint", "nother page is in control").await?;
    second.press("KeyW").await?;
    rig.never_moved().await?;
    second.release("KeyW").await?;
    rig.hold_w(&first).await?;
    first.release("KeyW").await?;
    rig.stops().await?;
    first.click("#control").await?;
    first.shows("#drive-badge", "DISARMED").await?;
    second.click("#control").await?;
    second.shows("#drive-badge", "READY").await?;
    rig.hold_w(&second).await?;
    second.release("KeyW").await?;
    rig.stops().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn beyond_this_machine_the_page_is_served_with_tls_and_only_to_who_has_a_token() -> Result<()> {
    let certificates = Certificates::create()?;
    let (certificate, key) = (&certificates.server().certificate, &certificates.server().key);
    let files = [certificate.display().to_string(), key.display().to_string()];
    let [certificate, key] = &files;
    let words = ["--listen", "0.0.0.0:0", "--name", "localhost", "--tls-cert", certificate, "--tls-key", key];
    let mut rig = Rig::serve(&[], &[], &words).await?;
    let host = rig.control.strip_prefix("https://").and_then(|url| url.split('/').next()).context("https")?;
    let (host, origin) = (host.to_owned(), format!("https://{host}"));
    let token = rig.view.split_once("#view=").context("looking needs a token here")?.1.to_owned();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    for (path, headers, expected) in [
        ("/", format!("Host: {host}\r\n"), 200),
        ("/", format!("Host: {host}\r\nOrigin: https://evil.example\r\n"), 403),
        ("/", format!("Host: {host}\r\nOrigin: http://{host}\r\n"), 403),
        ("/", "Host: evil.example\r\n".to_owned(), 403),
        ("/events", format!("Host: {host}\r\n"), 401),
        ("/events", format!("Host: {host}\r\n{bearer}"), 200),
        ("/drive", format!("Host: {host}\r\nOrigin: {origin}\r\n{SOCKET}"), 101),
        ("/drive", format!("Host: {host}\r\nOrigin: https://evil.example\r\n{SOCKET}"), 403),
    ] {
        let got = status(secure(&host, &certificates.authority())?, path, &headers)?;
        ensure!(got == expected, "{path} {headers:?}: {got} instead of {expected}");
    }
    ensure!(status(TcpStream::connect(&host)?, "/", &format!("Host: {host}\r\n")).is_err(), "without TLS");
    // A browser drives over both, the page and its socket.
    let chromium = Chromium::start().await?;
    let tab = rig.driver(&chromium).await?;
    rig.hold_w(&tab).await?;
    tab.release("KeyW").await?;
    rig.stops().await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn beyond_this_machine_nothing_is_served_without_tls() -> Result<()> {
    let words = ["--broker", "mqtt://127.0.0.1:1", "web", "--listen", "0.0.0.0:0"];
    let output = Program::start("control-console", &words)?.output(SOON).await?;
    ensure!(output.code == Some(2) && output.stderr.contains("nothing is encrypted"), "{output:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_stop_that_is_pressed_before_the_page_is_connected_stops() -> Result<()> {
    let (rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let mut operator = rig.operator().await?;
    let tab = chromium.tab().await?;
    // Scripts have run by then, and no answer of the console can have come.
    let early = "addEventListener('DOMContentLoaded', () => { window.dispatchEvent(new KeyboardEvent('keydown', { code: 'Space' })); window.pressed = document.getElementById('drive-hint').textContent; })";
    tab.page.evaluate_on_new_document(early).await?;
    tab.go(&rig.view).await?;
    operator.status("mode", "emergency_stop").await?;
    ensure!(
        tab.js("window.pressed").await?
            == "Emergency stop not sent yet: the console is not connected. It leaves as soon as the console answers; a vehicle that nobody drives stops by itself."
    );
    tab.shows("#mode-badge", "EMERGENCY STOP").await
}
