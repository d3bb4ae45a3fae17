//! Was every listing seen with more than one page? What is seen with one could go on, and nobody
//! would know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::asked::Resource;
use super::form::{Shape, shape_of};
use super::pages::items_of;
use super::rig::Rig;
use super::verdict::{Kept, none};
use crate::proxy::Exchange;

/// What an author can do about a listing of one page.
pub(super) const REMEDY: &str = "give the simulated source more items or smaller pages; if it has \
     more than one page already, the next one is never asked for";

/// Every listing that a kind asks for has a path of whose shape one has two pages.
pub(super) fn seen_in_pages(rig: &Rig) -> Kept {
    let mut short = BTreeSet::new();
    for Resource { kind, exchanges } in &rig.asked.resources {
        let listings = most_pages(rig, exchanges).into_iter();
        let of_one_page = listings.filter(|(_, pages)| *pages < 2);
        short.extend(of_one_page.map(|(path, _)| format!("`{kind}` reads one page of {path}")));
    }
    let mut short: Vec<String> = short.into_iter().collect();
    if !short.is_empty() {
        short.push(format!(
            "{REMEDY}; if the system gives a listing at once, say so with `Samples::whole`"
        ));
    }
    none(short)
}

/// Whether the source has listings at all that come in pages.
pub(super) fn are_there(rig: &Rig) -> bool {
    let mut resources = rig.asked.resources.iter();
    resources.any(|one| !most_pages(rig, &one.exchanges).is_empty())
}

/// A path of each shape of listing, with the largest number of pages that one of this shape has.
fn most_pages<'a>(rig: &'a Rig, exchanges: &'a [Exchange]) -> Vec<(&'a str, usize)> {
    let asked: BTreeSet<&str> = rig.asked.exchanges().map(Exchange::path).collect();
    let mut listings: BTreeMap<&str, Vec<&Exchange>> = BTreeMap::new();
    for exchange in exchanges {
        listings.entry(exchange.path()).or_default().push(exchange);
    }
    // What is asked for below a path that is asked for, too, is one item of that listing.
    let is_detail = |path: &str| {
        let parent = path.rsplit_once('/');
        parent.is_some_and(|(parent, _)| asked.contains(parent))
    };
    let mut shapes: BTreeMap<Shape<'_>, (&str, usize)> = BTreeMap::new();
    for (path, pages) in listings {
        if is_detail(path) || rig.is_whole(path) || !lists(&pages) {
            continue;
        }
        let count = pages_with_news(&pages);
        let most = shapes.entry(shape_of(path)).or_insert((path, count));
        if most.1 < count {
            *most = (path, count);
        }
    }
    shapes.into_values().collect()
}

/// Whether these are the answers of a listing: lists, or objects with a list of objects.
fn lists(pages: &[&Exchange]) -> bool {
    pages.iter().any(|page| {
        let mut body: Value = serde_json::from_slice(&page.answer).unwrap_or_default();
        body.is_array()
            || items_of(&mut body).is_some_and(|items| items.iter().all(Value::is_object))
    })
}

/// How many pages bring an item that none before brought.
fn pages_with_news(pages: &[&Exchange]) -> usize {
    let mut seen = BTreeSet::new();
    let brings_news = |page: &&&Exchange| {
        let mut body: Value = serde_json::from_slice(&page.answer).unwrap_or_default();
        let items = items_of(&mut body).map(std::mem::take).unwrap_or_default();
        let mut news = 0;
        for item in items {
            news += usize::from(seen.insert(item.to_string()));
        }
        news > 0
    };
    pages.iter().filter(brings_news).count()
}
