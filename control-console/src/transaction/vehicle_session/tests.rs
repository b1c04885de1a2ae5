//! A channel by properties: what it stamps is never late and always newer.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are bounded by the strategies")]

use super::*;
use proptest::prelude::*;
use vehicle_protocol::{Command, Epoch, Setpoint, json};

const HOLD: Duration = Duration::from_millis(300);

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

fn channel() -> VehicleSession {
    VehicleSession::new("rover-1".parse().unwrap(), None, Encoding::Json, Nonce([1; 16]))
}

fn agree(channel: &mut VehicleSession, epoch: u8, clock: u64, now: Moment) -> Option<Agreement> {
    let answer =
        format!(r#"{{"NONCE":"{}","EPOCH":"{}","CLOCK":{clock}}}"#, channel.nonce, Epoch([epoch; 16]));
    channel.agree(answer.as_bytes(), now).unwrap()
}

fn agreed(clock: u64, now: Moment) -> VehicleSession {
    let mut channel = channel();
    channel.want();
    assert!(channel.ask(now).is_some());
    assert!(agree(&mut channel, 7, clock, now).is_some());
    channel
}

/// EXP of a setpoint that leaves at `now`.
fn expiry(channel: &mut VehicleSession, now: Moment) -> u64 {
    let command = Command::Drive(Setpoint { hold_ms: 300, ..Setpoint::default() });
    let sealed = channel.seal(now, command, Form::Timed, "x".parse().ok(), HOLD).unwrap();
    json::decode(&sealed.payload).unwrap().shape.expires().unwrap()
}

#[test]
fn a_session_is_asked_for_each_second_until_it_is_granted_and_after_a_minute_of_silence() {
    let mut channel = channel();
    assert_eq!((channel.ask(at(0)), channel.deadline()), (None, None), "nobody wants one");
    channel.want();
    assert!(channel.ask(at(0)).is_some());
    assert!(channel.ask(at(999)).is_none());
    assert!(channel.ask(at(1_000)).is_some());
    let agreement = agree(&mut channel, 7, 60_000, at(1_004));
    assert_eq!(agreement, Some(Agreement { clock: 60_000, round_trip: at(4) }));
    assert_eq!(channel.deadline(), Some(at(61_004)));
    channel.observe(70_000, at(20_000));
    assert_eq!(channel.deadline(), Some(at(80_000)));
    assert!(channel.is_ready(at(79_999)) && !channel.is_ready(at(80_000)));
    channel.doubt();
    assert!(!channel.is_ready(at(30_000)) && channel.ask(at(30_000)).is_some());
}

#[test]
fn an_answer_to_somebody_else_or_to_nobody_is_none() {
    let mut channel = channel();
    assert_eq!(agree(&mut channel, 7, 1, at(0)), None, "nothing was asked");
    channel.want();
    channel.ask(at(0));
    let other = format!(r#"{{"NONCE":"{}","EPOCH":"{}","CLOCK":1}}"#, Nonce([2; 16]), Epoch([7; 16]));
    assert_eq!(channel.agree(other.as_bytes(), at(1)).unwrap(), None);
    assert!(channel.agree(b"garbage", at(1)).is_err());
    assert!(!channel.is_agreed());
}

#[test]
fn a_presence_of_another_boot_calls_the_session_into_question_and_a_will_does_not() {
    let see = |channel: &mut VehicleSession, state: &str, epoch: u8, link: u32| {
        let text = format!(r#"{{"state":"{state}","epoch":"{}","link":{link}}}"#, Epoch([epoch; 16]));
        channel.see(serde_json::from_str(&text).unwrap());
    };
    let mut channel = agreed(60_000, at(0));
    see(&mut channel, "ONLINE", 7, 2);
    see(&mut channel, "CONNECTION_BROKEN", 6, 1);
    assert!(channel.is_ready(at(1)));
    see(&mut channel, "ONLINE", 8, 1);
    assert!(!channel.is_ready(at(1)));
}

#[test]
fn a_setpoint_dies_when_its_hold_would_be_over() {
    let mut channel = agreed(60_000, at(1_000));
    assert_eq!(expiry(&mut channel, at(1_000)), 60_300);
    assert_eq!(expiry(&mut channel, at(2_000)), 61_299, "a lower bound");
}

#[test]
fn another_boot_begins_anew() {
    let mut channel = agreed(60_000, at(0));
    expiry(&mut channel, at(0));
    agree(&mut channel, 8, 5, at(0));
    assert_eq!(expiry(&mut channel, at(0)), 305);
}

proptest! {
    #[test]
    fn exp_rises_whatever_is_heard_of_the_clock(
        steps in prop::collection::vec((0_u64..200_000, prop::option::of(0_u64..400_000)), 1..200),
    ) {
        let (mut channel, mut now, mut newest) = (agreed(100_000, at(0)), at(0), 0);
        for (micros, clock) in steps {
            now += Duration::from_micros(micros);
            if let Some(clock) = clock {
                agree(&mut channel, 7, clock, now);
            }
            let expires = expiry(&mut channel, now);
            prop_assert!(expires > newest);
            newest = expires;
        }
    }

    #[test]
    fn what_is_stamped_never_expires_late(
        clock in 0u64..1 << 40,
        delay in 0u64..5000,
        waits in prop::collection::vec((0u64..5000, 0u64..5000), 0..5),
        drift in -100i64..=100,
    ) {
        // The vehicle's clock runs up to 100 ppm faster or slower than ours, and readings are under way for a while.
        let truth = |now: u64| {
            let skew = i64::try_from(now).unwrap() * drift / 1_000_000;
            clock + now.saturating_add_signed(skew)
        };
        let mut now = delay;
        let mut known = VehicleClock::heard(Epoch([7; 16]), truth(0), at(now));
        for (wait, under_way) in waits {
            now += wait + under_way;
            known.observe(truth(now - under_way), at(now));
            prop_assert!(known.at_least(at(now)) <= truth(now) + 1);
        }
        now += 60_000;
        prop_assert!(known.expiry(at(now), Duration::from_secs(2)) <= truth(now) + 2001);
    }
}
