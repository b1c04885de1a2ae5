//! What the board boots into: an archive of files that the kernel unpacks into memory.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cpio::newc::{Builder, trailer};

use super::{File, Model};

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// The first process.
const INIT: &str = include_str!("init.sh");

/// Packs the parts of the system and the test's files; all files can be run, which harms none.
pub(super) fn pack(model: Model, parts: &Path, files: &[File]) -> Result<Vec<u8>> {
    let mut system = vec![File::text("init", INIT), File::copy("bin/busybox", &parts.join("busybox"))?];
    for library in model.libraries() {
        let name = library.file_name().context("a name")?.to_string_lossy().into_owned();
        system.push(File::copy(&format!("lib/{name}"), &library)?);
    }
    for entry in fs::read_dir(parts.join("modules"))? {
        let path = entry?.path();
        let name = path.file_name().context("a name")?.to_string_lossy().into_owned();
        system.push(File::copy(&format!("modules/{name}"), &path)?);
    }
    let mut archive = Vec::new();
    for folder in ["bin", "dev", "etc", "lib", "modules", "proc", "sys", "tmp", "usr", "usr/bin"] {
        archive = add(archive, folder, FOLDER, &[])?;
    }
    for file in system.iter().chain(files) {
        archive = add(archive, &file.path, PROGRAM, &file.content)?;
    }
    Ok(trailer(archive)?)
}

fn add(archive: Vec<u8>, path: &str, mode: u32, content: &[u8]) -> Result<Vec<u8>> {
    let size = u32::try_from(content.len())?;
    let mut entry = Builder::new(path).mode(mode).nlink(1).write(archive, size);
    std::io::Write::write_all(&mut entry, content)?;
    Ok(entry.finish()?)
}
