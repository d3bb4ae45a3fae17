//! How do columns line up?

use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};

/// A table with lines around it.
pub(super) fn framed<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = table(UTF8_FULL_CONDENSED, header, rows);
    table.set_content_arrangement(ContentArrangement::Disabled);
    format!("{table}\n")
}

/// Columns and nothing else.
pub(super) fn plain<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut text = String::new();
    for line in table(NOTHING, header, rows).lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Texts to the left, and below the header whatever is a number to the right.
fn table<const N: usize>(
    style: TableStyle,
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(style);
    table.set_header(header);
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    for (place, column) in table.column_iter_mut().enumerate() {
        let mut cells = rows.iter().filter_map(|row| row.get(place));
        if !rows.is_empty() && cells.all(|cell| is_numeric(cell)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.add_rows(rows);
    table
}

fn is_numeric(cell: &str) -> bool {
    cell.is_empty() || cell.starts_with(|first: char| first.is_ascii_digit())
}
