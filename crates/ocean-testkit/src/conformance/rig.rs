//! What is an integration tried on? A [`Rig`]: a bench whose source is behind a proxy, and what a
//! resync looks like when nothing is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ocean_core::{Outcome, ResyncReport};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::verdict::{Kept, Not};
use crate::fault::{Action, Rule};
use crate::harness::{Bench, Harness};
use crate::proxy::{Exchange, Proxy};

/// How long one resync may take, whatever is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many entities a message names.
const NAMED: usize = 3;

/// An integration, its source behind a proxy, and a catalog that is up to date.
pub(super) struct Rig {
    /// In front of the proxy.
    pub(super) harness: Harness,
    pub(super) proxy: Proxy,
    pub(super) bench: Bench,
    /// The catalog after a resync in which nothing was wrong.
    pub(super) catalog: Vec<Value>,
    /// What each resource of the default mapping asks for on its own, by kind.
    pub(super) kinds: BTreeMap<String, Vec<Exchange>>,
    whole: Vec<String>,
    /// What the first resync told.
    pub(super) first: ResyncReport,
    /// How often the source was asked before the first resync.
    pub(super) asked_early: usize,
    told: Mutex<String>,
    sent: Mutex<String>,
}

/// What a resync came to while something was wrong.
pub(super) struct Aftermath {
    pub(super) outcome: Outcome,
    pub(super) report: ResyncReport,
    /// Entities that were there before and are not now.
    pub(super) lost: Vec<String>,
    /// Whether the catalog is what it was.
    pub(super) is_same: bool,
}

impl Rig {
    /// `whole` are paths of listings that the source gives at once.
    pub(super) async fn start(harness: &Harness, whole: &[String]) -> Result<Self, Not> {
        let upstream = &harness.source;
        let proxy = Proxy::to(upstream)
            .await
            .map_err(|error| Not::kept(error.to_string()))?;
        let harness = harness.at(proxy.url());
        let bench = harness.start().await?;
        let asked_early = proxy.journal().len();
        let first = bench.resync().await?;
        if first.outcome != Outcome::Completed {
            return Err(Not::kept(format!(
                "{:?}: {}",
                first.outcome,
                reasons(&first)
            )));
        }
        let kinds = ask_alone(&harness, &proxy).await?;
        Ok(Self {
            catalog: bench.catalog(),
            told: Mutex::new(format!("{first:?}")),
            sent: Mutex::default(),
            harness,
            proxy,
            bench,
            kinds,
            whole: whole.to_vec(),
            first,
            asked_early,
        })
    }

    /// Runs a resync of an up-to-date catalog while these rules are in force.
    pub(super) async fn under(
        &self,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Result<Aftermath, Not> {
        self.settle().await?;
        rules
            .into_iter()
            .for_each(|rule| self.proxy.faults().add(rule));
        let aftermath = self.resync(&CancellationToken::new()).await;
        let fired = self.proxy.faults().fired();
        self.proxy.faults().clear();
        if fired == 0 {
            return Err(Not::asked("no request met the fault"));
        }
        aftermath
    }

    /// Runs a resync as it is.
    pub(super) async fn resync(&self, stop: &CancellationToken) -> Result<Aftermath, Not> {
        let resync = tokio::time::timeout(PATIENCE, self.bench.resync_until(stop)).await;
        let resync = resync.map_err(|_late| Not::kept("the resync did not end in a minute"))?;
        if let Err(error) = &resync {
            self.note(&error.to_string());
        }
        let report = resync?;
        self.note(&format!("{report:?}"));
        let now = self.bench.catalog();
        let there: BTreeSet<_> = now.iter().map(name_of).collect();
        let before = self.catalog.iter().map(name_of);
        Ok(Aftermath {
            outcome: report.outcome,
            report,
            lost: before.filter(|name| !there.contains(name)).collect(),
            is_same: now == self.catalog,
        })
    }

    /// Makes the catalog what it is when nothing is wrong.
    pub(super) async fn settle(&self) -> Kept {
        self.proxy.faults().clear();
        if self.bench.catalog() != self.catalog {
            self.bench.resync().await?;
        }
        if self.bench.catalog() == self.catalog {
            Ok(())
        } else {
            Err(Not::kept(
                "a resync does not make good what was wrong before",
            ))
        }
    }

    /// Keeps something that was told to somebody, to look for secrets in it.
    pub(super) fn note(&self, text: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.push_str(text);
        told.push('\n');
    }

    pub(super) fn told(&self) -> String {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Keeps what Port was sent, before its journal is cleared.
    pub(super) fn keep_sent(&self, text: String) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    pub(super) fn sent(&self) -> String {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// One exchange of each shape, since requests of one shape are made by the same code.
    pub(super) fn shapes(&self) -> Vec<&Exchange> {
        let mut seen = BTreeSet::new();
        let exchanges = self.kinds.values().flatten();
        exchanges
            .filter(|exchange| seen.insert((exchange.method.clone(), shape_of(exchange.path()))))
            .collect()
    }

    /// Whether the source gives the listing at a path of this shape at once.
    pub(super) fn is_whole(&self, path: &str) -> bool {
        let mut whole = self.whole.iter();
        whole.any(|whole| shape_of(whole) == shape_of(path))
    }

    /// What was asked for at each path, each page once and in order.
    pub(super) fn listings(&self) -> Vec<Vec<&Exchange>> {
        let mut listings: BTreeMap<String, Vec<&Exchange>> = BTreeMap::new();
        for exchange in self.kinds.values().flatten() {
            let pages = listings.entry(exchange.path().to_owned()).or_default();
            let is_new = |page: &&Exchange| {
                page.target != exchange.target || page.request != exchange.request
            };
            if pages.iter().all(is_new) {
                pages.push(exchange);
            }
        }
        listings.into_values().collect()
    }
}

/// What paths have in common that the same code asks for: they are as long, and begin and end
/// alike.
pub(super) type Shape<'a> = (usize, Option<&'a str>, Option<&'a str>);

pub(super) fn shape_of(path: &str) -> Shape<'_> {
    let segments: Vec<&str> = path.split('/').collect();
    let (first, last) = (segments.get(1).copied(), segments.last().copied());
    (segments.len(), first, last)
}

/// Reads each resource of the mapping on its own, to learn what it asks for.
async fn ask_alone(
    harness: &Harness,
    proxy: &Proxy,
) -> Result<BTreeMap<String, Vec<Exchange>>, Not> {
    let mut kinds: BTreeMap<String, Vec<Exchange>> = BTreeMap::new();
    let bench = harness.start().await?;
    let mapping = bench.mapping();
    for resource in mapping["resources"].as_array().into_iter().flatten() {
        let mut alone = mapping.clone();
        alone["resources"] = json!([resource]);
        bench.set_mapping(alone);
        drop(proxy.take_exchanges());
        bench.resync().await?;
        let kind = resource["kind"].as_str().unwrap_or_default().to_owned();
        kinds
            .entry(kind)
            .or_default()
            .extend(proxy.take_exchanges());
    }
    Ok(kinds)
}

impl Aftermath {
    /// Nothing is missing, and nothing is told to be complete that is not.
    pub(super) fn lost_nothing(&self, what: &str) -> Result<(), String> {
        if self.lost.is_empty() {
            return Ok(());
        }
        let some: Vec<&str> = self.lost.iter().take(NAMED).map(String::as_str).collect();
        let lost = self.lost.len();
        Err(format!(
            "{what}: {lost} entities were deleted, such as {}",
            some.join(", ")
        ))
    }

    /// Nothing is missing, and the run says that it is not complete.
    pub(super) fn is_told(&self, what: &str) -> Result<(), String> {
        self.lost_nothing(what)?;
        match self.outcome {
            Outcome::Completed => Err(format!("{what}: the resync is told to be complete")),
            _ => Ok(()),
        }
    }

    /// As if nothing had been wrong.
    pub(super) fn is_made_good(&self, what: &str) -> Result<(), String> {
        self.lost_nothing(what)?;
        if self.outcome == Outcome::Completed && self.is_same {
            return Ok(());
        }
        let (outcome, reasons) = (self.outcome, reasons(&self.report));
        Err(format!("{what}: the resync ended {outcome:?}: {reasons}"))
    }
}

/// A fault that changes the answer to exactly this request.
pub(super) fn at(exchange: &Exchange, answer: impl Into<Vec<u8>>) -> Rule {
    let (target, asked, answer) = (
        exchange.target.clone(),
        exchange.request.clone(),
        answer.into(),
    );
    let rewrite = Action::rewrite_bytes(move |request, truth| {
        if request.path_and_query() == target && *request.body() == asked {
            answer.clone()
        } else {
            truth.to_vec()
        }
    });
    Rule::new(rewrite).path_prefix(exchange.path())
}

pub(super) fn name_of(entity: &Value) -> String {
    let text = |key: &str| entity[key].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("blueprint"), text("identifier"))
}

fn reasons(report: &ResyncReport) -> String {
    let resources = report
        .resources
        .iter()
        .flat_map(|resource| &resource.incomplete);
    let reasons: Vec<&str> = resources
        .chain(&report.errors)
        .chain(&report.reconciliation.skipped)
        .map(String::as_str)
        .collect();
    reasons.join("; ")
}
