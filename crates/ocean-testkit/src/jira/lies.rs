//! How does a paged answer lie?
//!
//! Each function gives a fault [`Rule`] for the requests whose path and query contain a text. The
//! rules change true answers, so everything beside the lie stays right.
//!
//! ```
//! use ocean_testkit::jira::lies;
//!
//! # fn example(jira: &ocean_testkit::jira::JiraTwin) {
//! jira.faults().add(lies::empty_page_at("/rest/api/3/search/jql", 1));
//! # }
//! ```

use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::{Action, Rule};

/// The keys under which Jira's resources put their items.
const ITEM_KEYS: [&str; 6] = [
    "issues", "values", "entities", "results", "worklogs", "users",
];

/// Page `page` (counted from 0) has no items; whatever it says about its total or the next page
/// stays.
#[must_use]
pub fn empty_page_at(path: &str, page: u64) -> Rule {
    let rule = lie(path, |mut answer| {
        if let Some(items) = items(&mut answer) {
            items.clear();
        }
        answer
    });
    rule.skip(page).times(1)
}

/// The answers have errors in the place of their items, with status 200.
#[must_use]
pub fn missing_items_key(path: &str) -> Rule {
    lie(path, |mut answer| {
        if let Some(object) = answer.as_object_mut() {
            object.retain(|key, _| !ITEM_KEYS.contains(&key.as_str()));
            let errors = vec!["Something went wrong."];
            object.insert("errorMessages".to_owned(), errors.into());
        }
        answer
    })
}

/// Every page names the token that the first one named, so the second page comes for ever.
#[must_use]
pub fn repeat_token(path: &str) -> Rule {
    let first = OnceLock::new();
    lie(path, move |mut answer| {
        let own = token(&mut answer).cloned();
        if let Some(Value::String(repeated)) = first.get_or_init(|| own) {
            name_token(&mut answer, repeated);
        }
        answer
    })
}

/// Paging is ignored: every request is answered with the first page, as it was.
#[must_use]
pub fn same_page_forever(path: &str) -> Rule {
    let first = OnceLock::new();
    lie(path, move |answer| first.get_or_init(|| answer).clone())
}

/// From page `page` (counted from 0) on, the total is `total`.
#[must_use]
pub fn shrink_total(path: &str, page: u64, total: u64) -> Rule {
    let rule = lie(path, move |mut answer| {
        if let Some(told) = answer.get_mut("total") {
            *told = total.into();
        }
        answer
    });
    rule.skip(page)
}

/// Every page but the first begins with the last item of the page before it, in addition to its
/// own items.
#[must_use]
pub fn duplicate_items(path: &str) -> Rule {
    let last = Mutex::new(None);
    lie(path, move |mut answer| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(items) = items(&mut answer) {
            let newest = items.last().cloned();
            if let Some(before) = last.take() {
                items.insert(0, before);
            }
            *last = newest;
        }
        answer
    })
}

fn lie(path: &str, rewrite: impl Fn(Value) -> Value + Send + Sync + 'static) -> Rule {
    Rule::new(Action::rewrite(move |_, answer| rewrite(answer))).path(path)
}

fn items(answer: &mut Value) -> Option<&mut Vec<Value>> {
    // The list of users is its own answer.
    if answer.is_array() {
        return answer.as_array_mut();
    }
    let object = answer.as_object_mut()?;
    let key = ITEM_KEYS
        .into_iter()
        .find(|key| object.contains_key(*key))?;
    object.get_mut(key)?.as_array_mut()
}

/// The token of the next page, in whichever of the three shapes Jira has for it.
fn token(answer: &mut Value) -> Option<&mut Value> {
    let object = answer.as_object_mut()?;
    if object.contains_key("pageInfo") {
        return object.get_mut("pageInfo")?.get_mut("endCursor");
    }
    let key = ["nextPageToken", "cursor"]
        .into_iter()
        .find(|key| object.contains_key(*key))?;
    object.get_mut(key)
}

fn name_token(answer: &mut Value, repeated: &str) {
    let Some(object) = answer.as_object_mut() else {
        return;
    };
    if let Some(Value::Object(info)) = object.get_mut("pageInfo") {
        info.insert("endCursor".to_owned(), repeated.into());
        info.insert("hasNextPage".to_owned(), true.into());
    } else if object.contains_key("entities") {
        object.insert("cursor".to_owned(), repeated.into());
    } else {
        object.insert("nextPageToken".to_owned(), repeated.into());
        object.insert("isLast".to_owned(), false.into());
    }
}
