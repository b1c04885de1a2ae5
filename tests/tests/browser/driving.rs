//! Driving by key, pad, touch and gamepad, and the stops of a person.

use crate::chromium::Chromium;
use crate::rig::Rig;
use anyhow::{Result, ensure};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn holding_w_drives_and_releasing_it_stops() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    // The choice keeps the focus, and must not keep the keys.
    tab.click("[name=speed-limit]").await?;
    rig.hold_w(&tab).await?;
    tab.shows("#drive-badge", "DRIVING").await?;
    tab.release("KeyW").await?;
    rig.stops().await?;
    tab.shows("#drive-badge", "READY").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn dragging_the_pad_drives_even_beyond_its_edge_and_lifting_stops() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    let (x, y) = tab.place("#pad").await?;
    tab.mouse("mousePressed", (x, y)).await?;
    tab.mouse("mouseMoved", (x, y - 60.0)).await?;
    rig.moves().await?;
    // The pad has captured the pointer: it is lifted far outside.
    tab.mouse("mouseMoved", (x + 500.0, y - 60.0)).await?;
    tab.shows("#drive-badge", "DRIVING").await?;
    tab.mouse("mouseReleased", (x + 500.0, y - 60.0)).await?;
    rig.stops().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_touch_drives_on_a_phone_and_stops_when_the_phone_cancels_it() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = chromium.tab().await?;
    tab.dress(390, 844, "dark").await?;
    tab.go(&rig.control).await?;
    tab.until("document.getElementById('engine').disabled === false").await?;
    // All that it takes to drive is in sight before anybody scrolls.
    let hidden = tab
        .js("['pad', 'control', 'engine', 'drive-hint'].filter((id) => { const box = document.getElementById(id).getBoundingClientRect(); return scrollY || box.top < 0 || box.bottom > document.getElementById('stop').getBoundingClientRect().top; }).join()")
        .await?;
    ensure!(hidden == "", "out of sight: {hidden}");
    tab.click("#engine").await?;
    tab.shows("#engine", "is on").await?;
    tab.click("#control").await?;
    tab.shows("#drive-badge", "READY").await?;
    let (x, y) = tab.place("#pad").await?;
    tab.touch("touchStart", &[(x, y)]).await?;
    tab.touch("touchMove", &[(x, y - 60.0)]).await?;
    rig.moves().await?;
    tab.touch("touchCancel", &[]).await?;
    rig.stops().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_gamepad_drives_and_its_centred_stick_stops() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    tab.js("window.axes = [0, 0]; window.reads = 0; navigator.getGamepads = () => { window.reads += 1; return [{ id: 'Stub', index: 0, connected: true, axes: window.axes, buttons: [] }]; }; 0").await?;
    tab.js("window.axes[1] = -0.9").await?;
    rig.moves().await?;
    tab.shows("#cap", "Gamepad: Stub").await?;
    // A worn stick does not come back to zero.
    tab.js("window.axes[1] = -0.1").await?;
    rig.stops().await?;
    // A stick that leans already when it is taken moves nothing before it has been let go.
    tab.click("#control").await?;
    tab.js("window.axes[1] = -0.9").await?;
    tab.click("#control").await?;
    tab.shows("#drive-badge", "READY").await?;
    rig.stands().await?;
    tab.js("window.axes[1] = window.reads = 0").await?;
    tab.until("window.reads > 1").await?;
    tab.js("window.axes[1] = -0.9").await?;
    tab.shows("#drive-badge", "DRIVING").await
}

/// A gamepad at rest, and the stops that the page sends from now on.
const GAMEPAD: &str = "window.pad = { id: 'Stub', index: 0, connected: true, axes: [0, 0], buttons: [{ pressed: false }, { pressed: false }] }; window.reads = 0; navigator.getGamepads = () => { window.reads += 1; return [null, window.pad]; }; window.stops = 0; const send = WebSocket.prototype.send; WebSocket.prototype.send = function (text) { window.stops += text.includes('emergency_stop'); send.call(this, text); }; 0";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn the_second_button_of_a_gamepad_stops_in_emergency_with_a_key_held_and_once_a_press() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let mut operator = rig.operator().await?;
    let tab = rig.driver(&chromium).await?;
    tab.js(GAMEPAD).await?;
    rig.hold_w(&tab).await?;
    tab.js("window.pad.buttons[1].pressed = true").await?;
    operator.status("mode", "emergency_stop").await?;
    rig.stops().await?;
    tab.shows("#drive-badge", "ESTOP").await?;
    // Both are still held, and a hundred readings have passed.
    ensure!(tab.js("window.stops").await? == 1, "once a press");
    tab.js("window.pad.buttons[1].pressed = false; window.reads = 0").await?;
    tab.until("window.reads > 1").await?;
    tab.js("window.pad.buttons[1].pressed = true").await?;
    tab.until("window.stops === 2").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_gamepad_stops_from_a_page_that_is_not_in_control_even_if_its_drawing_is_broken() -> Result<()> {
    for view_only in [true, false] {
        let (rig, chromium) = (Rig::start().await?, Chromium::start().await?);
        let mut operator = rig.operator().await?;
        operator.send(r#"{"CMD":"TURN_ON_ENGINE"}"#).await?;
        let tab = chromium.open(if view_only { &rig.view } else { &rig.control }).await?;
        tab.shows("#mode-badge", "standing").await?;
        tab.js(
            "document.getElementById('drive-badge').remove(); document.querySelector('.status').remove(); 0",
        )
        .await?;
        tab.js(GAMEPAD).await?;
        tab.js("window.pad.buttons[1].pressed = true").await?;
        operator.status("mode", "emergency_stop").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn any_unbound_key_stops_and_only_a_fresh_press_goes_on() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    rig.hold_w(&tab).await?;
    tab.press("KeyX").await?;
    rig.stops().await?;
    tab.release("KeyX").await?;
    tab.release("KeyW").await?;
    rig.hold_w(&tab).await?;
    tab.release("KeyW").await?;
    rig.stops().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn space_stops_in_emergency_from_any_field_and_clearing_takes_two_steps() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let mut operator = rig.operator().await?;
    let tab = rig.driver(&chromium).await?;
    rig.hold_w(&tab).await?;
    tab.js("document.querySelector('[data-key=DEGREES]').focus()").await?;
    tab.press("Space").await?;
    operator.status("mode", "emergency_stop").await?;
    rig.stops().await?;
    tab.shows("#drive-badge", "ESTOP").await?;
    tab.release("Space").await?;
    tab.release("KeyW").await?;
    tab.click("#clear").await?;
    tab.shows("#clear", "Press again").await?;
    tab.click("#clear").await?;
    operator.status("mode", "off").await?;
    rig.stands().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn the_red_button_comes_first_and_stops_a_vehicle_that_single_commands_move() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let mut operator = rig.operator().await?;
    let tab = chromium.open(&rig.control).await?;
    tab.press("Tab").await?;
    tab.until("document.activeElement.id === 'stop'").await?;
    tab.click("[data-command=TURN_ON_ENGINE]").await?;
    tab.click("[data-command=ACCELERATE]").await?;
    rig.moves().await?;
    tab.click("#stop").await?;
    operator.status("mode", "emergency_stop").await?;
    rig.stops().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn who_takes_the_stick_again_may_press_at_once() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    rig.hold_w(&tab).await?;
    // Sooner than the page says by itself that the hand is at neutral.
    tab.js("(() => { const badge = document.getElementById('drive-badge'), key = (kind) => window.dispatchEvent(new KeyboardEvent(kind, { code: 'KeyW' })); new MutationObserver((_, watching) => { if (badge.textContent.includes('READY')) { watching.disconnect(); key('keydown'); } }).observe(badge, { childList: true, characterData: true, subtree: true }); window.dispatchEvent(new Event('blur')); key('keyup'); setTimeout(() => document.getElementById('control').click(), 100); return 0; })()").await?;
    let said = "document.getElementById('drive-hint').textContent";
    tab.until(&format!("document.getElementById('drive-badge').textContent.includes('DRIVING') || {said}.includes('press again')")).await?;
    let hint = tab.js(said).await?;
    ensure!(!hint.as_str().unwrap_or_default().contains("not in control"), "{hint}");
    tab.release("KeyW").await?;
    tab.shows("#drive-badge", "READY").await
}
