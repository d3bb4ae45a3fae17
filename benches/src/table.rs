//! How are results shown? As a table for people, as JSON for programs.

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use crate::{Result, proc};

/// One result.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: f64,
    /// What it must not exceed.
    pub(crate) target: Option<f64>,
    /// What the original needs.
    pub(crate) original: Option<f64>,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, ours: f64) -> Self {
        Self {
            what: what.into(),
            unit,
            ours,
            target: None,
            original: None,
        }
    }

    pub(crate) const fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    pub(crate) const fn original(mut self, original: f64) -> Self {
        self.original = Some(original);
        self
    }

    fn verdict(&self) -> &'static str {
        match self.target {
            Some(target) if self.ours <= target => "met",
            Some(_) => "missed",
            None => "",
        }
    }
}

/// Prints all results and how busy the machine is.
pub(crate) fn print(rows: &[Row], as_json: bool) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(["", "unit", "original", "target", "ours", ""]);
    for row in rows {
        let number = |value: Option<f64>| {
            let text = value.map_or_else(String::new, number);
            Cell::new(text).set_alignment(CellAlignment::Right)
        };
        table.add_row([
            Cell::new(&row.what),
            Cell::new(row.unit),
            number(row.original),
            number(row.target),
            number(Some(row.ours)),
            Cell::new(row.verdict()),
        ]);
    }
    println!("{table}");
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!("load {} on {processors} processors", proc::load()?);
    Ok(())
}

/// Three digits are more than a benchmark is good for.
fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}
