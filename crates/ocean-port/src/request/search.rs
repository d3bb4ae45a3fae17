//! Finding entities by rules; contract `port-api.md` 5.7.

use bytes::Bytes;
use http::{Method, Request};
use serde::Serialize;

use super::{Caller, Requests, idempotent, query};
use crate::error::Result;

#[derive(Serialize)]
struct Query<'a> {
    combinator: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    property: &'static str,
    operator: &'static str,
    value: Operand<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Operand<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl<'a> Rule<'a> {
    const fn new(property: &'static str, operator: &'static str, value: Operand<'a>) -> Self {
        Self {
            property,
            operator,
            value,
        }
    }
}

impl Requests {
    /// Entities of one blueprint that this integration owns: those named, or all.
    pub(crate) fn search(
        &self,
        blueprint: &str,
        identifiers: Option<&[String]>,
        include: &[String],
    ) -> Result<Request<Bytes>> {
        let named = identifiers.map(|many| Rule::new("$identifier", "in", Operand::Many(many)));
        let owned = |part| Rule::new("$datasource", "contains", Operand::One(part));
        let rules = named
            .into_iter()
            .chain([
                Rule::new("$blueprint", "=", Operand::One(blueprint)),
                owned(&self.ownership.prefix),
                owned(&self.ownership.suffix),
            ])
            .collect();
        let body = Query {
            combinator: "and",
            rules,
        };
        let fields = ["blueprint", "identifier"]
            .into_iter()
            .chain(include.iter().map(String::as_str))
            .map(|field| ("include", field));
        let path = format!(
            "/entities/search?{}",
            query(
                [("exclude_calculated_properties", "true")]
                    .into_iter()
                    .chain(fields)
            )
        );
        Ok(idempotent(self.json(
            Method::POST,
            &path,
            Caller::Exporter,
            &body,
        )?))
    }
}
