//! The table of vehicles. Pure.

use super::natural_sort::place;
use crate::transaction::{Agreement, in_milliseconds};
use serde::Serialize;
use std::collections::BTreeMap;
use vehicle_protocol::{Presence, PresenceState, Status, Topic, VehicleId};

/// Every vehicle that was heard of.
#[derive(Debug, Default)]
pub(super) struct Roster {
    vehicles: BTreeMap<VehicleId, Known>,
}

#[derive(Debug, Default)]
struct Known {
    presence: Option<Presence>,
    status: Option<Status>,
    asked: bool,
    agreement: Option<Agreement>,
}

impl Known {
    /// How old the status is, in milliseconds on the vehicle's clock; a status of this boot that came after the clock was told
    /// is new.
    fn age(&self) -> Option<u64> {
        let (agreement, status) = self.agreement.zip(self.status.as_ref())?;
        let is_of_this_boot = self.presence.is_some_and(|presence| presence.epoch == status.epoch);
        let age = agreement.clock.checked_sub(status.time);
        age.or_else(|| is_of_this_boot.then_some(0))
    }

    fn is_online(&self) -> bool {
        self.presence.is_some_and(|presence| presence.state == PresenceState::Online)
    }
}

impl Roster {
    /// Takes a message.
    pub(super) fn hear(&mut self, vehicle: &VehicleId, topic: Topic, payload: &[u8]) {
        if payload.is_empty() {
            // Somebody has just removed a retained message.
            return;
        }
        let known = self.vehicles.entry(vehicle.clone()).or_default();
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is subscribed to")]
        match topic {
            Topic::Presence => {
                if let Ok(presence) = serde_json::from_slice::<Presence>(payload)
                    && known.presence.is_none_or(|old| presence.replaces(&old))
                {
                    known.presence = Some(presence);
                }
            }
            Topic::Status => known.status = serde_json::from_slice(payload).ok().or(known.status.take()),
            _ => {}
        }
    }

    /// A vehicle that is online and was not asked for its clock.
    pub(super) fn to_ask(&self) -> Option<VehicleId> {
        let unasked = |known: &Known| known.is_online() && !known.asked;
        self.vehicles.iter().find(|(_, known)| unasked(known)).map(|(vehicle, _)| vehicle.clone())
    }

    /// It has been asked.
    pub(super) fn asked(&mut self, vehicle: &VehicleId) {
        if let Some(known) = self.vehicles.get_mut(vehicle) {
            known.asked = true;
        }
    }

    /// It has answered.
    pub(super) fn agreed(&mut self, vehicle: &VehicleId, agreement: Agreement) {
        if let Some(known) = self.vehicles.get_mut(vehicle) {
            known.agreement = known.agreement.or(Some(agreement));
        }
    }

    /// Number of vehicles that were asked and have not answered.
    pub(super) fn awaited(&self) -> usize {
        self.vehicles.values().filter(|known| known.asked && known.agreement.is_none()).count()
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        let mut rows: Vec<Row> =
            self.vehicles.into_iter().map(|(vehicle, known)| Row::new(vehicle, &known)).collect();
        rows.sort_by(|one, other| place(&one.vehicle).cmp(&place(&other.vehicle)));
        rows
    }
}

/// One line of the table; what is not known is null.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    vehicle: VehicleId,
    link: Option<PresenceState>,
    age_ms: Option<u64>,
    round_trip_ms: Option<f64>,
    mode: Option<String>,
    cause: Option<String>,
    driver: Option<String>,
    speed_mph: Option<f64>,
    engine: Option<bool>,
}

impl Row {
    /// Which vehicle it is.
    pub(crate) const fn vehicle(&self) -> &VehicleId {
        &self.vehicle
    }

    fn new(vehicle: VehicleId, known: &Known) -> Self {
        let status = known.status.as_ref();
        Self {
            vehicle,
            link: known.presence.map(|presence| presence.state),
            // Both on the vehicle's own clock; how old the words of an absent vehicle are, nobody can say.
            age_ms: known.age(),
            round_trip_ms: known.agreement.map(|agreement| in_milliseconds(agreement.round_trip)),
            mode: status.map(|status| status.mode.to_string()),
            cause: status.and_then(|status| status.cause).map(|cause| cause.to_string()),
            driver: status.and_then(|status| status.driver.clone()),
            speed_mph: status.map(|status| status.speed_mph),
            engine: status.map(|status| status.engine),
        }
    }

    pub(super) fn is_online(&self) -> bool {
        self.link == Some(PresenceState::Online)
    }

    /// The cells of the table; `~` marks what an absent vehicle said last.
    pub(super) fn cells(&self) -> [String; 8] {
        let old = if self.is_online() { "" } else { "~" };
        let mark = |text: Option<String>| text.map_or_else(|| "-".to_owned(), |text| format!("{old}{text}"));
        let mode = match (&self.mode, &self.cause) {
            (Some(mode), Some(cause)) => Some(format!("{mode} ({cause})")),
            (mode, _) => mode.clone(),
        };
        [
            self.vehicle.to_string(),
            self.link.map_or("UNKNOWN", PresenceState::as_str).to_owned(),
            self.age_ms.map_or_else(|| "?".to_owned(), age),
            self.round_trip_ms.map_or_else(|| "-".to_owned(), |time| format!("{time:.1} ms")),
            mark(mode),
            mark(self.driver.as_deref().map(crate::output::printable)),
            mark(self.speed_mph.map(|speed| format!("{speed:.1} mph"))),
            mark(self.engine.map(|engine| if engine { "on" } else { "off" }.to_owned())),
        ]
    }
}

/// An age in the unit that suits it.
pub(crate) fn age(milliseconds: u64) -> String {
    match milliseconds / 1000 {
        0 => format!("{milliseconds} ms"),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use vehicle_protocol::Epoch;

    fn presence(state: &str, link: u32) -> Vec<u8> {
        format!(r#"{{"state":"{state}","epoch":"{}","link":{link}}}"#, Epoch([7; 16])).into_bytes()
    }

    fn roster() -> (Roster, VehicleId) {
        (Roster::default(), "rover-1".parse().unwrap())
    }

    #[test]
    fn a_will_of_an_older_link_is_void() {
        let (mut roster, rover) = roster();
        roster.hear(&rover, Topic::Presence, &presence("ONLINE", 2));
        roster.hear(&rover, Topic::Presence, &presence("CONNECTION_BROKEN", 1));
        assert!(roster.into_rows().iter().all(Row::is_online));
    }

    #[test]
    fn the_age_is_what_has_passed_on_the_vehicles_own_clock() {
        let (mut roster, rover) = roster();
        roster.hear(&rover, Topic::Status, br#"{"time":1000,"mode":"standing"}"#);
        assert_eq!(roster.to_ask(), None);
        roster.hear(&rover, Topic::Presence, &presence("ONLINE", 1));
        assert_eq!(roster.to_ask().as_ref(), Some(&rover));
        roster.asked(&rover);
        assert_eq!(roster.to_ask(), None);
        assert_eq!(roster.awaited(), 1);
        roster.agreed(&rover, Agreement { clock: 4000, round_trip: Duration::from_millis(4) });
        assert_eq!(roster.awaited(), 0);
        let rows = roster.into_rows();
        let row = rows.first().unwrap();
        assert_eq!((row.age_ms, row.round_trip_ms), (Some(3000), Some(4.0)));
        let cells = row.cells();
        assert_eq!(
            cells.iter().map(String::as_str).take(5).collect::<Vec<_>>(),
            ["rover-1", "ONLINE", "3 s", "4.0 ms", "standing"]
        );
    }

    #[test]
    fn rows_are_in_the_order_in_which_people_count() {
        let (mut roster, _) = roster();
        for id in ["rover-10", "rover-2", "rover-1"] {
            roster.hear(&id.parse().unwrap(), Topic::Presence, &presence("ONLINE", 1));
        }
        let ids: Vec<String> = roster.into_rows().iter().map(|row| row.vehicle.to_string()).collect();
        assert_eq!(ids, ["rover-1", "rover-2", "rover-10"]);
    }

    #[test]
    fn a_status_that_comes_after_the_clock_was_told_is_new_unless_it_is_of_another_boot() {
        for (epoch, age) in [(Epoch([7; 16]), Some(0)), (Epoch([8; 16]), None)] {
            let (mut roster, rover) = roster();
            roster.hear(&rover, Topic::Presence, &presence("ONLINE", 1));
            let status = format!(r#"{{"time":1001,"epoch":"{epoch}","mode":"standing"}}"#);
            roster.hear(&rover, Topic::Status, status.as_bytes());
            roster.agreed(&rover, Agreement { clock: 1000, round_trip: Duration::ZERO });
            assert_eq!(roster.into_rows().first().unwrap().age_ms, age);
        }
    }

    #[test]
    fn what_an_absent_vehicle_said_is_marked_old_and_it_is_not_asked() {
        let (mut roster, rover) = roster();
        roster.hear(&rover, Topic::Status, br#"{"time":1000,"mode":"driving","speed_mph":2}"#);
        roster.hear(&rover, Topic::Presence, &presence("OFFLINE", 1));
        assert_eq!(roster.to_ask(), None);
        let cells = roster.into_rows().first().unwrap().cells();
        assert_eq!((cells[2].as_str(), cells[4].as_str(), cells[6].as_str()), ("?", "~driving", "~2.0 mph"));
    }

    #[test]
    fn garbage_is_no_reason_to_forget_what_was_known() {
        let (mut roster, rover) = roster();
        roster.hear(&rover, Topic::Status, br#"{"mode":"driving"}"#);
        roster.hear(&rover, Topic::Status, b"\xff{");
        assert_eq!(roster.into_rows().first().unwrap().mode.as_deref(), Some("driving"));
    }
}
