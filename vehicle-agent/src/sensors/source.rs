//! One value of one device, by the name of the device: numbers change with the order in which drivers are loaded.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

/// The source of a value, and its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The device.
    pub device: Device,
    /// The unit.
    pub unit: Unit,
    /// Ratio of the value to the part that the device sees, as behind a voltage divider.
    pub ratio: f64,
}

/// A device that the kernel knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// A converter: `iio:deviceN` by its name.
    Iio {
        /// The name, as in its file `name`.
        name: String,
        /// A folder on its path, such as `1-0048`, where several have the name.
        on: Option<String>,
        /// The input, such as `voltage0`.
        input: String,
    },
    /// A monitor of hardware: `hwmonN` by its name.
    Hwmon {
        /// The name, as in its file `name`.
        name: String,
        /// A folder on its path, where several have the name.
        on: Option<String>,
        /// The input, such as `in1`.
        input: String,
    },
    /// A thermometer on a one-wire bus, by its number.
    OneWire {
        /// The number, such as `28-000005e2fdc3`.
        id: String,
    },
}

/// The unit of a measurement; the kernel gives thousandths of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// V.
    Volts,
    /// Degrees Celsius.
    Celsius,
    /// A.
    Amperes,
}

impl Unit {
    /// The end of a name in this unit.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Volts => "v",
            Self::Celsius => "celsius",
            Self::Amperes => "a",
        }
    }
}

impl Source {
    /// Reads it; blocks for as long as the device takes.
    ///
    /// # Errors
    /// If there is no such device, or it can't be read; the text says what to do.
    pub fn read(&self, sysfs: &Path) -> Result<f64, String> {
        let thousandths = match &self.device {
            Device::Iio { name, on, input } => {
                let folder = find(&sysfs.join("bus/iio/devices"), "iio:device", name, on.as_deref())?;
                iio(&folder, input)?
            }
            Device::Hwmon { name, on, input } => {
                let folder = find(&sysfs.join("class/hwmon"), "hwmon", name, on.as_deref())?;
                number(&folder.join(format!("{input}_input")))?
            }
            Device::OneWire { id } => {
                let folder = sysfs.join("bus/w1/devices").join(id);
                if !folder.exists() {
                    let bus = "check its wires, and that the board's one-wire bus is on (dtoverlay=w1-gpio)";
                    return Err(format!("there is no one-wire device {id}; {bus}"));
                }
                number(&folder.join("temperature"))?
            }
        };
        Ok(thousandths / 1000.0 * self.ratio)
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.device {
            Device::Iio { name, input, .. } => write!(f, "{input} of iio {name}"),
            Device::Hwmon { name, input, .. } => write!(f, "{input} of hwmon {name}"),
            Device::OneWire { id } => write!(f, "one-wire {id}"),
        }
    }
}

/// The folder of the one device with this name.
fn find(class: &Path, prefix: &str, name: &str, on: Option<&str>) -> Result<PathBuf, String> {
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(class).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let folder = entry.path();
        let Ok(called) = fs::read_to_string(folder.join("name")) else { continue };
        let lies_on = |on: &str| {
            let real = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
            real.components().any(|part| part.as_os_str() == on)
        };
        if called.trim() == name && on.is_none_or(lies_on) {
            found.push(folder);
        } else {
            others.push(called.trim().to_owned());
        }
    }
    let place = class.display();
    match found.as_slice() {
        [folder] => Ok(folder.clone()),
        [] if others.is_empty() => Err(format!("there is no device in {place}; load the driver of {name}")),
        [] => Err(format!("there is no {name} in {place}, but {}", others.join(", "))),
        _ => Err(format!("there are {} called {name} in {place}; say which by on", found.len())),
    }
}

/// A converter gives thousandths, or counts and what these are worth.
fn iio(folder: &Path, input: &str) -> Result<f64, String> {
    let file = |end: &str| folder.join(format!("in_{input}_{end}"));
    if file("input").exists() {
        return number(&file("input"));
    }
    let kind = input.trim_end_matches(|c: char| c.is_ascii_digit());
    // A scale or an offset may be that of one input, or of all of a kind.
    let shared = |end: &str| folder.join(format!("in_{kind}_{end}"));
    let either = |end: &str| [file(end), shared(end)].into_iter().find(|path| path.exists());
    let raw = number(&file("raw"))?;
    let offset = either("offset").map_or(Ok(0.0), |path| number(&path))?;
    let scale = either("scale").unwrap_or_else(|| file("scale"));
    Ok((raw + offset) * number(&scale)?)
}

fn number(path: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let value = text.trim().parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| format!("{}: {:?} is no number", path.display(), text.trim()))
}
