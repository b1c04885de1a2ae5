//! A real mosquitto on a port of its own.

use super::PATIENCE;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Finds a port below those that outgoing connections take, as the broker comes back on it.
pub(super) fn free_port() -> u16 {
    let offset = std::process::id().wrapping_mul(7919);
    let ports = std::iter::from_fn(|| Some(u32::from(NEXT.fetch_add(1, Ordering::Relaxed))));
    let mut ports = ports.map(|step| 12_000 + u16::try_from(offset.wrapping_add(step) % 20_000).unwrap());
    ports.find(|&port| take(port).is_ok()).unwrap()
}

/// Takes a port and lets go of it. It does not listen there: a program that another test starts at this moment holds the
/// socket until it runs, and that may keep no broker from listening.
fn take(port: u16) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())
}

pub(super) struct Broker {
    pub(super) port: u16,
    child: Child,
    folder: TempDir,
}

impl Broker {
    pub(super) async fn start() -> Self {
        Self::start_at(free_port()).await
    }

    pub(super) async fn start_at(port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = format!(
            "listener {port} 127.0.0.1\nset_tcp_nodelay true\nallow_anonymous true\nmax_queued_messages 0\nuser root\n"
        );
        fs::write(folder.path().join("conf"), configuration).unwrap();
        let broker = Self { port, child: run(&folder), folder };
        broker.accepts().await;
        broker
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) async fn restart(&mut self) {
        self.child = run(&self.folder);
        self.accepts().await;
    }

    async fn accepts(&self) {
        let accepted = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, accepted).await.expect("mosquitto accepts connections");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &TempDir) -> Child {
    // Often not in an ordinary user's PATH.
    let places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].map(PathBuf::from);
    let program = places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| "mosquitto".into());
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.path().join("conf")).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("mosquitto is installed")
}
