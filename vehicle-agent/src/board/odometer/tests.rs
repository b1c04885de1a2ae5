//! Edges of a wheel in any order and time.

use super::*;
use proptest::prelude::*;

const METRES: f64 = 0.002;

fn at(micros: u64) -> Moment {
    Moment::new(Duration::from_micros(micros))
}

/// A wheel that turns at `speed` m/s for a second with a look each 20 ms; what the last look says.
fn rolled(speed: f64, bounces: bool) -> Wheel {
    let mut odometer = Odometer::new(METRES);
    let mut told = Wheel::default();
    let (mut edges, way) = (0.0, if speed < 0.0 { -1 } else { 1 });
    for look in 1..=50 {
        let now = f64::from(look) * 0.02;
        while (edges + 1.0) * METRES <= speed.abs() * now {
            edges += 1.0;
            let moment = Moment::new(Duration::from_secs_f64(edges * METRES / speed.abs()));
            odometer.take(moment, way);
            if bounces {
                odometer.take(moment.after(Duration::from_micros(20)), -way);
                odometer.take(moment.after(Duration::from_micros(40)), way);
            }
        }
        told = odometer.measure(Moment::new(Duration::from_secs_f64(now)));
    }
    told
}

#[test]
fn two_channels_tell_the_way_and_survive_an_edge_that_got_lost() {
    let mut decoder = Decoder::Quadrature { a: false, b: false };
    let turn = [(Channel::A, true), (Channel::B, true), (Channel::A, false), (Channel::B, false)];
    assert_eq!(turn.map(|(channel, level)| decoder.step(channel, level)), [1; 4]);
    let back = [(Channel::B, true), (Channel::A, true), (Channel::B, false), (Channel::A, false)];
    assert_eq!(back.map(|(channel, level)| decoder.step(channel, level)), [-1; 4]);
    assert_eq!(decoder.step(Channel::A, false), 0, "an edge to the level that is there says nothing");
    assert_eq!(turn.map(|(channel, level)| decoder.step(channel, level)), [1; 4]);
}

#[test]
fn one_channel_goes_the_way_that_the_motor_was_told_last() {
    let mut decoder = Decoder::Single { backwards: false };
    let mut step = |told: f64| {
        decoder.told(told);
        decoder.step(Channel::A, true)
    };
    assert_eq!([step(0.0), step(0.3), step(-0.1), step(0.0), step(0.2)], [1, 1, -1, -1, 1]);
}

#[test]
fn a_wheel_that_stops_is_slower_with_each_look_and_then_stands() {
    let mut odometer = Odometer::new(METRES);
    for edge in 0..10 {
        odometer.take(Moment::from_millis(edge * 4), 1);
        odometer.measure(Moment::from_millis(edge * 4));
    }
    assert!((odometer.measure(Moment::from_millis(36)).speed - 0.5).abs() < 1e-9);
    let speeds: Vec<f64> =
        (1..30).map(|look| odometer.measure(Moment::from_millis(36 + look * 20)).speed).collect();
    assert!(speeds.windows(2).all(|pair| pair[1] <= pair[0]), "{speeds:?}");
    assert!(speeds[0] <= METRES / 0.02 + 1e-9, "no edge in 20 ms: {speeds:?}");
    assert_eq!(speeds[8], 0.0, "{speeds:?}");
}

#[test]
fn a_wheel_that_trembles_at_an_edge_stands() {
    let mut odometer = Odometer::new(METRES);
    odometer.take(Moment::from_millis(10), 1);
    odometer.measure(Moment::from_millis(20));
    for look in 2..100 {
        odometer.take(Moment::from_millis(look * 20), if look % 2 == 0 { -1 } else { 1 });
        let wheel = odometer.measure(Moment::from_millis(look * 20));
        assert!(wheel.speed == 0.0 && wheel.travel.abs() <= METRES, "{wheel:?}");
    }
}

#[test]
fn edges_that_got_lost_count_the_way_the_wheel_went() {
    let mut odometer = Odometer::new(METRES);
    odometer.take(Moment::from_millis(10), -1);
    odometer.measure(Moment::from_millis(10));
    odometer.lose(9);
    odometer.take(Moment::from_millis(30), -1);
    let wheel = odometer.measure(Moment::from_millis(30));
    assert!((wheel.travel + 11.0 * METRES).abs() < 1e-12, "{wheel:?}");
    assert!((wheel.speed + 10.0 * METRES / 0.02).abs() < 1e-9, "{wheel:?}");
}

proptest! {
    #[test]
    fn a_steady_wheel_has_its_speed_and_its_distance(speed in 0.15..15.0f64, backwards: bool, bounces: bool) {
        let signed = if backwards { -speed } else { speed };
        let wheel = rolled(signed, bounces);
        prop_assert!((wheel.speed - signed).abs() <= 0.03 * speed, "{wheel:?}");
        prop_assert!((wheel.travel - signed).abs() <= METRES + 1e-9, "{wheel:?}");
    }

    #[test]
    fn whatever_comes_is_counted_and_the_speed_is_finite_and_ends(
        looks in prop::collection::vec(
            (prop::collection::vec((0..30_000u64, -3..=3i64), 0..40), 0..60_000u64), 1..40,
        ),
    ) {
        let mut odometer = Odometer::new(METRES);
        let (mut now, mut sum) = (0, 0);
        for (edges, pause) in looks {
            for (later, steps) in edges {
                odometer.take(at(now + later), steps);
                sum += steps;
            }
            now += pause;
            let wheel = odometer.measure(at(now));
            prop_assert!(wheel.speed.is_finite(), "{wheel:?}");
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let travel = sum as f64 * METRES;
            prop_assert!((wheel.travel - travel).abs() < 1e-9);
        }
        let wheel = odometer.measure(at(now + 600_000));
        prop_assert_eq!(wheel.speed, 0.0);
    }

    /// A wheel with two channels, turned to and fro, is followed to the edge.
    #[test]
    fn two_channels_follow_a_wheel_wherever_it_turns(places in prop::collection::vec(-200..200i64, 1..30)) {
        let level = |edge: i64, shift: i64| (edge + shift).rem_euclid(4) >= 2;
        // A rises at edge 1 of 4 and falls at 3, B rises at 2 and falls at 4.
        let levels = |edge: i64| (level(edge, 1), level(edge, 0));
        let (mut decoder, mut edge, mut count) = (Decoder::Quadrature { a: false, b: false }, 0, 0);
        for place in places {
            while edge != place {
                let next = edge + (place - edge).signum();
                let ((old_a, _), (a, b)) = (levels(edge), levels(next));
                let (channel, now) = if a == old_a { (Channel::B, b) } else { (Channel::A, a) };
                count += decoder.step(channel, now);
                edge = next;
            }
            prop_assert_eq!(count, place);
        }
    }
}
