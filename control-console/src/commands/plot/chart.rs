//! The picture.

use super::recording::{Curve, Point, Recording};
use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, Circle, Color as _, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _, LineSeries,
    RGBColor, SVGBackend, ShapeStyle, WHITE,
};
use std::ops::Range;

const WIDTH: u32 = 900;
/// Of a panel over time, and of the track.
const LOW: u32 = 200;
const TALL: u32 = 520;
const BLUE: RGBColor = RGBColor(0x1f, 0x5f, 0xa8);
const ORANGE: RGBColor = RGBColor(0xc2, 0x5a, 0x00);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failure = DrawingAreaErrorKind<std::io::Error>;

/// One panel: what it shows, along what, and its curves from the back to the front.
struct Panel<'a> {
    title: &'a str,
    along: &'a str,
    curves: Vec<(&'a Curve, RGBColor)>,
    form: Form,
}

/// The axes of a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Sideways goes the time, the same in every panel.
    Time,
    /// Sideways goes whatever there is.
    Free,
    /// A metre is as long upwards as it is sideways.
    Square,
}

/// Draws every panel for which there is something, one below the other.
pub(super) fn draw(recording: &Recording) -> Result<String, Failure> {
    let whose = recording.vehicle().map(|vehicle| format!("{vehicle}: ")).unwrap_or_default();
    let speed = format!("{whose}speed and target speed (orange), mph");
    let over_time = |title, curves| Panel { title, along: "s", curves, form: Form::Time };
    let panels = [
        over_time(&speed, vec![(&recording.target_speed, ORANGE), (&recording.speed, BLUE)]),
        over_time("heading, degrees", vec![(&recording.heading, BLUE)]),
        Panel {
            title: "round trip, ms",
            along: "number",
            curves: vec![(&recording.round_trip, BLUE)],
            form: Form::Free,
        },
        Panel {
            title: "track, m; the dot is where it ended",
            along: "m",
            curves: vec![(&recording.track, BLUE)],
            form: Form::Square,
        },
    ];
    let panels: Vec<&Panel> = panels.iter().filter(|panel| panel.points().next().is_some()).collect();
    let height = panels.iter().map(|panel| panel.height()).fold(0, u32::saturating_add);
    let timed = panels.iter().filter(|panel| panel.form == Form::Time);
    let time = span(timed.flat_map(|panel| panel.points()).map(|(x, _)| x));
    let mut picture = String::new();
    {
        let mut rest = SVGBackend::with_string(&mut picture, (WIDTH, height)).into_drawing_area();
        rest.fill(&WHITE)?;
        for panel in panels {
            let (area, below) = rest.split_vertically(panel.height());
            panel.draw(&area, &time)?;
            rest = below;
        }
        rest.present()?;
    }
    Ok(picture)
}

impl Panel<'_> {
    const fn height(&self) -> u32 {
        if matches!(self.form, Form::Square) { TALL } else { LOW }
    }

    fn points(&self) -> impl Iterator<Item = Point> {
        self.curves.iter().flat_map(|(curve, _)| curve.points())
    }

    fn draw(&self, area: &Area, time: &Range<f64>) -> Result<(), Failure> {
        let (x, y) = self.ranges(time)?;
        let mut chart = self.builder(area).build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(self.along)
            .light_line_style(WHITE)
            .x_label_formatter(&|value| label(*value))
            .y_label_formatter(&|value| label(*value))
            .draw()?;
        for (curve, colour) in &self.curves {
            for piece in curve.pieces() {
                chart.draw_series(LineSeries::new(
                    piece.iter().copied(),
                    ShapeStyle::from(colour).stroke_width(2),
                ))?;
                // A piece of one point is no line.
                let ends = piece.last().filter(|_| self.form == Form::Square || piece.len() == 1);
                chart.draw_series(ends.map(|end| Circle::new(*end, 3, colour.filled())))?;
            }
        }
        Ok(())
    }

    fn builder<'a, 'b>(&self, area: &'a Area<'b>) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
        let mut builder = ChartBuilder::on(area);
        builder.caption(self.title, ("sans-serif", 16)).margin(12);
        builder.x_label_area_size(34).y_label_area_size(56);
        builder
    }

    /// Width of the plotting area over its height.
    fn sides(&self) -> Result<f64, Failure> {
        let mut scrap = String::new();
        let area = SVGBackend::with_string(&mut scrap, (WIDTH, self.height())).into_drawing_area();
        let chart = self.builder(&area).build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        let (width, height) = chart.plotting_area().dim_in_pixel();
        Ok(f64::from(width) / f64::from(height.max(1)))
    }

    /// Ranges of both axes, with a margin.
    fn ranges(&self, time: &Range<f64>) -> Result<(Range<f64>, Range<f64>), Failure> {
        let x = span(self.points().map(|(x, _)| x));
        let y = span(self.points().map(|(_, y)| y));
        match self.form {
            Form::Time => return Ok((time.clone(), airy(&y))),
            Form::Free => return Ok((x, airy(&y))),
            Form::Square => {}
        }
        let sides = self.sides()?;
        let height = (y.end - y.start).max((x.end - x.start) / sides) * 1.1;
        Ok((around(&x, height * sides), around(&y, height)))
    }
}

/// A number without zeros that say nothing.
fn label(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// From the least to the greatest, and never nothing.
fn span(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
    if most - least < 1e-6 { least - 0.5..least + 0.5 } else { least..most }
}

fn airy(range: &Range<f64>) -> Range<f64> {
    around(range, (range.end - range.start) * 1.1)
}

fn around(range: &Range<f64>, length: f64) -> Range<f64> {
    let middle = f64::midpoint(range.start, range.end);
    middle - length / 2.0..middle + length / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_becomes_a_picture_with_a_panel_for_each_thing_that_is_known() {
        let line = |time: u64, x: f64| {
            format!(
                r#"{{"vehicle":"a","topic":"status","retained":false,"values":{{"time":{time},"speed_mph":1.5,"target_speed_mph":2.0,"heading_degrees":{x},"x_m":{x},"y_m":0.0}}}}"#
            )
        };
        let lines: Vec<String> = (0..20_u8).map(|n| line(u64::from(n) * 100, f64::from(n))).collect();
        let picture = draw(&Recording::read(&lines.join("\n"), None).unwrap()).unwrap();
        assert!(picture.starts_with("<svg"), "{picture}");
        for title in ["a: speed and target speed", "heading, degrees", "track, m"] {
            assert!(picture.contains(title), "{title}");
        }
        assert!(!picture.contains("round trip"));
        assert!(picture.matches("<polyline").count() >= 4);
    }

    #[test]
    fn all_that_goes_over_time_has_one_scale_for_it() {
        let text = r#"{"vehicle":"a","topic":"status","retained":false,"values":{"time":0,"speed_mph":0.0,"heading_degrees":1.0}}
{"vehicle":"a","topic":"status","retained":false,"values":{"time":5000,"speed_mph":1.0}}
{"vehicle":"a","topic":"status","retained":false,"values":{"time":9000,"speed_mph":0.0}}"#;
        let picture = draw(&Recording::read(text, None).unwrap()).unwrap();
        // The speed is known for longer than the heading.
        let labels = picture.lines().filter(|line| line.trim() == "9").count();
        assert_eq!(labels, 2, "{picture}");
    }

    #[test]
    fn the_track_has_one_scale_for_both_directions() {
        let text = r#"{"vehicle":"a","topic":"status","retained":false,"values":{"time":1,"x_m":0.0,"y_m":0.0}}
{"vehicle":"a","topic":"status","retained":false,"values":{"time":2,"x_m":10.0,"y_m":1.0}}"#;
        let recording = Recording::read(text, None).unwrap();
        let panel =
            Panel { title: "", along: "", curves: vec![(&recording.track, BLUE)], form: Form::Square };
        let (x, y) = panel.ranges(&(0.0..1.0)).unwrap();
        let mut picture = String::new();
        let area = SVGBackend::with_string(&mut picture, (WIDTH, TALL)).into_drawing_area();
        let chart = panel.builder(&area).build_cartesian_2d(x.clone(), y).unwrap();
        let at = |x: f64, y: f64| chart.backend_coord(&(x, y));
        let ((left, bottom), (right, _), (_, top)) = (at(0.0, 0.0), at(5.0, 0.0), at(0.0, 5.0));
        // Places are whole pixels.
        assert!(
            (right - left).abs_diff(bottom - top) <= 1 && right - left > 100,
            "{left} {right} {bottom} {top}"
        );
        assert!(x.contains(&0.0) && x.contains(&10.0));
    }
}
