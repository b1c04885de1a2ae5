//! Emergency stops from a screen: one pending for each vehicle, published again at each press.

use super::{OperatorTask, RequestKind, Weight};
use crate::teleop::session::TeleopInput;
use crate::teleop::stick::StickInput;
use crate::transaction::Form;
use std::time::Duration;
use vehicle_protocol::{Command, CommandName, VehicleId};

/// For how long an emergency stop is repeated that is not answered; the next press begins anew.
const STOP_SILENCE: Duration = Duration::from_secs(60);

impl OperatorTask {
    /// Publishes an emergency stop now, or with the next connection. Pressing again publishes the pending one again, so no
    /// number of presses, and no other vehicle, can use up what a stop needs.
    pub(super) fn stop(&mut self, vehicle: &VehicleId) {
        let now = self.now();
        self.unannounced.insert(vehicle.clone());
        let is_pending = self.client.stop_again(vehicle, CommandName::EmergencyStop)
            || self.begin(vehicle, Command::EmergencyStop, Form::Identified, RequestKind::Stop, STOP_SILENCE);
        self.steer(vehicle, TeleopInput::Stick(StickInput::EmergencyStop));
        self.moved.remove(vehicle);
        if is_pending && !self.client.is_connected() {
            let text =
                "EMERGENCY_STOP waits for the broker: not published yet; it leaves with the next connection";
            self.event_log.note(now, Some(vehicle), Weight::Alarm, text);
        }
    }

    /// Says once for each press that the stop has left; repetitions are no news.
    pub(super) fn announce(&mut self, vehicle: &VehicleId, stop: CommandName) {
        if stop == CommandName::EmergencyStop && self.unannounced.remove(vehicle) {
            let text = "EMERGENCY_STOP published; its answer follows";
            self.event_log.note(self.now(), Some(vehicle), Weight::Alarm, text);
        }
    }
}
