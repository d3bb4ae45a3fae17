//! Are forged events refused, genuine ones applied, and none believed blindly?

use std::collections::BTreeSet;

use ocean_core::Answer;
use serde_json::json;

use super::rig::{Rig, name_of};
use super::samples::Samples;
use super::verdict::{Kept, Not, Verdict, none};
use crate::deliver::Webhook;
use crate::fault::{Action, Rule};
use crate::harness::{Delivered, Fate};

const GROUP: &str = "events";

pub(super) async fn check(rig: &Rig, samples: &Samples<'_>, verdict: &mut Verdict) {
    let events = Events { rig, samples };
    let mut add = |promise, kept| verdict.add(GROUP, promise, kept);
    add(
        "an event without a proof of where it comes from is refused",
        events.unproven().await,
    );
    add(
        "an event with a guessed secret is refused",
        events.guessed().await,
    );
    add(
        "an event whose body was changed is refused",
        events.tampered().await,
    );
    add(
        "an event of an unknown sort is answered and filtered",
        events.unknown().await,
    );
    add(
        "a body that is no JSON is refused, and no more",
        events.malformed().await,
    );
    add(
        "an event about something that exists is applied",
        events.applied().await,
    );
    add(
        "an event gives the entity that a resync gives",
        events.same_entity().await,
    );
    add(
        "an event that comes twice changes nothing more",
        events.twice().await,
    );
    add(
        "an event while the source is away waits, and deletes nothing",
        events.away().await,
    );
    add(
        "an event whose handling fails once is applied",
        events.once_broken().await,
    );
    add(
        "a payload without its parts does no harm",
        events.hollow().await,
    );
    add(
        "a late event of a deletion is not believed",
        events.late().await,
    );
    // It changes the source, so nothing comes after it.
    add("what the source deleted goes", events.deleted().await);
}

struct Events<'r, 's> {
    rig: &'r Rig,
    samples: &'r Samples<'s>,
}

impl Events<'_, '_> {
    fn first(&self) -> Result<&Webhook, Not> {
        let first = self.samples.events.first();
        first.ok_or_else(|| match self.rig.bench.connected.takes_events() {
            true => Not::kept("there are no samples of live events: call `Samples::event`"),
            false => Not::asked("it takes no live events"),
        })
    }

    /// A sample that proves where it comes from.
    fn proven(&self) -> Result<&Webhook, Not> {
        self.first()?;
        let proven = self.samples.events.iter().find(|event| event.is_proven());
        proven.ok_or_else(|| Not::kept("the samples prove nothing: anybody can send events"))
    }

    async fn deliver(&self, webhook: &Webhook) -> Result<Delivered, Not> {
        let delivered = self.rig.bench.deliver(webhook).await?;
        self.rig.note(&format!("{delivered:?}"));
        Ok(delivered)
    }

    async fn is_refused(&self, webhook: &Webhook) -> Kept {
        match self.deliver(webhook).await?.answer {
            Answer::Unauthenticated => Ok(()),
            answer => Err(Not::kept(format!("it was answered {answer:?}"))),
        }
    }

    async fn unproven(&self) -> Kept {
        self.is_refused(&self.proven()?.clone().without_proof())
            .await
    }

    async fn guessed(&self) -> Kept {
        self.is_refused(&self.proven()?.clone().with_guessed_secret())
            .await
    }

    async fn tampered(&self) -> Kept {
        let proven = self.proven()?;
        if !proven.is_signed() {
            return Err(Not::asked("a shared secret does not cover the body"));
        }
        let mut body = proven.body().to_vec();
        body.push(b' ');
        self.is_refused(&proven.clone().tampered(body)).await
    }

    /// The same proof over a payload that no processor knows; headers that name the sort of event
    /// get another value.
    async fn unknown(&self) -> Kept {
        let body = json!({ "conformance": "an event that nobody knows" }).to_string();
        let delivered = self.deliver(&self.first()?.clone().with_body(body)).await?;
        match delivered.answer {
            Answer::Filtered => Ok(()),
            answer => Err(Not::kept(format!("{answer:?}, then {:?}", delivered.fate))),
        }
    }

    async fn malformed(&self) -> Kept {
        let broken = self.first()?.clone().with_body("{\"a\":");
        match self.deliver(&broken).await?.answer {
            Answer::Malformed(_) | Answer::Unauthenticated => Ok(()),
            answer => Err(Not::kept(format!("it was answered {answer:?}"))),
        }
    }

    async fn applied(&self) -> Kept {
        self.first()?;
        self.rig.settle().await?;
        let mut failed = Vec::new();
        for event in &self.samples.events {
            let delivered = self.deliver(event).await?;
            if delivered.fate != Fate::Applied {
                let (path, Delivered { answer, fate }) = (event.path(), delivered);
                failed.push(format!("{path}: {answer:?}, then {fate:?}"));
            }
        }
        if failed.is_empty() && self.rig.bench.catalog() != self.rig.catalog {
            failed.push("the catalog is another one than after a resync".to_owned());
        }
        none(failed)
    }

    /// In an empty catalog, so that it is the event that writes.
    async fn same_entity(&self) -> Kept {
        self.first()?;
        let bench = self.rig.harness.start().await?;
        for event in &self.samples.events {
            bench.deliver(event).await?;
        }
        let (written, resynced) = (bench.catalog(), &self.rig.catalog);
        if written.iter().any(|entity| resynced.contains(entity)) {
            return Ok(());
        }
        let names: Vec<String> = written.iter().map(name_of).collect();
        Err(Not::kept(format!(
            "of [{}] none is as a resync writes it",
            names.join(", ")
        )))
    }

    async fn twice(&self) -> Kept {
        self.first()?;
        self.rig.settle().await?;
        for event in self.samples.events.iter().chain(&self.samples.events) {
            self.deliver(event).await?;
        }
        match self.rig.bench.catalog() == self.rig.catalog {
            true => Ok(()),
            false => Err(Not::kept("the catalog is another one than after a resync")),
        }
    }

    async fn away(&self) -> Kept {
        let event = self.first()?;
        self.rig.settle().await?;
        self.rig.proxy.faults().add(Rule::new(Action::status(503)));
        let delivered = self.deliver(event).await;
        let asked = self.rig.proxy.faults().fired();
        self.rig.proxy.faults().clear();
        let delivered = delivered?;
        if self.rig.bench.catalog() != self.rig.catalog {
            return Err(Not::kept("the catalog changed"));
        }
        match delivered.fate {
            Fate::Waiting => Ok(()),
            _ if asked == 0 => Err(Not::asked("the source is not asked again")),
            fate => Err(Not::kept(format!("{fate:?}"))),
        }
    }

    async fn once_broken(&self) -> Kept {
        let event = self.first()?;
        self.rig.settle().await?;
        self.rig
            .proxy
            .faults()
            .add(Rule::new(Action::Reset).times(1));
        let delivered = self.deliver(event).await;
        self.rig.proxy.faults().clear();
        match delivered?.fate {
            Fate::Applied => Ok(()),
            fate => Err(Not::kept(format!("{fate:?}"))),
        }
    }

    /// Each part of the payload in turn is replaced by null.
    async fn hollow(&self) -> Kept {
        let event = self.first()?;
        self.rig.settle().await?;
        let payload: serde_json::Value = serde_json::from_slice(event.body()).unwrap_or_default();
        for part in payload
            .as_object()
            .into_iter()
            .flatten()
            .map(|(part, _)| part)
        {
            let mut hollow = payload.clone();
            hollow[part.as_str()] = serde_json::Value::Null;
            self.deliver(&event.clone().with_body(hollow.to_string()))
                .await?;
            if self.lost().is_empty() {
                continue;
            }
            let lost: Vec<String> = self.lost().into_iter().take(3).collect();
            return Err(Not::kept(format!(
                "without `{part}`, {} went",
                lost.join(", ")
            )));
        }
        Ok(())
    }

    async fn late(&self) -> Kept {
        if self.samples.late_deletions.is_empty() {
            return Err(Not::asked("there is no sample of a late deletion"));
        }
        self.rig.settle().await?;
        for event in &self.samples.late_deletions {
            self.deliver(event).await?;
        }
        none(
            self.lost()
                .into_iter()
                .map(|name| format!("{name} went"))
                .collect(),
        )
    }

    async fn deleted(&self) -> Kept {
        let Some((event, delete)) = &self.samples.deletion else {
            return Err(Not::asked("there is no sample of a deletion"));
        };
        self.rig.settle().await?;
        delete();
        let delivered = self.deliver(event).await?;
        match self.lost().len() {
            0 => Err(Not::kept(format!("nothing went: {:?}", delivered.fate))),
            _ => Ok(()),
        }
    }

    /// What was in the catalog and is not any more.
    fn lost(&self) -> Vec<String> {
        let there: BTreeSet<_> = self.rig.bench.catalog().iter().map(name_of).collect();
        let before = self.rig.catalog.iter().map(name_of);
        before.filter(|name| !there.contains(name)).collect()
    }
}
