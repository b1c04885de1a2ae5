//! Permissions of the files that this console depends on.

use super::findings::{Check, Findings};
use crate::commands::keys;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Others than the owner may write.
const WRITABLE: u32 = 0o022;
/// Others than the owner may do anything.
const OPEN: u32 = 0o077;

pub(super) fn look(options: &Options, findings: &mut Findings<'_>) {
    let mut told = Vec::new();
    let password = options.settings.iter().find(|setting| setting.key == "broker.password_file");
    let password = password.and_then(|setting| setting.value.as_deref()).map(Path::new);
    for (file, what) in [(password, "password"), (options.endpoint.tls.key_file.as_deref(), "TLS key")] {
        if let Some(file) = file
            && is_closed(file, OPEN, findings)
        {
            told.push(what.to_owned());
        }
    }
    for file in settings_files(options) {
        is_closed(&file, WRITABLE, findings);
    }
    if let Err(error) = options.endpoint.options("doctor") {
        let fault = Fault { exit: Exit::Usage, advice: error.advice() };
        findings.fail(Check::Files, &fault);
    }
    if let Some(folder) = &options.keys_dir {
        told.extend(look_at_keys(folder, findings));
    }
    if told.is_empty() {
        findings.ok(Check::Files, "no password file and no keys are used");
    } else {
        findings.ok(Check::Files, &format!("for their owner alone: {}", told.join(", ")));
    }
}

/// The files that settings were read from.
fn settings_files(options: &Options) -> Vec<std::path::PathBuf> {
    let origins = options.settings.iter().filter_map(|setting| setting.origin.rsplit_once(':'));
    let mut files: Vec<_> = origins.map(|(file, _)| file.into()).collect();
    files.sort();
    files.dedup();
    files
}

fn look_at_keys(folder: &Path, findings: &mut Findings<'_>) -> Option<String> {
    match keys::examine(folder) {
        Err(fault) => findings.fail(Check::Files, &fault),
        Ok((good, bad)) => {
            for advice in bad {
                findings.fail(Check::Files, &Fault { exit: Exit::Usage, advice });
            }
            return match good {
                0 => None,
                1 => Some(format!("1 key in {}", folder.display())),
                good => Some(format!("{good} keys in {}", folder.display())),
            };
        }
    }
    None
}

/// Whether nobody else may do what `bits` say; one that can't be looked at is told of where it is used.
fn is_closed(file: &Path, bits: u32, findings: &mut Findings<'_>) -> bool {
    let Ok(metadata) = fs::metadata(file) else { return false };
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & bits == 0 {
        return true;
    }
    let file = file.display();
    let (what, chmod) =
        if bits == OPEN { ("can get at the secret", "600") } else { ("can change the settings", "go-w") };
    findings.warn(
        Check::Files,
        &format!("{file} has mode {mode:04o}, so others {what}"),
        &format!("chmod {chmod} {file}"),
    );
    false
}
