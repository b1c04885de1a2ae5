//! The line in which a command is typed, completed from what the vehicle says of itself. Pure.
//!
//! Space is the emergency stop here too, so Tab stands between the words.

use serde_json::{Map, Number, Value};
use vehicle_protocol::{ArgumentDescription, Command, CommandDescription, CommandName, Description, json};

/// What was typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Words with one space between them.
    pub text: String,
    /// Which of the completions is picked.
    pub picked: usize,
    /// Why it was not sent.
    pub error: Option<String>,
}

/// One way to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The command's name.
    pub name: String,
    /// What it takes, with ranges.
    pub takes: String,
}

/// The commands that a vehicle describes; until it has, all that there are.
fn known(description: Option<&Description>) -> Vec<CommandDescription> {
    let all =
        || CommandName::ALL.iter().map(|name| CommandDescription { name: *name, arguments: Vec::new() });
    let streamed = |command: &CommandDescription| !command.name.is_on_drive_topic();
    description
        .map_or_else(|| all().collect(), |description| description.commands.clone())
        .into_iter()
        .filter(streamed)
        .collect()
}

fn takes(argument: &ArgumentDescription) -> String {
    let range = format!("{}..{} {}", argument.min, argument.max, argument.unit);
    if argument.optional {
        format!("[{}: {range}]", argument.key)
    } else {
        format!("{}: {range}", argument.key)
    }
}

impl Palette {
    /// With something typed already.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// What it could become.
    #[must_use]
    pub fn completions(&self, description: Option<&Description>) -> Vec<Completion> {
        let (first, has_more) = match self.text.split_once(' ') {
            Some((first, _)) => (first, true),
            None => (self.text.as_str(), false),
        };
        let typed = first.to_ascii_lowercase().replace('_', "-");
        let fits = |name: &str| if has_more { name == typed } else { name.contains(&typed) };
        let mut found: Vec<Completion> = known(description)
            .iter()
            .map(|command| Completion {
                name: command.name.kebab(),
                takes: command.arguments.iter().map(takes).collect::<Vec<_>>().join(" "),
            })
            .filter(|completion| fits(&completion.name))
            .collect();
        found.sort_by_key(|completion| (!completion.name.starts_with(&typed), completion.name.clone()));
        found
    }

    /// Takes the picked completion, and goes on to its argument if it has one.
    pub fn complete(&mut self, description: Option<&Description>) {
        if self.text.contains(' ') {
            return;
        }
        let found = self.completions(description);
        if let Some(completion) = found.get(self.picked).or_else(|| found.first()) {
            let more = if completion.takes.is_empty() { "" } else { " " };
            *self = Self::with(&format!("{}{more}", completion.name));
        }
    }

    /// The command that stands there.
    ///
    /// # Errors
    /// Why it is none, for who typed it.
    pub fn command(&self, description: Option<&Description>) -> Result<Command, String> {
        let mut words = self.text.split(' ').filter(|word| !word.is_empty());
        let typed = words.next().ok_or("type a command; Tab completes it")?;
        let name = CommandName::from_human(typed).ok_or_else(|| format!("there is no command {typed}"))?;
        let known = known(description).into_iter().find(|command| command.name == name);
        let command = known.ok_or_else(|| format!("this vehicle has no {}", name.kebab()))?;
        let mut keys = Map::new();
        keys.insert("CMD".to_owned(), name.as_str().into());
        for argument in &command.arguments {
            match words.next() {
                Some(word) => {
                    keys.insert(argument.key.clone(), value(argument, word)?);
                }
                None if argument.optional => {}
                None => return Err(format!("{} takes {}", name.kebab(), takes(argument))),
            }
        }
        if let Some(surplus) = words.next() {
            return Err(format!("{} does not take {surplus}", name.kebab()));
        }
        let text = Value::Object(keys).to_string();
        json::decode(text.as_bytes()).map(|envelope| envelope.command).map_err(|error| error.detail)
    }
}

fn value(argument: &ArgumentDescription, word: &str) -> Result<Value, String> {
    let Ok(number) = word.parse::<f64>() else { return Ok(word.into()) };
    if !(argument.min..=argument.max).contains(&number) {
        return Err(format!("{word} is out of range: {}", takes(argument)));
    }
    let whole = word.parse::<u64>().ok().map(Value::from);
    whole
        .or_else(|| Number::from_f64(number).map(Value::Number))
        .ok_or_else(|| format!("{word} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::{Degrees, Mph};

    fn described() -> Description {
        let text = r#"{"protocol":"vp1","vehicle":"rover-1","agent_version":"1","board":"sim","kinematics":"skid_steer",
            "commands":[{"name":"LOCK_DOORS"},{"name":"PARK"},
            {"name":"ROTATE_LEFT","arguments":[{"key":"DEGREES","unit":"degrees","min":0.001,"max":360}]},
            {"name":"SET_MAX_SPEED","arguments":[{"key":"MPH","unit":"mph","min":0,"max":5}]}]}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn names_and_ranges_come_from_the_vehicle() {
        let description = described();
        let mut palette = Palette::with("max");
        let found = palette.completions(Some(&description));
        assert_eq!(found[0].name, "set-max-speed");
        assert!(found[0].takes.starts_with("MPH: 0..") && found[0].takes.ends_with("mph"), "{found:?}");
        palette.complete(Some(&description));
        assert_eq!(palette.text, "set-max-speed ");
    }

    #[test]
    fn what_is_typed_becomes_a_command_or_an_explanation() {
        let description = described();
        let typed = |text: &str| Palette::with(text).command(Some(&description));
        assert_eq!(typed("lock-doors"), Ok(Command::LockDoors));
        assert_eq!(typed("rotate-left 90"), Ok(Command::RotateLeft(Degrees::new(90.0))));
        assert_eq!(typed("SET_MAX_SPEED 2.5"), Ok(Command::SetMaxSpeed(Mph::new(2.5))));
        for (text, why) in [
            ("", "type a command"),
            ("fly", "no command fly"),
            ("rotate-left", "takes DEGREES"),
            ("rotate-left 361", "out of range"),
            ("rotate-left x", ""),
            ("park 3", "does not take 3"),
        ] {
            let told = typed(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn a_vehicle_that_has_not_described_itself_is_offered_all_commands() {
        assert!(Palette::default().completions(None).len() > 20);
        assert_eq!(Palette::with("park").command(None), Ok(Command::Park));
    }
}
