//! Which entities match a query? [`Query`], and the search endpoint.

mod operator;
mod scope;

use std::collections::BTreeSet;

use serde_json::Value;

use self::operator::Operator;
use self::scope::Scope;
use super::catalog::Catalog;
use super::entity::{self, Entity, Include};
use super::error::ApiError;
use crate::message::{Request, Response};

/// A search, checked and ready to be put to entities.
#[derive(Debug)]
pub(crate) enum Query {
    /// All must hold; nothing to hold is true.
    All(Vec<Self>),
    /// One must hold; nothing to hold is false.
    Any(Vec<Self>),
    /// A test of one field.
    Test {
        field: Field,
        operator: Operator,
        value: Value,
    },
}

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Identifier,
    Blueprint,
    Datasource,
    Title,
    Icon,
    Team,
    CreatedAt,
    UpdatedAt,
    Property(String),
}

/// An entity with its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) blueprint: &'a str,
    pub(crate) identifier: &'a str,
    pub(crate) entity: &'a Entity,
}

/// `POST /entities/search`
pub(crate) fn search(catalog: &Catalog, request: &Request) -> Result<Response, ApiError> {
    let query: Query = request.json::<Value>()?.try_into()?;
    let include = request
        .query()
        .into_iter()
        .filter(|(name, _)| name == "include");
    let include = Include::of(include.map(|(_, path)| path).collect());
    let mut body = br#"{"ok":true,"entities":["#.to_vec();
    let mut blueprints = BTreeSet::new();
    query.visit(catalog, &mut |found| {
        if !blueprints.is_empty() {
            body.push(b',');
        }
        blueprints.insert(found.blueprint.to_owned());
        entity::write(
            &mut body,
            found.blueprint,
            found.identifier,
            found.entity,
            &include,
        );
    });
    body.extend_from_slice(br#"],"matchingBlueprints":"#);
    body.extend_from_slice(entity::text(&blueprints).as_bytes());
    body.push(b'}');
    Ok(Response::json_bytes(body))
}

impl Query {
    /// The identifiers of the matching entities of one blueprint.
    pub(crate) fn find_in(&self, catalog: &Catalog, blueprint: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.visit(catalog, &mut |candidate| {
            if candidate.blueprint == blueprint {
                found.push(candidate.identifier.to_owned());
            }
        });
        found
    }

    /// Shows each matching entity once, in the order of blueprint and identifier.
    fn visit(&self, catalog: &Catalog, show: &mut dyn FnMut(Candidate<'_>)) {
        Scope::of(self).visit(catalog, &mut |candidate| {
            if self.matches(candidate) {
                show(candidate);
            }
        });
    }

    fn matches(&self, candidate: Candidate<'_>) -> bool {
        match self {
            Self::All(queries) => queries.iter().all(|query| query.matches(candidate)),
            Self::Any(queries) => queries.iter().any(|query| query.matches(candidate)),
            Self::Test {
                field,
                operator,
                value,
            } => operator.holds(&field.value(candidate), value),
        }
    }
}

impl TryFrom<Value> for Query {
    type Error = ApiError;

    fn try_from(document: Value) -> Result<Self, ApiError> {
        let get = |name| document.get(name);
        if let (Some(property), Some(operator)) = (get("property"), get("operator")) {
            let property = property.as_str().unwrap_or_default();
            return Ok(Self::Test {
                field: Field::of(property),
                operator: Operator::of(operator.as_str().unwrap_or_default())?,
                value: get("value").cloned().unwrap_or_default(),
            });
        }
        let rules = get("rules").and_then(Value::as_array).cloned();
        let rules = rules.ok_or_else(|| ApiError::invalid("a search must have rules"))?;
        let rules = rules
            .into_iter()
            .map(Self::try_from)
            .collect::<Result<_, _>>()?;
        match get("combinator").and_then(Value::as_str) {
            Some("and") => Ok(Self::All(rules)),
            Some("or") => Ok(Self::Any(rules)),
            _ => Err(ApiError::invalid(
                "the combinator must be \"and\" or \"or\"",
            )),
        }
    }
}

impl Field {
    fn of(property: &str) -> Self {
        match property {
            "$identifier" => Self::Identifier,
            "$blueprint" => Self::Blueprint,
            "$datasource" => Self::Datasource,
            "$title" => Self::Title,
            "$icon" => Self::Icon,
            "$team" => Self::Team,
            "$createdAt" => Self::CreatedAt,
            "$updatedAt" => Self::UpdatedAt,
            name => Self::Property(name.to_owned()),
        }
    }

    fn value(&self, candidate: Candidate<'_>) -> Value {
        let content = &candidate.entity.content;
        let parse = |text: Option<&str>| {
            text.and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default()
        };
        match self {
            Self::Identifier => candidate.identifier.into(),
            Self::Blueprint => candidate.blueprint.into(),
            Self::Datasource => candidate.entity.datasource.as_ref().into(),
            Self::Title => parse(content.title.as_deref()),
            Self::Icon => parse(content.icon.as_deref()),
            Self::Team => parse(content.team.as_deref()),
            Self::CreatedAt => entity::time(candidate.entity.created_at).into(),
            Self::UpdatedAt => entity::time(candidate.entity.updated_at).into(),
            Self::Property(name) => parse(
                entity::fields(&content.properties)
                    .get(name)
                    .map(|raw| raw.get()),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
