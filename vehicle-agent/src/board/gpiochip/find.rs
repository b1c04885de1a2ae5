//! The search for a line among the chips of a machine.

use crate::board::pin::PinLocation;
use std::path::PathBuf;
use vehicle_protocol::Advice;

/// Beginnings of the labels of a Raspberry Pi's own controller, up to the Pi 4 and on the Pi 5.
const RASPBERRY_PI: [&str; 2] = ["pinctrl-bcm2", "pinctrl-rp1"];

/// Facts about a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChipFacts {
    /// Its device.
    pub(super) path: PathBuf,
    /// Such as `gpiochip0`; may change from boot to boot.
    pub(super) name: String,
    /// The name that its driver gives it.
    pub(super) label: String,
    /// The names of its lines in their order; empty for one without a name.
    pub(super) lines: Vec<String>,
}

/// A line that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::board) struct Found {
    pub(super) path: PathBuf,
    pub(super) chip: String,
    pub(super) offset: u32,
}

impl ChipFacts {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.label == name || self.path.as_os_str() == name
    }

    fn line(&self, offset: usize) -> Found {
        let chip = format!("{} [{}]", self.name, self.label);
        Found { path: self.path.clone(), chip, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
    }
}

/// Finds the one line that `location` means.
pub(super) fn find(chips: &[ChipFacts], location: &PinLocation) -> Result<Found, Advice> {
    match location {
        PinLocation::Gpio(number) => {
            let own = |label: &str| RASPBERRY_PI.iter().any(|begin| label.starts_with(begin));
            let chip = chips.iter().find(|chip| own(&chip.label)).ok_or_else(|| Advice {
                what: "this is no Raspberry Pi, whose lines have GPIO numbers".to_owned(),
                next_step: "name the line, or its chip and offset".to_owned(),
            })?;
            numbered(chip, usize::from(*number))
        }
        PinLocation::Offset { chip, offset } => {
            numbered(one_chip(chips, chip)?, usize::try_from(*offset).unwrap_or(usize::MAX))
        }
        PinLocation::Named { line, chip } => {
            let chips = match chip {
                Some(name) => std::slice::from_ref(one_chip(chips, name)?),
                None => chips,
            };
            named(chips, line)
        }
    }
}

fn numbered(chip: &ChipFacts, offset: usize) -> Result<Found, Advice> {
    if offset < chip.lines.len() {
        return Ok(chip.line(offset));
    }
    let next_step = match chip.lines.len().checked_sub(1) {
        Some(last) => format!("choose one from 0 to {last}"),
        None => "choose another chip".to_owned(),
    };
    Err(Advice { what: format!("{} has no line {offset}", chip.name), next_step })
}

fn one_chip<'a>(chips: &'a [ChipFacts], name: &str) -> Result<&'a ChipFacts, Advice> {
    let mut called = chips.iter().filter(|chip| chip.is_called(name));
    let known = || {
        let known = |chip: &ChipFacts| format!("{} [{}]", chip.name, chip.label);
        format!("choose one of {}", chips.iter().map(known).collect::<Vec<_>>().join(", "))
    };
    match (called.next(), called.next()) {
        (Some(chip), None) => Ok(chip),
        (Some(_), Some(_)) => {
            Err(Advice { what: format!("several chips are called {name}"), next_step: known() })
        }
        (None, _) => Err(Advice { what: format!("there is no chip {name}"), next_step: known() }),
    }
}

fn named(chips: &[ChipFacts], line: &str) -> Result<Found, Advice> {
    let of_chip = |chip: &ChipFacts| {
        let named = |(offset, name): (usize, &String)| (name == line).then(|| chip.line(offset));
        chip.lines.iter().enumerate().filter_map(named).collect::<Vec<_>>()
    };
    let all: Vec<Found> = chips.iter().flat_map(of_chip).collect();
    match all.as_slice() {
        [found] => Ok(found.clone()),
        [] => Err(Advice {
            what: format!("no line is called {line:?}"),
            next_step: "look for its name in gpioinfo, or give chip and offset".to_owned(),
        }),
        [first, second, ..] => Err(Advice {
            what: format!("both {} and {} have a line of this name", first.chip, second.chip),
            next_step: "give chip and offset".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chips() -> Vec<ChipFacts> {
        let chip = |name: &str, label: &str, lines: &[&str]| ChipFacts {
            path: format!("/dev/{name}").into(),
            name: name.to_owned(),
            label: label.to_owned(),
            lines: lines.iter().map(ToString::to_string).collect(),
        };
        vec![
            chip("gpiochip0", "pinctrl-bcm2835", &["ID_SDA", "", "GPIO2", "NC"]),
            chip("gpiochip1", "expander", &["BT_ON", "NC"]),
        ]
    }

    fn offset(location: &PinLocation) -> Result<(String, u32), String> {
        let found = find(&chips(), location);
        found.map(|found| (found.chip, found.offset)).map_err(|missing| missing.to_string())
    }

    fn named(line: &str, chip: Option<&str>) -> PinLocation {
        PinLocation::Named { line: line.to_owned(), chip: chip.map(str::to_owned) }
    }

    fn numbered(chip: &str, offset: u32) -> PinLocation {
        PinLocation::Offset { chip: chip.to_owned(), offset }
    }

    #[test]
    fn a_line_is_found_by_number_by_name_and_by_its_chip_under_all_its_names() {
        let pi = |offset| Ok(("gpiochip0 [pinctrl-bcm2835]".to_owned(), offset));
        let expander = |offset| Ok(("gpiochip1 [expander]".to_owned(), offset));
        assert_eq!(offset(&PinLocation::Gpio(3)), pi(3));
        assert_eq!(offset(&named("GPIO2", None)), pi(2));
        assert_eq!(offset(&named("NC", Some("expander"))), expander(1));
        for chip in ["gpiochip1", "expander", "/dev/gpiochip1"] {
            assert_eq!(offset(&numbered(chip, 0)), expander(0), "{chip}");
        }
    }

    #[test]
    fn what_can_not_be_found_says_what_there_is() {
        for (location, expected) in [
            (PinLocation::Gpio(4), "gpiochip0 has no line 4; choose one from 0 to 3"),
            (named("GPIO9", None), "no line is called \"GPIO9\"; look for its name in gpioinfo"),
            (named("NC", None), "both gpiochip0 [pinctrl-bcm2835] and gpiochip1 [expander] have"),
            (numbered("soc", 1), "there is no chip soc; choose one of gpiochip0 [pinctrl-bcm2835], gpio"),
        ] {
            let said = offset(&location).unwrap_err();
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn a_gpio_number_means_nothing_on_another_board() {
        let missing = find(&chips()[1..], &PinLocation::Gpio(3)).unwrap_err();
        assert_eq!(missing.what, "this is no Raspberry Pi, whose lines have GPIO numbers");
    }
}
