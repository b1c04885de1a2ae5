//! A header that a test plays: it writes down what its lines are switched to, and may keep one from being taken twice.

use super::{Consumer, DigitalOutput, GpioBackend};
use crate::board::{BoardError, GpioBackendKind, Pin, PinLocation};
use std::sync::{Arc, Mutex};

/// All that happened to the lines, in order: which, and to what.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeGpioBackend {
    state: Arc<Mutex<FakeLines>>,
    exclusive: bool,
}

#[derive(Debug, Default)]
struct FakeLines {
    switched: Vec<(PinLocation, bool)>,
    taken: Vec<(PinLocation, String)>,
    failing: Vec<PinLocation>,
}

impl FakeGpioBackend {
    pub(crate) fn of(kind: GpioBackendKind) -> Self {
        Self { state: Arc::default(), exclusive: kind == GpioBackendKind::Gpiochip }
    }

    /// Drains the changes since the last call.
    pub(crate) fn switched(&self) -> Vec<(PinLocation, bool)> {
        std::mem::take(&mut self.state.lock().unwrap().switched)
    }

    /// The same as GPIO numbers.
    pub(crate) fn gpios(&self) -> Vec<(u8, bool)> {
        let gpio = |(location, on)| {
            if let PinLocation::Gpio(gpio) = location { (gpio, on) } else { panic!("{location}") }
        };
        self.switched().into_iter().map(gpio).collect()
    }

    /// The consumer of each line.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.iter().map(|(_, consumer)| consumer.clone()).collect()
    }

    /// Lets a line fail from now on.
    pub(crate) fn fail(&self, gpio: u8) {
        self.state.lock().unwrap().failing.push(PinLocation::Gpio(gpio));
    }
}

impl GpioBackend for FakeGpioBackend {
    fn is_exclusive(&self) -> bool {
        self.exclusive
    }

    fn output(
        &self,
        who: Consumer,
        pin: &Pin,
        on: Option<bool>,
    ) -> Result<Box<dyn DigitalOutput>, BoardError> {
        let mut state = self.state.lock().unwrap();
        if let Some((_, holder)) =
            state.taken.iter().find(|(location, _)| self.exclusive && *location == pin.location)
        {
            return Err(BoardError::new(who.names_pin(pin), format!("{holder:?} has it"), "stop it"));
        }
        state.taken.push((pin.location.clone(), who.consumer()));
        state.switched.extend(on.map(|on| (pin.location.clone(), on)));
        Ok(Box::new(FakeOutput {
            state: Arc::clone(&self.state),
            location: pin.location.clone(),
            consumer: who.consumer(),
        }))
    }
}

#[derive(Debug)]
struct FakeOutput {
    state: Arc<Mutex<FakeLines>>,
    location: PinLocation,
    consumer: String,
}

impl DigitalOutput for FakeOutput {
    fn set(&mut self, on: bool) -> Result<(), BoardError> {
        let mut state = self.state.lock().unwrap();
        if state.failing.contains(&self.location) {
            return Err(BoardError::new(self.location.to_string(), "stuck", "look"));
        }
        state.switched.push((self.location.clone(), on));
        Ok(())
    }
}

impl Drop for FakeOutput {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        let mine = (self.location.clone(), self.consumer.clone());
        if let Some(index) = state.taken.iter().position(|taken| *taken == mine) {
            state.taken.remove(index);
        }
    }
}
