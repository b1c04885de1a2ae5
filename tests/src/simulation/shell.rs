//! What stands around the core on a vehicle: the loop, the board, the file of the emergency stop; without any of them.

use std::time::Duration;

use vehicle_agent::board::Board as _;
use vehicle_agent::board::sim::{SimBoard, SimOptions};
use vehicle_agent::control::{
    Autonomy, Cause, Drivetrain, Effects, Fittings, Input, Kinematics, Limits, Moment, Outputs, Report,
    SafetyChecks, Setup, Timing, Trust, Vehicle,
};
use vehicle_protocol::{Epoch, VehicleId};

use super::network::nanoseconds;
use super::scenario::Wheels;
use crate::oracle::Terms;
use crate::trace::TraceLine;

/// How long the core may drive to the safe place in a simulation.
const AUTONOMY: Duration = Duration::from_secs(3);

/// One boot of a vehicle.
pub(super) struct Shell {
    vehicle: Vehicle,
    board: SimBoard,
    boot: u64,
    epoch: Epoch,
    shown: Option<Outputs>,
}

impl Shell {
    /// Boots at `boot`; nothing if the name or the board of the simulation were wrong.
    pub(super) fn boot(
        boot: u64,
        epoch: Epoch,
        checks: SafetyChecks,
        timeout: Duration,
        stopped: bool,
        wheels: Option<Wheels>,
    ) -> Option<Self> {
        let setup = setup("rover-1".parse().ok()?, epoch, timeout, stopped);
        let mut limits = setup.limits;
        limits.full_speed *= wheels.map_or(1.0, |wheels| wheels.power);
        let options = SimOptions { encoders: wheels.map(|wheels| wheels.encoders), ..SimOptions::default() };
        let board = SimBoard::new(setup.kinematics, &limits, &options).ok()?;
        Some(Self { vehicle: Vehicle::new(setup, checks), board, boot, epoch, shown: None })
    }

    pub(super) const fn began(&self) -> u64 {
        self.boot
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// When the core wants to be asked again, on the clock of the trace.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.vehicle.deadline().map(|at| self.boot.saturating_add(nanoseconds(at.since_start())))
    }

    pub(super) fn sense(&mut self, now: u64, trace: &mut Vec<TraceLine>) -> Told {
        let sensed = self.board.sense(self.moment(now));
        self.step(now, Input::Sensed(sensed), trace)
    }

    pub(super) fn suspend(&mut self, now: u64, epoch: Epoch, trace: &mut Vec<TraceLine>) -> Told {
        self.epoch = epoch;
        self.step(now, Input::Suspended(epoch), trace)
    }

    /// One step, as the loop takes it: decide, do, settle.
    pub(super) fn step(&mut self, now: u64, input: Input, trace: &mut Vec<TraceLine>) -> Told {
        let moment = self.moment(now);
        let Effects { outputs, cause, mut reports, store, .. } = self.vehicle.handle(moment, input);
        if self.shown != Some(outputs) {
            self.shown = Some(outputs);
            // The board of the simulation fails only when it is of another drivetrain.
            let _ = self.board.apply(moment, &outputs, &cause);
            trace.push(line(now, &outputs, &cause));
        }
        reports.extend(self.vehicle.handle(moment, Input::Applied).reports);
        Told { reports, store }
    }

    /// What the guard does when the agent is gone.
    pub(super) fn guard(&self, now: u64, trace: &mut Vec<TraceLine>) {
        if let Some(outputs) = self.shown {
            trace.push(line(now, &outputs.made_safe(), &Cause::Guard));
        }
    }

    fn moment(&self, now: u64) -> Moment {
        Moment::new(Duration::from_nanos(now.saturating_sub(self.boot)))
    }
}

/// What a step leaves for others.
pub(super) struct Told {
    pub(super) reports: Vec<Report>,
    pub(super) store: Option<bool>,
}

pub(super) const fn terms(operator_timeout: Duration) -> Terms {
    Terms { operator_timeout, autonomy: AUTONOMY }
}

fn line(now: u64, outputs: &Outputs, cause: &Cause) -> TraceLine {
    let (left, right) = match outputs.drivetrain {
        Drivetrain::SkidSteer { left, right } => (Some(left.share()), Some(right.share())),
        Drivetrain::SteeringServo { .. } => (None, None),
    };
    let (drive, steer) = match outputs.drivetrain {
        Drivetrain::SkidSteer { .. } => (None, None),
        Drivetrain::SteeringServo { drive, steer } => (Some(drive.share()), Some(steer.share())),
    };
    TraceLine {
        t: now,
        left,
        right,
        drive,
        steer,
        enable: outputs.enable,
        brake: outputs.brake,
        headlights: outputs.headlights,
        parking_lights: outputs.parking_lights,
        hazard_lights: outputs.hazard_lights,
        horn: outputs.horn,
        doors: outputs.doors.to_string(),
        cause: cause.as_str().to_owned(),
        id: cause.id().map(|id| id.as_str().to_owned()),
    }
}

fn setup(vehicle: VehicleId, epoch: Epoch, operator_timeout: Duration, emergency_stopped: bool) -> Setup {
    Setup {
        vehicle,
        epoch,
        board: "sim".to_owned(),
        kinematics: Kinematics::SkidSteer { track: 0.5 },
        limits: Limits {
            speed: 2.0,
            full_speed: 2.5,
            speed_step: 0.5,
            acceleration: 2.0,
            deceleration: 4.0,
            turn_rate: 90.0,
            turn_acceleration: 360.0,
            reverse_pause: Duration::from_millis(100),
        },
        timing: Timing {
            tick: Duration::from_millis(20),
            actuator_delay: Duration::from_millis(50),
            max_hold: Duration::from_millis(500),
            operator_timeout,
            stall_timeout: Duration::from_secs(1),
            runaway_timeout: Duration::from_secs(3),
            autonomy_window: Duration::from_secs(5),
            control_lapse: Duration::from_secs(10),
            status_heartbeat: Duration::from_secs(60),
            telemetry_interval: Duration::from_secs(60),
        },
        autonomy: Autonomy {
            enabled: true,
            safe_place: Some((1.0, 2.0)),
            speed: 1.0,
            distance: 20.0,
            duration: AUTONOMY,
        },
        fittings: Fittings {
            headlights: true,
            parking_lights: true,
            hazard_lights: true,
            horn: true,
            doors: true,
            odometry: true,
        },
        sensors: vehicle_agent::control::Sensors::default(),
        trust: Trust::default(),
        emergency_stopped,
    }
}
