//! Keys and policy.

use super::*;
use crate::control::Policy;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const KEY: &str = r#"{"vehicle":"rover-1","key":"tablet","role":"driver","secret":"SECRET"}"#;

/// Puts a key where the agent with its state in `folder` looks for it.
fn install(folder: &Path, mode: u32) {
    let keys = folder.join("keys");
    fs::create_dir(&keys).unwrap();
    fs::write(keys.join("tablet.json"), KEY.replace("SECRET", &"07".repeat(32))).unwrap();
    fs::set_permissions(keys.join("tablet.json"), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn keys_lie_beside_the_rest_of_the_state_and_then_unsigned_commands_only_stop() {
    let folder = tempfile::tempdir().unwrap();
    let state = format!("state_dir = {:?}\n", folder.path());
    let open = config(&state);
    assert_eq!((open.trust.keys.len(), open.trust.policy()), (0, Policy::Accept));
    install(folder.path(), 0o600);
    let kept = config(&state);
    assert_eq!((kept.trust.keys.len(), kept.trust.policy()), (1, Policy::StopOnly));
    assert_eq!(kept.setup(Epoch::default(), false).trust, kept.trust);
    assert!(!format!("{kept:?}").contains("0707"), "no secret is shown");
    for (word, policy) in
        [("accept", Policy::Accept), ("stop-only", Policy::StopOnly), ("refuse", Policy::Refuse)]
    {
        let config = config(&format!("{state}[trust]\nunsigned = {word:?}\nowner_clears = true"));
        assert_eq!((config.trust.policy(), config.trust.owner_clears), (policy, true));
    }
}

#[test]
fn a_key_that_others_can_read_is_a_problem_and_so_is_a_word_or_a_folder_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), 0o640);
    let said = problems(&format!("state_dir = {:?}", folder.path())).join("\n");
    assert!(said.starts_with("trust.keys_dir: ") && said.contains("tablet.json has mode 0640"), "{said}");
    let said = problems("[trust]\nunsigned = 'maybe'\nkeys_dir = '/no/such/folder'").join("\n");
    assert!(said.contains("agent.toml:2: trust.unsigned") && said.contains("stop-only"), "{said}");
    assert!(said.contains("agent.toml:3: trust.keys_dir: /no/such/folder is no folder"), "{said}");
}

#[test]
fn a_bad_key_keeps_nobody_from_taking_the_motors_power() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), 0o644);
    let layers = named(&format!("state_dir = {:?}", folder.path()));
    let (_, _, problems) = Config::resolve_board(layers).unwrap();
    assert_eq!(problems.len(), 1);
}
