//! Bars as a picture: an SVG that stands by itself, in light and in dark.

use std::fmt::Write as _;

use crate::chart::{Bar, Chart};

const COLUMN: f64 = 470.0;
const GAP: f64 = 20.0;
const LABEL: f64 = 205.0;
const BAR: f64 = 195.0;
const ROW: f64 = 20.0;
const TITLE: f64 = 26.0;
const BETWEEN: f64 = 18.0;

const STYLE: &str = "
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.label { text-anchor: end }
.ours { fill: #0969da }
.other { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ours { fill: #4493f8 }
  .other { fill: #57606a }
}";

/// All charts in two columns, each in turn where there is more room.
pub(crate) fn svg(charts: &[&Chart]) -> String {
    let mut bottoms = [0.0, 0.0];
    let mut body = String::new();
    for chart in charts {
        let column = usize::from(bottoms[1] < bottoms[0]);
        let left = if column == 0 { 0.0 } else { COLUMN + GAP };
        draw(&mut body, chart, left, bottoms[column]);
        bottoms[column] += height(chart) + BETWEEN;
    }
    let (width, height) = (2.0 * COLUMN + GAP, bottoms[0].max(bottoms[1]));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\">\n\
         <title>What Evergrant costs, beside its peers</title>\n<style>{STYLE}\n</style>\n{body}</svg>\n"
    )
}

#[allow(clippy::cast_precision_loss)]
fn height(chart: &Chart) -> f64 {
    TITLE + ROW * chart.bars.len() as f64
}

fn draw(body: &mut String, chart: &Chart, left: f64, top: f64) {
    let longest = chart.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    // Writing to a string does not fail.
    let _ = writeln!(body, r#"<text class="title" x="{left}" y="{}">{}</text>"#, top + 14.0, escaped(&chart.title));
    let mut y = top + TITLE;
    for Bar { name, value, is_ours } in &chart.bars {
        let (baseline, x) = (y + 11.0, left + LABEL);
        let width = if longest > 0.0 { (BAR * value / longest).max(1.0) } else { 1.0 };
        let class = if *is_ours { "ours" } else { "other" };
        let _ = writeln!(body, r#"<text class="label" x="{}" y="{baseline}">{}</text>"#, x - 8.0, escaped(name));
        let _ = writeln!(body, r#"<rect class="{class}" x="{x}" y="{y}" width="{width:.1}" height="14" rx="2"/>"#);
        let _ = writeln!(body, r#"<text x="{:.1}" y="{baseline}">{}</text>"#, x + width + 6.0, rounded(*value));
        y += ROW;
    }
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_takes_all_the_room_and_names_are_escaped() {
        let bars = |value| [("a < b".to_owned(), value)];
        let svg = svg(&[&Chart::new("Speed & more", bars(50.0), bars(100.0))]);
        assert!(svg.contains("Speed &amp; more") && svg.contains("a &lt; b"));
        assert!(svg.contains(r#"class="other" x="205" y="46" width="195.0""#), "{svg}");
        assert!(svg.contains(r#"class="ours" x="205" y="26" width="97.5""#), "{svg}");
    }

    #[test]
    fn columns_are_filled_evenly() {
        let chart = |bars: usize| Chart::new("", [], (0..bars).map(|_| (String::new(), 1.0)));
        let (long, short) = (chart(5), chart(1));
        let svg = svg(&[&long, &short, &short]);
        // Both short ones stand beside the long one.
        assert!(svg.contains(&format!("viewBox=\"0 0 960 {}\"", TITLE + 5.0 * ROW + BETWEEN)), "{svg}");
    }
}
