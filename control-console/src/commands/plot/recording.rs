//! Curves from a recording. Pure.

use serde_json::Value;
use vehicle_protocol::Advice;
use vehicle_protocol::VehicleId;

/// The longest silence that a curve is drawn across, in seconds: a status comes once a minute even when nothing changes.
const GAP: f64 = 90.0;

/// What changes is told after so long, in seconds; before that it was as it had last been told.
const TELLING: f64 = 0.2;
/// A heading that changes by more has gone past north.
const HALF_CIRCLE: f64 = 180.0;

/// A point of a curve.
pub(super) type Point = (f64, f64);

/// A curve in pieces, so that nothing is drawn where nothing is known.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Curve(Vec<Vec<Point>>);

impl Curve {
    fn push(&mut self, point: Point) {
        match self.0.last_mut() {
            Some(piece) => piece.push(point),
            None => self.0.push(vec![point]),
        }
    }

    fn last(&self) -> Option<Point> {
        self.0.last()?.last().copied()
    }

    /// Goes on level until `until`, from the last point on.
    fn hold(&mut self, until: f64) {
        if let Some((at, value)) = self.last()
            && until > at
        {
            self.push((until, value));
        }
    }

    fn part(&mut self) {
        if self.0.last().is_some_and(|piece| !piece.is_empty()) {
            self.0.push(Vec::new());
        }
    }

    /// The pieces that hold a point.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[Point]> {
        self.0.iter().map(Vec::as_slice).filter(|piece| !piece.is_empty())
    }

    /// All points.
    pub(super) fn points(&self) -> impl Iterator<Item = Point> {
        self.0.iter().flatten().copied()
    }
}

/// The reason for which nothing can be drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Empty,
    Several(String),
}

impl Unfit {
    pub(super) fn advice(&self) -> Advice {
        match self {
            Self::Empty => Advice::new(
                "the recording holds nothing that can be drawn",
                "write it with control-console --json watch VEHICLE",
            ),
            Self::Several(vehicles) => Advice::new(
                "the recording has several vehicles",
                format!("choose one with --vehicle: {vehicles}"),
            ),
        }
    }
}

/// One vehicle's curves over the seconds since the recording began.
#[derive(Debug, Default)]
pub(super) struct Recording {
    vehicle: Option<VehicleId>,
    others: Vec<VehicleId>,
    pub(super) speed: Curve,
    pub(super) target_speed: Curve,
    pub(super) heading: Curve,
    /// Metres to the right of, and ahead of, where it stood at boot.
    pub(super) track: Curve,
    /// Milliseconds over the number of the round trip.
    pub(super) round_trip: Curve,
    unread: usize,
    clock: Timeline,
    place: (Option<f64>, Option<f64>),
}

impl Recording {
    /// Reads lines of `watch --json` and `ping --json`; of `only`, or of the one vehicle that there is.
    pub(super) fn read(text: &str, only: Option<&VehicleId>) -> Result<Self, Unfit> {
        let mut recording = Self { vehicle: only.cloned(), ..Self::default() };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if recording.take(line, only.is_none()).is_none() {
                recording.unread = recording.unread.saturating_add(1);
            }
        }
        if !recording.others.is_empty() && only.is_none() {
            let all = recording.vehicle.iter().chain(&recording.others).map(ToString::to_string);
            return Err(Unfit::Several(all.collect::<Vec<_>>().join(", ")));
        }
        let curves = [&recording.speed, &recording.heading, &recording.track, &recording.round_trip];
        if curves.iter().all(|curve| curve.points().next().is_none()) {
            return Err(Unfit::Empty);
        }
        Ok(recording)
    }

    pub(super) const fn vehicle(&self) -> Option<&VehicleId> {
        self.vehicle.as_ref()
    }

    /// Lines that were no record.
    pub(super) const fn unread(&self) -> usize {
        self.unread
    }

    fn take(&mut self, text: &str, adopts: bool) -> Option<()> {
        let line: Value = serde_json::from_str(text).ok()?;
        let vehicle: VehicleId = line.get("vehicle")?.as_str()?.parse().ok()?;
        if adopts && self.vehicle.is_none() {
            self.vehicle = Some(vehicle.clone());
        }
        if self.vehicle.as_ref() != Some(&vehicle) {
            if !self.others.contains(&vehicle) {
                self.others.push(vehicle);
            }
            return Some(());
        }
        if let Some(time) = line.get("round_trip_ms").and_then(Value::as_f64) {
            let number = self.round_trip.points().count();
            self.round_trip.push((f64::from(u32::try_from(number).unwrap_or(u32::MAX)), time));
        }
        // What the broker had kept is of an earlier time.
        let is_live = line.get("retained").and_then(Value::as_bool) == Some(false);
        let state = matches!(line.get("topic").and_then(Value::as_str), Some("status" | "telemetry"));
        if let Some(values) = line.get("values").filter(|_| is_live && state) {
            self.values(values);
        }
        Some(())
    }

    fn values(&mut self, values: &Value) {
        let number = |name: &str| values.get(name).and_then(Value::as_f64);
        let Some(time) = number("time") else { return };
        let (at, parts) = self.clock.at(time / 1000.0);
        if parts {
            for curve in [&mut self.speed, &mut self.target_speed, &mut self.heading, &mut self.track] {
                curve.part();
            }
            self.place = (None, None);
        }
        // A target jumps, what moves does not.
        for (curve, name, telling) in [
            (&mut self.speed, "speed_mph", TELLING),
            (&mut self.target_speed, "target_speed_mph", 0.0),
            (&mut self.heading, "heading_degrees", TELLING),
        ] {
            curve.hold(at - telling);
            let Some(value) = number(name) else { continue };
            if name == "heading_degrees"
                && curve.last().is_some_and(|last| (value - last.1).abs() > HALF_CIRCLE)
            {
                curve.part();
            }
            curve.push((at, value));
        }
        let place = (number("x_m").or(self.place.0), number("y_m").or(self.place.1));
        if let (Some(x), Some(y)) = place
            && self.place != place
        {
            self.track.push((x, y));
        }
        self.place = place;
    }
}

/// The vehicle's CLOCK, which begins anew with each boot, as one time.
#[derive(Debug, Default)]
struct Timeline {
    last: Option<f64>,
    offset: f64,
}

impl Timeline {
    /// Seconds since the first record, and whether the curves part before it.
    fn at(&mut self, clock: f64) -> (f64, bool) {
        let Some(last) = self.last.replace(clock) else {
            self.offset = -clock;
            return (0.0, false);
        };
        let restarted = clock < last;
        if restarted {
            // How long it was away is not known; the curves go on where they ended.
            self.offset += last - clock;
        }
        (clock + self.offset, restarted || clock - last > GAP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(vehicle: &str, time: u64, speed: f64) -> String {
        format!(
            r#"{{"vehicle":"{vehicle}","topic":"telemetry","retained":false,"old":false,"values":{{"time":{time},"speed_mph":{speed},"x_m":{speed},"y_m":2.0}}}}"#
        )
    }

    #[test]
    fn a_restart_of_the_vehicle_parts_the_curve_and_time_goes_on() {
        let lines = [status("a", 5_000, 1.0), status("a", 6_000, 2.0), status("a", 500, 0.0)].join("\n");
        let recording = Recording::read(&lines, None).unwrap();
        let pieces: Vec<_> = recording.speed.pieces().collect();
        assert_eq!(pieces, [[(0.0, 1.0), (0.8, 1.0), (1.0, 2.0)].as_slice(), [(1.0, 0.0)].as_slice()]);
        assert_eq!(recording.track.points().count(), 3);
    }

    #[test]
    fn what_is_not_told_is_as_it_was_and_a_heading_past_north_is_no_turn_back() {
        let line = |time: u64, values: &str| {
            format!(
                r#"{{"vehicle":"a","topic":"telemetry","retained":false,"values":{{"time":{time},{values}}}}}"#
            )
        };
        let lines = [
            line(0, r#""target_speed_mph":2.0,"heading_degrees":350.0"#),
            line(200, r#""speed_mph":1.0"#),
            line(5_000, r#""target_speed_mph":0.0,"heading_degrees":10.0"#),
        ];
        let recording = Recording::read(&lines.join("\n"), None).unwrap();
        let points = |curve: &Curve| curve.points().collect::<Vec<_>>();
        assert_eq!(points(&recording.target_speed), [(0.0, 2.0), (0.2, 2.0), (5.0, 2.0), (5.0, 0.0)]);
        assert_eq!(points(&recording.speed), [(0.2, 1.0), (4.8, 1.0)]);
        let pieces: Vec<_> = recording.heading.pieces().collect();
        assert_eq!(pieces, [[(0.0, 350.0), (4.8, 350.0)].as_slice(), [(5.0, 10.0)].as_slice()]);
    }

    #[test]
    fn what_was_kept_and_what_is_no_record_is_left_out() {
        let kept = status("a", 1, 9.0).replace("\"retained\":false", "\"retained\":true");
        let lines = [kept, "no record".to_owned(), status("a", 2_000, 1.0)].join("\n");
        let recording = Recording::read(&lines, None).unwrap();
        assert_eq!(recording.speed.points().collect::<Vec<_>>(), [(0.0, 1.0)]);
        assert_eq!(recording.unread(), 1);
    }

    #[test]
    fn of_several_vehicles_one_is_chosen() {
        let lines = [status("a", 0, 1.0), status("b", 0, 2.0)].join("\n");
        assert_eq!(Recording::read(&lines, None).unwrap_err(), Unfit::Several("a, b".to_owned()));
        let b = "b".parse().unwrap();
        let recording = Recording::read(&lines, Some(&b)).unwrap();
        assert_eq!(recording.speed.points().collect::<Vec<_>>(), [(0.0, 2.0)]);
        assert_eq!(Recording::read("{}", None).unwrap_err(), Unfit::Empty);
    }

    #[test]
    fn round_trips_of_ping_are_drawn_in_their_order() {
        let ping =
            |ms: f64| format!(r#"{{"vehicle":"a","command":"REPORT_STATUS","round_trip_ms":{ms},"exit":0}}"#);
        let recording = Recording::read(&[ping(3.5), ping(2.0)].join("\n"), None).unwrap();
        assert_eq!(recording.round_trip.points().collect::<Vec<_>>(), [(0.0, 3.5), (1.0, 2.0)]);
    }
}
