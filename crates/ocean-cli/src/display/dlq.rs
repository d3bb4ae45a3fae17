//! How does a person read what became of live events that could not be handled?

use ocean_core::{Letter, Order};

use super::number::counted;
use super::table;

/// One line per event, and what can be done.
pub(super) fn list(letters: &[Letter]) -> String {
    if letters.is_empty() {
        return "no live event was given up\n".to_owned();
    }
    let rows = letters.iter().map(|letter| {
        [
            letter.seq.to_string(),
            letter.received_at.clone().unwrap_or_default(),
            letter.path.clone(),
            letter.attempts.to_string(),
            letter.reason.clone(),
        ]
    });
    let header = ["number", "arrived", "path", "attempts", "given up because"];
    format!(
        "{}\n`dlq replay NUMBER` has one handled once more, `dlq drop NUMBER` forgets it\n",
        table::plain(header, rows)
    )
}

/// How many there were of those that were named.
pub(super) fn done(order: &Order, count: usize) -> String {
    let events = counted(count, "event", "events");
    match order {
        Order::Drop { .. } => format!("{events} forgotten\n"),
        _ => format!("{events} will be handled once more\n"),
    }
}
