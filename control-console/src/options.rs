//! The settings in force: flags over environment over file.

mod presence;
mod raw;

pub use presence::Presented;
pub use raw::Setting;

use crate::cli::Global;
use crate::exit::{Exit, Fault};
use crate::keyring::Keyring;
use std::path::PathBuf;
use std::time::Duration;
use vehicle_link::Endpoint;
use vehicle_protocol::{Encoding, OperatorName, Root};
use vehicle_settings::Layers;

/// The name of the settings file in this program's folder.
const FILE: &str = "config.toml";
/// The longest silence unless something else is set.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Options {
    /// The broker, with login and TLS.
    pub endpoint: Endpoint,
    /// The root of every topic.
    pub root: Root,
    /// The longest silence, if one was set.
    pub timeout: Option<Duration>,
    /// Set if that was done by a flag.
    pub timeout_is_flag: bool,
    /// The folder of the keys, if there is a home for one.
    pub keys_dir: Option<PathBuf>,
    /// The keys that sign; none with `--unsigned`.
    pub keys: Keyring,
    /// The folder in which sessions wait for the next program, if there is one.
    pub run_dir: Option<PathBuf>,
    /// The encoding of commands.
    pub encoding: Encoding,
    /// The operator whose presence is published; the name of the key unless one was set.
    pub operator: Option<OperatorName>,
    /// Which keys drive: `default`, `ros`, or a file.
    pub keymap: String,
    /// Every setting with its origin, for people.
    pub settings: Vec<Setting>,
}

impl Options {
    /// Reads file and environment and lays the flags over them.
    ///
    /// # Errors
    /// A mistake in the settings, with every problem in one text.
    pub fn resolve(global: &Global) -> Result<Self, Fault> {
        Self::from_layers(layers(global).environment("CONTROL_CONSOLE"), global)
    }

    fn from_layers(layers: Layers, global: &Global) -> Result<Self, Fault> {
        let timeout = global.timeout.map(humantime::format_duration);
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        layers
            .flag("--broker", "broker.url", global.broker.as_ref())
            .flag("--user", "broker.user", global.user.as_ref())
            .flag("--password-file", "broker.password_file", path(&global.password_file))
            .flag("--ca-file", "broker.ca_file", path(&global.ca_file))
            .flag("--cert-file", "broker.cert_file", path(&global.cert_file))
            .flag("--key-file", "broker.key_file", path(&global.key_file))
            .flag("--root", "root", global.root.as_ref())
            .flag("--timeout", "timeout", timeout)
            .flag("--keys-dir", "keys_dir", path(&global.keys_dir))
            .flag("--compact", "encoding", global.compact.then_some("compact"))
            .resolve(raw::validated)
            .map(|options| Self {
                timeout_is_flag: global.timeout.is_some(),
                keys: if global.unsigned { Keyring::default() } else { options.keys },
                ..options
            })
            .map_err(|problems| {
                let step = "correct that; control-console config then shows what is in force";
                Fault::new(Exit::Usage, problems.to_string(), step)
            })
    }

    /// The longest silence.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.timeout.unwrap_or(TIMEOUT)
    }
}

fn layers(global: &Global) -> Layers {
    file(global).map_or_else(Layers::new, |file| Layers::new().file(file))
}

/// The settings file that is read, if one is.
#[must_use]
pub fn file(global: &Global) -> Option<PathBuf> {
    global.config.clone().or_else(|| home_file().filter(|file| file.exists()))
}

/// The settings file that is read without being named.
#[must_use]
pub fn home_file() -> Option<PathBuf> {
    home_folder().map(|folder| folder.join(FILE))
}

/// The folder for files that last as long as this login.
fn run_dir() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let run = folder("XDG_RUNTIME_DIR").or_else(|| folder("XDG_CACHE_HOME"));
    run.or_else(|| folder("HOME").map(|home| home.join(".cache"))).map(|run| run.join("control-console"))
}

/// The folder of what belongs to a person and this program, unless there is neither `XDG_CONFIG_HOME` nor `HOME`.
#[must_use]
pub fn home_folder() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let configuration = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    configuration.map(|folder| folder.join("control-console"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    pub(crate) fn resolve(text: &str, variables: &[(&str, &str)], flags: &str) -> Result<Options, Fault> {
        let words = ["control-console"].into_iter().chain(flags.split_whitespace());
        let global = Cli::try_parse_from(words).unwrap().global;
        let layers = Layers::new().text("config.toml", text);
        Options::from_layers(layers.variables("CONTROL_CONSOLE", variables.iter().copied()), &global)
    }

    fn origin(options: &Options, key: &str) -> (String, String) {
        let setting = options.settings.iter().find(|setting| setting.key == key).unwrap();
        (setting.value.clone().unwrap_or_default(), setting.origin.clone())
    }

    #[test]
    fn without_any_setting_there_is_the_broker_on_this_machine() {
        let options = resolve("", &[], "").unwrap();
        assert_eq!(options.endpoint.url.to_string(), "mqtt://127.0.0.1:1883");
        assert_eq!((options.root.to_string().as_str(), options.silence()), ("vehicles", TIMEOUT));
        assert_eq!(options.endpoint.login, None);
    }

    #[test]
    fn flags_lie_over_the_environment_and_that_over_the_file() {
        let file = "root = 'a'\ntimeout = '1s'\n[broker]\nurl = 'mqtt://file'";
        let variables =
            [("CONTROL_CONSOLE__BROKER__URL", "mqtt://variable"), ("CONTROL_CONSOLE__TIMEOUT", "2s")];
        let options = resolve(file, &variables, "--broker mqtt://flag").unwrap();
        assert_eq!(origin(&options, "broker.url"), ("mqtt://flag:1883".to_owned(), "--broker".to_owned()));
        assert_eq!(origin(&options, "timeout"), ("2s".to_owned(), "CONTROL_CONSOLE__TIMEOUT".to_owned()));
        assert_eq!(origin(&options, "root"), ("a".to_owned(), "config.toml:1".to_owned()));
        assert_eq!(options.silence(), Duration::from_secs(2));
    }

    #[test]
    fn a_password_is_taken_but_never_shown() {
        let variables = [("CONTROL_CONSOLE__BROKER__PASSWORD", "hunter2")];
        let options = resolve("", &variables, "--user anna").unwrap();
        assert_eq!(options.endpoint.login.as_ref().map(vehicle_link::Login::password), Some("hunter2"));
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(origin(&options, "broker.password").0, "(set)");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let file = "rooot = 'a'\ntimeout = 5\n[broker]\nurl = 'http://x'\npassword = 'p'";
        let fault = resolve(file, &[], "").unwrap_err();
        assert_eq!(fault.exit, Exit::Usage);
        for part in ["rooot", "timeout", "broker.url", "broker.password"] {
            assert!(fault.advice.what.contains(part), "{part} in {}", fault.advice.what);
        }
        assert!(!fault.advice.what.contains("'p'"));
    }
}
