use super::*;
use std::fs;
use tempfile::TempDir;

fn writer() -> (TempDir, Latch, FileWriter) {
    let folder = tempfile::tempdir().unwrap();
    let latch = Latch::new(folder.path());
    let writer = FileWriter::spawn(latch.clone(), folder.path().to_owned());
    (folder, latch, writer)
}

#[tokio::test]
async fn the_newest_emergency_stop_is_what_ends_up_in_the_file() {
    let (_folder, latch, mut writer) = writer();
    for round in 0..50 {
        writer.store_latch(false);
        writer.store_latch(true);
        while !matches!(writer.next().await, Some(FileChange::Latch(true, Ok(())))) {}
        assert!(latch.is_set(), "{round}");
        writer.store_latch(false);
        while !matches!(writer.next().await, Some(FileChange::Latch(false, Ok(())))) {}
        assert!(!latch.is_set(), "{round}");
    }
}

#[tokio::test]
async fn requests_of_the_last_moment_are_carried_out_before_the_end() {
    for _ in 0..50 {
        let (folder, latch, writer) = writer();
        let key = folder.path().join("tablet.json");
        fs::write(&key, "").unwrap();
        writer.remove_key(&"tablet".parse().unwrap());
        writer.store_latch(true);
        writer.finish().await;
        assert!(latch.is_set() && !key.exists());
    }
}

#[tokio::test]
async fn an_emergency_stop_does_not_wait_behind_revoked_keys() {
    let (_folder, _latch, mut writer) = writer();
    for name in ["tablet", "phone", "radio"] {
        writer.remove_key(&name.parse().unwrap());
    }
    writer.store_latch(true);
    assert!(matches!(writer.next().await, Some(FileChange::Latch(true, Ok(())))));
}

#[tokio::test]
async fn a_request_that_failed_is_carried_out_again_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("state");
    fs::write(&blocked, "in the way").unwrap();
    let mut writer = FileWriter::spawn(Latch::new(&blocked), folder.path().to_owned());
    writer.store_latch(true);
    assert!(matches!(writer.next().await, Some(FileChange::Latch(true, Err(_)))));
    fs::remove_file(&blocked).unwrap();
    writer.store_latch(true);
    assert!(matches!(writer.next().await, Some(FileChange::Latch(true, Ok(())))));
}

#[tokio::test]
async fn a_revoked_key_has_no_file_any_more_once_that_is_reported() {
    let (folder, _latch, mut writer) = writer();
    let path = folder.path().join("tablet.json");
    fs::write(&path, "").unwrap();
    let name: KeyName = "tablet".parse().unwrap();
    for _ in 0..2 {
        writer.remove_key(&name);
        assert!(matches!(writer.next().await, Some(FileChange::KeyRemoved(key, Ok(()))) if key == name));
        assert!(!path.exists());
    }
    fs::create_dir(&path).unwrap();
    writer.remove_key(&name);
    let Some(FileChange::KeyRemoved(_, Err(problem))) = writer.next().await else { panic!("removed") };
    assert!(problem.contains("cannot be removed"), "{problem}");
}
