//! `port.entity.mappings`: which expressions an entity is made of.

use indexmap::IndexMap;

use super::node::{Data, Node};
use super::section::{Expected, Findings, Section};
use super::{EntityMapping, Expression, SearchExpression, SearchRule};

const MAPPINGS: Expected = Expected::new(
    "an object of jq expressions",
    "it needs at least `identifier` and `blueprint`",
);
const IDENTIFIER: Expected = Expected::new(
    "a jq expression or a search object",
    "add the expression that gives the entity's identifier, for example `.key`",
);
const BLUEPRINT: Expected = Expected::new(
    "a jq expression",
    "add the blueprint's name in both kinds of quotes, for example `'\"issue\"'`",
);
const TEXT: Expected = Expected::new("a jq expression or null", "");
const TEAM: Expected = Expected::new(
    "a jq expression, a search object or null",
    "an expression may give a list: `'[\"a\", \"b\"]'`",
);
const PROPERTIES: Expected = Expected::new(
    "an object of jq expressions",
    "leave it out, or write `properties: {}`",
);
const PROPERTY: Expected = Expected::new(
    "a jq expression",
    "a nested object is one expression as well: `'{a: .b}'`; to send null write `'null'`",
);
const RELATIONS: Expected = Expected::new(
    "an object of jq expressions",
    "leave it out, or write `relations: {}`",
);
const RELATION: Expected = Expected::new(
    "a jq expression or a search object",
    "a list is one expression as well: `'[.a, .b]'`; to send null write `'null'`",
);
const SEARCH_LEAF: Expected = Expected::new(
    "a jq expression",
    "a fixed text needs quotes of its own: `'\"and\"'`",
);
const RULES: Expected = Expected::new("a list of rules", "");
const RULE: Expected = Expected::new(
    "an object with `property`, `operator` and `value`, or a search object",
    "",
);

pub(super) fn entity_mapping(
    entity: &Section<'_>,
    findings: &mut Findings<'_>,
) -> Option<EntityMapping> {
    let section = entity.required_section("mappings", &MAPPINGS, findings)?;
    let known = [
        "identifier",
        "title",
        "icon",
        "blueprint",
        "team",
        "properties",
        "relations",
    ];
    section.warn_unknown(&known, findings);
    let identifier = section
        .require("identifier", IDENTIFIER.help, findings)
        .and_then(|node| expression(&section.path("identifier"), node, &IDENTIFIER, findings));
    let blueprint = section.required_text("blueprint", &BLUEPRINT, findings);
    let mut text = |key: &str| {
        nullable(section.get(key), |node| {
            findings.text(&section.path(key), node, &TEXT)
        })
    };
    let (title, icon) = (text("title"), text("icon"));
    let team = nullable(section.get("team"), |node| {
        expression(&section.path("team"), node, &TEAM, findings)
    });
    let properties = fields(
        &section,
        "properties",
        &PROPERTIES,
        findings,
        |path, node, findings| findings.text(path, node, &PROPERTY),
    );
    let relations = fields(
        &section,
        "relations",
        &RELATIONS,
        findings,
        |path, node, findings| expression(path, node, &RELATION, findings),
    );
    Some(EntityMapping {
        identifier: identifier?,
        blueprint: blueprint?,
        title,
        icon,
        team,
        properties,
        relations,
    })
}

/// A field that may be left out or null.
fn nullable<T>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    match &node?.data {
        Data::Null => Some(None),
        _ => read(node?).map(Some),
    }
}

fn fields<T>(
    section: &Section<'_>,
    key: &str,
    expected: &Expected,
    findings: &mut Findings<'_>,
    read: impl Fn(&str, &Node, &mut Findings<'_>) -> Option<T>,
) -> Option<IndexMap<String, T>> {
    let fields = findings.section(&section.path(key), section.get(key)?, expected)?;
    let entries = fields.entries().iter().filter_map(|entry| {
        Some((
            entry.key.clone(),
            read(&fields.path(&entry.key), &entry.value, findings)?,
        ))
    });
    Some(entries.collect())
}

fn expression(
    path: &str,
    node: &Node,
    expected: &Expected,
    findings: &mut Findings<'_>,
) -> Option<Expression> {
    if matches!(node.data, Data::Map(_)) {
        let section = findings.section(path, node, expected)?;
        return search(&section, findings).map(Expression::Search);
    }
    findings.text(path, node, expected).map(Expression::Jq)
}

fn search(section: &Section<'_>, findings: &mut Findings<'_>) -> Option<SearchExpression> {
    section.warn_unknown(&["combinator", "rules"], findings);
    let combinator = section.required_text("combinator", &SEARCH_LEAF, findings);
    let path = section.path("rules");
    let nodes = section
        .require(
            "rules",
            "a search object is `{combinator, rules}`",
            findings,
        )
        .and_then(|node| findings.list(&path, node, &RULES))?;
    let mut rules = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let found = findings.section(&format!("{path}[{index}]"), node, &RULE);
        rules.extend(found.and_then(|section| rule(&section, findings)));
    }
    Some(SearchExpression {
        combinator: combinator?,
        rules,
    })
}

fn rule(section: &Section<'_>, findings: &mut Findings<'_>) -> Option<SearchRule> {
    const KEYS: [&str; 3] = ["property", "operator", "value"];
    let written = KEYS.iter().filter(|key| section.get(key).is_some()).count();
    let nests = section.get("combinator").is_some() || section.get("rules").is_some();
    if written < KEYS.len() && nests {
        return search(section, findings).map(SearchRule::Nested);
    }
    section.warn_unknown(&KEYS, findings);
    let [property, operator, value] =
        KEYS.map(|key| section.required_text(key, &SEARCH_LEAF, findings));
    Some(SearchRule::Compare {
        property: property?,
        operator: operator?,
        value: value?,
    })
}
