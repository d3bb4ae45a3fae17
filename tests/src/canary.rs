//! Did a secret get out? Every credential of a [`World`], and of a program between the simulators, is
//! a text that occurs nowhere else, so that it can be searched for in everything that the whole
//! suite leaves: [`keep`] collects that, and `.ci/run` searches it for `.ci/canaries`.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ocean_testkit::Journal;

use crate::world::{CLIENT_SECRET, World};

/// The account that reads Jira. Its characters change when they are encoded for a URL.
pub const JIRA_EMAIL: &str = "canary+reader@example.com";
/// Its API token.
pub const JIRA_TOKEN: &str = "canary/jira+token=4711";

/// What Jira signs its webhooks with.
pub const WEBHOOK_SECRET: &str = "canary-webhook-secret-4711";
/// What whoever orders a resync has to know.
pub const RESYNC_SECRET: &str = "canary-resync-secret-4711";
/// The last part of the address that is told how resyncs go, which is as good as a credential.
pub const METRICS_HOOK: &str = "canary-metrics-hook-4711";

/// Where everything goes that a suite prints, if somebody wants to search it.
const KEPT_IN: &str = "OCEAN_TEST_OUTPUT";

/// Every credential, in every form in which it might be written down.
#[must_use]
pub fn all() -> Vec<String> {
    let others = [WEBHOOK_SECRET, RESYNC_SECRET, METRICS_HOOK];
    let mut all = of_jira();
    all.extend(of_port());
    all.extend(others.into_iter().flat_map(forms_of));
    all.dedup();
    all
}

/// Keeps what a program printed, or what was logged, for the search at the end of the suite.
pub fn keep(what: &str, text: &str) {
    static KEPT: AtomicU64 = AtomicU64::new(0);
    let Some(folder) = std::env::var_os(KEPT_IN).map(|folder: OsString| PathBuf::from(folder))
    else {
        return;
    };
    let number = KEPT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{what}-{}-{number}.log", std::process::id());
    fs::write(folder.join(name), text).expect("the output of the tests can be kept");
}

/// Fails when `text` holds any credential.
#[track_caller]
pub fn assert_none(place: &str, text: &str) {
    assert_none_of(&all(), place, text);
}

/// The credentials of Jira, in every form in which they might be written down.
#[must_use]
pub fn of_jira() -> Vec<String> {
    let mut forms = forms_of(JIRA_TOKEN);
    forms.extend(forms_of(JIRA_EMAIL));
    forms.push(STANDARD.encode(format!("{JIRA_EMAIL}:{JIRA_TOKEN}")));
    forms
}

/// The credentials of Port, in every form in which they might be written down.
#[must_use]
pub fn of_port() -> Vec<String> {
    forms_of(CLIENT_SECRET)
}

/// Fails when `text` holds a credential of either side.
#[track_caller]
pub fn assert_absent(place: &str, text: &str) {
    assert_none_of(&of_jira(), place, text);
    assert_none_of(&of_port(), place, text);
}

/// Fails when one side was told a credential of the other, or its own in a URL.
#[track_caller]
pub fn assert_not_crossed(world: &World) {
    assert_none_of(&of_jira(), "a request to Port", &told(world.port.journal()));
    assert_none_of(&of_port(), "a request to Jira", &told(world.jira.journal()));
    for journal in [world.port.journal(), world.jira.journal()] {
        let urls: Vec<String> = journal
            .requests()
            .iter()
            .map(|entry| entry.uri.to_string())
            .collect();
        assert_absent("the URL of a request", &urls.join("\n"));
    }
}

/// Everything that a simulator was sent, but for the bodies beyond what its journal keeps.
fn told(journal: &Journal) -> String {
    let mut text = String::new();
    for entry in journal.requests() {
        text.push_str(&format!("{} {:?} ", entry.uri, entry.headers));
        text.push_str(&String::from_utf8_lossy(&entry.body));
        text.push('\n');
    }
    text
}

#[track_caller]
fn assert_none_of(secrets: &[String], place: &str, text: &str) {
    for secret in secrets {
        if let Some(at) = text.find(secret.as_str()) {
            let around: String = text[at..].chars().take(120).collect();
            panic!("{place} holds a secret: {around}");
        }
    }
}

fn forms_of(secret: &str) -> Vec<String> {
    let encoded: String = secret
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    vec![secret.to_owned(), encoded, STANDARD.encode(secret)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_whole_suite_is_searched_for_is_every_form_of_every_credential() {
        let list = include_str!("../../.ci/canaries");
        assert_eq!(list.lines().collect::<Vec<_>>(), all());
    }

    #[test]
    fn every_form_of_a_credential_is_recognised() {
        for secret in all() {
            let leak = format!("at https://host/?token={secret}&page=2");
            let caught = std::panic::catch_unwind(|| assert_none("a leak", &leak));
            assert!(caught.is_err(), "{secret}");
        }
        assert_absent("an honest text", "status 503 at https://host/?page=2");
    }
}
