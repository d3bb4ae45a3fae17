//! Does the last page that was asked for name another one? The name of the token is learned: it is
//! a field of a page whose value comes again in the next request.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::proxy::Exchange;

/// What a page says beside its items, by the path to it.
#[derive(Default)]
struct Said {
    texts: BTreeMap<String, String>,
    flags: BTreeMap<String, bool>,
}

/// Whether the last of these pages names a page that was not asked for, under a name by which the
/// pages before were followed, and has no flag that tells it from them.
pub(super) fn goes_on(pages: &[&Exchange]) -> bool {
    let said: Vec<Said> = pages.iter().map(|page| said(page)).collect();
    let mut names = BTreeSet::new();
    for (said, asked) in said.iter().zip(pages.windows(2)) {
        let [before, after] = asked else { continue };
        let is_followed = |token: &String| asks_for(after, token) && !asks_for(before, token);
        let followed = said.texts.iter().filter(|(_, token)| is_followed(token));
        names.extend(followed.map(|(name, _)| name.as_str()));
    }
    let [.., before, last] = said.as_slice() else {
        return false;
    };
    let token = names.into_iter().find_map(|name| last.texts.get(name));
    let is_left = |token: &String| !pages.iter().any(|page| asks_for(page, token));
    before.flags == last.flags && token.is_some_and(is_left)
}

/// What an answer says beside its items.
pub(super) fn texts(page: &Exchange) -> impl Iterator<Item = String> {
    said(page).texts.into_values()
}

fn asks_for(page: &Exchange, token: &str) -> bool {
    let query = page.target.split_once('?').map_or("", |(_, query)| query);
    let mut values = url::form_urlencoded::parse(query.as_bytes());
    let body = String::from_utf8_lossy(&page.request);
    values.any(|(_, value)| value == token) || body.contains(token)
}

fn said(page: &Exchange) -> Said {
    let mut said = Said::default();
    let body: Value = serde_json::from_slice(&page.answer).unwrap_or_default();
    collect(String::new(), &body, &mut said);
    said
}

/// Lists are left out: they are the items, or part of one.
fn collect(path: String, value: &Value, said: &mut Said) {
    match value {
        Value::String(text) if !text.is_empty() => drop(said.texts.insert(path, text.clone())),
        Value::Bool(flag) => drop(said.flags.insert(path, *flag)),
        Value::Object(members) => {
            for (name, value) in members {
                collect(format!("{path}.{name}"), value, said);
            }
        }
        _ => {}
    }
}
