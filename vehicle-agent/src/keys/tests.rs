use super::*;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use vehicle_protocol::auth::Role;

fn vehicle() -> VehicleId {
    "rover-1".parse().unwrap()
}

fn key(name: &str, role: Role) -> KeyFile {
    KeyFile { vehicle: vehicle(), key: name.parse().unwrap(), role, secret: [7; 32].into() }
}

fn install(folder: &Path, file: &str, key: &KeyFile) -> PathBuf {
    let path = folder.join(file);
    secret_file::create(&path, key.to_text().as_bytes()).unwrap();
    path
}

fn problems(folder: &Path) -> String {
    let problems = load(folder, &vehicle()).unwrap_err();
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn the_keys_in_the_folder_are_those_that_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    assert!(load(&folder.path().join("none"), &vehicle()).unwrap().is_empty());
    install(folder.path(), "tablet.json", &key("tablet", Role::Driver));
    install(folder.path(), "desk.json", &key("desk", Role::Owner));
    for other in [".half.json", "README", "old.json.bak"] {
        fs::write(folder.path().join(other), "no key").unwrap();
    }
    let keys = load(folder.path(), &vehicle()).unwrap();
    let named: Vec<_> = keys.iter().map(|key| (key.key.as_str(), key.role)).collect();
    assert_eq!(named, [("desk", Role::Owner), ("tablet", Role::Driver)]);
}

#[test]
fn each_bad_key_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let open = install(folder.path(), "a.json", &key("a", Role::Owner));
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    install(folder.path(), "b.json", &key("c", Role::Owner));
    install(folder.path(), "d.json", &KeyFile { vehicle: "mule".parse().unwrap(), ..key("d", Role::Owner) });
    secret_file::create(&folder.path().join("e.json"), b"{}").unwrap();
    let said = problems(folder.path());
    for expected in
        ["a.json has mode 0644", "chmod 600", "call it c.json", "the vehicle mule", "e.json is no key file"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn a_folder_into_which_others_may_put_keys_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for open in [0o720, 0o702, 0o777] {
        fs::set_permissions(folder.path(), Permissions::from_mode(open)).unwrap();
        let said = problems(folder.path());
        assert!(said.contains("others may put keys") && said.contains("chmod go-w"), "{said}");
    }
}
