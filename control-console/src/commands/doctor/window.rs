//! What the terminal shows, and what it tells of keys: by that a drive by hand is more or less direct.

use super::findings::{Check, Findings};
use crate::tui::held_input::ReleaseDetection;
use crate::tui::{reports_releases, size};
use std::env;
use std::io::{self, IsTerminal as _};

/// Below this the screen leaves out much.
const SMALL: (u16, u16) = (60, 15);

pub(super) fn look(findings: &mut Findings<'_>) {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        findings.skip(Check::Terminal, "there is none here; tui and drive by hand want one");
    } else {
        look_at_keys(findings);
        look_at_size(findings);
    }
    look_at_characters(findings);
}

fn look_at_keys(findings: &mut Findings<'_>) {
    let guessed = format!(
        "drive has the tiers {} and {}",
        ReleaseDetection::Mouse.badge(),
        ReleaseDetection::Repeat.badge()
    );
    let step = "hold the mouse on the drive pad, or drive in a terminal with the kitty keyboard protocol \
                (kitty, foot, Ghostty, WezTerm)";
    match reports_releases() {
        Ok(Some(true)) => {
            let what = format!(
                "tells when a key is released: drive has the tier {}",
                ReleaseDetection::KeyUp.badge()
            );
            findings.ok(Check::Terminal, &what);
        }
        Ok(Some(false)) if is_set("TMUX") => {
            let what = format!("tmux stands between and hands on no released keys: {guessed}");
            findings.warn(Check::Terminal, &what, &format!("{step}, outside tmux"));
        }
        Ok(Some(false)) => {
            findings.warn(Check::Terminal, &format!("tells of no released keys: {guessed}"), step);
        }
        Ok(None) => {
            findings.warn(Check::Terminal, &format!("answers no questions: {guessed}"), step);
        }
        Err(error) => {
            let what = format!("can't be used for keys: {error}");
            findings.warn(Check::Terminal, &what, "try another terminal");
        }
    }
}

fn look_at_size(findings: &mut Findings<'_>) {
    let (columns, rows) = size();
    let what = format!("{columns} columns, {rows} rows");
    if columns < SMALL.0 || rows < SMALL.1 {
        let step = format!("make the window larger: {} by {} at least, better 100 by 28", SMALL.0, SMALL.1);
        findings.warn(Check::Terminal, &what, &step);
    } else {
        findings.ok(Check::Terminal, &what);
    }
}

fn look_at_characters(findings: &mut Findings<'_>) {
    let colours = if is_set("NO_COLOR") { "no colours (NO_COLOR is set)" } else { "colours" };
    // The first that is set counts.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| Some((name, value(name)?)));
    match locale {
        Some((name, locale)) if is_utf8(&locale) => {
            findings.ok(Check::Characters, &format!("UTF-8 ({name}={locale}), {colours}"));
        }
        locale => {
            let said = locale
                .map_or_else(|| "no locale is set".to_owned(), |(name, locale)| format!("{name}={locale}"));
            let step = "give tui and drive --ascii, or set UTF-8: export LC_ALL=C.UTF-8";
            findings.warn(Check::Characters, &format!("not UTF-8 ({said}), {colours}"), step);
        }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn is_set(name: &str) -> bool {
    value(name).is_some()
}

fn value(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
