//! Free ports for servers that are killed and come back.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};
use tokio::net::TcpSocket;

/// The lowest port handed out, and how many there are. All lie below the range from which Linux takes the ports of
/// outgoing connections (32768 and up): else, while its server is down, the port could go to any client, or a client
/// that tries to reach it could be connected to itself.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Returns a loopback port on which nothing listens, another one at each call.
///
/// # Errors
///
/// When all are taken.
pub fn free_port() -> Result<u16> {
    // Test processes that run side by side begin far apart.
    let offset = std::process::id().wrapping_mul(7919);
    for _ in 0..COUNT {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let place = offset.wrapping_add(step).checked_rem(u32::from(COUNT)).unwrap_or(0);
        let port = FIRST.saturating_add(u16::try_from(place)?);
        if take(port).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST.saturating_add(COUNT))
}

/// Takes a port and lets go of it. It does not listen there: a program that another thread starts at this moment holds the socket
/// until it runs, and that may keep nobody else from listening.
fn take(port: u16) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::Command;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    #[test]
    fn a_free_port_can_be_listened_on_while_programs_are_started() {
        let listened = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !listened.load(Ordering::Relaxed) {
                        Command::new("true").status().unwrap();
                    }
                });
            }
            let listen = |_| TcpListener::bind(("127.0.0.1", free_port().unwrap())).err();
            let problem = (0..2_000).find_map(listen);
            listened.store(true, Ordering::Relaxed);
            assert!(problem.is_none(), "{problem:?}");
        });
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(take(listener.local_addr().unwrap().port()).is_err());
    }
}
