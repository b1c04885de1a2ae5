//! Sensors that the kernel shows as files: battery voltage, temperatures, currents.
//!
//! They are read seldom and beside the control loop, each on its own: a one-wire sensor takes a second, and one that hangs
//! must hold up nothing but itself.

mod source;

pub use source::{Device, Source, Unit};

use crate::control::Sensor;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

/// A sensor that has not answered by then is unknown, and is left alone until it answers; several on one wire take turns of
/// 0.75 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// Readings that wait for the control loop; more would be old ones.
const WAITING: usize = 16;

/// Sensors to read, and their interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SensorsConfig {
    /// The folder that the kernel shows its devices in.
    pub sysfs: PathBuf,
    /// Time between two readings of a sensor.
    pub interval: Duration,
    /// Sources, and their meaning to the core.
    pub sources: Vec<(Sensor, Source)>,
}

/// Reads all sensors, as long as it lives.
#[derive(Debug)]
pub(crate) struct SensorReader {
    readings: mpsc::Receiver<Reading>,
    /// Ends with it; a read that hangs stays behind in its thread.
    _tasks: JoinSet<()>,
}

pub(crate) type Reading = (Sensor, Result<f64, String>);

impl SensorReader {
    /// Starts a task for each sensor. Needs a tokio runtime.
    pub(crate) fn spawn(config: &SensorsConfig) -> Self {
        Self::spawn_patient(config, PATIENCE)
    }

    fn spawn_patient(config: &SensorsConfig, patience: Duration) -> Self {
        let (sender, readings) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        for (sensor, source) in config.sources.clone() {
            let watch = Watch { sensor, source, sysfs: config.sysfs.clone() };
            tasks.spawn(Arc::new(watch).keep(config.interval, patience, sender.clone()));
        }
        Self { readings, _tasks: tasks }
    }

    /// Waits for the next reading of any sensor, for ever where there is none. May be cancelled.
    pub(crate) async fn next(&mut self) -> Reading {
        match self.readings.recv().await {
            Some(reading) => reading,
            None => std::future::pending().await,
        }
    }
}

/// One sensor.
#[derive(Debug)]
struct Watch {
    sensor: Sensor,
    source: Source,
    sysfs: PathBuf,
}

impl Watch {
    /// Reads it until nobody wants to know.
    async fn keep(self: Arc<Self>, interval: Duration, patience: Duration, readings: mpsc::Sender<Reading>) {
        loop {
            let watch = Arc::clone(&self);
            let mut read = spawn_blocking(move || watch.source.read(&watch.sysfs));
            let in_time = timeout(patience, &mut read).await;
            let read = if let Ok(read) = in_time {
                read
            } else {
                let silent = format!("no answer within {} s", patience.as_secs_f64());
                if readings.send((self.sensor, Err(silent))).await.is_err() {
                    return;
                }
                read.await
            };
            let reading = read.unwrap_or_else(|panic| Err(panic.to_string()));
            if readings.send((self.sensor, reading)).await.is_err() {
                return;
            }
            sleep(interval).await;
        }
    }
}

#[cfg(test)]
mod tests;
