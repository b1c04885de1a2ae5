//! Who may look, who may drive, and who is turned away.

use crate::chromium::Chromium;
use crate::rig::Rig;
use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The status of the answer to a request with these headers.
async fn status(rig: &Rig, path: &str, headers: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(rig.address()?).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{headers}\r\n").as_bytes()).await?;
    let mut answer = [0; 64];
    let read = stream.read(&mut answer).await?;
    let text = String::from_utf8_lossy(answer.get(..read).unwrap_or_default()).into_owned();
    let code = text.split(' ').nth(1).with_context(|| text.clone())?;
    Ok(code.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_page_of_another_origin_or_a_host_that_is_not_ours_gets_403() -> Result<()> {
    let rig = Rig::start().await?;
    let host = rig.address()?.to_owned();
    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
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
        ("/drive", format!("Host: {host}\r\nOrigin: http://{host}\r\n{socket}"), 101),
        ("/drive", format!("Host: {host}\r\nOrigin: http://evil.example\r\n{socket}"), 403),
        ("/drive", format!("Host: {host}\r\n{socket}"), 403),
    ] {
        let got = status(&rig, path, &headers).await?;
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
    tab.shows("#role-badge", "looking only").await?;
    tab.shows("#mode-badge", "standing").await?;
    tab.until("document.getElementById('take').disabled && document.querySelector('[data-command=ACCELERATE]').disabled").await?;
    // Whoever goes past the page is refused by the console.
    let refused = tab
        .js("new Promise((done) => { const heard = [], socket = new WebSocket(`ws://${location.host}/drive`); socket.onopen = () => { for (const word of [{hello: null}, {take: 'rover-1'}, {hand: {ahead: 1, right: 0}}, {send: {vehicle: 'rover-1', command: {CMD: 'ACCELERATE'}}}]) socket.send(JSON.stringify(word)); }; socket.onmessage = (message) => { heard.push(JSON.parse(message.data)); if (heard.length === 4) done(heard.filter((reply) => reply.refused).length); }; })")
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
    let second = chromium.open(&rig.control).await?;
    second.click("#take").await?;
    second.shows("#drive-hint", "nother screen holds the stick").await?;
    second.press("KeyW").await?;
    rig.never_moved().await?;
    second.release("KeyW").await?;
    rig.hold_w(&first).await?;
    first.release("KeyW").await?;
    rig.stops().await?;
    first.click("#take").await?;
    first.shows("#drive-badge", "DISARMED").await?;
    second.click("#take").await?;
    second.shows("#drive-badge", "READY").await?;
    rig.hold_w(&second).await?;
    second.release("KeyW").await?;
    rig.stops().await
}
