//! Section 4 of the contract: how a signed session is opened, and what floods of requests do.

use super::console::driving;
use super::{Console, Scene};
use vehicle_protocol::auth::Role;
use vehicle_protocol::{Mac, Nonce, Reason, SessionRequest, Topic};

fn ask(scene: &mut Scene, request: &SessionRequest) -> usize {
    scene.deliver(Topic::SessionRequest, false, &serde_json::to_vec(request).unwrap());
    scene.sessions().len()
}

#[test]
fn a_session_is_given_to_who_has_a_key_and_the_same_to_the_same_nonce() {
    let (mut scene, mut tablet) = driving();
    let [first, again, other] = [1, 1, 2].map(|n| {
        scene.run_for(200);
        tablet.request(&mut scene, Nonce([n; 16])).unwrap()
    });
    assert_eq!(first.sid, again.sid);
    assert_ne!(first.sid, other.sid);
    assert!(again.clock > first.clock);
}

#[test]
fn a_forged_or_halved_request_gets_nothing_and_is_told() {
    let (mut scene, tablet) = driving();
    let good = tablet.signer().session_request(Nonce([1; 16]));
    let stranger = Console::new("xerxes", Role::Owner).signer().session_request(Nonce([1; 16]));
    let forged = SessionRequest { mac: Some(Mac([1; 8])), ..good.clone() };
    let moved = SessionRequest { nonce: Nonce([2; 16]), ..good.clone() };
    let halves = [SessionRequest { mac: None, ..good.clone() }, SessionRequest { key: None, ..good.clone() }];
    for bad in [&stranger, &forged, &moved, &halves[0], &halves[1]] {
        assert_eq!(ask(&mut scene, bad), 0, "{bad:?}");
    }
    scene.run_for(2_000);
    let causes: Vec<_> = scene.events().into_iter().filter_map(|event| event.1).collect();
    for cause in [Reason::UnknownKey, Reason::BadMac, Reason::Malformed] {
        assert!(causes.contains(&cause), "{cause}: {causes:?}");
    }
    assert_eq!(ask(&mut scene, &good), 1);
}

#[test]
fn an_answer_to_a_session_request_can_not_be_turned_into_another() {
    let (mut scene, mut tablet) = driving();
    let answer = tablet.request(&mut scene, Nonce([1; 16])).unwrap();
    let mut forged = answer.clone();
    forged.clock += 60_000;
    assert!(!tablet.signer().verifies_session_answer(&forged));
    let mut forged = answer;
    forged.sid = Some(vehicle_protocol::SessionId([1; 4]));
    assert!(!tablet.signer().verifies_session_answer(&forged));
}

#[test]
fn a_flood_of_requests_takes_neither_a_session_in_use_nor_anothers_turn() {
    let (mut scene, mut tablet) = driving();
    let mut desk = Console::new("desk", Role::Owner);
    let mut answered = 0;
    for n in 0..5_000_u32 {
        let mut nonce = Nonce([7; 16]);
        nonce.0[..4].copy_from_slice(&n.to_be_bytes());
        answered += ask(&mut scene, &tablet.signer().session_request(nonce));
        if n % 100 == 0 {
            scene.run_for(20);
        }
        if n % 1_000 == 0 {
            assert_eq!(tablet.ask(&mut scene, "LOCK_DOORS"), "SUCCEEDED");
        }
    }
    assert!(answered <= 20, "{answered} in a second");
    desk.reopen(&mut scene);
    assert_eq!(desk.ask(&mut scene, "LOCK_DOORS"), "SUCCEEDED");
    let unsigned = SessionRequest { key: None, nonce: Nonce([1; 16]), mac: None };
    assert_eq!(ask(&mut scene, &unsigned), 1);
}
