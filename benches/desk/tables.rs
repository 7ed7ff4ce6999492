//! Results as a table, in Markdown: to be read on a terminal and put into the README.

use crate::pages::Page;
use crate::walk::{Fared, Walk};
use comfy_table::{CellAlignment, Table, presets};
use std::time::Duration;

/// What must hold.
pub(crate) struct Limits {
    /// Within which 95 of a hundred are answered.
    pub(crate) p95: Duration,
    /// Octets before a page shows.
    pub(crate) first_paint: u64,
}

/// One row a page, and one for all together.
pub(crate) fn table(pages: &[Page], walk: &Walk, limits: &Limits) -> String {
    let mut table = Table::new();
    let header = ["page", "count", "p50 ms", "p95 ms", "most ms", "octets"];
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for (page, fared) in pages.iter().zip(&walk.pages) {
        let name = match (page.pieces, page.whole) {
            (true, _) => format!("{}, its first piece", page.name),
            (_, true) => format!("{} (reads everything)", page.name),
            (false, false) => page.name.clone(),
        };
        table.add_row(cells(&name, fared, limits));
    }
    let mut all = Fared::default();
    for page in &walk.pages {
        all.took.extend(&page.took);
        all.octets = all.octets.max(page.octets);
    }
    all.took.sort_unstable();
    table.add_row(cells("all", &all, limits));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let a_second = all.took.len() as f64 / walk.lasted.as_secs_f64();
    format!("{table}\n\n{a_second:.0} pages a second")
}

fn cells(name: &str, fared: &Fared, limits: &Limits) -> [String; 6] {
    let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
    let p95 = fared.percentile(95);
    let mark = if p95 > limits.p95 { " !" } else { "" };
    [
        name.to_owned(),
        fared.took.len().to_string(),
        ms(fared.percentile(50)),
        format!("{}{mark}", ms(p95)),
        ms(fared.percentile(100)),
        fared.octets.to_string(),
    ]
}

/// Whether every page was walked to, and quickly; says which was not.
pub(crate) fn verdict(pages: &[Page], walk: &Walk, limits: &Limits) -> bool {
    let mut good = true;
    for (page, fared) in pages.iter().zip(&walk.pages) {
        if fared.took.is_empty() {
            println!("nobody came to {}", page.name);
            good = false;
        }
        if fared.percentile(95) > limits.p95 && !page.whole {
            println!("over {} ms: {}", limits.p95.as_millis(), page.name);
            good = false;
        }
    }
    good
}
