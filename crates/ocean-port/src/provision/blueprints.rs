//! Making the blueprints that are missing, all or none, and finishing those that an earlier start
//! began.
//!
//! A blueprint may relate to another, and may mirror or calculate what others have, so that each
//! is made in three stages: bare, with relations, and whole; every stage for all of them before
//! the next. Contract `port-api.md` 6.2.

use futures::future::join_all;
use ocean_core::error_chain;
use serde_json::{Map, Value};

use super::unfinished::is_unfinished;
use crate::client::PortClient;
use crate::error::{Error, Result};

/// What needs other blueprints to have their relations.
pub(super) const COMPUTED: [&str; 3] = [
    "calculationProperties",
    "mirrorProperties",
    "aggregationProperties",
];

/// What needs other blueprints to exist.
pub(super) const RELATED: [&str; 3] = ["teamInheritance", "ownership", "relations"];

/// A default blueprint that Port does not have, or not whole.
struct Open<'a> {
    identifier: &'a str,
    whole: &'a Value,
    /// An earlier start made it and was interrupted.
    is_begun: bool,
}

/// What became of the default blueprints.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Those that were made or finished.
    pub(super) blueprints: Vec<String>,
    /// Another start made some at the same time, and removes them again if it fails.
    pub(super) has_rival: bool,
}

/// What Port has under the identifier of a default blueprint.
enum Found {
    Nothing,
    /// What one of the first two stages makes.
    Unfinished,
    /// It is whole, or somebody else's.
    Theirs,
}

/// What became of the first stage of one blueprint.
enum Begun {
    /// It is ours, and is removed again if another fails.
    Made,
    /// An earlier start made it, or another one did just now; it is finished, but not removed if
    /// another fails, since there may be entities of it by now.
    MadeEarlier,
    /// Somebody else made it meanwhile; it is left alone.
    Exists,
}

impl PortClient {
    /// Makes those of the blueprints that Port does not have or has unfinished.
    ///
    /// When that fails they are removed again, unless another start has made them all meanwhile.
    pub(super) async fn make_blueprints(&self, blueprints: &[Value]) -> Result<Made> {
        let open = self.open(blueprints).await?;
        let begun = join_all(open.iter().map(|one| self.begin(one))).await;
        let mut ours = Vec::new();
        let mut bare = Vec::new();
        let mut has_rival = false;
        let mut failed = None;
        for (blueprint, begun) in open.iter().zip(begun) {
            match begun {
                Ok(Begun::Made) => {
                    ours.push(blueprint);
                    bare.push(blueprint);
                }
                Ok(Begun::MadeEarlier) => bare.push(blueprint),
                Ok(Begun::Exists) => has_rival = true,
                Err(error) => {
                    // Without an answer it may have been made all the same.
                    if error.status().is_none() {
                        ours.push(blueprint);
                    }
                    failed.get_or_insert((blueprint.identifier, error));
                }
            }
        }
        if failed.is_none() {
            failed = self.complete(&bare).await.err();
        }
        match failed {
            None => Ok(Made {
                blueprints: bare.iter().map(|one| one.identifier.to_owned()).collect(),
                has_rival,
            }),
            Some(_) if self.is_initialized().await => Ok(Made::default()),
            Some((blueprint, error)) => Err(Error::Provisioning {
                blueprint: blueprint.to_owned(),
                left_over: self.remove_all(&ours).await,
                source: Box::new(error),
            }),
        }
    }

    async fn open<'a>(&self, blueprints: &'a [Value]) -> Result<Vec<Open<'a>>> {
        let checks = blueprints.iter().map(async |whole| {
            let identifier = identifier(whole)?;
            let is_begun = match self.look(identifier, whole).await? {
                Found::Nothing => false,
                Found::Unfinished => true,
                Found::Theirs => return Ok(None),
            };
            Ok(Some(Open {
                identifier,
                whole,
                is_begun,
            }))
        });
        let checked: Result<Vec<_>> = join_all(checks).await.into_iter().collect();
        Ok(checked?.into_iter().flatten().collect())
    }

    async fn look(&self, identifier: &str, whole: &Value) -> Result<Found> {
        Ok(match self.read_document::<Value>(identifier).await? {
            None => Found::Nothing,
            Some(found) if is_unfinished(&found, whole) => Found::Unfinished,
            Some(_) => Found::Theirs,
        })
    }

    /// Whether somebody told Port that everything is there. When Port does not say, it is not.
    async fn is_initialized(&self) -> bool {
        let found = self.integration().await.ok().flatten();
        found.is_some_and(|found| found.are_port_resources_initialized == Some(true))
    }

    /// Stage one.
    async fn begin(&self, blueprint: &Open<'_>) -> Result<Begun> {
        if blueprint.is_begun {
            return Ok(Begun::MadeEarlier);
        }
        let bare = without(&without(blueprint.whole, &COMPUTED), &RELATED);
        let request = self.requests.create_blueprint(&bare)?;
        match self.transport.send(request).await {
            Ok(_) => Ok(Begun::Made),
            // Whoever was faster may not come to the end of it.
            Err(error) if error.is_taken() => {
                match self.look(blueprint.identifier, blueprint.whole).await? {
                    Found::Unfinished => Ok(Begun::MadeEarlier),
                    _ => Ok(Begun::Exists),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Stages two and three; the error comes with the blueprint that met it.
    async fn complete<'a>(&self, begun: &[&Open<'a>]) -> Result<(), (&'a str, Error)> {
        for removed in [&COMPUTED[..], &[]] {
            let stage = begun.iter().map(async |blueprint| {
                let content = without(blueprint.whole, removed);
                self.patch(blueprint.identifier, &content)
                    .await
                    .map_err(|error| (blueprint.identifier, error))
            });
            join_all(stage)
                .await
                .into_iter()
                .collect::<Result<(), _>>()?;
        }
        Ok(())
    }

    async fn patch(&self, identifier: &str, content: &Value) -> Result<()> {
        let request = self.requests.patch_blueprint(identifier, content)?;
        self.transport.send(request).await?;
        Ok(())
    }

    /// Removes what was begun; returns what could not be removed.
    ///
    /// Port keeps a blueprint that another relates to, so those that stay are made to relate to
    /// nothing, and removed then.
    async fn remove_all(&self, ours: &[&Open<'_>]) -> Vec<String> {
        let left = self.remove_each(ours).await;
        for blueprint in &left {
            // What this could not do is seen when the blueprint cannot be removed.
            let _unrelated = self
                .patch(blueprint.identifier, &unrelated(blueprint.whole))
                .await;
        }
        let left = self.remove_each(&left).await;
        left.iter().map(|one| one.identifier.to_owned()).collect()
    }

    /// Removes what can be removed now; returns the rest.
    async fn remove_each<'a, 'b>(&self, ours: &[&'a Open<'b>]) -> Vec<&'a Open<'b>> {
        let mut left = Vec::new();
        for blueprint in ours {
            if let Err(error) = self.remove_blueprint(blueprint.identifier).await {
                tracing::warn!(
                    blueprint = blueprint.identifier,
                    error = error_chain(&error),
                    "a default blueprint could not be removed again"
                );
                left.push(*blueprint);
            }
        }
        left
    }

    async fn remove_blueprint(&self, identifier: &str) -> Result<()> {
        let request = self.requests.delete_blueprint(identifier)?;
        match self.transport.send(request).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

fn identifier(blueprint: &Value) -> Result<&str> {
    let identifier = blueprint.get("identifier").and_then(Value::as_str);
    identifier.ok_or_else(|| Error::invalid_request("a default blueprint has no identifier"))
}

/// The blueprint with nothing in it that refers to another one.
fn unrelated(blueprint: &Value) -> Value {
    let mut bare = without(&without(blueprint, &COMPUTED), &RELATED);
    for key in COMPUTED.iter().chain(&["relations"]) {
        if let Some(fields) = bare.as_object_mut()
            && blueprint.get(*key).is_some()
        {
            fields.insert((*key).to_owned(), Value::Object(Map::new()));
        }
    }
    bare
}

pub(super) fn without(blueprint: &Value, keys: &[&str]) -> Value {
    let mut blueprint = blueprint.clone();
    if let Some(fields) = blueprint.as_object_mut() {
        fields.retain(|key, _| !keys.contains(&key.as_str()));
    }
    blueprint
}
