//! The files in `deploy/` name settings that exist, with values that are accepted.
//!
//! Their form (schemas of Kubernetes and compose, the Dockerfile, the unit) is checked by
//! `.ci/deploy`; what they say to the program is checked here, by the program.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every deployment has to be told, where a file leaves it to its reader.
const REQUIRED: [(&str, &str); 5] = [
    ("OCEAN__PORT__CLIENT_ID", "id"),
    ("OCEAN__PORT__CLIENT_SECRET", "secret"),
    (
        "OCEAN__INTEGRATION__CONFIG__JIRA_HOST",
        "https://acme.example",
    ),
    (
        "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_EMAIL",
        "a@acme.example",
    ),
    ("OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_TOKEN", "token"),
];

/// What Port's chart writes of its own accord, with the values in `deploy/helm/values.yaml`.
const WRITTEN_BY_THE_CHART: [(&str, &str); 15] = [
    ("OCEAN__PORT__BASE_URL", "https://api.getport.io"),
    ("OCEAN__INITIALIZE_PORT_RESOURCES", "true"),
    ("OCEAN__CREATE_PORT_RESOURCES_ORIGIN", "Port"),
    ("OCEAN__ALLOW_ENVIRONMENT_VARIABLES_JQ_ACCESS", "true"),
    ("OCEAN__SCHEDULED_RESYNC_INTERVAL", "60"),
    ("OCEAN__CLIENT_TIMEOUT", "60"),
    ("OCEAN__SEND_RAW_DATA_EXAMPLES", "true"),
    (
        "OCEAN__EVENT_LISTENER",
        r#"{"brokers":"b-1.example:9196,b-2.example:9196","type":"POLLING"}"#,
    ),
    ("OCEAN__INTEGRATION__IDENTIFIER", "my-jira"),
    ("OCEAN__PROCESS_EXECUTION_MODE", "single_process"),
    ("OCEAN__LAKEHOUSE_ENABLED", "true"),
    ("OCEAN__PROCESSING_MODE", "dsp"),
    ("OCEAN__STREAMING__ENABLED", "false"),
    ("OCEAN__ACTIONS_PROCESSOR__ENABLED", "false"),
    (
        "OCEAN__LIVE_EVENTS__IS_REDIS_STREAM_CONSUMER_ENABLED",
        "false",
    ),
];

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// Every `NAME: value` and `NAME=value` of a file whose name is a setting's, commented out or not.
fn settings_in(file: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches([' ', '#', '-']);
        let line = line.strip_prefix("Environment=").unwrap_or(line);
        let flow = line
            .strip_prefix("{name: ")
            .map(|rest| rest.trim_end_matches('}'));
        let named = match flow {
            Some(flow) => flow.split_once(", value: "),
            None => line.split_once('=').or_else(|| line.split_once(": ")),
        };
        let Some((name, value)) = named else { continue };
        let known_by = ["OCEAN__", "APPLICATION__"];
        let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if is_name && known_by.iter().any(|prefix| name.starts_with(prefix)) {
            let quoted = value.trim();
            let bare = ['"', '\''].iter().find_map(|quote| {
                quoted
                    .strip_prefix(*quote)
                    .and_then(|rest| rest.strip_suffix(*quote))
            });
            found.push((name.to_owned(), bare.unwrap_or(quoted).to_owned()));
        }
    }
    found
}

/// What the program finds odd about these settings; it has to accept them.
fn odd(settings: &[(String, String)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ocean-jira"));
    command
        .args(["config", "show"])
        .current_dir(folder.path())
        .env_clear();
    for (name, value) in REQUIRED {
        command.env(name, value);
    }
    for (name, value) in settings.iter().filter(|(_, value)| !value.is_empty()) {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let odd = said.lines().filter(|line| line.contains("__"));
    odd.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_setting_in_a_file_exists() {
    let mut files = 0;
    for folder in ["", "kubernetes", "systemd"] {
        for entry in fs::read_dir(deploy().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() {
                continue;
            }
            let settings = settings_in(&path);
            files += usize::from(!settings.is_empty());
            assert_eq!(odd(&settings), Vec::<String>::new(), "{}", path.display());
        }
    }
    assert_eq!(
        files, 5,
        "files that name settings: the sample environment, compose, two manifests, the unit"
    );
}

#[test]
fn what_the_chart_of_the_original_writes_is_accepted() {
    let written = WRITTEN_BY_THE_CHART.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let odd = odd(&written);
    assert!(
        matches!(odd.as_slice(), [one] if one.contains("OCEAN__PROCESS_EXECUTION_MODE")),
        "{odd:#?}"
    );
}

#[test]
fn the_values_for_the_chart_replace_the_listener_that_is_missing_here() {
    let values = fs::read_to_string(deploy().join("helm/values.yaml")).unwrap();
    assert!(values.contains("eventListener:") && values.contains("type: POLLING"));
    let kafka = vec![(
        "OCEAN__EVENT_LISTENER".to_owned(),
        r#"{"type":"KAFKA"}"#.to_owned(),
    )];
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ocean-jira"))
        .arg("sail")
        .current_dir(folder.path())
        .env_clear()
        .envs(REQUIRED)
        .envs(kafka)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(10));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("OCEAN__EVENT_LISTENER"), "{said}");
}
