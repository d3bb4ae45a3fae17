//! Pull requests and issues: both are numbered below a repository, and read and updated alike.

use std::fmt::Debug;
use std::marker::PhantomData;

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Kinds, RepositoryPart, delivery_id, is_about};
use crate::client::Github;

/// How many repositories are read side by side.
const PARENTS: usize = 5;

/// What tells one sort of numbered objects from the other.
pub(crate) trait Numbered: Debug + Send + Sync + 'static {
    /// Its kind.
    const KIND: Kinds;
    /// How paths call it.
    const PATH: &'static str;
    /// How events call it.
    const EVENT: &'static str;

    /// Whether an item of its listing is one.
    fn includes(item: &RawItem) -> bool;
}

#[derive(Debug, Default)]
pub(crate) struct PullRequest;

impl Numbered for PullRequest {
    const KIND: Kinds = Kinds::PullRequest;
    const PATH: &'static str = "pulls";
    const EVENT: &'static str = "pull_request";

    fn includes(_: &RawItem) -> bool {
        true
    }
}

#[derive(Debug, Default)]
pub(crate) struct Issue;

impl Numbered for Issue {
    const KIND: Kinds = Kinds::Issue;
    const PATH: &'static str = "issues";
    const EVENT: &'static str = "issues";

    /// GitHub lists pull requests among issues; this field tells them.
    fn includes(item: &RawItem) -> bool {
        item.get::<Value>("pull_request").is_none()
    }
}

/// Which of them are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Open,
    Closed,
    All,
}

/// What users may write under `selector:` of a pull request or an issue.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct StateSelector {
    /// Those that are `open`, those that are `closed` (or merged), or `all`.
    state: State,
}

impl Selector for StateSelector {}

impl StateSelector {
    /// What GitHub calls it.
    const fn as_str(&self) -> &'static str {
        match self.state {
            State::Open => "open",
            State::Closed => "closed",
            State::All => "all",
        }
    }

    fn includes(&self, item: &RawItem) -> bool {
        let state: Option<String> = item.get("state");
        self.state == State::All || state.as_deref() == Some(self.as_str())
    }
}

/// Reads those of all repositories, several repositories side by side.
pub(crate) fn on_resync_numbered<N: Numbered>(
    github: Github,
    cx: ResyncContext<StateSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let names = github.repositories().map_ok(|batch| {
        let names = batch.into_iter().map(|repository| {
            let name = repository.get::<String>("full_name");
            name.ok_or_else(|| SourceError::permanent("github sent a repository without a name"))
        });
        futures::stream::iter(names.collect::<Vec<_>>())
    });
    let names = names.map_err(SourceError::from).try_flatten();
    fan_out(names, PARENTS, move |name| {
        github.of_repository(&name, N::PATH, cx.selector().as_str())
    })
    .map_ok(|batch| batch.into_iter().filter(N::includes).collect())
}

/// An event about one of them.
#[derive(Debug, Deserialize)]
pub(crate) struct NumberedEvent {
    #[serde(alias = "pull_request", alias = "issue")]
    object: ObjectPart,
    repository: RepositoryPart,
}

#[derive(Debug, Deserialize)]
struct ObjectPart {
    id: u64,
    number: u64,
}

/// Asks GitHub for those that events are about.
#[derive(Debug, Default)]
pub(crate) struct NumberedProcessor<N>(PhantomData<N>);

impl<N: Numbered> WebhookProcessor<Github> for NumberedProcessor<N> {
    type Kind = Kinds;
    type Payload = NumberedEvent;
    type Selector = StateSelector;

    const KINDS: &'static [Kinds] = &[N::KIND];

    fn authenticate(&self, github: &Github, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        github.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        is_about(event, N::EVENT)
    }

    fn subject(&self, event: &NumberedEvent) -> Option<Subject> {
        Some(Subject::new(N::EVENT, event.object.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        delivery_id(event)
    }

    /// GitHub is asked either way, so the newest event says all, if it is about the same place.
    fn supersedes(&self, newer: &NumberedEvent, older: &NumberedEvent) -> bool {
        let place = |event: &NumberedEvent| (event.repository.id, event.object.number);
        place(newer) == place(older)
    }

    async fn handle(
        &self,
        github: &Github,
        events: Vec<NumberedEvent>,
        resource: &ResourceConfig<StateSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for event in events {
            let (name, number) = (event.repository.full_name, event.object.number);
            let path = format!("/repos/{name}/{}/{number}", N::PATH);
            // What was transferred is found under another number, and is another one here.
            let found = github.find(&path).await?.filter(|found| {
                found.get("number") == Some(number)
                    && N::includes(found)
                    && resource.selector.includes(found)
            });
            changes = changes.and(match found {
                Some(found) => Changes::updated([found.with("__repository", name)]),
                None => Changes::deleted([json!({ "number": number, "__repository": name })]),
            });
        }
        Ok(changes)
    }
}
