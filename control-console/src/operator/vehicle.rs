//! The state of one vehicle, as a screen needs it. Pure.

use super::ring::{Ring, Sample, Trail};
use crate::clock::Moment;
use crate::commands::watch::vehicle_state::VehicleState;
use crate::teleop::stick::{Halt, StickState};
use crate::transaction::in_milliseconds;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use vehicle_protocol::{Description, PresenceState, Reason, Topic};

/// A vehicle whose round trip is measured is heard each second; after so long its values are old.
const OLD_AFTER: Duration = Duration::from_secs(3);
/// One that nobody looks at tells its status at a slow heartbeat, of 60 s unless configured otherwise.
const OLD_UNSEEN: Duration = Duration::from_secs(70);
/// Values that have been old for so long are shown no more.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// The failsafes that only CLEAR_EMERGENCY_STOP ends.
const CLEARED: [&str; 3] = ["ACTUATOR_FAULT", "GUARD_LOST", "CLOCK_GAP"];

/// The age of values, judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// As it is.
    Current,
    /// As it was a while ago; to be shown dimmed.
    Old,
    /// Too old to be shown, or never heard.
    Gone,
}

/// A round trip that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// Its duration.
    pub took: Duration,
    /// Its end.
    pub at: Moment,
}

/// A vehicle's refusal of a setpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Option<Reason>,
    /// More, for people.
    pub detail: Option<String>,
}

/// The hand on the stick of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drive {
    /// The state of the stick; nothing if nobody has armed it.
    pub state: Option<StickState>,
    /// The end of the last drive, if it was not a release.
    pub halt: Option<Halt>,
    /// The last refusal, until the stick has been at neutral.
    pub refusal: Option<Refusal>,
    /// By how much the hand is divided, for the round trip.
    pub divisor: i64,
}

impl Default for Drive {
    fn default() -> Self {
        Self { state: None, halt: None, refusal: None, divisor: 1 }
    }
}

/// The known state of one vehicle.
#[derive(Clone, Debug, Default)]
pub struct Vehicle {
    /// Its values, field by field, status and telemetry together.
    pub picture: VehicleState,
    /// Its description.
    pub description: Option<Arc<Description>>,
    /// The last message of the vehicle itself; retained ones do not count.
    pub heard: Option<Moment>,
    /// The last round trip.
    pub round_trip: Option<RoundTrip>,
    /// Since when an answer is awaited to what measures the next one.
    pub awaited: Option<Moment>,
    /// The last look of a screen at it.
    pub looked_at: Option<Moment>,
    /// The last five minutes.
    pub ring: Arc<Ring>,
    /// Its track.
    pub trail: Arc<Trail>,
    /// The hand on its stick.
    pub drive: Drive,
    /// The begin of that look.
    pub(super) looked_since: Option<Moment>,
    /// The moment at which the values became old.
    pub(super) old_since: Option<Moment>,
}

impl Vehicle {
    /// Its presence, a hint.
    #[must_use]
    pub fn presence(&self) -> Option<PresenceState> {
        self.picture.presence().map(|presence| presence.state)
    }

    /// A number that it reports, such as `speed_mph`, however old.
    #[must_use]
    pub fn number(&self, path: &str) -> Option<f64> {
        self.picture.find(path).and_then(|(_, value)| value.as_f64()).filter(|value| value.is_finite())
    }

    /// A word that it reports, such as `mode`, however old.
    #[must_use]
    pub fn word(&self, path: &str) -> Option<&str> {
        self.picture.find(path).and_then(|(_, value)| value.as_str())
    }

    /// Something that it reports as on or off, however old.
    #[must_use]
    pub fn flag(&self, path: &str) -> Option<bool> {
        self.picture.find(path).and_then(|(_, value)| value.as_bool())
    }

    /// Tells whether it needs CLEAR_EMERGENCY_STOP; other failsafes end with a fresh press.
    #[must_use]
    pub fn waits_for_clear(&self) -> bool {
        match self.word("mode") {
            Some("emergency_stop") => true,
            Some("failsafe") => self.word("cause").is_some_and(|cause| CLEARED.contains(&cause)),
            _ => false,
        }
    }

    /// The time since it was heard itself.
    #[must_use]
    pub fn age(&self, now: Moment) -> Option<Duration> {
        self.heard.map(|heard| now.saturating_sub(heard))
    }

    /// Judges the age of its values, with or without a link.
    #[must_use]
    pub fn freshness(&self, up: bool, now: Moment) -> Freshness {
        match self.old_since(up, now) {
            None => Freshness::Current,
            Some(since) if now.saturating_sub(since) <= GONE_AFTER => Freshness::Old,
            Some(_) => Freshness::Gone,
        }
    }

    /// Since when its values are old, if they are.
    pub(super) fn old_since(&self, up: bool, now: Moment) -> Option<Moment> {
        let is_there = matches!(self.presence(), Some(PresenceState::Online) | None);
        if !up || !is_there {
            return Some(self.old_since.unwrap_or(now));
        }
        let patience = if self.looked_at.is_some() { OLD_AFTER } else { OLD_UNSEEN };
        // Whoever begins to look gives it the time to speak; until then, what the broker had kept is as good.
        let from = self.heard.max(self.looked_since).unwrap_or_default();
        let until = from.saturating_add(patience);
        (now > until).then_some(until)
    }

    /// The round trip as far as it is known: one that still goes on is at least as long as it has lasted.
    #[must_use]
    pub fn round_trip_now(&self, now: Moment) -> Option<Duration> {
        let pending = self.awaited.map(|since| now.saturating_sub(since));
        self.round_trip.map(|known| pending.map_or(known.took, |pending| pending.max(known.took)))
    }

    /// Takes a message.
    ///
    /// # Errors
    /// The reason for which it can't be read.
    pub(super) fn hear(
        &mut self,
        topic: Topic,
        payload: &[u8],
        retained: bool,
        now: Moment,
    ) -> Result<(), String> {
        if !retained && topic != Topic::Presence {
            // Of a presence nobody knows whether the vehicle or the broker speaks.
            self.heard = Some(now);
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others are no state")]
        match topic {
            Topic::Description if !payload.is_empty() => {
                let description = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
                self.description = Some(Arc::new(description));
            }
            Topic::Presence | Topic::Status | Topic::Telemetry => {
                let epoch = self.word("epoch").map(str::to_owned);
                let changes = self.picture.take(topic, payload, retained, now)?;
                if epoch.is_some()
                    && changes.carried.contains_key("epoch")
                    && self.word("epoch") != epoch.as_deref()
                {
                    Arc::make_mut(&mut self.trail).clear();
                }
                if let Some((x, y)) = self.number("x_m").zip(self.number("y_m")) {
                    Arc::make_mut(&mut self.trail).push(now, x, y);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds what is known now to the last five minutes.
    pub(super) fn sample(&mut self, up: bool, now: Moment) {
        let current = self.freshness(up, now) == Freshness::Current;
        let number = |path| self.number(path).filter(|_| current);
        let round_trip = self.round_trip_now(now).filter(|_| current && self.looked_at.is_some());
        let sample = Sample {
            at: now,
            speed_mph: number("speed_mph"),
            round_trip_ms: round_trip.map(in_milliseconds),
            battery_pct: number("battery_pct"),
        };
        Arc::make_mut(&mut self.ring).push(sample);
    }

    /// The highest speed in mph and turn rate in degrees per second that it may be asked for.
    #[must_use]
    pub fn limits(&self) -> (f64, f64) {
        let limits = self.description.as_ref().map(|description| description.limits).unwrap_or_default();
        let speed = self.number("max_speed_mph").unwrap_or(limits.max_speed_mph);
        (speed.max(0.0), limits.max_turn_rate_degrees_per_s.max(0.0))
    }

    /// Every value by its name.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.picture.fields()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Moment {
        Duration::from_secs(seconds)
    }

    fn seen() -> Vehicle {
        let mut vehicle = Vehicle { looked_at: Some(at(1)), looked_since: Some(at(1)), ..Vehicle::default() };
        let online = br#"{"state":"ONLINE","epoch":"07070707070707070707070707070707","link":1}"#;
        vehicle.hear(Topic::Presence, online, true, at(1)).unwrap();
        vehicle.hear(Topic::Status, br#"{"speed_mph":2,"x_m":0,"y_m":0}"#, false, at(1)).unwrap();
        vehicle
    }

    #[test]
    fn a_value_grows_old_and_is_then_shown_no_more() {
        let vehicle = seen();
        for (now, freshness) in
            [(1, Freshness::Current), (4, Freshness::Current), (5, Freshness::Old), (35, Freshness::Gone)]
        {
            assert_eq!(vehicle.freshness(true, at(now)), freshness, "{now}");
        }
        assert_eq!(vehicle.freshness(false, at(1)), Freshness::Old, "without a link");
    }

    #[test]
    fn the_word_of_the_broker_about_a_vehicle_is_no_word_of_the_vehicle() {
        let mut vehicle = seen();
        let broken = br#"{"state":"CONNECTION_BROKEN","epoch":"07070707070707070707070707070707","link":1}"#;
        vehicle.hear(Topic::Presence, broken, false, at(3)).unwrap();
        assert_eq!((vehicle.age(at(3)), vehicle.freshness(true, at(3))), (Some(at(2)), Freshness::Old));
    }

    #[test]
    fn a_round_trip_that_goes_on_is_at_least_as_long_as_it_has_lasted() {
        let known = RoundTrip { took: Duration::from_millis(5), at: at(1) };
        let vehicle = Vehicle { round_trip: Some(known), awaited: Some(at(2)), ..seen() };
        assert_eq!(vehicle.round_trip_now(at(4)), Some(at(2)));
        assert_eq!(Vehicle { awaited: None, ..vehicle }.round_trip_now(at(4)), Some(known.took));
    }

    #[test]
    fn only_what_a_fresh_press_does_not_end_has_to_be_cleared() {
        for (mode, cause, waits) in [
            ("emergency_stop", "null", true),
            ("failsafe", r#""GUARD_LOST""#, true),
            ("failsafe", r#""HOLD_LAPSED""#, false),
            ("standing", "null", false),
        ] {
            let mut vehicle = seen();
            let status = format!(r#"{{"mode":"{mode}","cause":{cause}}}"#);
            vehicle.hear(Topic::Status, status.as_bytes(), false, at(2)).unwrap();
            assert_eq!(vehicle.waits_for_clear(), waits, "{mode} {cause}");
        }
    }

    #[test]
    fn after_another_boot_the_trail_begins_anew() {
        let mut vehicle = seen();
        let status = |epoch: &str, x: f64| format!(r#"{{"epoch":"{epoch}","x_m":{x},"y_m":0}}"#).into_bytes();
        for (epoch, x) in [("a", 0.0), ("a", 1.0), ("b", 0.0)] {
            vehicle.hear(Topic::Status, &status(epoch, x), false, at(2)).unwrap();
        }
        assert_eq!(vehicle.trail.places().count(), 1);
    }
}
