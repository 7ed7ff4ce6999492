//! Tables off an Excel workbook (XLSX), cell by cell: a sheet that claims to be
//! endless costs nothing.

use super::sheet::{Sheet, SheetRow};
use crate::domain::said::Said;
use crate::said;
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::io::{Cursor, Read};

/// Octets that a workbook may unpack to: far more than a press list, far less
/// than a machine has.
const MOST_UNPACKED: u64 = 512 * 1024 * 1024;
/// Columns that are read of a sheet.
const MOST_COLUMNS: u32 = 512;
/// Rows that are read of a sheet.
const MOST_ROWS: usize = 1_048_576;

/// Cells that are kept of a sheet, empty ones before a filled one among them: a row
/// with nothing but its last cell takes as much memory as a full one.
const MOST_CELLS: usize = 8_000_000;

/// A sheet with its name.
pub(super) struct NamedSheet {
    pub(super) name: String,
    pub(super) sheet: Sheet,
}

/// Reads all sheets that have something in them, in their order.
pub(super) fn xlsx(bytes: &[u8]) -> Result<Vec<NamedSheet>, Said> {
    check_size(bytes)?;
    let wrong = |error: XlsxError| said!("is no sound XLSX workbook: {error}", error);
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(wrong)?;
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        // A chart is a sheet too, but none with cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else {
            continue;
        };
        let mut filling = Filling::default();
        while let Some(cell) = cells.next_cell().map_err(wrong)? {
            filling.take(cell.get_position(), cell.get_value());
            if filling.cells > MOST_CELLS {
                return Err(said!(
                    "has more than {most} cells in the sheet `{name}`, which no press list needs",
                    most = MOST_CELLS,
                    name = name.escape_debug()
                ));
            }
        }
        if !filling.sheet.rows.is_empty() {
            sheets.push(NamedSheet {
                name,
                sheet: filling.sheet,
            });
        }
    }
    Ok(sheets)
}

/// A small file may unpack to more than a machine can hold, and say less of it.
fn check_size(bytes: &[u8]) -> Result<(), Said> {
    let wrong = |error: &dyn std::fmt::Display| said!("is no sound XLSX workbook: {error}", error);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| wrong(&error))?;
    let mut left = MOST_UNPACKED;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| wrong(&error))?;
        let read = std::io::copy(&mut part.take(left), &mut std::io::sink())
            .map_err(|error| wrong(&error))?;
        left -= read;
        if left == 0 {
            return Err(said!(
                "unpacks to {most} octets and more, which no press list needs",
                most = MOST_UNPACKED
            ));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Filling {
    sheet: Sheet,
    /// Cells kept.
    cells: usize,
}

impl Filling {
    fn take(&mut self, (row, column): (u32, u32), value: &DataRef<'_>) {
        let line = usize::try_from(row).unwrap_or(usize::MAX).saturating_add(1);
        let text = match text(value) {
            Ok(text) if text.is_empty() => return,
            Ok(text) => text,
            Err(error) => return self.sheet.faults.push((line, error)),
        };
        if column >= MOST_COLUMNS || self.sheet.rows.len() >= MOST_ROWS {
            return;
        }
        let column = usize::try_from(column).unwrap_or_default();
        // Cells come row by row.
        if self.sheet.rows.last().is_none_or(|last| last.line != line) {
            self.sheet.rows.push(SheetRow {
                line,
                cells: Vec::new(),
            });
        }
        if let Some(last) = self.sheet.rows.last_mut() {
            if last.cells.len() <= column {
                self.cells += column + 1 - last.cells.len();
                last.cells.resize(column + 1, String::new());
            }
            last.cells[column] = text;
        }
    }
}

/// A cell as a person reads it.
fn text(value: &DataRef<'_>) -> Result<String, Said> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // A whole number prints without a point.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::Error(error) => return Err(said!("a cell holds the error {error}", error)),
    })
}
