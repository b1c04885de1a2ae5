//! The files of the page, in the binary.

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::routing::get;
use serde_json::{Value, json};
use std::borrow::Cow;
use vehicle_protocol::{CommandName, Group, ParameterKind};

/// Path, type and content of every file.
const FILES: [(&str, &str, &str); 14] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/app.js", "text/javascript; charset=utf-8", include_str!("page/app.js")),
    ("/control.js", "text/javascript; charset=utf-8", include_str!("page/control.js")),
    ("/drive_pad.js", "text/javascript; charset=utf-8", include_str!("page/drive_pad.js")),
    ("/emergency_stop.js", "text/javascript; charset=utf-8", include_str!("page/emergency_stop.js")),
    ("/events.js", "text/javascript; charset=utf-8", include_str!("page/events.js")),
    ("/gamepad.js", "text/javascript; charset=utf-8", include_str!("page/gamepad.js")),
    ("/sentences.js", "text/javascript; charset=utf-8", include_str!("page/sentences.js")),
    ("/stick.js", "text/javascript; charset=utf-8", include_str!("page/stick.js")),
    ("/link.js", "text/javascript; charset=utf-8", include_str!("page/link.js")),
    ("/charts.js", "text/javascript; charset=utf-8", include_str!("page/charts.js")),
    ("/commands.js", "text/javascript; charset=utf-8", include_str!("page/commands.js")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

/// Headers of every response: the page loads only our own files, is not framed, and sends no referrer.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Path of the script that is made from the table of commands.
const GROUPS: &str = "/groups.js";

/// The title of a group on the page; none for commands that have a control of their own.
const fn title(group: Group) -> Option<&'static str> {
    match group {
        Group::Driving => Some("Engine and motion"),
        Group::Lights => Some("Lights and horn"),
        Group::Doors => Some("Doors"),
        Group::Limits => Some("Limits and places"),
        Group::Control => Some("Control"),
        Group::Screen => None,
    }
}

/// The commands of a group, in the order of their buttons.
fn members(group: Group) -> Vec<CommandName> {
    let (left, right) = (CommandName::RotateLeft, CommandName::RotateRight);
    let mut names: Vec<_> = CommandName::ALL.iter().copied().filter(|name| name.group() == group).collect();
    // Left stands left of right, though the contract counts right first.
    names.sort_by_key(|name| (if *name == left { right.number() } else { name.number() }, *name == right));
    names
}

/// The script that tells the page which commands stand together, and which arguments are texts that no description lists.
fn groups() -> String {
    let groups = Group::ALL.iter().filter_map(|group| Some((title(*group)?, members(*group))));
    let texts = CommandName::ALL.iter().filter_map(|name| {
        let parameter = name.parameters().iter().find(|one| matches!(one.kind, ParameterKind::Text(_)))?;
        Some((name.as_str().to_owned(), parameter.key.into()))
    });
    let (groups, elsewhere) = (json!(groups.collect::<Vec<_>>()), json!(members(Group::Screen)));
    let texts = Value::Object(texts.collect());
    format!(
        "export const GROUPS = {groups};\nexport const ELSEWHERE = {elsewhere};\nexport const TEXTS = {texts};\n"
    )
}

/// Path, type and content of every file, those that are made included.
fn all() -> impl Iterator<Item = (&'static str, &'static str, Cow<'static, str>)> {
    let files = FILES.into_iter().map(|(path, kind, content)| (path, kind, Cow::Borrowed(content)));
    files.chain([(GROUPS, "text/javascript; charset=utf-8", Cow::Owned(groups()))])
}

/// Routes of the files.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    all().fold(Router::new(), |router, (path, kind, content)| {
        router.route(path, get(move || async move { ([(header::CONTENT_TYPE, kind)], content) }))
    })
}

/// Adds the security headers to a response.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_gets_its_groups_and_texts_from_the_table_of_commands() {
        let script = groups();
        for (name, value) in [
            ("GROUPS", r#"["Doors",["LOCK_DOORS","UNLOCK_DOORS"]]"#),
            ("GROUPS", r#""ROTATE_LEFT","ROTATE_RIGHT""#),
            ("ELSEWHERE", r#"["EMERGENCY_STOP","CLEAR_EMERGENCY_STOP","DRIVE","HEARTBEAT"]"#),
            ("TEXTS", r#"{"CANCEL":"ID","REVOKE_KEY":"TARGET_KEY"}"#),
        ] {
            let line =
                script.lines().find(|line| line.starts_with(&format!("export const {name} = "))).unwrap();
            assert!(line.contains(value), "{line}");
        }
    }

    #[test]
    fn the_page_is_small_and_has_nothing_that_its_policy_forbids() {
        let size: usize = FILES.iter().map(|(.., content)| content.len()).sum();
        assert!(size < 150_000, "{size} bytes");
        let html = FILES[0].2;
        for forbidden in ["<style", "style=", "onclick=", "javascript:", "http://", "https://"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert!(!html.contains("<script>"), "inline script");
    }

    #[test]
    fn every_import_of_a_script_is_served() {
        for (path, _, content) in FILES.iter().filter(|(_, kind, _)| kind.contains("javascript")) {
            for import in content.lines().filter_map(|line| line.strip_prefix("import ")?.split('"').nth(1)) {
                let served = import.trim_start_matches('.');
                assert!(all().any(|(path, ..)| path == served), "{path} imports {import}");
            }
        }
    }

    /// A stop must not depend on anything that draws.
    #[test]
    fn the_scripts_of_a_stop_import_none_that_draws() {
        let content = |path: &str| FILES.iter().find(|file| file.0 == path).unwrap().2;
        let mut scripts = vec!["/control.js"];
        let mut next = 0;
        while let Some(script) = scripts.get(next) {
            for line in content(script).lines() {
                let import = line.strip_prefix("import ").and_then(|line| line.split('"').nth(1));
                let import = import.map(|import| import.trim_start_matches('.'));
                scripts.extend(import.filter(|import| !scripts.contains(import)));
            }
            next += 1;
        }
        for draws in ["/app.js", "/charts.js", "/commands.js", "/sentences.js"] {
            assert!(!scripts.contains(&draws), "{scripts:?}");
        }
        assert!(scripts.len() > 4, "{scripts:?}");
    }
}
