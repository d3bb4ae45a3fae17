//! What happens in the simulated Jira between the two resyncs of a demonstration?

use std::collections::BTreeMap;
use std::error::Error as StdError;

use jiff::SignedDuration;
use ocean_cli::{Changed, Happened, Happening, Twin, World};
use ocean_testkit::jira::{ChangeError, IssueEdit, SiteHandle};
use serde_json::Value;

use super::{SimulatedJira, SimulatedPort};
use super::{live, model};

/// How far Port's clock moves on between the resyncs. Port dates entities, and the SDK rounds the
/// start of a run down to the second: what was written in the same second is not yet deleted.
const LATER: SignedDuration = SignedDuration::from_hours(1);

/// One issue of so many is updated.
const UPDATED_SHARE: usize = 50;

/// One issue of so many is deleted, and as many are created.
const DELETED_SHARE: usize = 200;

/// Simulated Jira and Port, and what each of them holds.
#[derive(Debug)]
pub(super) struct JiraWorld {
    jira: SimulatedJira,
    port: SimulatedPort,
}

impl JiraWorld {
    pub(super) const fn new(jira: SimulatedJira, port: SimulatedPort) -> Self {
        Self { jira, port }
    }

    fn site(&self) -> &SiteHandle {
        self.jira.0.site()
    }
}

impl World for JiraWorld {
    fn source(&self) -> &dyn Twin {
        &self.jira
    }

    fn port(&self) -> &dyn Twin {
        &self.port
    }

    fn change(&self) -> Result<Changed, Box<dyn StdError + Send + Sync>> {
        self.port.0.set_clock_offset(LATER);
        let site = self.site();
        let issues = model::selected_issues(site);
        let deleted = delete(site, &issues)?;
        let updated = update(site, &issues)?;
        let created = create(site, deleted.max(1))?;
        Ok(Changed::new(updated, created, deleted))
    }

    fn is_listened_to(&self) -> bool {
        self.site().is_listened_to()
    }

    fn happen(&self, what: Happening) -> Result<Happened, Box<dyn StdError + Send + Sync>> {
        Ok(match what {
            Happening::Updates => live::update_some(self.site())?,
            Happening::Creation => live::create_one(self.site())?,
            Happening::Deletion => live::delete_one(self.site())?,
            Happening::Burst => live::update_one_often(self.site())?,
            _ => Happened::default(),
        })
    }

    fn shows(&self, happened: &Happened) -> bool {
        let mut expected = happened.expected.iter();
        expected.all(|(blueprint, identifier, title)| {
            let entity = self.port.0.entity(blueprint, identifier);
            match title {
                None => entity.is_none(),
                Some(title) => {
                    entity.is_some_and(|one| one.get("title") == Some(&Value::from(title.as_str())))
                }
            }
        })
    }

    fn entities(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for entity in self.port.0.catalog() {
            if let Some(blueprint) = entity.get("blueprint").and_then(Value::as_str) {
                *counts.entry(blueprint.to_owned()).or_default() += 1;
            }
        }
        counts
    }

    fn differences(&self) -> Vec<String> {
        model::differences(self.site(), &self.port.0.catalog())
    }
}

/// Deletes issues without relatives, so that the count is exactly what is gone.
fn delete(site: &SiteHandle, issues: &[String]) -> Result<usize, ChangeError> {
    let wanted = (issues.len() / DELETED_SHARE).max(1);
    let alone = issues.iter().rev().filter(|key| model::is_alone(site, key));
    let mut gone = 0;
    for key in alone.take(wanted) {
        gone += site.delete_issue(key.as_str())?.len();
    }
    Ok(gone)
}

/// Updates issues from all over the site.
fn update(site: &SiteHandle, issues: &[String]) -> Result<usize, ChangeError> {
    let wanted = (issues.len() / UPDATED_SHARE).max(1);
    let living = issues.iter().filter(|key| site.issue(key).is_some());
    let mut updated = 0;
    for key in living.step_by(UPDATED_SHARE).take(wanted) {
        let summary = format!("{key} got a new summary while the demo ran");
        site.update_issue(key.as_str(), IssueEdit::new().summary(summary))?;
        updated += 1;
    }
    Ok(updated)
}

fn create(site: &SiteHandle, wanted: usize) -> Result<usize, ChangeError> {
    let projects = site.project_keys();
    let mut created = 0;
    for project in projects.iter().cycle().take(wanted) {
        let edit = IssueEdit::new().summary("Created while the demo ran");
        site.create_issue(project.as_str(), edit)?;
        created += 1;
    }
    Ok(created)
}
