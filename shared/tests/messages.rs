//! Messages survive the round trip, and whatever comes instead of one is refused without harm.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use vehicle_protocol::{
    Answer, AnswerForm, CommandId, CommandName, Description, Doors, Epoch, Event, EventKind, KeyName,
    LinkCounters, Mac, Mode, Nonce, Pose, Presence, PresenceState, Proof, Reason, SequenceRef, SessionAnswer,
    SessionId, SessionRequest, State, Status, Telemetry,
};

fn round_trip<T: Serialize + DeserializeOwned>(message: &T) -> T {
    serde_json::from_str(&serde_json::to_string(message).unwrap()).unwrap()
}

fn epochs() -> impl Strategy<Value = Epoch> {
    any::<[u8; 16]>().prop_map(Epoch)
}

fn words<T: Debug + Clone + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

/// Numbers as vehicles send them, to the thousandth.
fn numbers() -> impl Strategy<Value = f64> {
    (-1_000_000_000i32..=1_000_000_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0)
}

/// Any text: quotes, line feeds, what is no ASCII.
fn texts() -> impl Strategy<Value = String> {
    any::<String>()
}

fn answers() -> impl Strategy<Value = Answer> {
    let id = "[ -~äß]{1,64}".prop_map(|id| id.parse::<CommandId>().unwrap());
    let about = (of(words(CommandName::ALL)), of(id), words(State::ALL));
    let more = (of(words(Reason::ALL)), of(texts()), of(0u8..=100), of(any::<u64>()));
    let place = (any::<[u8; 4]>(), any::<u64>())
        .prop_map(|(sid, counter)| SequenceRef { sid: SessionId(sid), counter });
    let proof = (keys(), epochs(), of(place), any::<[u8; 8]>()).prop_map(|(key, epoch, place, mac)| {
        key.map(|key| Proof { key, epoch, place, mac: Mac(mac), newer_reason: None })
    });
    (any::<bool>(), about, more, proof).prop_map(
        |(plain, (command, id, state), (reason, detail, progress, clock), proof)| {
            let form = if plain { AnswerForm::Plain } else { AnswerForm::Full };
            Answer { form, command, id, state, reason, detail, progress, clock, proof }
        },
    )
}

/// Reduces an answer to the part that is on the wire.
fn as_sent(answer: Answer) -> Answer {
    if answer.form == AnswerForm::Plain && answer.state == State::Succeeded && answer.command.is_some() {
        return Answer {
            id: None,
            reason: None,
            detail: None,
            progress: None,
            clock: None,
            proof: None,
            ..answer
        };
    }
    Answer { form: AnswerForm::Full, ..answer }
}

fn statuses() -> impl Strategy<Value = Status> {
    let words = (words(Mode::ALL), of(words(Reason::ALL)), words(Pose::ALL), words(Doors::ALL));
    let link = (any::<u32>(), any::<u64>(), any::<u64>())
        .prop_map(|(connections, received, dropped)| LinkCounters { connections, received, dropped });
    let switches = any::<[bool; 5]>();
    let (drivers, places) = ((of(texts()), of(texts())), (of(numbers()), of(numbers())));
    let sensors = (of(numbers()), of(numbers()), btree_map(texts(), numbers(), 0..3));
    let numbers = proptest::array::uniform7(numbers());
    let counters = any::<[u64; 4]>();
    (epochs(), words, (drivers, places, sensors), link, switches, numbers, counters).prop_map(
        |(
            epoch,
            (mode, cause, pose, doors),
            (drivers, places, sensors),
            link,
            switches,
            numbers,
            counters,
        )| {
            let (driver, next_driver) = drivers;
            let [engine, parking_brake, headlights, parking_lights, hazard_lights] = switches;
            let [speed, target, max, min, heading, x, y] = numbers;
            let [time, executed, refused, uptime_s] = counters;
            Status {
                time,
                epoch,
                mode,
                cause,
                engine,
                speed_mph: speed,
                target_speed_mph: target,
                max_speed_mph: max,
                min_speed_mph: min,
                heading_degrees: heading,
                x_m: x,
                y_m: y,
                pose,
                safe_place_x_m: places.0,
                safe_place_y_m: places.1,
                battery_pct: sensors.0,
                battery_v: sensors.1,
                sensors: sensors.2,
                parking_brake,
                doors,
                headlights,
                parking_lights,
                hazard_lights,
                driver,
                next_driver,
                link,
                executed,
                refused,
                uptime_s,
            }
        },
    )
}

fn telemetry() -> impl Strategy<Value = Telemetry> {
    let numbers = proptest::array::uniform6(of(numbers()));
    (any::<u64>(), numbers, of(words(Pose::ALL)), of(any::<u64>())).prop_map(|(time, numbers, pose, ctr)| {
        let [speed_mph, target_speed_mph, heading_degrees, x_m, y_m, battery_pct] = numbers;
        Telemetry { time, speed_mph, target_speed_mph, heading_degrees, x_m, y_m, pose, battery_pct, ctr }
    })
}

fn presences() -> impl Strategy<Value = Presence> {
    (words(PresenceState::ALL), epochs(), any::<u32>()).prop_map(|(state, epoch, link)| Presence {
        state,
        epoch,
        link,
    })
}

fn events() -> impl Strategy<Value = Event> {
    let about = (words(EventKind::ALL), of(words(Reason::ALL)), of(words(CommandName::ALL)));
    let whose = (
        of(texts()),
        of("[ -~äß]{1,64}".prop_map(|id| id.parse::<CommandId>().unwrap())),
        of(words(State::ALL)),
    );
    (any::<u64>(), epochs(), about, whose, of(any::<u64>()), of(texts())).prop_map(
        |(time, epoch, (event, cause, command), (by, id, state), count, detail)| Event {
            time,
            epoch,
            event,
            cause,
            by,
            command,
            id,
            state,
            count,
            detail,
        },
    )
}

fn keys() -> impl Strategy<Value = Option<KeyName>> {
    of("[a-z0-9][a-z0-9-]{0,31}".prop_map(|key| key.parse().unwrap()))
}

fn macs() -> impl Strategy<Value = Option<Mac>> {
    of(any::<[u8; 8]>().prop_map(Mac))
}

fn session_requests() -> impl Strategy<Value = SessionRequest> {
    (keys(), any::<[u8; 16]>(), macs()).prop_map(|(key, nonce, mac)| SessionRequest {
        key,
        nonce: Nonce(nonce),
        mac,
    })
}

fn session_answers() -> impl Strategy<Value = SessionAnswer> {
    let sid = of(any::<[u8; 4]>().prop_map(SessionId));
    (keys(), any::<[u8; 16]>(), epochs(), sid, any::<u64>(), macs()).prop_map(
        |(key, nonce, epoch, sid, clock, mac)| SessionAnswer {
            key,
            nonce: Nonce(nonce),
            epoch,
            sid,
            clock,
            mac,
        },
    )
}

/// Gives the bytes to every decoder but that of commands, which has tests of its own.
fn read_as_anything(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Answer>(bytes);
    let _ = serde_json::from_slice::<Status>(bytes);
    let _ = serde_json::from_slice::<Telemetry>(bytes);
    let _ = serde_json::from_slice::<Presence>(bytes);
    let _ = serde_json::from_slice::<Event>(bytes);
    let _ = serde_json::from_slice::<SessionRequest>(bytes);
    let _ = serde_json::from_slice::<SessionAnswer>(bytes);
    let _ = serde_json::from_slice::<Description>(bytes);
}

proptest! {
    #[test]
    fn an_answer_is_read_as_it_was_sent(answer in answers()) {
        prop_assert_eq!(round_trip(&answer), as_sent(answer));
    }

    #[test]
    fn a_status_survives_the_round_trip(status in statuses()) {
        prop_assert_eq!(round_trip(&status), status);
    }

    #[test]
    fn telemetry_survives_the_round_trip(telemetry in telemetry()) {
        prop_assert_eq!(round_trip(&telemetry), telemetry);
    }

    #[test]
    fn a_presence_survives_the_round_trip(presence in presences()) {
        prop_assert_eq!(round_trip(&presence), presence);
    }

    #[test]
    fn an_event_survives_the_round_trip(event in events()) {
        prop_assert_eq!(round_trip(&event), event);
    }

    #[test]
    fn a_session_request_survives_the_round_trip(request in session_requests()) {
        prop_assert_eq!(round_trip(&request), request);
    }

    #[test]
    fn a_session_answer_survives_the_round_trip(answer in session_answers()) {
        prop_assert_eq!(round_trip(&answer), answer);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_as_anything(&bytes);
    }

    #[test]
    fn a_message_with_one_byte_changed_is_read_or_refused(
        status in statuses(), answer in answers(), place: prop::sample::Index, byte: u8,
    ) {
        for text in [serde_json::to_string(&status).unwrap(), serde_json::to_string(&answer).unwrap()] {
            let mut bytes = text.into_bytes();
            let place = place.index(bytes.len());
            *bytes.get_mut(place).unwrap() = byte;
            read_as_anything(&bytes);
        }
    }

    #[test]
    fn a_message_cut_short_is_refused(
        status in statuses(), event in events(), request in session_requests(), cut: prop::sample::Index,
    ) {
        let short = |text: String| text.as_bytes()[..cut.index(text.len())].to_vec();
        prop_assert!(serde_json::from_slice::<Status>(&short(serde_json::to_string(&status).unwrap())).is_err());
        prop_assert!(serde_json::from_slice::<Event>(&short(serde_json::to_string(&event).unwrap())).is_err());
        let request = short(serde_json::to_string(&request).unwrap());
        prop_assert!(serde_json::from_slice::<SessionRequest>(&request).is_err());
    }
}

#[test]
fn what_is_nested_without_end_does_no_harm() {
    for bracket in ["[", r#"{"a":"#] {
        let deep = bracket.repeat(100_000);
        // On its own, where a value is expected, and where a key is passed over.
        read_as_anything(deep.as_bytes());
        for key in ["time", "epoch", "STATE", "CMD", "NONCE", "commands", "link", "unknown"] {
            read_as_anything(format!(r#"{{"{key}":{deep}"#).as_bytes());
        }
    }
    let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    read_as_anything(format!(r#"{{"unknown":{closed}}}"#).as_bytes());
}

#[test]
fn what_is_far_too_large_does_no_harm() {
    let long = "x".repeat(200_000);
    for key in ["epoch", "STATE", "REASON", "CMD", "ID", "NONCE", "KEY", "protocol", "unknown"] {
        read_as_anything(format!(r#"{{"{key}":"{long}"}}"#).as_bytes());
        read_as_anything(format!(r#"{{"{key}":{}}}"#, "9".repeat(200_000)).as_bytes());
    }
    read_as_anything(&vec![b' '; 200_000]);
}

#[test]
fn a_newer_vehicle_is_still_understood() {
    let status: Status =
        serde_json::from_str(r#"{"mode":"failsafe","cause":"FLAT_TYRE","speed_mph":2,"wheels":[1,2]}"#)
            .unwrap();
    assert_eq!((status.mode, status.cause, status.speed_mph), (Mode::Failsafe, None, 2.0));
    let telemetry: Telemetry = serde_json::from_str(r#"{"time":5,"tyre_bar":2.1}"#).unwrap();
    assert_eq!(telemetry, Telemetry { time: 5, ..Telemetry::default() });
    let event = r#"{"time":1,"epoch":"00000000000000000000000000000000","event":"fault","cause":"FLAT_TYRE","command":"WASH"}"#;
    let event: Event = serde_json::from_str(event).unwrap();
    assert_eq!((event.event, event.cause, event.command), (EventKind::Fault, None, None));
    let description = r#"{"protocol":"vp1","vehicle":"a","agent_version":"9","board":"sim","kinematics":"hover","commands":[{"name":"WASH"},{"name":"PARK","since":9}]}"#;
    let description: Description = serde_json::from_str(description).unwrap();
    let names: Vec<_> = description.commands.iter().map(|command| command.name).collect();
    assert_eq!(names, [CommandName::Park]);
}

#[test]
fn a_session_request_is_read_as_strictly_as_a_command() {
    let nonce = r#""NONCE":"00112233445566778899aabbccddeeff""#;
    assert!(serde_json::from_str::<SessionRequest>(&format!("{{{nonce}}}")).is_ok());
    for bad in [
        "{}".to_owned(),
        format!("{{{nonce},{nonce}}}"),
        format!(r#"{{{nonce},"KEY":null}}"#),
        format!(r#"{{{nonce},"MAC":null}}"#),
        format!(r#"{{{nonce},"ID":"1"}}"#),
        format!("{{{nonce}}} x"),
        format!("{{{}}}", nonce.to_ascii_uppercase()),
        format!("{{{}}}", nonce.replace("00", "")),
    ] {
        assert!(serde_json::from_str::<SessionRequest>(&bad).is_err(), "{bad}");
    }
}
