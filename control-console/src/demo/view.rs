//! One line that shows what a vehicle does, as it changes.

use crate::output::Output;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;
use vehicle_protocol::{Status, Telemetry, VehicleId};

/// A line is not drawn more often than this.
const REDRAW: Duration = Duration::from_millis(100);
/// Where lines can't be drawn over, they come more rarely.
const LINE: Duration = Duration::from_secs(1);

/// Empties the line that the cursor is in.
const CLEAR: &str = "\r\u{1b}[K";

/// The live view: one line on a terminal, now and then a line elsewhere.
#[derive(Debug)]
pub(super) struct View {
    vehicle: Option<VehicleId>,
    status: Status,
    terminal: bool,
    drawn: Option<Duration>,
    shown: bool,
}

impl View {
    /// A view of one vehicle.
    pub(super) fn new(vehicle: Option<VehicleId>) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { vehicle, status: Status::default(), terminal, drawn: None, shown: false }
    }

    pub(super) fn follow_status(&mut self, vehicle: &VehicleId, status: Status) {
        if self.vehicle.as_ref() == Some(vehicle) {
            self.status = status;
        }
    }

    pub(super) fn follow_telemetry(&mut self, vehicle: &VehicleId, telemetry: &Telemetry) {
        if self.vehicle.as_ref() != Some(vehicle) {
            return;
        }
        let status = &mut self.status;
        status.speed_mph = telemetry.speed_mph.unwrap_or(status.speed_mph);
        status.heading_degrees = telemetry.heading_degrees.unwrap_or(status.heading_degrees);
        status.x_m = telemetry.x_m.unwrap_or(status.x_m);
        status.y_m = telemetry.y_m.unwrap_or(status.y_m);
    }

    /// Shows the present state, unless it was shown a moment ago.
    pub(super) fn draw(&mut self, now: Duration, output: &Output) {
        let pause = if self.terminal { REDRAW } else { LINE };
        if self.drawn.is_some_and(|drawn| now.saturating_sub(drawn) < pause) {
            return;
        }
        self.drawn = Some(now);
        if self.terminal {
            self.shown = true;
            let mut stdout = std::io::stdout().lock();
            // A terminal that is gone needs no view.
            let _ = write!(stdout, "{CLEAR}{}", line(&self.status)).and_then(|()| stdout.flush());
        } else {
            output.line(&line(&self.status));
        }
    }

    /// Writes a line of its own, above the live one.
    pub(super) fn say(&mut self, text: &str, output: &Output) {
        let over = if std::mem::take(&mut self.shown) { CLEAR } else { "" };
        output.line(&format!("{over}{text}"));
        self.drawn = None;
    }
}

fn line(status: &Status) -> String {
    let lamp = |on: bool, name: &'static str| if on { name } else { "-" };
    format!(
        "{:<14} {:>5.1} mph  heading {:>5.1}  x {:>6.2} m  y {:>6.2} m  {} {} {}  doors {}{}",
        status.mode,
        status.speed_mph,
        status.heading_degrees,
        status.x_m,
        status.y_m,
        lamp(status.headlights, "headlights"),
        lamp(status.parking_lights, "parking-lights"),
        lamp(status.hazard_lights, "hazard"),
        status.doors,
        if status.parking_brake { "  parked" } else { "" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::Mode;

    #[test]
    fn the_line_shows_what_telemetry_changed() {
        let rover = "rover-1".parse().unwrap();
        let mut view = View::new(Some("rover-1".parse().unwrap()));
        view.follow_status(&rover, Status { mode: Mode::Driving, parking_brake: true, ..Status::default() });
        view.follow_telemetry(
            &rover,
            &Telemetry { speed_mph: Some(2.5), x_m: Some(-1.25), ..Telemetry::default() },
        );
        let line = line(&view.status);
        assert!(line.starts_with("driving          2.5 mph"), "{line}");
        assert!(line.contains("x  -1.25 m") && line.ends_with("doors locked  parked"), "{line}");
    }
}
