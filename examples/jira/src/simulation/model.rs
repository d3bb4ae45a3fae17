//! What should be in the catalog? Derived from the simulated site itself, field by field, with
//! nothing of the code under demonstration.

use std::collections::{BTreeMap, BTreeSet};

use ocean_testkit::jira::SiteHandle;
use serde_json::Value;

/// The issues that the default mapping selects.
const SELECTED: &str = "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)";

/// Fields of an issue and of its entity that must be equal. Where Jira has nothing, the entity has
/// nothing either.
const ISSUE_FIELDS: [(&str, &str); 9] = [
    ("/fields/summary", "/title"),
    ("/fields/status/name", "/properties/status"),
    ("/fields/issuetype/name", "/properties/issueType"),
    ("/fields/priority/name", "/properties/priority"),
    ("/fields/updated", "/properties/updated"),
    ("/fields/project/key", "/relations/project"),
    ("/fields/parent/key", "/relations/parentIssue"),
    ("/fields/assignee/accountId", "/relations/assignee"),
    ("/fields/reporter/accountId", "/relations/reporter"),
];

/// The keys of the issues that belong into the catalog.
pub(super) fn selected_issues(site: &SiteHandle) -> Vec<String> {
    site.matching_issue_keys(SELECTED).unwrap_or_default()
}

/// Whether an issue has neither parent nor subtasks.
pub(super) fn is_alone(site: &SiteHandle, key: &str) -> bool {
    let Some(issue) = site.issue(key) else {
        return false;
    };
    let is_none = |path| match issue.pointer(path) {
        None | Some(Value::Null) => true,
        Some(found) => found.as_array().is_some_and(Vec::is_empty),
    };
    is_none("/fields/parent") && is_none("/fields/subtasks")
}

/// Where a catalog differs from the site, a sentence each.
pub(super) fn differences(site: &SiteHandle, catalog: &[Value]) -> Vec<String> {
    let found = Found::of(catalog);
    let mut differences = Vec::new();
    let issues = selected_issues(site);
    found.compare_keys("jiraProject", site.project_keys(), &mut differences);
    found.compare_keys("jiraUser", site.user_ids(), &mut differences);
    found.compare_keys("jiraTeam", site.team_ids(), &mut differences);
    found.compare_keys("jiraIssue", issues.clone(), &mut differences);
    for key in &issues {
        if let (Some(issue), Some(entity)) = (site.issue(key), found.entity("jiraIssue", key)) {
            differences.extend(compare_issue(key, &issue, entity));
        }
    }
    for team in site.team_ids() {
        let members = site.team_members(&team).unwrap_or_default();
        if let Some(entity) = found.entity("jiraTeam", &team)
            && texts(entity.pointer("/relations/members"))
                != members.iter().map(String::as_str).collect()
        {
            differences.push(format!("the members of team {team} differ"));
        }
    }
    differences
}

/// A catalog, ready to be looked up.
struct Found<'c> {
    entities: BTreeMap<(&'c str, &'c str), &'c Value>,
    related: BTreeSet<&'c str>,
}

impl<'c> Found<'c> {
    fn of(catalog: &'c [Value]) -> Self {
        let text = |entity: &'c Value, field: &str| entity.get(field).and_then(Value::as_str);
        let keyed = |entity| {
            Some((
                (text(entity, "blueprint")?, text(entity, "identifier")?),
                entity,
            ))
        };
        let relations = catalog
            .iter()
            .filter_map(|entity| entity.get("relations")?.as_object())
            .flat_map(|relations| relations.values());
        Self {
            entities: catalog.iter().filter_map(keyed).collect(),
            related: relations.flat_map(|one| texts(Some(one))).collect(),
        }
    }

    fn entity(&self, blueprint: &str, identifier: &str) -> Option<&'c Value> {
        self.entities.get(&(blueprint, identifier)).copied()
    }

    /// Every expected key must be there, and nothing else but what others relate to: a parent that
    /// is done is not selected, yet Port keeps a place for it.
    fn compare_keys(&self, blueprint: &str, expected: Vec<String>, differences: &mut Vec<String>) {
        let expected: BTreeSet<String> = expected.into_iter().collect();
        let missing = expected
            .iter()
            .filter(|key| self.entity(blueprint, key).is_none());
        differences.extend(missing.map(|key| format!("{blueprint} {key} is missing")));
        let mut all = self.entities.keys().filter(|(of, _)| *of == blueprint);
        let surplus = all
            .by_ref()
            .filter(|(_, key)| !expected.contains(*key) && !self.related.contains(key));
        differences.extend(surplus.map(|(_, key)| format!("{blueprint} {key} should be gone")));
    }
}

fn compare_issue(key: &str, issue: &Value, entity: &Value) -> Option<String> {
    let differing = ISSUE_FIELDS.iter().find(|(theirs, ours)| {
        let held = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        held(issue.pointer(theirs)) != held(entity.pointer(ours))
    });
    differing.map(|(theirs, ours)| {
        let (theirs, ours) = (issue.pointer(theirs), entity.pointer(ours));
        format!("jiraIssue {key}: Jira has {theirs:?}, the catalog {ours:?}")
    })
}

/// The texts of a value that is one or a list of them.
fn texts(value: Option<&Value>) -> BTreeSet<&str> {
    match value {
        Some(Value::String(text)) => BTreeSet::from([text.as_str()]),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_selects_what_the_default_mapping_selects() {
        assert!(jira_integration::MAPPING.contains(SELECTED));
    }
}
