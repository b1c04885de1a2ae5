//! An emulated Raspberry Pi: Debian's kernel in QEMU, with the board's pins seen and driven from outside.
//!
//! What is read of the pins are the levels of the chip's own registers, with the time of the chip's own timer, so that
//! neither the program under test nor a busy host has a say in what is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::process::Program;
use crate::wait::until;

pub mod model;
mod ramdisk;
pub mod registers;
mod shell;
pub mod trace;

pub use model::Model;
pub use registers::Registers;
use shell::Listener;
pub use shell::Shell;

/// How long a board may take from power-on to its network; a few seconds on a machine that does nothing else.
const BOOT: Duration = Duration::from_secs(180);

/// QEMU ends after this time even if the test that started it was killed, in seconds.
const LIMIT_S: &str = "420";

/// Keeps the board's processor busy with what comes after everything else. Time passes for the board by its instructions only
/// while it runs; while it idles, it passes by the host's clock, and a host that has no time for the board would make it miss
/// its deadlines: what a guard and a control loop are there to notice.
const BUSY: &str = "nice -n 19 sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 &";

/// Has one of the four processors run all programs. QEMU before 8.1 that counts instructions lets a processor that never rests
/// use up all time until the next timer, again and again, and those after it get none: they stand still, for longer than a
/// guard waits. ("accel/tcg/tcg-accel-ops-rr: ensure fairness with icount" tells of it.)
const ONE_PROCESSOR: &str = "isolcpus=1-3";

/// The host, as the board sees it.
pub const HOST: &str = "10.0.2.2";

/// A file of the board's, besides what it boots from.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it lies on the board, without a slash before it.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
}

impl File {
    /// A file with this text.
    #[must_use]
    pub fn text(path: &str, content: &str) -> Self {
        Self { path: path.to_owned(), content: content.as_bytes().to_vec() }
    }

    /// A copy of a file of the host's.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub fn copy(path: &str, from: &Path) -> Result<Self> {
        let content = fs::read(from).with_context(|| from.display().to_string())?;
        Ok(Self { path: path.to_owned(), content })
    }
}

/// A board that runs; switched off when dropped.
#[derive(Debug)]
pub struct Pi {
    /// Its pins.
    pub registers: Registers,
    /// A shell on it, as root.
    pub shell: Shell,
    /// QEMU; its standard output is the board's console.
    pub console: Program,
    _folder: TempDir,
}

impl Pi {
    /// Boots a board with these files on it, and waits for its network.
    ///
    /// # Errors
    ///
    /// When the kernel or QEMU are missing, or the board does not come up; the console then says how far it came.
    pub async fn boot(model: Model, files: &[File]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let parts = parts(model)?;
        let ramdisk = folder.path().join("ramdisk");
        fs::write(&ramdisk, ramdisk::pack(model, &parts, files)?)?;
        let listener = Listener::open().await?;
        let socket = folder.path().join("qtest");
        let mut console = Program::spawn("qemu", qemu(model, &parts, &ramdisk, &socket, listener.port()))?;
        let mut shell = listener.accept(BOOT).await?;
        until("QEMU's socket", BOOT, || {
            ensure!(console.is_running()?, "QEMU has ended");
            Ok(socket.exists().then_some(()))
        })
        .await?;
        let registers = Registers::connect(&socket).await?;
        shell.run(BUSY).await?;
        Ok(Self { registers, shell, console, _folder: folder })
    }
}

/// The folder with kernel, device tree, modules and busybox.
fn parts(model: Model) -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pi/parts");
    let output = Command::new(script).arg(model.architecture()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}

fn qemu(model: Model, parts: &Path, ramdisk: &Path, socket: &Path, port: u16) -> Command {
    // Killed with `timeout`, whose only child it is, so that none is ever left behind.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", LIMIT_S]);
    // A board that boots idles at times: see BUSY. So others come after it where allowed.
    command.args(["nice", "-n", "-10", "setpriv", "--pdeathsig", "KILL", model.qemu()]);
    // One thread for all processors: threads of their own wait for each other for longer than they run.
    command.args(["-M", model.machine(), "-accel", "tcg,thread=single", "-m", "1G", "-smp", "4"]);
    // The board's time follows its instructions, 8 ns for each: a host that has no time for the board makes it slow, and
    // not miss its deadlines.
    command.args(["-icount", "shift=3"]);
    command.arg("-kernel").arg(parts.join("vmlinuz")).arg("-dtb").arg(parts.join("board.dtb"));
    command.arg("-initrd").arg(ramdisk);
    // Without iomem=relaxed this kernel keeps the pins' registers from /dev/mem, which is what a kernel of the board's
    // makers has /dev/gpiomem for.
    let line = format!(
        "console=ttyAMA0,115200 iomem=relaxed panic=-1 rdinit=/init quiet loglevel=3 {ONE_PROCESSOR} control={port}"
    );
    command.arg("-append").arg(line);
    command.args(["-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot"]);
    command.arg("-qtest").arg(format!("unix:{},server,nowait", socket.display()));
    command.args(["-qtest-log", "/dev/null", "-netdev", "user,id=n0", "-device", "usb-net,netdev=n0"]);
    command
}
