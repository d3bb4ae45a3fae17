//! Is doubt about a listing never taken for its end?

use http::header::LINK;
use serde_json::{Value, json};

use super::aftermath::Aftermath;
use super::asked::names;
use super::listings::{self, REMEDY};
use super::rig::Rig;
use super::tokens;
use super::verdict::{ENGINE, Kept, Not, Verdict, none};
use crate::fault::Rule;
use crate::proxy::Exchange;

const GROUP: &str = "pages";

pub(super) async fn check(rig: &Rig, verdict: &mut Verdict) {
    verdict.add(
        GROUP,
        "a listing of several pages is read to its end",
        several(rig),
    );
    let seen = "every listing is seen with two pages or more";
    verdict.add(GROUP, seen, listings::seen_in_pages(rig));
    let empty = "an empty page among others is not the end";
    verdict.add(
        GROUP,
        empty,
        each(rig, 3, |pages| emptied(rig, pages.get(1)?)).await,
    );
    let first = "an empty first page that names a next one is not the end";
    verdict.add(GROUP, first, first_empty(rig).await);
    let twice = "a page that comes twice is not the next one";
    let repeat =
        |pages: &[&Exchange]| Some(rig.asked.at(pages.get(1)?, pages.first()?.answer.to_vec()));
    verdict.add(GROUP, twice, each(rig, 2, repeat).await);
    let gone = "a page that is not there deletes nothing";
    verdict.add(
        GROUP,
        gone,
        each(rig, 2, |pages| Some(rig.asked.at(pages.get(1)?, "{}"))).await,
    );
    let cut = "a listing whose later pages fail deletes nothing";
    verdict.add(
        GROUP,
        cut,
        each(rig, 2, |pages| {
            Some(rig.asked.at(pages.get(1)?, "[{\"id\":"))
        })
        .await,
    );
    let nothing = "a source that lists nothing at all empties no blueprint";
    verdict.add(ENGINE, nothing, all_empty(rig).await);
    let null = "an item that is no object deletes nothing";
    verdict.add(GROUP, null, null_item(rig).await);
}

/// The last page that was asked for must not say that there is another.
fn several(rig: &Rig) -> Kept {
    let mut left = Vec::new();
    for pages in rig.asked.listings() {
        let read: usize = pages.iter().map(|page| items_in(page)).sum();
        let goes_on = |last: &&&Exchange| announces_more(last, read) || tokens::goes_on(&pages);
        let Some(last) = pages.last().filter(goes_on) else {
            continue;
        };
        left.push(format!(
            "{} has pages that are never asked for",
            last.path()
        ));
    }
    if left.is_empty() && !listings::are_there(rig) {
        return Err(Not::asked("no listing comes in pages"));
    }
    none(left)
}

fn items_in(page: &Exchange) -> usize {
    let body = serde_json::from_slice::<Value>(&page.answer);
    body.ok()
        .and_then(|mut body| Some(items_of(&mut body)?.len()))
        .unwrap_or_default()
}

/// Whether a page says, in one of the ways that are known, that more follow these items.
fn announces_more(page: &Exchange, read: usize) -> bool {
    let link = page.headers.get(LINK).and_then(|link| link.to_str().ok());
    if link.is_some_and(|link| link.contains("rel=\"next\"")) {
        return true;
    }
    let body: Value = serde_json::from_slice(&page.answer).unwrap_or_default();
    let named = |key: &str| body[key].as_str().is_some_and(|token| !token.is_empty());
    let total = body["total"]
        .as_u64()
        .and_then(|total| usize::try_from(total).ok());
    match body["isLast"].as_bool() {
        Some(is_last) => !is_last,
        None => named("nextPageToken") || total.is_some_and(|total| total > read),
    }
}

/// Breaks each listing of at least so many pages in this way.
async fn each(rig: &Rig, pages: usize, rule: impl Fn(&[&Exchange]) -> Option<Rule>) -> Kept {
    let mut faults = Vec::new();
    for listing in rig.asked.listings() {
        let Some(rule) = rule(&listing).filter(|_| listing.len() >= pages) else {
            continue;
        };
        let path = listing.first().map_or("", |page| page.path());
        faults.push((path.to_owned(), rule));
    }
    if faults.is_empty() && listings::are_there(rig) {
        let reason = format!("no listing has {pages} pages: {REMEDY}");
        return Err(Not::kept(reason));
    }
    if faults.is_empty() {
        return Err(Not::asked("no listing comes in pages"));
    }
    rig.under_each(faults, Aftermath::is_told).await
}

/// Whoever is told nothing about a next page can only believe an empty first one; then the engine
/// keeps what is there, since it is all.
async fn first_empty(rig: &Rig) -> Kept {
    let listings = rig.asked.listings().into_iter();
    let firsts = listings.filter_map(|pages| match pages.as_slice() {
        [first, next, ..] if announces_more(first, items_in(first)) || names(first, next) => {
            Some((first.path().to_owned(), emptied(rig, first)?))
        }
        _ => None,
    });
    let faults: Vec<_> = firsts.collect();
    if faults.is_empty() {
        return Err(Not::asked("no first page says that there is another"));
    }
    rig.under_each(faults, Aftermath::is_told).await
}

/// A page without its items, but with all that it says about others.
fn emptied(rig: &Rig, page: &Exchange) -> Option<Rule> {
    let mut body: Value = serde_json::from_slice(&page.answer).ok()?;
    items_of(&mut body)?.clear();
    Some(rig.asked.at(page, body.to_string()))
}

/// The items of a page: it is a list, or an object whose longest list they are.
pub(super) fn items_of(page: &mut Value) -> Option<&mut Vec<Value>> {
    match page {
        Value::Array(items) => Some(items),
        Value::Object(members) => {
            let lists = members.values_mut().filter_map(Value::as_array_mut);
            lists
                .max_by_key(|list| list.len())
                .filter(|list| !list.is_empty())
        }
        _ => None,
    }
}

async fn all_empty(rig: &Rig) -> Kept {
    let listed = rig.asked.shapes();
    let rewrite = crate::fault::Action::rewrite(|_, mut truth| {
        if let Some(items) = items_of(&mut truth) {
            items.clear();
        }
        truth
    });
    if listed.is_empty() {
        return Err(Not::asked("the source is never asked"));
    }
    let after = rig.guarded_under([Rule::new(rewrite)]).await?;
    // Empty blueprints are the worst that can happen; entities may go where others stay.
    let blueprint = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let is_empty = |name: &String| rig.bench.ids(&blueprint(name)).is_empty();
    let emptied: std::collections::BTreeSet<String> = after
        .lost
        .iter()
        .filter(|name| is_empty(name))
        .map(|name| blueprint(name))
        .collect();
    none(
        emptied
            .into_iter()
            .map(|name| format!("`{name}` lost everything"))
            .collect(),
    )
}

async fn null_item(rig: &Rig) -> Kept {
    let mut faults = Vec::new();
    for exchange in rig.asked.shapes() {
        let Ok(mut body) = serde_json::from_slice::<Value>(&exchange.answer) else {
            continue;
        };
        let Some(first) = items_of(&mut body).and_then(|items| items.first_mut()) else {
            continue;
        };
        *first = json!(null);
        let rule = rig.asked.at(exchange, body.to_string());
        faults.push((exchange.path().to_owned(), rule));
    }
    rig.under_each(faults, Aftermath::lost_nothing).await
}
