//! From what was typed to a command; what the contract rules out is refused here.

use crate::cli::{SendArgs, usage};
use crate::exit::{Exit, Fault};
use serde_json::{Map, Number, Value};
use vehicle_protocol::{Command, CommandName, json};

/// The command that `arguments` describe.
///
/// # Errors
/// Refused here, if an argument is missing, surplus or out of range.
pub(crate) fn command(arguments: &SendArgs) -> Result<Command, Fault> {
    let name = arguments.command;
    let refused = |why: &str| {
        let step = format!("usage: control-console send {} {}", arguments.vehicle, usage(name));
        Fault::new(Exit::RefusedHere, format!("{name} refused here: {why}"), step)
    };
    let mut keys = Map::new();
    keys.insert("CMD".to_owned(), name.as_str().into());
    for (key, value) in
        [("MPH", arguments.mph), ("DEGREES", arguments.degrees), ("DEGREES_PER_S", arguments.degrees_per_s)]
    {
        if let Some(value) = value {
            let number =
                Number::from_f64(value).ok_or_else(|| refused(&format!("{key} is no finite number")))?;
            keys.insert(key.to_owned(), Value::Number(number));
        }
    }
    for (key, value) in [("HOLD_MS", arguments.hold_ms), ("DURATION_MS", arguments.duration_ms)] {
        keys.extend(value.map(|value| (key.to_owned(), Value::from(value))));
    }
    keys.extend(arguments.target_key.iter().map(|key| ("TARGET_KEY".to_owned(), key.as_str().into())));
    if name == CommandName::Cancel {
        keys.extend(arguments.id.iter().map(|id| ("ID".to_owned(), id.as_str().into())));
    }
    let text = Value::Object(keys).to_string();
    json::decode(text.as_bytes()).map(|envelope| envelope.command).map_err(|error| refused(&error.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Action, Cli};
    use clap::Parser as _;
    use vehicle_protocol::{Degrees, HornDuration, Mph};

    fn typed(line: &str) -> Result<Command, Fault> {
        let words = ["control-console", "send", "rover-1"].into_iter().chain(line.split(' '));
        match Cli::try_parse_from(words).unwrap().action {
            Some(Action::Send(arguments)) => command(&arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_become_the_command() {
        assert_eq!(typed("rotate-left --degrees 90"), Ok(Command::RotateLeft(Degrees::new(90.0))));
        assert_eq!(typed("SET_MAX_SPEED --mph 2.5"), Ok(Command::SetMaxSpeed(Mph::new(2.5))));
        assert_eq!(typed("horn"), Ok(Command::Horn(HornDuration(500))));
        assert_eq!(typed("cancel --id x"), Ok(Command::Cancel("x".parse().unwrap())));
    }

    #[test]
    fn every_command_can_be_typed_as_its_usage_says() {
        for &name in CommandName::ALL {
            let words = usage(name).replace(['[', ']'], "");
            // 100 is within every range.
            let line = words.split(' ').map(|word| match word {
                "N" => "100",
                "ID" | "NAME" => "x",
                other => other,
            });
            let command = typed(&line.collect::<Vec<_>>().join(" ")).unwrap();
            assert_eq!(command.name(), name);
        }
    }

    #[test]
    fn what_the_contract_rules_out_is_refused_with_the_usage() {
        for line in [
            "rotate-left",
            "rotate-left --degrees 0",
            "rotate-left --degrees 361",
            "rotate-left --degrees NaN",
            "rotate-left --degrees 90 --mph 1",
            "set-max-speed --mph -1",
            "set-max-speed --mph 1e309",
            "drive --mph 1 --degrees-per-s 0",
            "drive --mph 1 --degrees-per-s 0 --hold-ms 99",
            "horn --duration-ms 9007199254740992",
            "cancel",
            "revoke-key",
            "park --degrees 3",
        ] {
            let fault = typed(line).unwrap_err();
            assert_eq!(fault.exit, Exit::RefusedHere, "{line}");
            assert!(fault.advice.next_step.starts_with("usage: control-console send rover-1 "), "{line}");
        }
    }
}
