//! What the vehicles of the demo do while the console's link is cut, seen over a link of its own.

use super::summary::Track;
use crate::exit::Fault;
use crate::link::{Event, Link, QoS, Subscriptions};
use crate::options::Options;
use std::collections::BTreeMap;
use tokio::sync::watch;
use vehicle_protocol::{Topic, VehicleId};

/// Watches until it is dropped, and tells the metres since the last cut of the vehicle that went furthest.
pub(super) async fn watch(
    options: &Options,
    mut cut: watch::Receiver<bool>,
    metres: watch::Sender<Option<f64>>,
) -> Fault {
    let filters =
        [Topic::Status, Topic::Telemetry].map(|topic| (options.root.every_vehicle(topic), QoS::AtMostOnce));
    let subscriptions = Subscriptions { filters: filters.into(), settle: false };
    let mut link: Link<()> = match Link::open(options.endpoint.clone(), subscriptions) {
        Ok(link) => link,
        Err(fault) => return fault,
    };
    let (mut tracks, mut then) = (BTreeMap::<VehicleId, Track>::new(), None);
    loop {
        tokio::select! {
            event = link.next() => match event {
                Event::Message(message) => {
                    if let Some((vehicle, topic)) = options.root.parse(&message.topic) {
                        tracks.entry(vehicle).or_default().follow(topic, &message.payload);
                    }
                }
                Event::Barred(fault, _) => return fault,
                Event::NotGranted(failure) => return crate::link::fault(&failure),
                Event::Connected | Event::Up | Event::Settled | Event::Down(_) | Event::Acknowledged(()) => {}
            },
            Ok(()) = cut.changed() => {
                if *cut.borrow_and_update() {
                    then = Some(tracks.clone());
                }
            }
        }
        if let Some(then) = &then {
            let gone = tracks.iter().map(|(vehicle, track)| {
                track.metres_driven - then.get(vehicle).map_or(0.0, |then| then.metres_driven)
            });
            metres.send_replace(Some(gone.fold(0.0, f64::max)));
        }
    }
}
