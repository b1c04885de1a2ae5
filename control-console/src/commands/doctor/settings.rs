//! Origin and validity of the settings.

use super::findings::{Check, Findings};
use crate::cli::Global;
use crate::options::{Options, file, home_file};

/// Reads the settings; nothing if they can't be used.
pub(super) fn read(global: &Global, findings: &mut Findings<'_>) -> Option<Options> {
    let from = match (file(global), home_file()) {
        (Some(file), _) => format!("settings file {}", file.display()),
        (None, Some(file)) => format!("no settings file ({} is not there)", file.display()),
        (None, None) => "no settings file".to_owned(),
    };
    match Options::resolve(global) {
        Ok(options) => {
            let broker = options.settings.iter().find(|setting| setting.key == "broker.url");
            let origin = broker.map(|broker| broker.origin.clone()).unwrap_or_default();
            let url = &options.endpoint.url;
            findings
                .ok(Check::Configuration, &format!("broker {url} ({origin}), root {}, {from}", options.root));
            Some(options)
        }
        Err(fault) => {
            findings.fail(Check::Configuration, &fault);
            None
        }
    }
}
