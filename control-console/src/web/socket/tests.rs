use super::*;
use crate::operator::{Drained, Handle, Snapshot, Vehicle};
use crate::web::access::Access;
use std::sync::Arc;

/// A server that knows these vehicles, and the token for driving them.
fn web(vehicles: &[&str]) -> (Web, String) {
    let mut snapshot = Snapshot::default();
    for vehicle in vehicles {
        snapshot.vehicles.insert(vehicle.parse().unwrap(), Arc::new(Vehicle::default()));
    }
    let access = Access::new("127.0.0.1:8000".parse().unwrap(), false, &[]).unwrap();
    let token = access.links()[0].split_once("#control=").unwrap().1.to_owned();
    (Web::new(Handle::detached(snapshot), Arc::new(access)), token)
}

fn page(web: &Web, token: Option<&str>) -> Page {
    let mut page = Page::new(web.clone(), web.ticket().unwrap());
    let hello = serde_json::json!({ "hello": token }).to_string();
    assert!(matches!(page.receive(&hello, Moment::ZERO), Ok(Some(Reply::Role(_)))));
    page
}

fn vehicles(ids: &[&str]) -> Vec<VehicleId> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

#[test]
fn no_rate_limit_stands_before_an_emergency_stop() {
    let (web, _) = web(&["rover-1", "rover-2"]);
    let mut page = page(&web, None);
    let present = r#"{"present":"rover-1"}"#;
    while page.receive(present, Moment::ZERO).is_ok() {}
    for vehicle in ["rover-1", "rover-2"] {
        for _ in 0..1000 {
            let stop = format!(r#"{{"emergency_stop":"{vehicle}"}}"#);
            let accepted = Reply::Stopping(vehicle.parse().unwrap());
            assert_eq!(page.receive(&stop, Moment::ZERO), Ok(Some(accepted)));
        }
    }
    assert_eq!(web.handle.drain().stops, vehicles(&["rover-1", "rover-2"]));
}

#[test]
fn a_vehicle_that_neither_settings_nor_broker_know_is_refused_by_name() {
    let (web, token) = web(&["rover-1"]);
    let mut page = page(&web, Some(&token));
    for message in [
        r#"{"emergency_stop":"rover-9"}"#,
        r#"{"take_control":"rover-9"}"#,
        r#"{"present":"rover-9"}"#,
        r#"{"send":{"vehicle":"rover-9","command":{"CMD":"PARK"}}}"#,
        r#"{"send":{"vehicle":"rover-9","command":{"CMD":"EMERGENCY_STOP"}}}"#,
    ] {
        let unknown = Reply::UnknownVehicle("rover-9".parse().unwrap());
        assert_eq!(page.receive(message, Moment::ZERO), Ok(Some(unknown)), "{message}");
    }
    drop(page);
    assert_eq!(web.handle.drain(), Drained::default());
}

#[test]
fn a_page_that_leaves_stops_every_vehicle_that_it_set_in_motion() {
    let (web, token) = web(&["rover-1", "rover-2", "rover-3"]);
    let mut page = page(&web, Some(&token));
    for vehicle in ["rover-1", "rover-2"] {
        let send = format!(r#"{{"send":{{"vehicle":"{vehicle}","command":{{"CMD":"ACCELERATE"}}}}}}"#);
        assert_eq!(page.receive(&send, Moment::ZERO), Ok(None));
    }
    page.receive(r#"{"take_control":"rover-3"}"#, Moment::ZERO).unwrap();
    drop(page);
    assert_eq!(web.handle.drain().disarmed, vehicles(&["rover-1", "rover-2", "rover-3"]));
}

#[test]
fn a_view_only_page_drives_nothing_and_takes_no_control() {
    let (web, _) = web(&["rover-1"]);
    let mut page = page(&web, None);
    for message in [
        r#"{"take_control":"rover-1"}"#,
        r#"{"stick":{"ahead":1,"right":0}}"#,
        r#""release_stick""#,
        r#"{"send":{"vehicle":"rover-1","command":{"CMD":"ACCELERATE"}}}"#,
    ] {
        let reply = page.receive(message, Moment::ZERO).unwrap();
        assert!(matches!(reply, Some(Reply::Refused(_))), "{message}");
    }
    assert_eq!(web.handle.drain(), Drained::default());
}

#[test]
fn of_two_pages_one_is_in_control_until_it_releases() {
    let (web, token) = web(&["rover-1"]);
    let (mut first, mut second) = (page(&web, Some(&token)), page(&web, Some(&token)));
    let take = r#"{"take_control":"rover-1"}"#;
    let asks = |page: &mut Page| page.receive(take, Moment::ZERO).unwrap();
    assert_eq!(asks(&mut first), Some(Reply::Control(true)));
    assert_eq!(asks(&mut second), Some(Reply::Control(false)));
    assert_eq!(second.receive(r#"{"stick":{"ahead":1,"right":0}}"#, Moment::ZERO), Ok(None));
    first.receive(r#""release_control""#, Moment::ZERO).unwrap();
    assert_eq!(asks(&mut second), Some(Reply::Control(true)));
}

#[test]
fn pages_that_only_view_leave_room_for_those_that_drive() {
    let (web, token) = web(&["rover-1"]);
    let mut viewers = Vec::new();
    while let Some(ticket) = web.ticket() {
        let mut page = Page::new(web.clone(), ticket);
        if page.receive(r#"{"hello":null}"#, Moment::ZERO).is_err() {
            break;
        }
        viewers.push(page);
    }
    assert!(viewers.len() > 10, "{}", viewers.len());
    page(&web, Some(&token));
    // One that leaves makes room for the next.
    viewers.pop();
    page(&web, None);
}
