//! The picture: bars, a curve, and the words beside them. Plain SVG that takes
//! its colours from the reader's light or dark scheme.

use crate::results::{Part, Row};
use crate::table::grouped;
use std::collections::BTreeMap;

const WIDTH: f64 = 820.0;
const LEFT: f64 = 290.0;
const BARS: f64 = 370.0;
const ROW: f64 = 26.0;
const CURVE: f64 = 110.0;

const STYLE: &str = "
  text { font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f; }
  .head { font-weight: 600; font-size: 16px; }
  .small { font-size: 12px; fill: #57606a; }
  .end { text-anchor: end; }
  .paper { fill: #ffffff; }
  .own { fill: #0b5f73; }
  .other { fill: #9aa4ae; }
  .line { fill: none; stroke: #0b5f73; stroke-width: 2; stroke-linejoin: round; }
  .axis { stroke: #d0d7de; stroke-width: 1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .paper { fill: #0d1117; }
    .own { fill: #4fb3c8; }
    .other { fill: #656c76; }
    .line { stroke: #4fb3c8; }
    .axis { stroke: #3d444d; }
  }
";

/// What a part is called here, and what of its rows is drawn.
type Chart = (&'static str, &'static str, fn(&Row) -> f64, &'static str);

const CHARTS: [Chart; 4] = [
    ("peers", "Mails a second", |row| row.rate[0], "/s"),
    (
        "delay",
        "Mails a second to a relay 20 ms away",
        |row| row.rate[0],
        "/s",
    ),
    (
        "attachment",
        "CPU a mail with 2 MB attached, in milliseconds",
        |row| row.cpu_us / 1e3,
        " ms",
    ),
    (
        "postgres",
        "Mails a second by store",
        |row| row.rate[0],
        "/s",
    ),
];

/// Draws whatever parts there are.
pub(crate) fn of(parts: &BTreeMap<String, Part>) -> String {
    let mut drawing = Drawing {
        body: String::new(),
        y: 16.0,
    };
    for (name, title, value, unit) in CHARTS {
        if let Some(part) = parts.get(name) {
            drawing.bars(title, part, value, unit);
        }
    }
    if let Some(part) = parts.get("million") {
        drawing.curve("Mails a second over the course of a long list", part);
    }
    drawing.finish()
}

struct Drawing {
    body: String,
    y: f64,
}

impl Drawing {
    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    fn title(&mut self, title: &str, part: &Part) {
        self.y += 16.0;
        self.put(&format!(
            r#"<text class="head" x="16" y="{:.0}">{title}</text>"#,
            self.y
        ));
        self.y += 18.0;
        self.put(&format!(
            r#"<text class="small" x="16" y="{:.0}">{}</text>"#,
            self.y,
            escaped(&part.taken)
        ));
        self.y += 12.0;
    }

    fn bars(&mut self, title: &str, part: &Part, value: fn(&Row) -> f64, unit: &str) {
        self.title(title, part);
        let most = part
            .rows
            .iter()
            .map(value)
            .fold(f64::MIN_POSITIVE, f64::max);
        for row in &part.rows {
            let length = (BARS * value(row) / most).max(1.0);
            let class = match is_ours(&row.name) {
                true => "own",
                false => "other",
            };
            let shown = match value(row) {
                value if value < 100.0 => format!("{value:.2}"),
                value => grouped(value),
            };
            let base = self.y + 17.0;
            self.put(&format!(
                r#"<text class="end" x="{:.0}" y="{base:.0}">{}</text>"#,
                LEFT - 10.0,
                escaped(&row.name)
            ));
            self.put(&format!(
                r#"<rect class="{class}" x="{LEFT}" y="{:.0}" width="{length:.1}" height="18" rx="2"/>"#,
                self.y + 3.0
            ));
            self.put(&format!(
                r#"<text x="{:.0}" y="{base:.0}">{shown}{unit}</text>"#,
                LEFT + length + 8.0
            ));
            self.y += ROW;
        }
        self.y += 12.0;
    }

    fn curve(&mut self, title: &str, part: &Part) {
        self.title(title, part);
        let most = part
            .course
            .iter()
            .map(|point| point.1)
            .fold(f64::MIN_POSITIVE, f64::max);
        let (left, right) = (90.0, WIDTH - 24.0);
        let (top, bottom) = (self.y + 8.0, self.y + 8.0 + CURVE);
        let points: Vec<_> = part
            .course
            .iter()
            .map(|(share, rate)| {
                let x = left + (right - left) * share;
                let y = bottom - (bottom - top) * rate / most;
                format!("{x:.1},{y:.1}")
            })
            .collect();
        for (y, words) in [
            (top, format!("{}/s", grouped(most))),
            (bottom, "0".to_owned()),
        ] {
            self.put(&format!(
                r#"<line class="axis" x1="{left}" y1="{y:.0}" x2="{right}" y2="{y:.0}"/>"#
            ));
            self.put(&format!(
                r#"<text class="small end" x="{:.0}" y="{:.0}">{words}</text>"#,
                left - 8.0,
                y + 4.0
            ));
        }
        self.put(&format!(
            r#"<polyline class="line" points="{}"/>"#,
            points.join(" ")
        ));
        self.put(&format!(
            r#"<text class="small" x="{left}" y="{:.0}">first mail</text>"#,
            bottom + 16.0
        ));
        self.put(&format!(
            r#"<text class="small end" x="{right}" y="{:.0}">last mail</text>"#,
            bottom + 16.0
        ));
        self.y = bottom + 32.0;
    }

    fn finish(self) -> String {
        let height = self.y + 8.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" \
             aria-label=\"How fast Dateline and its peers send; the figures stand in the README\">\n\
             <style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH:.0}\" height=\"{height:.0}\"/>\n{}</svg>\n",
            self.body
        )
    }
}

/// In `postgres` and `million` everything is Dateline.
fn is_ours(name: &str) -> bool {
    ["dateline", "SQLite", "PostgreSQL"]
        .iter()
        .any(|own| name.starts_with(own))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
