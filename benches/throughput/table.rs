//! Results as tables, in Markdown: to be read on a terminal and put into the README.

use crate::results::{Bound, Part, Row, Target};
use comfy_table::{CellAlignment, Table, presets};

/// A part's tables.
pub(crate) fn of(name: &str, part: &Part) -> String {
    let mut text = format!("### {name}\n\n{}.\n", part.taken);
    if !part.rows.is_empty() {
        text.push_str(&format!("\n{}\n", rows(part)));
    }
    if !part.targets.is_empty() {
        text.push_str(&format!("\n{}\n", targets(&part.targets)));
    }
    for note in &part.notes {
        text.push_str(&format!("\n- {note}"));
    }
    text.trim_end().to_owned()
}

fn rows(part: &Part) -> Table {
    let ratio = format!("to {}", part.yardstick);
    let mut table = table(&[
        "sender",
        "mails",
        "mails/s",
        "least to most",
        &ratio,
        "CPU a mail",
        "peak",
        "octets a mail",
    ]);
    for row in &part.rows {
        table.add_row(cells(row));
    }
    table
}

fn cells(row: &Row) -> [String; 8] {
    let [median, least, most] = row.rate;
    [
        row.name.clone(),
        grouped(f64::from(row.messages)),
        grouped(median),
        format!("{} to {}", grouped(least), grouped(most)),
        row.ratio
            .map(|ratio| format!("{ratio:.2}"))
            .unwrap_or_default(),
        format!("{} µs", grouped(row.cpu_us)),
        format!("{:.0} MiB", row.peak_mib),
        grouped(row.octets_a_mail),
    ]
}

fn targets(targets: &[Target]) -> Table {
    let mut table = table(&["target", "measured", "wanted", "met"]);
    for target in targets {
        let bound = match target.bound {
            Bound::AtLeast => "at least",
            Bound::AtMost => "at most",
        };
        table.add_row([
            target.what.clone(),
            figure(target.measured, &target.unit),
            format!("{bound} {}", figure(target.target, &target.unit)),
            if target.met() { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn figure(value: f64, unit: &str) -> String {
    let number = if value.abs() < 100.0 {
        format!("{value:.2}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    } else {
        grouped(value)
    };
    format!("{number} {unit}").trim_end().to_owned()
}

/// 12345.6 as 12,346.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
