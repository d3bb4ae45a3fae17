//! Does no secret reach a log, an error, a URL, Port, or another host?

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::log::Log;
use super::rig::Rig;
use super::verdict::{Kept, Not, Verdict};
use crate::fault::{Action, Rule};
use crate::journal::Journal;
use crate::source::SourceTwin;

const GROUP: &str = "secrets";

/// A shorter one would be found everywhere.
const SHORTEST: usize = 6;

/// What needs requests: another host, and a source that repeats what it was told.
pub(super) async fn check_hosts(rig: &Rig, verdict: &mut Verdict) {
    let redirect = "a redirect does not lead credentials to another host";
    verdict.add(GROUP, redirect, redirected(rig).await);
    let echo = "a source that repeats the credentials in its errors is not quoted";
    verdict.add(GROUP, echo, echoed(rig).await);
    let example = "a secret that an item repeats is masked before it is shown as an example";
    verdict.add(GROUP, example, shown(rig).await);
}

/// What is left behind by all that was tried.
pub(super) fn check_traces(rig: &Rig, log: &Log, verdict: &mut Verdict) {
    verdict.add(GROUP, "no secret is logged", absent(rig, &log.text()));
    verdict.add(
        GROUP,
        "no secret is in a report or an error",
        absent(rig, &rig.told()),
    );
    let urls = rig.requests().into_iter();
    let urls: Vec<String> = urls.map(|entry| entry.uri.to_string()).collect();
    let urls = urls.join("\n");
    verdict.add(GROUP, "no secret is in a URL", absent(rig, &urls));
    let port = rig.sent() + &told(rig.bench.port.journal());
    verdict.add(GROUP, "no secret is sent to Port", absent(rig, &port));
}

/// Everything that a simulator was sent.
fn told(journal: &Journal) -> String {
    let mut text = String::new();
    for entry in journal.requests() {
        text.push_str(&entry.uri.to_string());
        text.push_str(&String::from_utf8_lossy(&entry.body));
        text.push('\n');
    }
    text
}

/// The secrets in the forms in which they might be written down.
fn forms(rig: &Rig) -> Result<Vec<String>, Not> {
    let mut forms = Vec::new();
    for secret in rig.harness.secrets()? {
        forms.push(utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string());
        forms.push(STANDARD_NO_PAD.encode(&secret));
        forms.push(secret);
    }
    // Whatever was sent to prove who we are, without its scheme.
    for entry in rig.requests() {
        let header = entry.header("authorization").unwrap_or_default();
        forms.extend(header.split(' ').next_back().map(str::to_owned));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort_unstable();
    forms.dedup();
    if forms.is_empty() {
        return Err(Not::asked(
            "the spec of the harness has no sensitive setting",
        ));
    }
    Ok(forms)
}

/// Fails with where a secret is, without repeating it.
fn absent(rig: &Rig, text: &str) -> Kept {
    let found = forms(rig)?.into_iter().find_map(|form| {
        let line = text.lines().find(|line| line.contains(&form))?;
        Some(line.replace(&form, "<the secret>"))
    });
    match found {
        None => Ok(()),
        Some(line) => Err(Not::kept(line.chars().take(300).collect::<String>())),
    }
}

async fn redirected(rig: &Rig) -> Kept {
    let elsewhere = SourceTwin::builder().start().await;
    let elsewhere = elsewhere.map_err(|error| Not::asked(error.to_string()))?;
    elsewhere
        .journal()
        .keep_headers(["authorization", "cookie", "x-api-key"]);
    let location = format!("{}/stolen", elsewhere.url());
    let after = rig
        .under([Rule::new(Action::Redirect {
            location,
            code: 302,
        })])
        .await?;
    let forms = forms(rig)?;
    let stolen = elsewhere.journal().requests().into_iter().any(|entry| {
        let sent = format!("{} {:?}", entry.uri, entry.headers);
        forms.iter().any(|form| sent.contains(form))
    });
    if stolen {
        return Err(Not::kept("the other host was sent the credentials"));
    }
    after.lost_nothing("redirected").map_err(Not::kept)
}

async fn echoed(rig: &Rig) -> Kept {
    let forms = forms(rig)?;
    let echo = Action::Status {
        code: 400,
        headers: BTreeMap::new(),
        body: Value::String(forms.join(" ")),
    };
    let after = rig.under([Rule::new(echo)]).await?;
    absent(rig, &format!("{:?}", after.report))
}

/// Every object of every answer holds the secrets of the settings.
async fn shown(rig: &Rig) -> Kept {
    let secrets = rig.harness.secrets()?.join(" ");
    let repeating = Action::rewrite(move |_, mut truth| {
        repeat(&mut truth, &secrets);
        truth
    });
    // What the source tells may be mapped, so from here on Port may be told secrets.
    rig.settle().await?;
    rig.keep_sent(told(rig.bench.port.journal()));
    rig.under([Rule::new(repeating)]).await?;
    rig.settle().await?;
    rig.bench.port.journal().clear();
    let mut shown = Vec::new();
    for resource in &rig.asked.resources {
        shown.extend(rig.bench.examples(&resource.kind));
    }
    if shown.is_empty() {
        return Err(Not::asked("no examples were sent"));
    }
    absent(rig, &Value::Array(shown).to_string())
}

/// Gives every object a field with this text.
fn repeat(value: &mut Value, text: &str) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|one| repeat(one, text)),
        Value::Object(members) => {
            members.values_mut().for_each(|one| repeat(one, text));
            members.insert("conformance".to_owned(), text.into());
        }
        _ => {}
    }
}
