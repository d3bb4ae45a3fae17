//! How do columns line up?

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::plain as plain_text;

/// Columns without lines between them: texts to the left, numbers to the right.
///
/// Narrow enough for a terminal of 80 columns, and easy to cut apart.
pub(super) fn plain<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    let rows = rows.into_iter();
    let rows: Vec<[String; N]> = rows
        .map(|row| row.map(|cell| plain_text(&cell).into_owned()))
        .collect();
    for (place, column) in table.column_iter_mut().enumerate() {
        let mut cells = rows.iter().filter_map(|row| row.get(place));
        if !rows.is_empty() && cells.all(|cell| is_numeric(cell)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.add_rows(rows);
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn is_numeric(cell: &str) -> bool {
    cell.is_empty() || cell.starts_with(|first: char| first.is_ascii_digit())
}
