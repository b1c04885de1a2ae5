//! A header that a test plays: it writes down what its lines are switched to, and may keep one from being taken twice.

use super::{Consumer, GpioBackend, Level};
use crate::board::{BoardError, GpioBackendKind, Pin, Place};
use std::sync::{Arc, Mutex};

/// All that happened to the lines, in order: which, and to what.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeGpioBackend {
    state: Arc<Mutex<State>>,
    exclusive: bool,
}

#[derive(Debug, Default)]
struct State {
    switched: Vec<(Place, bool)>,
    taken: Vec<(Place, String)>,
    stuck: Vec<Place>,
}

impl FakeGpioBackend {
    pub(crate) fn of(kind: GpioBackendKind) -> Self {
        Self { state: Arc::default(), exclusive: kind == GpioBackendKind::Gpiochip }
    }

    /// What happened since the last time.
    pub(crate) fn switched(&self) -> Vec<(Place, bool)> {
        std::mem::take(&mut self.state.lock().unwrap().switched)
    }

    /// The same as GPIO numbers.
    pub(crate) fn gpios(&self) -> Vec<(u8, bool)> {
        let gpio = |(place, on)| if let Place::Gpio(gpio) = place { (gpio, on) } else { panic!("{place}") };
        self.switched().into_iter().map(gpio).collect()
    }

    /// The consumer of each line.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.iter().map(|(_, consumer)| consumer.clone()).collect()
    }

    /// Lets a line fail from now on.
    pub(crate) fn stick(&self, gpio: u8) {
        self.state.lock().unwrap().stuck.push(Place::Gpio(gpio));
    }
}

impl GpioBackend for FakeGpioBackend {
    fn is_exclusive(&self) -> bool {
        self.exclusive
    }

    fn output(&self, who: Consumer, pin: &Pin, on: Option<bool>) -> Result<Box<dyn Level>, BoardError> {
        let mut state = self.state.lock().unwrap();
        if let Some((_, holder)) = state.taken.iter().find(|(place, _)| self.exclusive && *place == pin.place)
        {
            return Err(BoardError::new(who.names_pin(pin), format!("{holder:?} has it"), "stop it"));
        }
        state.taken.push((pin.place.clone(), who.consumer()));
        state.switched.extend(on.map(|on| (pin.place.clone(), on)));
        Ok(Box::new(PlayedLevel {
            state: Arc::clone(&self.state),
            place: pin.place.clone(),
            consumer: who.consumer(),
        }))
    }
}

#[derive(Debug)]
struct PlayedLevel {
    state: Arc<Mutex<State>>,
    place: Place,
    consumer: String,
}

impl Level for PlayedLevel {
    fn set(&mut self, on: bool) -> Result<(), BoardError> {
        let mut state = self.state.lock().unwrap();
        if state.stuck.contains(&self.place) {
            return Err(BoardError::new(self.place.to_string(), "stuck", "look"));
        }
        state.switched.push((self.place.clone(), on));
        Ok(())
    }
}

impl Drop for PlayedLevel {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        let mine = (self.place.clone(), self.consumer.clone());
        if let Some(index) = state.taken.iter().position(|taken| *taken == mine) {
            state.taken.remove(index);
        }
    }
}
