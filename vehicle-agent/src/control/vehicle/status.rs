//! Status and description of the vehicle.

use super::Vehicle;
use crate::control::{Kinematics, Moment};
use vehicle_protocol::{
    ArgumentDescription, CommandDescription, CommandName, Description, LimitsDescription, Mph,
    PROTOCOL_VERSION, Parameter, ParameterKind, Pose, Status,
};

impl Vehicle {
    /// The whole state at `now`.
    pub(super) fn status(&self, now: Moment) -> Status {
        let pose = self.motion.pose();
        let target = self.mode.target(&self.motion, self.max_speed);
        let safe_place = self.setup.autonomy.safe_place.filter(|_| self.setup.fittings.odometry);
        let mut status = Status {
            time: now.clock(),
            epoch: self.setup.epoch,
            mode: self.mode.word(),
            cause: self.mode.cause(),
            engine: self.wanted.enable,
            speed_mph: mph(pose.speed),
            target_speed_mph: mph(target.speed),
            max_speed_mph: mph(self.max_speed),
            min_speed_mph: mph(self.min_speed),
            heading_degrees: rounded(pose.heading.rem_euclid(360.0)),
            x_m: rounded(pose.x),
            y_m: rounded(pose.y),
            pose: if self.setup.fittings.odometry { Pose::Measured } else { Pose::Modelled },
            safe_place_x_m: safe_place.map(|(x, _)| rounded(x)),
            safe_place_y_m: safe_place.map(|(_, y)| rounded(y)),
            battery_pct: self.readings.battery_pct,
            battery_v: self.readings.battery_v.map(rounded),
            sensors: self
                .readings
                .others(&self.setup.sensors)
                .map(|(name, value)| (name.to_owned(), rounded(value)))
                .collect(),
            parking_brake: self.parking_brake.is_on() || self.mode.holds_brake(),
            doors: self.wanted.doors,
            headlights: self.wanted.headlights,
            parking_lights: self.wanted.parking_lights,
            hazard_lights: self.wanted.hazard_lights,
            driver: self.control.holder().map(|party| self.name(party)),
            next_driver: self.control.request().map(|request| self.name(request.by)),
            uptime_s: now.since_start().as_secs(),
            ..Status::default()
        };
        self.reporter.count_into(&mut status);
        status
    }

    /// The description of this vehicle.
    pub(super) fn describe(&self) -> Description {
        let (limits, timing) = (&self.setup.limits, &self.setup.timing);
        let max_speed = mph(limits.speed);
        Description {
            protocol: PROTOCOL_VERSION.to_owned(),
            vehicle: self.setup.vehicle.to_string(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            board: self.setup.board.clone(),
            kinematics: match self.setup.kinematics {
                Kinematics::SkidSteer { .. } => "skid_steer".to_owned(),
                Kinematics::SteeringServo { .. } => "steering_servo".to_owned(),
            },
            commands: CommandName::ALL
                .iter()
                .filter(|name| self.can(**name))
                .map(|name| CommandDescription { name: *name, arguments: self.arguments(*name) })
                .collect(),
            limits: LimitsDescription {
                max_speed_mph: max_speed,
                speed_step_mph: mph(limits.speed_step),
                max_turn_rate_degrees_per_s: limits.turn_rate,
                acceleration_m_per_s2: limits.acceleration,
                deceleration_m_per_s2: limits.deceleration,
                max_hold_ms: millis(timing.max_hold),
                operator_timeout_ms: millis(timing.operator_timeout),
            },
            sensors: self.sensors(),
        }
    }

    /// The names of what is measured.
    fn sensors(&self) -> Vec<String> {
        let sensors = &self.setup.sensors;
        let odometry = self.setup.fittings.odometry.then_some("odometry");
        let battery = sensors.battery.is_some().then_some("battery");
        let others = sensors.others.iter().map(String::as_str);
        odometry.into_iter().chain(battery).chain(others).map(str::to_owned).collect()
    }

    /// The parameters of a command that are numbers, with the ranges of the contract cut to this vehicle's limits.
    fn arguments(&self, name: CommandName) -> Vec<ArgumentDescription> {
        name.parameters().iter().filter_map(|parameter| self.argument(parameter)).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few seconds")]
    fn argument(&self, parameter: &Parameter) -> Option<ArgumentDescription> {
        let ParameterKind::Number { unit, min, max } = parameter.kind else { return None };
        let limit = match unit {
            "mph" => mph(self.setup.limits.speed),
            "degrees/s" => self.setup.limits.turn_rate,
            "ms" if parameter.key == "HOLD_MS" => millis(self.setup.timing.max_hold) as f64,
            _ => max,
        };
        let (key, unit) = (parameter.key.to_owned(), unit.to_owned());
        Some(ArgumentDescription {
            key,
            unit,
            min: min.max(-limit),
            max: max.min(limit),
            optional: parameter.is_optional,
        })
    }
}

fn mph(metres_per_second: f64) -> f64 {
    Mph::from_metres_per_second(metres_per_second).get()
}

/// Rounded to thousandths, without a negative zero.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0 + 0.0
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
