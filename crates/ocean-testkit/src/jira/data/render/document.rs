//! Prose in Atlassian's document format.

use super::super::{super::json::Json, dice::Dice, words};

/// Writes a text in Atlassian's document format, of about `bytes` bytes.
pub(crate) fn document(o: &mut Json, mut dice: Dice, bytes: u64) {
    let mut left = bytes as i64;
    o.object(|o| {
        o.key("type").text("doc");
        o.key("version").number(1);
        o.key("content").array(|o| {
            while left > 0 {
                o.object(|o| {
                    o.key("type").text("paragraph");
                    o.key("content")
                        .array(|o| left -= paragraph(o, &mut dice, left.min(500)));
                });
            }
        });
    });
}

/// Writes the content of one paragraph and returns about how many bytes it took.
fn paragraph(o: &mut Json, dice: &mut Dice, bytes: i64) -> i64 {
    let lead = dice.pick(words::REASONS);
    o.object(|o| {
        o.key("type").text("text");
        o.key("text").joined(&[lead, ": "]);
        o.key("marks").raw(r#"[{"type":"strong"}]"#);
    });
    let mut left = bytes - 180;
    o.object(|o| {
        o.key("type").text("text");
        o.key("text").raw("\"");
        loop {
            let sentence = dice.pick(words::SENTENCES);
            o.continue_text(sentence);
            left -= sentence.len() as i64;
            if left <= 0 {
                break;
            }
        }
        o.raw("\"");
    });
    bytes - left
}
