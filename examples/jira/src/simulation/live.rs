//! What happens in the simulated Jira while somebody listens to its webhook?

use ocean_cli::Happened;
use ocean_testkit::jira::{ChangeError, IssueEdit, SiteHandle};

use super::model;

const BLUEPRINT: &str = "jiraIssue";

/// Issues that are updated one after another.
const UPDATED: usize = 10;

/// How often one issue is updated in a row.
const BURST: usize = 100;

type Result = std::result::Result<Happened, ChangeError>;

pub(super) fn update_some(site: &SiteHandle) -> Result {
    let mut happened = Happened::default();
    for key in model::selected_issues(site).into_iter().take(UPDATED) {
        let summary = format!("{key} was updated while we listened");
        site.update_issue(key.as_str(), IssueEdit::new().summary(&summary))?;
        happened.changes += 1;
        happened
            .expected
            .push((BLUEPRINT.to_owned(), key, Some(summary)));
    }
    Ok(happened)
}

pub(super) fn create_one(site: &SiteHandle) -> Result {
    let mut happened = Happened::default();
    if let Some(project) = site.project_keys().first() {
        let summary = "Created while we listened";
        let key = site.create_issue(project.as_str(), IssueEdit::new().summary(summary))?;
        happened.changes = 1;
        happened
            .expected
            .push((BLUEPRINT.to_owned(), key, Some(summary.to_owned())));
    }
    Ok(happened)
}

/// Deletes an issue without relatives, so that one event tells all.
pub(super) fn delete_one(site: &SiteHandle) -> Result {
    let mut happened = Happened::default();
    let issues = model::selected_issues(site);
    let alone = issues
        .into_iter()
        .rev()
        .find(|key| model::is_alone(site, key));
    if let Some(key) = alone {
        happened.changes = site.delete_issue(key.as_str())?.len();
        happened.expected.push((BLUEPRINT.to_owned(), key, None));
    }
    Ok(happened)
}

pub(super) fn update_one_often(site: &SiteHandle) -> Result {
    let mut happened = Happened::default();
    let Some(key) = model::selected_issues(site).into_iter().next() else {
        return Ok(happened);
    };
    for number in 1..=BURST {
        let summary = format!("{key}, edited {number} times in a row");
        site.update_issue(key.as_str(), IssueEdit::new().summary(&summary))?;
        happened.changes += 1;
        happened.expected = vec![(BLUEPRINT.to_owned(), key.clone(), Some(summary))];
    }
    Ok(happened)
}
