//! `config`: the settings in force and where each comes from.

use crate::options::Options;
use crate::output::{Output, Tone, printable};
use serde_json::json;

/// Prints them, never a password.
pub(crate) fn show(options: &Options, output: &Output) {
    if output.is_json() {
        output.object(&json!({ "settings": options.settings }));
        return;
    }
    for setting in &options.settings {
        let value = setting.value.as_deref().map_or_else(|| "-".to_owned(), printable);
        let origin = output.paint(Tone::Faint, &printable(&setting.origin));
        output.line(&format!("{:<21} {value:<30} {origin}", setting.key));
    }
}
