//! A roofline as an SVG: speed over operations a byte moved, under what the machine does at most.

use std::fmt::Write;

use crate::cpu::measure::Figure;
use crate::machine::ceiling::Ceiling;

const WIDTH: f64 = 980.0;
const HEIGHT: f64 = 560.0;
/// The plot; names stand to its right.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 500.0;
/// Where names begin, and from one line to the next.
const NAMES: f64 = 735.0;
const LINE: f64 = 22.0;

const INK: &str = "#1f2933";
const FAINT: &str = "#dfe5ec";
const GREY: &str = "#66717f";
const ROOF: &str = "#b3261e";
const BLOCK: &str = "#111827";
const MSA: &str = "#0b6e99";
const PAIR: &str = "#c2610c";

/// Logarithmic, from values to places.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn place(&self, value: f64) -> f64 {
        let part = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + part * (self.to - self.from)
    }

    /// 1, 2 and 5 of each power of ten inside.
    fn ticks(&self) -> Vec<f64> {
        let powers = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)));
        all.filter(|tick| (self.low * 0.999..=self.high * 1.001).contains(tick)).collect()
    }
}

/// Places as near to those wanted as a distance between them allows, in the order wanted.
fn spread(wanted: &[f64], distance: f64, (least, most): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut placed = vec![0.0; wanted.len()];
    let mut free = least;
    for &k in &order {
        placed[k] = wanted[k].max(free);
        free = placed[k] + distance;
    }
    // What went too far down comes back up, and pushes what is above it.
    let mut free = most;
    for &k in order.iter().rev() {
        placed[k] = placed[k].min(free);
        free = placed[k] - distance;
    }
    placed
}

/// A point to be drawn.
struct Point<'a> {
    name: &'a str,
    /// Useful operations a byte moved.
    intensity: f64,
    gflops: f64,
}

impl Point<'_> {
    fn colour(&self) -> &'static str {
        match self.name {
            "block" => BLOCK,
            name if name.starts_with("triangle") || name.starts_with("pair") => PAIR,
            _ => MSA,
        }
    }
}

/// The picture of the fastest plans of a size.
pub(crate) fn roofline(figures: &[&Figure], ceiling: &Ceiling, threads: usize) -> String {
    let point = |figure: &&'_ Figure| (figure.flops as f64 / figure.moved.max(1) as f64, figure.gflops());
    let points: Vec<Point<'_>> = figures
        .iter()
        .map(|figure| {
            let (intensity, gflops) = point(figure);
            Point { name: figure.part, intensity, gflops }
        })
        .collect();
    let at = figures.first().map(|figure| figure.at.to_string()).unwrap_or_default();
    let title = format!("The Evoformer block and its parts at {at}, {threads} threads");
    picture(&title, &points, ceiling.gflops(), ceiling.bandwidth)
}

fn picture(title: &str, points: &[Point<'_>], most: f64, bandwidth: f64) -> String {
    let ridge = most / bandwidth;
    let least = |value: fn(&Point<'_>) -> f64, other: f64| points.iter().map(value).fold(other, f64::min);
    let far = points.iter().map(|p| p.intensity).fold(ridge, f64::max);
    let x = Scale { low: least(|p| p.intensity, ridge) / 2.5, high: far * 2.0, from: LEFT, to: RIGHT };
    let floor = least(|p| p.gflops, most / 4.0) / 1.6;
    let y = Scale { low: floor, high: most * 1.5, from: BOTTOM, to: TOP };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"{INK}\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"34\" font-size=\"17\" font-weight=\"600\">{title}</text>\n"
    );
    for tick in x.ticks() {
        let at = x.place(tick);
        let _ = writeln!(svg, "<path d=\"M{at:.1} {TOP}V{BOTTOM}\" stroke=\"{FAINT}\"/>");
        let below = BOTTOM + 20.0;
        let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\" fill=\"{GREY}\">{tick}</text>");
    }
    for tick in y.ticks() {
        let (at, left) = (y.place(tick), LEFT - 8.0);
        let _ = writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{RIGHT}\" stroke=\"{FAINT}\"/>");
        let base = at + 4.5;
        let _ = writeln!(svg, "<text x=\"{left}\" y=\"{base:.1}\" text-anchor=\"end\" fill=\"{GREY}\">{tick}</text>");
    }
    let _ = writeln!(svg, "<path d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\" stroke=\"{GREY}\" fill=\"none\"/>");
    let (middle, under) = (f64::midpoint(LEFT, RIGHT), BOTTOM + 44.0);
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{under}\" text-anchor=\"middle\">useful operations a byte moved</text>"
    );
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"58\" text-anchor=\"middle\">GFLOP/s</text>");
    let above = TOP - 12.0;
    let _ = writeln!(svg, "<text x=\"{NAMES}\" y=\"{above}\" fill=\"{GREY}\">useful GFLOP/s</text>");
    roof(&mut svg, &x, &y, most, bandwidth);
    let wanted: Vec<f64> = points.iter().map(|p| y.place(p.gflops)).collect();
    let placed = spread(&wanted, LINE, (TOP + 14.0, BOTTOM - 6.0));
    // Lines first, so that no line crosses a point.
    for (point, line) in points.iter().zip(&placed) {
        let (px, py) = (x.place(point.intensity), y.place(point.gflops));
        let (turn, end) = (RIGHT + 8.0, NAMES - 8.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{px:.1} {py:.1}L{turn} {line:.1}H{end}\" stroke=\"{}\" stroke-opacity=\"0.35\" fill=\"none\"/>",
            point.colour()
        );
    }
    for (point, line) in points.iter().zip(&placed) {
        let (px, py, colour) = (x.place(point.intensity), y.place(point.gflops), point.colour());
        let (radius, weight) = if point.name == "block" { (7, 600) } else { (5, 400) };
        let _ = writeln!(
            svg,
            "<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"{radius}\" fill=\"{colour}\" stroke=\"#ffffff\" stroke-width=\"1.5\"/>"
        );
        let base = line + 4.5;
        let _ = writeln!(
            svg,
            "<text x=\"{NAMES}\" y=\"{base:.1}\" font-weight=\"{weight}\" fill=\"{colour}\">{}: {:.0}</text>",
            point.name, point.gflops
        );
    }
    svg += "</svg>\n";
    svg
}

/// What the machine does at most: as fast as bytes come, then as fast as it multiplies.
fn roof(svg: &mut String, x: &Scale, y: &Scale, most: f64, bandwidth: f64) {
    // Where the slope enters the plot: at its left or from below.
    let start = x.low.max(y.low / bandwidth);
    let (sx, sy) = (x.place(start), y.place(start * bandwidth));
    let (rx, ry) = (x.place(most / bandwidth), y.place(most));
    let _ = writeln!(
        svg,
        "<path d=\"M{sx:.1} {sy:.1}L{rx:.1} {ry:.1}H{RIGHT}\" stroke=\"{ROOF}\" stroke-width=\"2\" fill=\"none\"/>"
    );
    let (end, above) = (RIGHT - 6.0, ry - 9.0);
    let _ = writeln!(
        svg,
        "<text x=\"{end}\" y=\"{above:.1}\" text-anchor=\"end\" fill=\"{ROOF}\">best product: {most:.0} GFLOP/s</text>"
    );
    let (mx, my) = (f64::midpoint(sx, rx), f64::midpoint(sy, ry));
    let turn = (ry - sy).atan2(rx - sx).to_degrees();
    let _ = writeln!(
        svg,
        "<text transform=\"translate({mx:.1} {my:.1}) rotate({turn:.1})\" y=\"-9\" text-anchor=\"middle\" fill=\"{ROOF}\">copy: {bandwidth:.0} GB/s</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }

    #[test]
    fn a_scale_goes_from_end_to_end() {
        let scale = Scale { low: 1.0, high: 100.0, from: 500.0, to: 100.0 };
        near(scale.place(1.0), 500.0);
        near(scale.place(10.0), 300.0);
        near(scale.place(100.0), 100.0);
        assert_eq!(scale.ticks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
    }

    #[test]
    fn names_keep_their_distance() {
        let check = |wanted: &[f64], expected: &[f64]| assert_eq!(spread(wanted, 10.0, (0.0, 100.0)), expected);
        check(&[20.0, 50.0], &[20.0, 50.0]);
        check(&[50.0, 20.0, 21.0], &[50.0, 20.0, 30.0]);
        check(&[95.0, 99.0, 100.0], &[80.0, 90.0, 100.0]);
        check(&[], &[]);
    }

    #[test]
    fn every_point_is_named() {
        let point = |name, intensity, gflops| Point { name, intensity, gflops };
        let svg = picture("t", &[point("block", 40.0, 200.0), point("pair transition", 4.0, 90.0)], 400.0, 40.0);
        for words in ["block: 200", "pair transition: 90", "400 GFLOP/s", "copy: 40 GB/s", "</svg>"] {
            assert!(svg.contains(words), "{words}: {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
