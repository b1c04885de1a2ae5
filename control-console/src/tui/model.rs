//! What a screen remembers besides what is known of the vehicles. Pure.

use super::hand::{Hand, Tier};
use super::keymap::Keymap;
use super::palette::Palette;
use super::panels::Panels;
use crate::clock::Moment;
use crate::operator::{Snapshot, Vehicle};
use crate::teleop::stick::StickState;
use std::sync::Arc;
use std::time::Duration;
use vehicle_protocol::VehicleId;

/// How a link that can be cut stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cut {
    /// Whether it is cut now.
    pub is_cut: bool,
    /// Metres that the vehicle went since it was cut last, if it ever was.
    pub metres: Option<f64>,
}

/// How a screen is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Letters, digits and signs of ASCII only.
    pub ascii: bool,
    /// Colours, besides bold, dim and reversed.
    pub colour: bool,
}

/// What a screen remembers.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts side by side: any of them goes with any other")]
pub struct Model {
    /// Which key does what.
    pub keymap: Arc<Keymap>,
    /// How it is drawn.
    pub style: Style,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The vehicle that keys and mouse are for.
    pub selected: Option<VehicleId>,
    /// How releases are known, as detected or used last.
    pub tier: Tier,
    /// Whether the terminal tells of key releases.
    pub tells_releases: bool,
    /// What fingers and mouse ask for.
    pub hand: Hand,
    /// How much of the highest speed a full lean is, in percent.
    pub gear: u8,
    /// The line in which a command is typed.
    pub palette: Option<Palette>,
    /// Whether the help is shown.
    pub help: bool,
    /// Whether the terminal has the focus, as far as it tells.
    pub focused: bool,
    /// Whether an emergency stop waits for a vehicle to be known.
    pub wants_stop: bool,
    /// The last word to the person, and since when.
    pub note: Option<(Moment, String)>,
    /// The link of the demo.
    pub cut: Option<Cut>,
    /// When the terminal last sent anything.
    pub heard: Moment,
    /// When the person last did anything.
    pub touched: Moment,
    /// Whether the terminal answers questions.
    pub answers: bool,
    /// When the terminal was last asked.
    pub probed: Moment,
    /// When the operator was last told that somebody looks.
    pub(super) looked: Option<Moment>,
    /// When the lean has to be repeated; none at neutral.
    pub(super) repeat_at: Option<Moment>,
}

/// Notes are shown for so long.
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
            tier: Tier::Mouse,
            tells_releases: false,
            hand: Hand::default(),
            gear: 50,
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

    /// Whether the vehicle is stopped in emergency, or was asked to be.
    #[must_use]
    pub fn is_stopped(&self, snapshot: &Snapshot) -> bool {
        self.vehicle(snapshot).is_some_and(|vehicle| {
            vehicle.drive.state == Some(StickState::Estop) || vehicle.word("mode") == Some("emergency_stop")
        })
    }

    /// Somebody must be selected where there is anybody.
    pub(super) fn choose(&mut self, snapshot: &Snapshot) {
        if self.selected.is_none() {
            self.selected = snapshot.fleet().first().map(|(id, _)| (*id).clone());
        }
    }

    /// The last word to the person, while it is news.
    #[must_use]
    pub fn news(&self, now: Moment) -> Option<&str> {
        self.note.as_ref().filter(|(at, _)| now.saturating_sub(*at) < NOTE).map(|(_, text)| text.as_str())
    }

    /// Where everything is drawn.
    #[must_use]
    pub fn panels(&self) -> Panels {
        Panels::new(self.size)
    }
}
