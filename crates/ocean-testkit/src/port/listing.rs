//! What does a data source own? Pages of its entities, in the order of blueprint and identifier.

use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

use super::catalog::Catalog;
use super::entity::{Entity, text};
use super::error::ApiError;
use crate::message::{Request, Response};

/// Larger pages are cut to this size.
const MAX_LIMIT: usize = 5_000;

#[derive(Debug, Deserialize)]
struct Listing {
    datasource_prefix: String,
    datasource_suffix: String,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    from: Option<String>,
}

impl Listing {
    fn lists(&self, entity: &Entity, before: Option<Timestamp>) -> bool {
        before.is_none_or(|before| entity.updated_at <= before)
            && entity.datasource.starts_with(&self.datasource_prefix)
            && entity.datasource.ends_with(&self.datasource_suffix)
    }
}

/// `POST /blueprints/entities/datasource-entities`
pub(crate) fn datasource_entities(
    catalog: &Catalog,
    request: &Request,
) -> Result<Response, ApiError> {
    let listing: Listing = request.json()?;
    let limit = listing.limit.unwrap_or(MAX_LIMIT).clamp(1, MAX_LIMIT);
    let before = listing.before.as_deref().map(instant).transpose()?;
    let from = listing.from.as_deref().map(decode).transpose()?;
    let mut matching = after(catalog, from.as_ref())
        .filter(|(_, _, entity)| listing.lists(entity, before))
        .map(|(blueprint, identifier, _)| (blueprint, identifier));
    let mut body = br#"{"ok":true,"entities":["#.to_vec();
    let mut last = None;
    for (blueprint, identifier) in matching.by_ref().take(limit) {
        if last.is_some() {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"identifier":"#);
        body.extend_from_slice(text(&identifier).as_bytes());
        body.extend_from_slice(br#","blueprint":"#);
        body.extend_from_slice(text(&blueprint).as_bytes());
        body.push(b'}');
        last = Some((blueprint, identifier));
    }
    body.extend_from_slice(br#"],"next":"#);
    let next = last
        .filter(|_| matching.next().is_some())
        .map(|(b, i)| encode(b, i));
    body.extend_from_slice(text(&next).as_bytes());
    body.push(b'}');
    Ok(Response::json_bytes(body))
}

/// The entities behind a cursor. A cursor is the key of the last entity shown, so what is written
/// or deleted between two pages neither hides nor repeats any other.
fn after<'a>(
    catalog: &'a Catalog,
    from: Option<&'a (String, String)>,
) -> impl Iterator<Item = (&'a str, &'a str, &'a Entity)> {
    let first = from.map_or("", |(blueprint, _)| blueprint.as_str());
    let blueprints = catalog
        .blueprints
        .range::<str, _>((Bound::Included(first), Bound::Unbounded));
    blueprints.flat_map(move |(blueprint, kept)| {
        let start = match from {
            Some((last, identifier)) if last == blueprint => Bound::Excluded(identifier.as_str()),
            _ => Bound::Unbounded,
        };
        kept.entities
            .range::<str, _>((start, Bound::Unbounded))
            .map(move |(identifier, entity)| (blueprint.as_str(), identifier.as_str(), entity))
    })
}

fn instant(text: &str) -> Result<Timestamp, ApiError> {
    text.parse()
        .map_err(|error| ApiError::invalid(format!("\"before\" is no time: {error}")))
}

fn encode(blueprint: &str, identifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(text(&(blueprint, identifier)).as_bytes())
}

fn decode(cursor: &str) -> Result<(String, String), ApiError> {
    let invalid = |_| ApiError::invalid("the cursor in \"from\" is not one of this server");
    let key = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|error| invalid(error.to_string()))?;
    serde_json::from_slice(&key).map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};
    use serde_json::{Value, json};

    use super::*;
    use crate::port::catalog::Writer;
    use crate::port::entity::Content;

    const OURS: &str = "port-ocean/jira/1/x/exporter";

    fn put(catalog: &mut Catalog, key: (&str, &str), datasource: &str, second: i64) {
        let now = Timestamp::from_second(second).unwrap();
        let writer = Writer {
            datasource: datasource.into(),
            now,
        };
        catalog
            .store(key.0, key.1, Content::default(), &writer)
            .unwrap();
    }

    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        for blueprint in ["a", "b"] {
            catalog.put_blueprint(blueprint, json!({}));
            for n in 0..5 {
                put(&mut catalog, (blueprint, &format!("{n}")), OURS, n);
            }
        }
        put(
            &mut catalog,
            ("a", "theirs"),
            "port-ocean/jira/1/y/exporter",
            0,
        );
        catalog
    }

    fn page(catalog: &Catalog, limit: usize, extra: Value) -> (Vec<String>, Option<String>) {
        let mut body = json!({ "datasource_prefix": "port-ocean/jira/", "limit": limit,
            "datasource_suffix": "/x/exporter" });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = Request::local(Method::POST, Uri::from_static("/"), body.to_string());
        let answer = datasource_entities(catalog, &request).unwrap();
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        let entities = answer["entities"].as_array().unwrap().iter();
        let keys = entities.map(|entity| {
            let part = |name: &str| entity[name].as_str().unwrap().to_owned();
            format!("{}/{}", part("blueprint"), part("identifier"))
        });
        (keys.collect(), answer["next"].as_str().map(str::to_owned))
    }

    #[test]
    fn pages_hold_each_owned_entity_once_even_when_entities_vanish_between_them() {
        let mut catalog = catalog();
        let (mut all, mut next) = page(&catalog, 3, json!({}));
        while let Some(from) = next {
            let last = all.last().unwrap().split_once('/').unwrap().1.to_owned();
            catalog.blueprint_mut("a").unwrap().entities.remove(&last);
            let (more, following) = page(&catalog, 3, json!({ "from": from }));
            all.extend(more);
            next = following;
        }
        let expected = ["a", "b"].map(|b| (0..5).map(move |n| format!("{b}/{n}")));
        assert_eq!(all, expected.into_iter().flatten().collect::<Vec<_>>());
    }

    #[test]
    fn a_page_that_ends_exactly_at_the_end_has_no_next() {
        let (keys, next) = page(&catalog(), 10, json!({}));
        assert_eq!((keys.len(), next), (10, None));
    }

    #[test]
    fn entities_updated_after_before_are_left_out() {
        let (keys, _) = page(
            &catalog(),
            10,
            json!({ "before": "1970-01-01T00:00:01.5+00:00" }),
        );
        assert_eq!(keys, ["a/0", "a/1", "b/0", "b/1"]);
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        let body = r#"{"datasource_prefix":"","datasource_suffix":"","from":"?"}"#;
        let request = Request::local(Method::POST, Uri::from_static("/"), body);
        assert!(datasource_entities(&catalog(), &request).is_err());
    }
}
