//! The settings as they are written, and what becomes of them.

use super::Options;
use crate::keyring::Keyring;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vehicle_link::{BrokerUrl, Endpoint, Login, TlsFiles};
use vehicle_protocol::{Encoding, OperatorName, Root};
use vehicle_settings::{Field, Origin, Problems};

/// A broker on this machine, at MQTT's own port.
const BROKER: &str = "mqtt://127.0.0.1:1883";
/// A silence that no person means.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(86_400);
/// The keepalive; a half-open link is noticed after two.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
pub(super) struct Raw {
    broker: RawBroker,
    root: Field<String>,
    timeout: Field<String>,
    keys_dir: Field<PathBuf>,
    encoding: Field<RawEncoding>,
    operator: Field<String>,
    keymap: Field<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawEncoding {
    Json,
    Compact,
}

#[derive(Deserialize)]
struct RawBroker {
    url: Field<String>,
    user: Field<String>,
    password: Field<String>,
    password_file: Field<String>,
    ca_file: Field<String>,
    cert_file: Field<String>,
    key_file: Field<String>,
}

/// One setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The dotted key.
    pub key: &'static str,
    /// The value; a password is `(set)`.
    pub value: Option<String>,
    /// A file with the line, a variable, a flag, or `default`.
    pub origin: String,
}

struct Told(Vec<Setting>);

impl Told {
    fn tell<T>(
        &mut self,
        key: &'static str,
        field: &Field<T>,
        default: Option<&str>,
        show: impl Fn(&T) -> String,
    ) {
        let origin = field.spot().origin.map_or_else(|| "default".to_owned(), |origin| origin.to_string());
        let value = field.value().map(show).or_else(|| default.map(ToOwned::to_owned));
        self.0.push(Setting { key, value, origin });
    }

    fn tell_text<T: Display>(&mut self, key: &'static str, field: &Field<T>, default: Option<&str>) {
        self.tell(key, field, default, T::to_string);
    }
}

/// Makes the options of the raw settings.
pub(super) fn validated(raw: Raw, problems: &mut Problems) -> Option<Options> {
    let mut told = Told(Vec::new());
    let url =
        raw.broker.url.convert(|text| text.parse::<BrokerUrl>(), "such as mqtt://127.0.0.1:1883", problems);
    told.tell_text("broker.url", &url, Some(BROKER));
    told.tell_text("broker.user", &raw.broker.user, None);
    told.tell("broker.password", &raw.broker.password, None, |_| "(set)".to_owned());
    told.tell_text("broker.password_file", &raw.broker.password_file, None);
    told.tell_text("broker.ca_file", &raw.broker.ca_file, None);
    told.tell_text("broker.cert_file", &raw.broker.cert_file, None);
    told.tell_text("broker.key_file", &raw.broker.key_file, None);
    let root = raw.root.convert(|text| text.parse::<Root>(), "such as vehicles", problems);
    told.tell_text("root", &root, Some("vehicles"));
    let timeout = raw.timeout.convert(|text| timeout(&text), "such as 5s or 500ms", problems);
    told.tell("timeout", &timeout, Some("5s"), |timeout| humantime::format_duration(*timeout).to_string());
    let home = super::home_folder().map(|folder| folder.join("keys"));
    let default = home.as_ref().map(|folder| folder.display().to_string());
    told.tell("keys_dir", &raw.keys_dir, default.as_deref(), |folder| folder.display().to_string());
    told.tell("encoding", &raw.encoding, Some("json"), |encoding| {
        match encoding {
            RawEncoding::Json => "json",
            RawEncoding::Compact => "compact",
        }
        .to_owned()
    });
    let operator = raw.operator.convert(|text| text.parse::<OperatorName>(), "such as anna", problems);
    told.tell_text("operator", &operator, Some("the name of the key"));
    let keys_dir = raw.keys_dir.optional().or(home);
    told.tell_text("keymap", &raw.keymap, Some("default"));
    let login = login(raw.broker.user, raw.broker.password, &raw.broker.password_file, problems);
    let path = |field: Field<String>| field.optional().map(Into::into);
    let tls = TlsFiles {
        ca_file: path(raw.broker.ca_file),
        cert_file: path(raw.broker.cert_file),
        key_file: path(raw.broker.key_file),
    };
    let url = url.optional().or_else(|| BROKER.parse().ok())?;
    Some(Options {
        endpoint: Endpoint { login, tls, keep_alive: KEEP_ALIVE, ..Endpoint::new(url) },
        root: root.or(Root::default()),
        timeout: timeout.optional(),
        timeout_is_flag: false,
        keys: Keyring::new(keys_dir.clone()),
        keys_dir,
        run_dir: super::run_dir(),
        encoding: match raw.encoding.or(RawEncoding::Json) {
            RawEncoding::Json => Encoding::Json,
            RawEncoding::Compact => Encoding::Compact,
        },
        operator: operator.optional(),
        keymap: raw.keymap.or("default".to_owned()),
        settings: told.0,
    })
}

fn timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() || duration > LONGEST_TIMEOUT => {
            Err("must be above 0 and a day at most".to_owned())
        }
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// The login; of a password and a file with one, that of the higher layer counts.
fn login(
    user: Field<String>,
    password: Field<String>,
    file: &Field<String>,
    problems: &mut Problems,
) -> Option<Login> {
    let use_file = match (password.is_given(), file.is_given()) {
        (true, true) => {
            let (ours, theirs) = (layer(&password), layer(file));
            if ours == theirs {
                problems.refuse(&file.spot(), "there is a password besides", "give one of them");
            }
            theirs > ours
        }
        (_, file) => file,
    };
    let secret = if use_file { file } else { &password };
    if !user.is_given() {
        if secret.is_given() {
            problems.refuse(
                &secret.spot(),
                "is given without broker.user",
                "give the name too, or leave both out",
            );
        }
        return None;
    }
    let spot = secret.spot();
    let user = user.optional()?;
    if !use_file {
        return Some(Login::new(user, password.or(String::new())));
    }
    match Login::from_password_file(user, Path::new(file.value()?)) {
        Ok(login) => Some(login),
        Err(error) => {
            problems.refuse_with(&spot, error.advice());
            None
        }
    }
}

fn layer(field: &Field<String>) -> u8 {
    match field.spot().origin {
        None => 0,
        Some(Origin::File { .. }) => 1,
        Some(Origin::Environment(_)) => 2,
        Some(Origin::Flag(_)) => 3,
    }
}
