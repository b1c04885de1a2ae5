//! One connection through the proxy, both ways.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use fastrand::Rng;
use tokio::net::TcpStream;

use super::way::{Lane, not_blackholed};
use super::{Shared, Way};

/// Carries until both sides have ended, one has failed, or the test resets it.
pub(super) async fn carry(client: TcpStream, number: u64, shared: Arc<Shared>) {
    let (mut resets, mut up) = (shared.resets.subscribe(), shared.up.subscribe());
    // A client that connects into a partition hears nothing, and neither does the broker.
    tokio::select! {
        () = not_blackholed(&mut up) => {}
        _ = resets.changed() => return reset(&client),
    }
    let Ok(broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.target)).await else { return };
    tokio::select! {
        // An end that was not in order is not told in order either.
        ended = both_ways(&client, &broker, number, &shared) => if ended.is_ok() { return },
        _ = resets.changed() => {}
    }
    reset(&client);
    reset(&broker);
}

async fn both_ways(client: &TcpStream, broker: &TcpStream, number: u64, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let lane = |way, salt: u64| {
        let seed = shared.seed.wrapping_add(number.wrapping_mul(2)).wrapping_add(salt);
        Lane::new(shared.way(way).subscribe(), Rng::with_seed(seed), &shared.dropped)
    };
    let (up, down) = (lane(Way::Up, 0), lane(Way::Down, 1));
    tokio::try_join!(up.carry(client, broker), down.carry(broker, client))?;
    Ok(())
}

/// Ends a connection with RST as soon as it is dropped.
fn reset(stream: &TcpStream) {
    // Fails only if the peer was faster.
    let _ = stream.set_zero_linger();
}
