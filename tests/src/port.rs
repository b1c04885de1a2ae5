//! Free ports for servers that are killed and come back.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};

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
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST.saturating_add(COUNT))
}
