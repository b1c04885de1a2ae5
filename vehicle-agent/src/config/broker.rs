//! The broker and how to log in there.

use super::raw::RawBroker;
use std::time::Duration;
use vehicle_link::{BrokerUrl, Endpoint, EndpointError, Login, TlsFiles};
use vehicle_settings::{Problems, Spot};

/// Longest silence before a ping unless the configuration says so, in seconds.
const KEEP_ALIVE_S: u64 = 60;

pub(super) fn endpoint(raw: RawBroker, problems: &mut Problems) -> Option<Endpoint> {
    let url_spot = raw.url.spot();
    let url = raw.url.or("mqtt://localhost".to_owned()).parse::<BrokerUrl>();
    let url = url.map_err(|error| problems.refuse_with(&url_spot, error.advice())).ok();
    let (user_spot, password_spot) = (raw.user.spot(), raw.password_file.spot());
    let login = match (raw.user.optional(), raw.password_file.optional()) {
        (Some(name), Some(path)) => Login::from_password_file(name, &path)
            .map_err(|error| problems.refuse_with(&password_spot, error.advice()))
            .ok(),
        (Some(name), None) => {
            if password_spot.origin.is_none() {
                problems.refuse(&user_spot, "has no password", "set broker.password_file beside it");
            }
            Some(Login::new(name, ""))
        }
        (None, Some(_)) => {
            problems.refuse(&password_spot, "has no user", "set broker.user beside it");
            None
        }
        (None, None) => None,
    };
    let spots = [raw.ca_file.spot(), raw.cert_file.spot(), raw.key_file.spot()];
    let endpoint = Endpoint {
        url: url?,
        login,
        tls: TlsFiles {
            ca_file: raw.ca_file.optional(),
            cert_file: raw.cert_file.optional(),
            key_file: raw.key_file.optional(),
        },
        keep_alive: Duration::from_secs(raw.keepalive_s.within(5..=3_600, "s", problems).or(KEEP_ALIVE_S)),
    };
    if let Err(error) = endpoint.options("check") {
        problems.refuse_with(blamed(&error, &endpoint, &spots).unwrap_or(&url_spot), error.advice());
    }
    Some(endpoint)
}

/// The key whose file the error is about.
fn blamed<'a>(error: &EndpointError, endpoint: &Endpoint, spots: &'a [Spot; 3]) -> Option<&'a Spot> {
    let (EndpointError::Unreadable { path, .. }
    | EndpointError::Malformed { path, .. }
    | EndpointError::Unpaired { path, .. }
    | EndpointError::KeyMismatch { key: path, .. }) = error
    else {
        return None;
    };
    let tls = &endpoint.tls;
    let files = [&tls.ca_file, &tls.cert_file, &tls.key_file];
    files.into_iter().zip(spots).find(|(file, _)| file.as_ref() == Some(path)).map(|(_, spot)| spot)
}
