//! What is taken from senders that sign nothing.

use super::console::{driving, harmless, setup};
use super::{Console, Scene};
use crate::control::{Policy, SafetyChecks, Setup, Trust, samples};
use vehicle_protocol::auth::Role;
use vehicle_protocol::{CommandName, Mode, Nonce, SessionRequest, Topic};

fn with(unsigned: Policy, keys: &[&Console]) -> Setup {
    let setup = setup(keys);
    Setup { trust: Trust { unsigned, ..setup.trust.clone() }, ..setup }
}

/// The commands that are not refused as unsigned.
fn taken(setup: &Setup) -> Vec<CommandName> {
    let takes = |name: &&CommandName| {
        let mut scene = Scene::of(setup.clone(), SafetyChecks::ALL);
        let end = scene.ask(&harmless(**name));
        **name == CommandName::RevokeKey || !end.contains("UNSIGNED")
    };
    CommandName::ALL.iter().filter(takes).copied().collect()
}

#[test]
fn each_policy_takes_exactly_what_the_contract_says() {
    let key = Console::new("a", Role::Owner);
    let safe: Vec<_> = CommandName::ALL
        .iter()
        .filter(|name| {
            name.is_stop() || ["PARK", "PARK_IN_SAFE_PLACE", "REPORT_STATUS"].contains(&name.as_str())
        })
        .copied()
        .collect();
    let strict = |unsigned, keys: &[&Console]| {
        let mut taken = taken(&with(unsigned, keys));
        taken.retain(|name| *name != CommandName::RevokeKey);
        taken
    };
    assert_eq!(taken(&with(Policy::Auto, &[])), CommandName::ALL);
    assert_eq!(taken(&with(Policy::Accept, &[&key])), CommandName::ALL);
    assert_eq!(strict(Policy::Auto, &[&key]), safe);
    assert_eq!(strict(Policy::StopOnly, &[]), safe);
    assert_eq!(strict(Policy::Refuse, &[&key]), []);
}

#[test]
fn an_unsigned_wish_for_the_safe_place_parks_where_it_stands_once_there_are_keys() {
    let (mut scene, mut tablet) = driving();
    scene.vehicle.setup.fittings.odometry = true;
    tablet.ask(&mut scene, "ACCELERATE");
    scene.run_for(500);
    scene.send("PARK_IN_SAFE_PLACE ID=will");
    scene.run_for(3_000);
    assert_eq!(scene.status().mode, Mode::Standing);
    assert!(scene.status().parking_brake);
    let answers = scene.answers();
    let last = answers.last().unwrap();
    assert!(last.detail.as_ref().unwrap().contains("not signed"), "{last:?}");
}

#[test]
fn an_unsigned_stop_latches_unless_it_is_refused() {
    for (policy, mode) in [(Policy::StopOnly, Mode::EmergencyStop), (Policy::Refuse, Mode::Off)] {
        let mut scene = Scene::of(with(policy, &[&Console::new("a", Role::Owner)]), SafetyChecks::ALL);
        scene.send("EMERGENCY_STOP");
        assert_eq!(scene.status().mode, mode);
    }
}

#[test]
fn who_signs_nothing_gets_epoch_and_clock_unless_nothing_is_taken() {
    for (policy, sessions) in [(Policy::Accept, 1), (Policy::StopOnly, 1), (Policy::Refuse, 0)] {
        let mut scene = Scene::of(with(policy, &[]), SafetyChecks::ALL);
        let request = SessionRequest { key: None, nonce: Nonce([1; 16]), mac: None };
        scene.deliver(Topic::SessionRequest, false, &serde_json::to_vec(&request).unwrap());
        assert_eq!(scene.sessions().len(), sessions, "{policy:?}");
    }
}

#[test]
fn where_the_owner_clears_nobody_else_ends_an_emergency_stop_but_a_failsafe_still() {
    let [owner, driver] =
        [("desk", Role::Owner), ("tablet", Role::Driver)].map(|(name, role)| Console::new(name, role));
    let mut setup = with(Policy::Accept, &[&owner, &driver]);
    setup.trust.owner_clears = true;
    setup.emergency_stopped = true;
    let mut scene = Scene::of(setup, SafetyChecks::ALL);
    let (mut owner, mut driver) = (owner.open(&mut scene), driver.open(&mut scene));
    assert_eq!(scene.ask("CLEAR_EMERGENCY_STOP"), "REJECTED UNSIGNED");
    assert_eq!(driver.ask(&mut scene, "CLEAR_EMERGENCY_STOP"), "REJECTED FORBIDDEN");
    assert_eq!(owner.ask(&mut scene, "CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
    assert_eq!(scene.status().mode, Mode::Off);
    scene.tell(crate::control::Input::Fault(vehicle_protocol::Reason::GuardLost));
    assert_eq!(driver.ask(&mut scene, "CLEAR_EMERGENCY_STOP"), "SUCCEEDED");
}

#[test]
fn a_flood_of_unsigned_refusals_leaves_a_signed_stream_its_answers() {
    let (mut scene, mut tablet) = driving();
    scene.answers();
    for _ in 0..5_000 {
        scene.send("ACCELERATE");
        scene.send("DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=200");
    }
    assert!(scene.answers().len() <= 53);
    assert_eq!(tablet.ask(&mut scene, "DRIVE MPH=1 DEGREES_PER_S=0 HOLD_MS=200"), "REJECTED NOT_NEUTRAL");
    scene.send("BRAKE");
    assert_eq!(scene.ends(), "SUCCEEDED");
    assert_eq!(Trust::default(), samples::setup().trust);
}
