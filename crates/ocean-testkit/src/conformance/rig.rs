//! What is an integration tried on? A [`Rig`]: a bench whose source is behind a proxy, and what a
//! resync looks like when nothing is wrong.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use ocean_core::{Outcome, ResyncReport};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::aftermath::{Aftermath, reasons};
use super::asked::Asked;
use super::form::shape_of;
use super::patience::patiently;
use super::verdict::{Kept, Not, none};
use crate::fault::Rule;
use crate::harness::{Bench, Harness};
use crate::journal::Entry;
use crate::proxy::Proxy;

/// An integration, its source behind a proxy, and a catalog that is up to date.
pub(super) struct Rig {
    /// In front of the proxy.
    pub(super) harness: Harness,
    pub(super) proxy: Proxy,
    pub(super) bench: Bench,
    /// The catalog after a resync in which nothing was wrong.
    pub(super) catalog: Vec<Value>,
    pub(super) asked: Asked,
    whole: Vec<String>,
    /// What the first resync told.
    pub(super) first: ResyncReport,
    /// How often the source was asked before the first resync.
    pub(super) asked_early: usize,
    told: Mutex<String>,
    sent: Mutex<String>,
    past: Mutex<Vec<Entry>>,
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
        let first = patiently(bench.resync()).await??;
        if first.outcome != Outcome::Completed {
            return Err(Not::kept(format!(
                "{:?}: {}",
                first.outcome,
                reasons(&first)
            )));
        }
        let asked = Asked::learn(&harness, &proxy).await?;
        Ok(Self {
            catalog: bench.catalog(),
            told: Mutex::new(format!("{first:?}")),
            sent: Mutex::default(),
            past: Mutex::default(),
            harness,
            proxy,
            bench,
            asked,
            whole: whole.to_vec(),
            first,
            asked_early,
        })
    }

    /// Runs a resync of an up-to-date catalog while these rules are in force, without the limits
    /// that the engine sets to deletions: what keeps entities then is what the integration says.
    pub(super) async fn under(
        &self,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Result<Aftermath, Not> {
        self.settle().await?;
        self.bench.set_unguarded(true);
        let aftermath = self.broken(rules).await;
        self.bench.set_unguarded(false);
        aftermath
    }

    /// The same with the engine's limits.
    pub(super) async fn guarded_under(
        &self,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Result<Aftermath, Not> {
        self.settle().await?;
        self.broken(rules).await
    }

    async fn broken(&self, rules: impl IntoIterator<Item = Rule>) -> Result<Aftermath, Not> {
        self.open_journal();
        rules
            .into_iter()
            .for_each(|rule| self.proxy.faults().add(rule));
        let aftermath = self.resync(&CancellationToken::new()).await;
        let fired = self.proxy.faults().fired();
        self.proxy.faults().clear();
        if fired == 0 {
            return Err(Not::asked("no request met the fault"));
        }
        let mut aftermath = aftermath?;
        let requests = self.proxy.journal().requests();
        let met = requests.iter().filter(|entry| entry.fault.is_some());
        aftermath.concerned = self.asked.askers(met);
        Ok(aftermath)
    }

    /// Judges a resync under each of these faults, which have names. Those that no request met say
    /// nothing, unless there are no others.
    pub(super) async fn under_each(
        &self,
        faults: impl IntoIterator<Item = (String, Rule)>,
        judge: impl Fn(&Aftermath, &str) -> Result<(), String>,
    ) -> Kept {
        let (mut met, mut found) = (0, Vec::new());
        for (name, rule) in faults {
            match self.under([rule]).await {
                Err(Not::Asked(_)) => continue,
                after => found.extend(judge(&after?, &name).err()),
            }
            met += 1;
        }
        if met == 0 {
            return Err(Not::asked("no request met the fault"));
        }
        none(found)
    }

    /// Runs a resync as it is.
    pub(super) async fn resync(&self, stop: &CancellationToken) -> Result<Aftermath, Not> {
        let resync = patiently(self.bench.resync_until(stop)).await?;
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
            concerned: BTreeSet::new(),
        })
    }

    /// Makes the catalog what it is when nothing is wrong.
    pub(super) async fn settle(&self) -> Kept {
        self.proxy.faults().clear();
        if self.bench.catalog() != self.catalog {
            patiently(self.bench.resync()).await??;
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

    /// Puts the requests to the source so far aside.
    pub(super) fn open_journal(&self) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.extend(self.proxy.journal().requests());
        self.proxy.journal().clear();
    }

    /// All requests to the source.
    pub(super) fn requests(&self) -> Vec<Entry> {
        self.open_journal();
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.clone()
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

    /// Whether the source gives the listing at a path of this shape at once.
    pub(super) fn is_whole(&self, path: &str) -> bool {
        let mut whole = self.whole.iter();
        whole.any(|whole| shape_of(whole) == shape_of(path))
    }
}

pub(super) fn name_of(entity: &Value) -> String {
    let text = |key: &str| entity[key].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("blueprint"), text("identifier"))
}
