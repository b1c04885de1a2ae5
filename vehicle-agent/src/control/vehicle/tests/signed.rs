//! Signed commands: what is authentic, fresh and allowed acts, and nothing else; a replay costs a halt.

use super::console::{Frame, driving, harmless, setup};
use super::{Console, Scene};
use crate::control::{Input, SafetyChecks, Setup};
use vehicle_protocol::auth::Role;
use vehicle_protocol::{
    CommandName, Encoding, Epoch, EventKind, Mode, Reason, SequenceRef, SessionId, SignedSession, encoding,
};

#[test]
fn a_signed_session_drives_in_either_encoding_and_each_answer_is_signed() {
    for encoding in [Encoding::Json, Encoding::Compact] {
        let (mut scene, mut tablet) = driving();
        tablet.encoding = encoding;
        assert_eq!(tablet.ask(&mut scene, "ACCELERATE ID=go"), "go: SUCCEEDED");
        scene.run_for(1_000);
        assert!(scene.is_powered());
        assert_eq!(scene.status().driver.as_deref(), Some("tablet"));
        tablet.send(&mut scene, "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300");
        tablet.send(&mut scene, "DRIVE MPH=2 DEGREES_PER_S=0 HOLD_MS=300");
        scene.run_for(250);
        assert!(scene.is_powered());
        tablet.send(&mut scene, "BRAKE ID=stop");
        scene.run_for(3_000);
        assert_eq!(tablet.ends(&mut scene), "stop: SUCCEEDED");
        assert!(scene.stands());
    }
}

#[test]
fn an_answer_carries_session_and_counter_of_its_command_and_the_present_boot() {
    let (mut scene, mut tablet) = driving();
    scene.answers();
    tablet.send(&mut scene, "LOCK_DOORS");
    let answer = scene.answers().pop().unwrap();
    let proof = answer.proof.clone().unwrap();
    assert_eq!(proof.place, Some(SequenceRef { sid: tablet.sid, counter: tablet.counters[0] }));
    assert_eq!(proof.epoch, tablet.epoch);
    let forged = vehicle_protocol::Answer { state: vehicle_protocol::State::Failed, ..answer };
    assert!(!tablet.signer().verifies_answer(&forged));
}

#[test]
fn every_role_may_what_the_table_says_and_nothing_more() {
    for role in Role::ALL {
        let key = Console::new("a", *role);
        let mut scene = Scene::trusting(&[&key]);
        let mut key = key.open(&mut scene);
        for name in CommandName::ALL {
            scene.run_for(1_000);
            let said = key.ask(&mut scene, &harmless(*name));
            assert_eq!(said.contains("FORBIDDEN"), !role.may(*name), "{role} {name}: {said}");
        }
    }
}

#[test]
fn an_unknown_key_and_a_wrong_tag_are_refused_without_a_signature_and_are_no_stop() {
    let (mut scene, mut tablet) = driving();
    tablet.send(&mut scene, "ACCELERATE");
    let mut stranger =
        Console { sid: tablet.sid, epoch: tablet.epoch, ..Console::new("xerxes", Role::Owner) };
    let mut forger = tablet.clone();
    forger.file.secret = [9; 32].into();
    for (who, reason) in [(&mut stranger, Reason::UnknownKey), (&mut forger, Reason::BadMac)] {
        for words in ["BRAKE", "EMERGENCY_STOP", "ACCELERATE", "PARK ID=x"] {
            scene.answers();
            let frame = who.frame(&scene, words);
            scene.bring(&frame);
            let answers = scene.answers();
            assert_eq!(answers.len(), 1, "{words}");
            assert_eq!((answers[0].reason, &answers[0].proof), (Some(reason), &None), "{words}");
            let sessionless = who.sign("BRAKE", None);
            scene.bring(&sessionless);
        }
    }
    scene.run_for(500);
    assert!(scene.is_powered() && !scene.outputs().brake);
    let events = scene.events();
    assert!(events.iter().any(|(_, cause)| *cause == Some(Reason::UnknownKey)), "{events:?}");
    assert!(events.iter().any(|(_, cause)| *cause == Some(Reason::BadMac)), "{events:?}");
    // What was refused has used nothing up.
    assert_eq!(tablet.ask(&mut scene, "LOCK_DOORS"), "SUCCEEDED");
}

#[test]
fn a_counter_is_used_up_by_the_first_command_that_has_it_refused_or_not() {
    let tablet = Console::new("tablet", Role::Driver);
    let mut scene = Scene::trusting(&[&tablet]);
    let mut tablet = tablet.open(&mut scene);
    let early = tablet.frame(&scene, "ACCELERATE");
    scene.bring(&early);
    assert_eq!(tablet.ends(&mut scene), "REJECTED ENGINE_OFF");
    assert_eq!(tablet.ask(&mut scene, "TURN_ON_ENGINE"), "SUCCEEDED");
    scene.bring(&early);
    assert_eq!(tablet.ends(&mut scene), "REJECTED BAD_COUNTER");
    assert!(!scene.is_powered());
}

#[test]
fn a_setpoint_that_is_overtaken_is_dropped_and_a_command_is_not() {
    let (mut scene, mut tablet) = driving();
    let [first, second] =
        ["LOCK_DOORS ID=a", "TURN_ON_HEADLIGHTS ID=b"].map(|words| tablet.frame(&scene, words));
    scene.bring(&second);
    scene.bring(&first);
    assert_eq!(tablet.ends(&mut scene), "b: SUCCEEDED, a: SUCCEEDED");
    let [old, new] = ["MPH=3", "MPH=0"]
        .map(|speed| tablet.frame(&scene, &format!("DRIVE {speed} DEGREES_PER_S=0 HOLD_MS=500")));
    scene.bring(&new);
    scene.bring(&old);
    scene.run_for(100);
    assert!(!scene.is_powered());
    assert_eq!(tablet.ends(&mut scene), "REJECTED BAD_COUNTER");
}

#[test]
fn a_repeated_id_is_answered_from_memory_under_any_counter_and_session_of_its_key() {
    let (mut scene, mut tablet) = driving();
    let frame = tablet.frame(&scene, "ACCELERATE ID=go");
    for _ in 0..3 {
        scene.bring(&frame);
        assert_eq!(tablet.ends(&mut scene), "go: SUCCEEDED");
    }
    assert_eq!(tablet.ask(&mut scene, "ACCELERATE ID=go"), "go: SUCCEEDED");
    tablet.reopen(&mut scene);
    assert_eq!(tablet.ask(&mut scene, "ACCELERATE ID=go"), "go: SUCCEEDED");
    let target = scene.status().target_speed_mph;
    assert!((target - 1.118).abs() < 0.01, "one step only: {target}");
}

#[test]
fn an_id_of_one_sender_says_nothing_of_anothers() {
    let (mut scene, mut tablet) = driving();
    let mut desk = Console::new("desk", Role::Owner).open(&mut scene);
    scene.send("PARK ID=x");
    assert_eq!(desk.ask(&mut scene, "LOCK_DOORS ID=x"), "x: SUCCEEDED");
    assert_eq!(tablet.ask(&mut scene, "TURN_ON_HEADLIGHTS ID=x"), "x: SUCCEEDED");
    assert!(scene.outputs().headlights);
    // Nor can another cancel it.
    tablet.send(&mut scene, "ROTATE_LEFT DEGREES=90 ID=turn");
    assert_eq!(desk.ask(&mut scene, "CANCEL ID=turn"), "turn: REJECTED NOT_FOUND");
    assert_eq!(tablet.ask(&mut scene, "CANCEL ID=turn"), "turn: CANCELED, turn: SUCCEEDED");
}

#[test]
fn a_frame_stripped_of_its_signature_or_of_a_part_of_it_does_nothing() {
    let (mut scene, mut tablet) = driving();
    let (topic, payload) = tablet.frame(&scene, "ACCELERATE ID=go");
    let whole: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let keys = ["KEY", "SID", "EPOCH", "CTR", "EXP", "MAC"];
    for removed in 1..64_u32 {
        let mut cut = whole.as_object().unwrap().clone();
        for (place, key) in keys.iter().enumerate() {
            if removed >> place & 1 == 1 {
                cut.remove(*key);
            }
        }
        scene.answers();
        scene.deliver(topic, false, &serde_json::to_vec(&cut).unwrap());
        let ends = scene.ends();
        assert!(ends.contains("MALFORMED") || ends.contains("UNSIGNED"), "{cut:?}: {ends}");
    }
    scene.run_for(200);
    assert!(!scene.is_powered());
}

#[test]
fn the_same_command_in_another_encoding_is_the_same_command() {
    let (mut scene, mut tablet) = driving();
    let (topic, json) = tablet.frame(&scene, "ACCELERATE");
    let envelope = vehicle_protocol::json::decode(&json).unwrap();
    scene.bring(&(topic, json));
    assert_eq!(tablet.ends(&mut scene), "SUCCEEDED");
    scene.bring(&(topic, encoding::encode(&envelope, Encoding::Compact)));
    assert_eq!(tablet.ends(&mut scene), "REJECTED BAD_COUNTER");
}

#[test]
fn no_bit_of_a_frame_can_be_flipped() {
    for encoding in [Encoding::Json, Encoding::Compact] {
        for words in ["ACCELERATE ID=go", "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300", "TURN_ON_HEADLIGHTS"] {
            let (mut scene, mut tablet) = driving();
            tablet.encoding = encoding;
            let (topic, payload) = tablet.frame(&scene, words);
            let executed = scene.status().executed;
            for bit in 0..payload.len() * 8 {
                let mut flipped = payload.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                scene.deliver(topic, false, &flipped);
            }
            assert_eq!(scene.status().executed, executed, "{words}");
            scene.bring(&(topic, payload));
            assert_eq!(scene.status().executed, executed + 1, "{words} itself");
        }
    }
}

/// What a session may look like to who records it.
fn recorded(scene: &mut Scene, tablet: &mut Console) -> Vec<Frame> {
    let mut frames = Vec::new();
    for round in 0..1_430 {
        for words in [
            "ACCELERATE",
            "ROTATE_LEFT DEGREES=30 ID=x",
            "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300",
            "DRIVE MPH=2 DEGREES_PER_S=0 HOLD_MS=300",
            "HEARTBEAT",
            "TURN_ON_HEADLIGHTS",
            "PARK_IN_SAFE_PLACE",
        ] {
            let frame = tablet.frame(scene, &words.replace("ID=x", &format!("ID=x{round}")));
            scene.bring(&frame);
            scene.run_for(20);
            frames.push(frame);
        }
    }
    frames
}

#[test]
fn a_recorded_session_moves_nothing_in_its_own_boot_nor_in_another_nor_at_another_vehicle() {
    let (mut scene, mut tablet) = driving();
    let frames = recorded(&mut scene, &mut tablet);
    scene.run_for(20_000);
    assert_eq!(tablet.ask(&mut scene, "TURN_ON_ENGINE"), "SUCCEEDED");

    let (mut restarted, _) = {
        let mut setup = setup(&[&tablet, &Console::new("desk", Role::Owner)]);
        setup.epoch = Epoch([8; 16]);
        started(setup, &tablet)
    };
    let (mut other, _) = {
        let mut setup = setup(&[&tablet, &Console::new("desk", Role::Owner)]);
        setup.vehicle = "rover-2".parse().unwrap();
        let mut own = tablet.clone();
        own.file.vehicle = setup.vehicle.clone();
        started(setup, &own)
    };
    for scene in [&mut scene, &mut restarted, &mut other] {
        let executed = scene.status().executed;
        for frame in &frames {
            scene.bring(frame);
            assert!(!scene.is_powered());
        }
        scene.run_for(1_000);
        assert_eq!(scene.status().executed, executed);
        assert!(scene.stands());
        assert_eq!(scene.status().mode, Mode::Standing);
    }
}

/// A vehicle of that kind with its engine on.
fn started(setup: Setup, tablet: &Console) -> (Scene, Console) {
    let mut scene = Scene::of(setup, SafetyChecks::ALL);
    let mut tablet = tablet.clone().open(&mut scene);
    assert_eq!(tablet.ask(&mut scene, "TURN_ON_ENGINE"), "SUCCEEDED");
    (scene, tablet)
}

#[test]
fn a_recorded_stop_brakes_and_no_more_until_the_next_fresh_motion_command() {
    for name in ["EMERGENCY_STOP", "BRAKE", "TURN_OFF_ENGINE"] {
        let (mut scene, mut tablet) = driving();
        let old = tablet.frame(&scene, name);
        scene.bring(&old);
        scene.run_for(1_000);
        tablet.send(&mut scene, "CLEAR_EMERGENCY_STOP");
        scene.run_for(100);
        tablet.ask(&mut scene, "TURN_ON_ENGINE");
        assert_eq!(tablet.ask(&mut scene, "ACCELERATE"), "SUCCEEDED");
        scene.run_for(500);
        scene.events();
        scene.bring(&old);
        assert!(scene.outputs().brake, "{name}");
        scene.run_for(2_000);
        assert!(scene.stands() && !scene.file, "{name} is not stored");
        let status = scene.status();
        assert_eq!((status.mode, status.cause), (Mode::Failsafe, Some(Reason::EmergencyStopped)));
        assert!(status.engine, "{name}");
        let said = tablet.ends(&mut scene);
        assert_eq!(said, if name == "BRAKE" { "SUCCEEDED" } else { "FAILED BAD_COUNTER" });
        assert!(scene.events().iter().any(|event| event.1 == Some(Reason::EmergencyStopped)));
        assert_eq!(tablet.ask(&mut scene, "ACCELERATE"), "SUCCEEDED", "{name}");
    }
}

#[test]
fn a_stop_without_a_session_or_of_another_boot_halts_and_a_fresh_one_latches() {
    let (mut scene, mut tablet) = driving();
    let session = SignedSession { sid: SessionId([1; 4]), epoch: Epoch([9; 16]), counter: 1, expires: 1 };
    for session in [None, Some(session)] {
        tablet.ask(&mut scene, "ACCELERATE");
        scene.run_for(500);
        scene.bring(&tablet.sign("EMERGENCY_STOP", session));
        scene.run_for(2_000);
        assert_eq!(tablet.ends(&mut scene), "FAILED BAD_EPOCH");
        assert_eq!((scene.status().mode, scene.file), (Mode::Failsafe, false));
        let suspects = scene.events().iter().any(|event| event.0 == EventKind::Intrusion);
        assert_eq!(suspects, session.is_some(), "one without session is nothing that nobody should send");
    }
    tablet.send(&mut scene, "EMERGENCY_STOP");
    assert_eq!(tablet.ends(&mut scene), "SUCCEEDED");
    assert_eq!((scene.status().mode, scene.file), (Mode::EmergencyStop, true));
    // While it is in force the old one changes nothing.
    scene.bring(&tablet.sign("EMERGENCY_STOP", None));
    assert_eq!(tablet.ends(&mut scene), "SUCCEEDED");
    assert_eq!((scene.status().mode, scene.file), (Mode::EmergencyStop, true));
}

#[test]
fn an_old_stop_wakes_no_engine_that_is_off() {
    let tablet = Console::new("tablet", Role::Viewer);
    let mut scene = Scene::trusting(&[&tablet]);
    for name in ["EMERGENCY_STOP", "BRAKE", "TURN_OFF_ENGINE"] {
        scene.bring(&tablet.sign(name, None));
        scene.run_for(100);
        assert_eq!(scene.status().mode, Mode::Off);
        assert!(!scene.outputs().enable);
    }
}

#[test]
fn a_command_lives_until_its_exp_and_no_longer_than_the_contract_lets_it() {
    let (mut scene, mut tablet) = driving();
    let late = tablet.frame(&scene, "ACCELERATE ID=a");
    scene.run_for(1_501);
    scene.bring(&late);
    assert_eq!(tablet.ends(&mut scene), "a: EXPIRED EXPIRED");
    let far = tablet.frame_until(scene.now.clock() + 2_001, "ACCELERATE ID=b");
    scene.bring(&far);
    assert_eq!(tablet.ends(&mut scene), "b: REJECTED TTL_TOO_LONG");
    let last = tablet.frame_until(scene.now.clock(), "ACCELERATE ID=c");
    scene.bring(&last);
    assert_eq!(tablet.ends(&mut scene), "c: SUCCEEDED");
}

#[test]
fn a_suspend_ends_every_session() {
    let (mut scene, mut tablet) = driving();
    scene.tell(Input::Suspended(Epoch([8; 16])));
    assert_eq!(tablet.ask(&mut scene, "LOCK_DOORS"), "REJECTED BAD_EPOCH");
    tablet.reopen(&mut scene);
    assert_eq!(tablet.epoch, Epoch([8; 16]));
    assert_eq!(tablet.ask(&mut scene, "LOCK_DOORS"), "SUCCEEDED");
}

#[test]
fn without_the_check_of_tags_a_forged_command_moves_the_vehicle() {
    let moved = [SafetyChecks::ALL, SafetyChecks { mac: false, ..SafetyChecks::ALL }].map(|checks| {
        let tablet = Console::new("tablet", Role::Driver);
        let mut scene = Scene::of(setup(&[&tablet]), checks);
        let mut tablet = tablet.open(&mut scene);
        tablet.ask(&mut scene, "TURN_ON_ENGINE");
        tablet.file.secret = [0; 32].into();
        tablet.send(&mut scene, "ACCELERATE");
        scene.run_for(200);
        scene.is_powered()
    });
    assert_eq!(moved, [false, true]);
}

#[test]
fn telemetry_echoes_the_last_setpoint_that_was_applied() {
    let (mut scene, mut tablet) = driving();
    scene.run_for(1_000);
    scene.telemetry();
    for _ in 0..20 {
        tablet.send(&mut scene, "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300");
        scene.run_for(50);
    }
    scene.run_for(200);
    let echoes: Vec<_> = scene.telemetry().into_iter().filter_map(|telemetry| telemetry.ctr).collect();
    assert!(echoes.is_sorted() && (4..=6).contains(&echoes.len()), "{echoes:?}");
    assert_eq!(echoes.last(), Some(&20));
    scene.run_for(5_000);
    assert_eq!(scene.telemetry().len(), 0, "it is told once");
}

#[test]
fn without_counters_a_replayed_command_acts_twice() {
    let speeds = [SafetyChecks::ALL, SafetyChecks { counter: false, ..SafetyChecks::ALL }].map(|checks| {
        let tablet = Console::new("tablet", Role::Driver);
        let mut scene = Scene::of(setup(&[&tablet]), checks);
        let mut tablet = tablet.open(&mut scene);
        tablet.ask(&mut scene, "TURN_ON_ENGINE");
        let frame = tablet.frame(&scene, "ACCELERATE");
        scene.bring(&frame);
        scene.bring(&frame);
        scene.status().target_speed_mph
    });
    assert!(speeds[1] > 1.9 * speeds[0], "{speeds:?}");
}
