//! What is where. As room shrinks, panels go in a fixed order: chart, fleet, track, log, status, pad; the top line never.

use ratatui::layout::Rect;

/// The place of each part; one that has no room has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panels {
    /// The status line.
    pub top: Option<Rect>,
    /// The emergency-stop bar.
    pub stop: Option<Rect>,
    /// Everything between bar and footer.
    pub body: Rect,
    /// The drive pad.
    pub pad: Option<Rect>,
    /// Values.
    pub status: Option<Rect>,
    /// What happened.
    pub log: Option<Rect>,
    /// Where it went.
    pub track: Option<Rect>,
    /// Every vehicle.
    pub fleet: Option<Rect>,
    /// Round trips.
    pub chart: Option<Rect>,
    /// The keys that work now.
    pub footer: Option<Rect>,
}

/// A pad with its frame.
const PAD: (u16, u16) = (27, 9);
/// Status needs so many columns and rows to say anything.
const STATUS: (u16, u16) = (24, 5);
/// All rows of the status.
const STATUS_ROWS: u16 = 12;
/// A chart with its title.
const CHART_ROWS: u16 = 5;
/// The least that is worth the room.
const FLEET_ROWS: u16 = 4;
const TRACK: (u16, u16) = (24, 6);

impl Panels {
    /// The places for so many columns and rows.
    #[must_use]
    pub fn new((width, height): (u16, u16)) -> Self {
        let line = |y: u16| (y < height && width > 0).then_some(Rect { x: 0, y, width, height: 1 });
        let footer = if height >= 4 { line(height.saturating_sub(1)) } else { None };
        let rows = height.saturating_sub(if footer.is_some() { 3 } else { 2 });
        let body = Rect { x: 0, y: 2.min(height), width, height: rows };
        let mut panels = Self { top: line(0), stop: line(1), footer, body, ..Self::default() };
        panels.fill(body);
        panels
    }

    fn fill(&mut self, body: Rect) {
        let log_rows = match body.height {
            0..=12 => 0,
            13..=17 => 4,
            18..=21 => 5,
            _ => 7,
        };
        let (main, log) = split_rows(body, body.height.saturating_sub(log_rows));
        self.log = Some(log).filter(|_| log_rows > 0);
        if main.height < 4 || main.width < 11 {
            return;
        }
        let (left, right) = split_columns(main, PAD.0);
        let (pad, below) = split_rows(left, PAD.1);
        self.pad = Some(pad);
        self.fleet = Some(below).filter(|below| below.height >= FLEET_ROWS);
        if right.width < STATUS.0 || right.height < STATUS.1 {
            return;
        }
        let wide = right.width >= STATUS.0.saturating_add(10).saturating_add(TRACK.0);
        let (middle, far) =
            if wide { split_columns(right, STATUS.0.saturating_add(10)) } else { (right, Rect::ZERO) };
        let (status, below) = split_rows(middle, STATUS_ROWS);
        self.status = Some(status);
        if wide {
            self.track = Some(far);
            self.chart = Some(below).filter(|below| below.height >= CHART_ROWS);
        } else {
            self.track = Some(below).filter(|below| below.height >= TRACK.1);
        }
    }
}

fn split_rows(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let rest = Rect { y: area.y.saturating_add(rows), height: area.height.saturating_sub(rows), ..area };
    (Rect { height: rows, ..area }, rest)
}

fn split_columns(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    // One column stays free between the two.
    let from = columns.saturating_add(1).min(area.width);
    let rest = Rect { x: area.x.saturating_add(from), width: area.width.saturating_sub(from), ..area };
    (Rect { width: columns, ..area }, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_go_in_a_fixed_order_never_overlap_and_the_top_line_never_goes() {
        for width in 1..130 {
            for height in 1..50 {
                let panels = Panels::new((width, height));
                assert!(panels.top.is_some(), "{width}x{height}");
                let all = [
                    panels.top,
                    panels.stop,
                    panels.footer,
                    panels.pad,
                    panels.status,
                    panels.log,
                    panels.track,
                    panels.fleet,
                    panels.chart,
                ];
                let all: Vec<Rect> = all.into_iter().flatten().collect();
                for (index, one) in all.iter().enumerate() {
                    assert!(one.right() <= width && one.bottom() <= height, "{one:?} in {width}x{height}");
                    for other in &all[index + 1..] {
                        assert!(!one.intersects(*other), "{one:?} {other:?} in {width}x{height}");
                    }
                }
                assert!(panels.status.is_none() || panels.pad.is_some(), "{width}x{height}");
                assert!(panels.chart.is_none() || panels.track.is_some(), "{width}x{height}");
                assert!(panels.track.is_none() || panels.status.is_some(), "{width}x{height}");
            }
        }
    }

    #[test]
    fn a_large_window_shows_everything() {
        let panels = Panels::new((100, 28));
        for part in
            [panels.pad, panels.status, panels.log, panels.track, panels.fleet, panels.chart, panels.footer]
        {
            assert!(part.is_some(), "{panels:?}");
        }
    }
}
