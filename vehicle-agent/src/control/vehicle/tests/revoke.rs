//! Keys that are withdrawn.

use super::{Console, Scene};
use crate::control::Input;
use vehicle_protocol::auth::Role;
use vehicle_protocol::{EventKind, Mode, Reason};

fn scene() -> (Scene, Console, Console) {
    let (tablet, desk) = (Console::new("tablet", Role::Driver), Console::new("desk", Role::Owner));
    let mut scene = Scene::trusting(&[&tablet, &desk]);
    let (tablet, desk) = (tablet.open(&mut scene), desk.open(&mut scene));
    (scene, tablet, desk)
}

fn removed(scene: &mut Scene, name: &str) {
    scene.tell(Input::KeyRemoved(name.parse().unwrap()));
}

#[test]
fn a_revoked_key_is_refused_at_once_and_the_answer_waits_for_its_file() {
    let (mut scene, mut tablet, mut desk) = scene();
    assert_eq!(tablet.ask(&mut scene, "LOCK_DOORS"), "SUCCEEDED");
    desk.send(&mut scene, "REVOKE_KEY TARGET_KEY=tablet");
    assert!(
        scene.log.iter().any(|(_, _, effects)| effects.revoke.iter().any(|name| name.as_str() == "tablet"))
    );
    assert_eq!(desk.ends(&mut scene), "");
    tablet.send(&mut scene, "LOCK_DOORS");
    assert_eq!(scene.ends(), "REJECTED UNKNOWN_KEY");
    scene.bring(&tablet.sign("BRAKE", None));
    assert_eq!(scene.ends(), "REJECTED UNKNOWN_KEY");
    removed(&mut scene, "tablet");
    assert_eq!(desk.ends(&mut scene), "SUCCEEDED");
    assert!(scene.events().contains(&(EventKind::KeyRevoked, None)));
    assert!(tablet.request(&mut scene, vehicle_protocol::Nonce([9; 16])).is_none());
}

#[test]
fn a_key_revoked_while_its_holder_drives_stops_the_vehicle() {
    let (mut scene, mut tablet, mut desk) = scene();
    tablet.ask(&mut scene, "TURN_ON_ENGINE");
    let stick = "DRIVE MPH=2 DEGREES_PER_S=0 HOLD_MS=500";
    tablet.send(&mut scene, "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500");
    tablet.send(&mut scene, stick);
    scene.run_for(400);
    assert!(scene.is_powered());
    desk.send(&mut scene, "REVOKE_KEY TARGET_KEY=tablet");
    assert!(scene.outputs().brake);
    assert_eq!((scene.status().cause, scene.status().driver), (Some(Reason::OperatorLost), None));
    scene.answers();
    tablet.send(&mut scene, stick);
    assert_eq!(scene.ends(), "REJECTED UNKNOWN_KEY");
    scene.run_for(2_000);
    assert!(scene.stands());
}

#[test]
fn a_drive_to_the_safe_place_of_a_revoked_key_parks_where_it_is() {
    let (mut scene, mut tablet, mut desk) = scene();
    scene.vehicle.setup.fittings.odometry = true;
    tablet.ask(&mut scene, "TURN_ON_ENGINE");
    tablet.send(&mut scene, "PARK_IN_SAFE_PLACE ID=home");
    scene.run_for(500);
    assert_eq!(scene.status().mode, Mode::Autonomous);
    desk.send(&mut scene, "REVOKE_KEY TARGET_KEY=tablet");
    assert_eq!(scene.status().mode, Mode::Braking);
}

#[test]
fn a_request_for_control_ends_with_its_key() {
    let (mut scene, mut tablet, mut desk) = scene();
    desk.ask(&mut scene, "TURN_ON_ENGINE");
    desk.ask(&mut scene, "TAKE_CONTROL");
    tablet.send(&mut scene, "TAKE_CONTROL ID=t");
    desk.send(&mut scene, "REVOKE_KEY TARGET_KEY=tablet");
    assert_eq!(scene.ends(), "t: FAILED UNKNOWN_KEY");
    desk.send(&mut scene, "HEARTBEAT");
    scene.run_for(4_000);
    assert_eq!(scene.status().driver.as_deref(), Some("desk"));
}

#[test]
fn the_last_owner_stays_and_only_an_owner_revokes() {
    let (mut scene, mut tablet, mut desk) = scene();
    assert_eq!(desk.ask(&mut scene, "REVOKE_KEY TARGET_KEY=desk"), "REJECTED FORBIDDEN");
    assert_eq!(tablet.ask(&mut scene, "REVOKE_KEY TARGET_KEY=desk"), "REJECTED FORBIDDEN");
    assert_eq!(desk.ask(&mut scene, "REVOKE_KEY TARGET_KEY=nobody"), "REJECTED NOT_FOUND");
    scene.send("REVOKE_KEY TARGET_KEY=tablet");
    assert_eq!(scene.ends(), "REJECTED UNSIGNED");
    assert_eq!(tablet.ask(&mut scene, "LOCK_DOORS"), "SUCCEEDED");
}

#[test]
fn of_two_owners_one_may_go_and_signs_off_with_a_signed_answer() {
    let [a, b] = ["a", "b"].map(|name| Console::new(name, Role::Owner));
    let mut scene = Scene::trusting(&[&a, &b]);
    let [mut a, mut b] = [a, b].map(|console| console.open(&mut scene));
    a.send(&mut scene, "REVOKE_KEY TARGET_KEY=a");
    removed(&mut scene, "a");
    assert_eq!(a.ends(&mut scene), "SUCCEEDED");
    assert_eq!(b.ask(&mut scene, "REVOKE_KEY TARGET_KEY=b"), "REJECTED FORBIDDEN");
}

#[test]
fn a_key_whose_file_stays_is_refused_all_the_same_and_may_be_revoked_again() {
    let (mut scene, mut tablet, mut desk) = scene();
    desk.send(&mut scene, "REVOKE_KEY TARGET_KEY=tablet");
    scene.tell(Input::KeyNotRemoved("tablet".parse().unwrap(), "read-only".to_owned()));
    assert_eq!(desk.ends(&mut scene), "FAILED ACTUATOR_FAULT");
    tablet.send(&mut scene, "LOCK_DOORS");
    assert_eq!(scene.ends(), "REJECTED UNKNOWN_KEY");
    desk.send(&mut scene, "REVOKE_KEY TARGET_KEY=tablet");
    removed(&mut scene, "tablet");
    assert_eq!(desk.ends(&mut scene), "SUCCEEDED");
}
