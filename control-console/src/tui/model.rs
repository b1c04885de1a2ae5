//! The state of a screen, besides that of the vehicles. Pure.

use super::held_input::{HeldInput, ReleaseDetection};
use super::keymap::Keymap;
use super::palette::Palette;
use super::panels::Panels;
use crate::clock::Moment;
use crate::operator::{Snapshot, Vehicle};
use crate::teleop::stick::StickState;
use std::sync::Arc;
use std::time::Duration;
use vehicle_protocol::VehicleId;

/// The state of a link that can be cut.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkCut {
    /// Whether it is cut now.
    pub is_cut: bool,
    /// Metres that the vehicle went since it was cut last, if it ever was.
    pub metres: Option<f64>,
}

/// The style of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Letters, digits and signs of ASCII only.
    pub ascii: bool,
    /// Colours, besides bold, dim and reversed.
    pub colour: bool,
}

/// The state of a screen.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts side by side: any of them goes with any other")]
pub struct Model {
    /// The meaning of each key.
    pub keymap: Arc<Keymap>,
    /// The style.
    pub style: Style,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The vehicle that keys and mouse are for.
    pub selected: Option<VehicleId>,
    /// The way in which releases arrive, as detected or used last.
    pub release_detection: ReleaseDetection,
    /// Set if the terminal reports key releases.
    pub reports_releases: bool,
    /// The keys and the pad position that are held.
    pub held: HeldInput,
    /// The speed limit of this screen, in percent of the vehicle's.
    pub speed_percent: u8,
    /// The line in which a command is typed.
    pub palette: Option<Palette>,
    /// Set while the help is shown.
    pub help: bool,
    /// Set while the terminal has the focus, as far as it reports that.
    pub focused: bool,
    /// Set while an emergency stop waits for a vehicle to be known.
    pub wants_stop: bool,
    /// The last notice to the person, and its time.
    pub note: Option<(Moment, String)>,
    /// The link of the demo.
    pub cut: Option<LinkCut>,
    /// The time at which the terminal last sent anything.
    pub heard: Moment,
    /// The time at which the person last did anything.
    pub touched: Moment,
    /// Set if the terminal answers probes.
    pub answers: bool,
    /// The time of the last probe.
    pub probed: Moment,
    /// The time at which the operator was last told that somebody looks.
    pub(super) looked: Option<Moment>,
    /// The time at which the held position has to be sent again; none at neutral.
    pub(super) repeat_at: Option<Moment>,
}

/// Notices are shown for this long.
pub(super) const NOTE: Duration = Duration::from_secs(6);

impl Model {
    /// A screen on which nothing has happened yet.
    #[must_use]
    pub fn new(keymap: Keymap, style: Style, size: (u16, u16), now: Moment) -> Self {
        Self {
            keymap: Arc::new(keymap),
            style,
            size,
            selected: None,
            release_detection: ReleaseDetection::Mouse,
            reports_releases: false,
            held: HeldInput::default(),
            speed_percent: 50,
            palette: None,
            help: false,
            focused: true,
            wants_stop: false,
            note: None,
            cut: None,
            heard: now,
            touched: now,
            answers: false,
            probed: now,
            looked: None,
            repeat_at: None,
        }
    }

    pub(super) const fn is_leaning(&self) -> bool {
        self.repeat_at.is_some()
    }

    /// The vehicle that keys and mouse are for, as far as it is known.
    #[must_use]
    pub fn vehicle<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Vehicle> {
        snapshot.vehicles.get(self.selected.as_ref()?).map(AsRef::as_ref)
    }

    /// Tells that the vehicle is in emergency stop, or was asked to stop.
    #[must_use]
    pub fn is_stopped(&self, snapshot: &Snapshot) -> bool {
        self.vehicle(snapshot).is_some_and(|vehicle| {
            vehicle.drive.state == Some(StickState::Estop) || vehicle.word("mode") == Some("emergency_stop")
        })
    }

    /// Selects the first vehicle if none is selected.
    pub(super) fn choose(&mut self, snapshot: &Snapshot) {
        if self.selected.is_none() {
            self.selected = snapshot.fleet().first().map(|(id, _)| (*id).clone());
        }
    }

    /// The last notice to the person, while it is news.
    #[must_use]
    pub fn news(&self, now: Moment) -> Option<&str> {
        self.note.as_ref().filter(|(at, _)| now.saturating_sub(*at) < NOTE).map(|(_, text)| text.as_str())
    }

    /// The places of all panels.
    #[must_use]
    pub fn panels(&self) -> Panels {
        Panels::new(self.size)
    }
}
