//! Settings of autonomous driving.

use super::raw::{BoardKind, RawAutonomy};
use super::{limits::at_most, timing::seconds};
use crate::control::{Autonomy, Limits};
use vehicle_protocol::Mph;
use vehicle_settings::Problems;

pub(super) fn autonomy(
    raw: RawAutonomy,
    board: BoardKind,
    limits: Limits,
    problems: &mut Problems,
) -> Autonomy {
    let simulated = board == BoardKind::Sim;
    let max_mph = Mph::from_metres_per_second(limits.speed).get();
    let speed = at_most(raw.max_speed_mph, max_mph, "limits.max_speed_mph", problems).or(max_mph.min(2.0));
    let x = raw.safe_place_x_m.within(-10_000.0..=10_000.0, "m", problems);
    let y = raw.safe_place_y_m.within(-10_000.0..=10_000.0, "m", problems);
    for (given, missing) in [(&x, &y), (&y, &x)] {
        if given.is_given() && !missing.is_given() {
            let next_step = format!("set {} beside it", missing.spot().key);
            problems.refuse(&given.spot(), "is only half of a place", next_step);
        }
    }
    for given in [&x, &y].into_iter().filter(|field| field.is_given() && !simulated) {
        let what = "means nothing on a real board, which does not know where it stands when it starts";
        problems.refuse(&given.spot(), what, "leave it out, and send SET_SAFE_PLACE there in each boot");
    }
    let simulated_place = simulated.then_some((3.0, 4.0));
    Autonomy {
        enabled: raw.enabled.or(simulated),
        safe_place: x.optional().zip(y.optional()).filter(|_| simulated).or(simulated_place),
        speed: Mph::new(speed).metres_per_second(),
        distance: raw.max_distance_m.within(0.1..=10_000.0, "m", problems).or(100.0),
        duration: seconds(raw.max_duration_s.within(1.0..=3_600.0, "s", problems), 120.0),
    }
}
