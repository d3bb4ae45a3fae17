//! What does an integration ask for? [`Asked`]: each resource of its mapping read on its own, twice.

use std::collections::{BTreeMap, BTreeSet};

use http::header::LINK;
use serde_json::{Value, json};

use super::form::Form;
use super::pages::items_of;
use super::patience::patiently;
use super::tokens;
use super::verdict::Not;
use crate::fault::{Action, Rule};
use crate::harness::Harness;
use crate::journal::Entry;
use crate::proxy::{Exchange, Proxy};

/// What the integration asks for when nothing is wrong.
pub(super) struct Asked {
    /// One for each resource of the mapping, in its order.
    pub(super) resources: Vec<Resource>,
    /// Parts of requests that differ from reading to reading, such as a time.
    changing: BTreeSet<String>,
    /// Those and the parts that differ from page to page under names that nobody knows.
    moving: BTreeSet<String>,
}

/// One resource of the mapping on its own.
pub(super) struct Resource {
    pub(super) kind: String,
    pub(super) exchanges: Vec<Exchange>,
}

impl Asked {
    /// Reads each resource alone, through the proxy.
    pub(super) async fn learn(harness: &Harness, proxy: &Proxy) -> Result<Self, Not> {
        let resources = read_alone(harness, proxy).await?;
        let again = read_alone(harness, proxy).await?;
        let mut changing = BTreeSet::new();
        for (once, again) in resources.iter().zip(&again) {
            changing.extend(changes(&once.exchanges, &again.exchanges));
        }
        let followed = resources.iter().flat_map(|one| followed(&one.exchanges));
        let moving = followed.chain(changing.iter().cloned()).collect();
        Ok(Self {
            resources,
            changing,
            moving,
        })
    }

    /// Everything that is asked for.
    pub(super) fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.resources.iter().flat_map(|one| &one.exchanges)
    }

    /// One exchange of each shape, since requests of one shape are made by the same code.
    pub(super) fn shapes(&self) -> Vec<&Exchange> {
        self.shapes_of(self.exchanges())
    }

    /// One of each shape of these.
    pub(super) fn shapes_of<'e>(
        &self,
        exchanges: impl Iterator<Item = &'e Exchange>,
    ) -> Vec<&'e Exchange> {
        let of_shape = self.by_shape(exchanges).into_iter();
        of_shape
            .filter_map(|same| same.into_iter().next())
            .collect()
    }

    /// The pages of each listing, each page once and in order.
    pub(super) fn listings(&self) -> Vec<Vec<&Exchange>> {
        let mut listings: BTreeMap<Form, (BTreeSet<Form>, Vec<&Exchange>)> = BTreeMap::new();
        for exchange in self.exchanges() {
            let form = Form::of(exchange);
            let listing = form.clone().of_listing(&self.moving);
            let (seen, pages) = listings.entry(listing).or_default();
            if seen.insert(form.without(&self.changing)) {
                pages.push(exchange);
            }
        }
        listings.into_values().map(|(_, pages)| pages).collect()
    }

    /// The first pages of some listings of each shape: of those that list something, one in the
    /// middle and the last, since code may treat the first of many otherwise than the rest.
    pub(super) fn some_of_each_shape(&self) -> Vec<&Exchange> {
        let listings = self.listings();
        let full: BTreeSet<Form> = listings
            .iter()
            .filter(|pages| pages.iter().any(|page| has_items(page)))
            .filter_map(|pages| Some(Form::of(pages.first()?)))
            .collect();
        let firsts = listings.iter().filter_map(|pages| pages.first().copied());
        let mut some = Vec::new();
        for same in self.by_shape(firsts) {
            let is_full = |page: &&&Exchange| full.contains(&Form::of(page));
            let mut wanted: Vec<&Exchange> = same.iter().filter(is_full).copied().collect();
            if wanted.is_empty() {
                wanted = same;
            }
            let places = BTreeSet::from([wanted.len() / 2, wanted.len().saturating_sub(1)]);
            some.extend(places.into_iter().filter_map(|place| wanted.get(place)));
        }
        some
    }

    /// What happens to exactly this request, of whomever.
    pub(super) fn only(&self, exchange: &Exchange, action: Action) -> Rule {
        let changing = self.changing.clone();
        let wanted = Form::of(exchange).without(&changing);
        Rule::new(action).when(move |request| {
            let (method, body) = (request.method().as_str(), request.body());
            let asked = Form::new(method, request.path_and_query(), body);
            asked.without(&changing) == wanted
        })
    }

    /// A fault that changes the answer to exactly this request.
    pub(super) fn at(&self, exchange: &Exchange, answer: impl Into<Vec<u8>>) -> Rule {
        let answer = answer.into();
        self.only(exchange, Action::rewrite_bytes(move |_, _| answer.clone()))
    }

    /// The resources, by their places in the mapping, that make one of these requests.
    pub(super) fn askers<'e>(
        &self,
        requests: impl IntoIterator<Item = &'e Entry>,
    ) -> BTreeSet<usize> {
        let form = |entry: &Entry| {
            let target = entry.uri.to_string();
            Form::new(entry.method.as_str(), &target, &entry.body).without(&self.changing)
        };
        let wanted: BTreeSet<Form> = requests.into_iter().map(form).collect();
        let asks = |one: &Resource| {
            let mut forms = one.exchanges.iter().map(Form::of);
            forms.any(|form| wanted.contains(&form.without(&self.changing)))
        };
        let resources = self.resources.iter().enumerate();
        resources
            .filter(|(_, one)| asks(one))
            .map(|(index, _)| index)
            .collect()
    }

    fn by_shape<'e>(
        &self,
        exchanges: impl Iterator<Item = &'e Exchange>,
    ) -> Vec<Vec<&'e Exchange>> {
        let mut shapes = BTreeMap::new();
        let mut order: Vec<Vec<&Exchange>> = Vec::new();
        for exchange in exchanges {
            let form = Form::of(exchange);
            let (method, (length, first, last), said) = form.of_shape(&self.moving);
            let ends = (first.map(str::to_owned), last.map(str::to_owned));
            let place = *shapes
                .entry((method, length, ends, said))
                .or_insert(order.len());
            match order.get_mut(place) {
                Some(same) => same.push(exchange),
                None => order.push(vec![exchange]),
            }
        }
        order
    }
}

/// Reads each resource of the mapping on its own, to learn what it asks for.
async fn read_alone(harness: &Harness, proxy: &Proxy) -> Result<Vec<Resource>, Not> {
    let mut resources = Vec::new();
    let bench = harness.start().await?;
    let mapping = bench.mapping();
    for resource in mapping["resources"].as_array().into_iter().flatten() {
        let mut alone = mapping.clone();
        alone["resources"] = json!([resource]);
        bench.set_mapping(alone);
        drop(proxy.take_exchanges());
        patiently(bench.resync()).await??;
        resources.push(Resource {
            kind: resource["kind"].as_str().unwrap_or_default().to_owned(),
            exchanges: proxy.take_exchanges(),
        });
    }
    Ok(resources)
}

/// The names of parts that a second reading says otherwise than the first.
fn changes(once: &[Exchange], again: &[Exchange]) -> BTreeSet<String> {
    let forms = |exchanges: &[Exchange]| exchanges.iter().map(Form::of).collect::<BTreeSet<_>>();
    let (once, again) = (forms(once), forms(again));
    let mut changing = BTreeSet::new();
    for new in again.difference(&once) {
        let others = once.difference(&again).filter(|old| old.has_parts_of(new));
        let differing = others.map(|old| old.differing(new));
        changing.extend(differing.min_by_key(BTreeSet::len).unwrap_or_default());
    }
    changing
}

/// The names of parts that differ from a page to the one that it names, be it the token or what is
/// only said on a first page.
fn followed(exchanges: &[Exchange]) -> BTreeSet<String> {
    let mut earlier: BTreeMap<&str, Vec<(Form, Next)>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for exchange in exchanges {
        let form = Form::of(exchange);
        let pages = earlier.entry(exchange.path()).or_default();
        let before = pages
            .iter()
            .rev()
            .find(|(page, next)| next.is(exchange, &form, page));
        names.extend(
            before
                .map(|(page, _)| page.differing(&form))
                .unwrap_or_default(),
        );
        pages.push((form, Next::of(exchange)));
    }
    names
}

/// Whether a page says that this one follows.
pub(super) fn names(page: &Exchange, next: &Exchange) -> bool {
    Next::of(page).is(next, &Form::of(next), &Form::of(page))
}

/// What a page says about the next one.
struct Next {
    link: String,
    texts: BTreeSet<String>,
}

impl Next {
    fn of(page: &Exchange) -> Self {
        let link = page.headers.get(LINK).and_then(|link| link.to_str().ok());
        Self {
            link: link.unwrap_or_default().to_owned(),
            texts: tokens::texts(page).collect(),
        }
    }

    /// Whether it is this one, which comes after `page`.
    fn is(&self, next: &Exchange, form: &Form, page: &Form) -> bool {
        let mut new = form.parts.iter().filter(|part| !page.parts.contains(part));
        self.link.contains(&format!("{}>", next.target))
            || new.any(|(_, value)| self.texts.contains(value))
    }
}

fn has_items(page: &Exchange) -> bool {
    let mut body: Value = serde_json::from_slice(&page.answer).unwrap_or_default();
    items_of(&mut body).is_some_and(|items| !items.is_empty())
}
