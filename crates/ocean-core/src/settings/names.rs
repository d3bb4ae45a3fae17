//! How is one setting called: by its path, as a variable, in `config.yaml`, and by someone who
//! mistyped it?
//!
//! The path is the name everything else derives from: `port.client_id` is the variable
//! `OCEAN__PORT__CLIENT_ID` and the key `port.clientId` of `config.yaml`.

/// The root whose variables start with `APPLICATION__` instead of `OCEAN__`.
pub(super) const APPLICATION: &str = "application";

/// The variable that sets this path.
pub(super) fn variable(path: &str) -> String {
    let name = path.replace('.', "__").to_uppercase();
    if path == APPLICATION || path.starts_with("application.") {
        name
    } else {
        format!("OCEAN__{name}")
    }
}

/// A key of `config.yaml` or of JSON as a path names it: `resyncOnStart` is `resync_on_start`.
///
/// A run of capitals counts as one word (`jiraURL` is `jira_url`), and a digit does not start one.
pub(super) fn snake_case(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let mut name = String::with_capacity(key.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let starts_word = before.is_some_and(|before| {
            before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
        });
        if letter.is_uppercase() && starts_word {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// How a setting is called in the settings that `.port/spec.yaml` calls `name`.
///
/// ```
/// assert_eq!(ocean_core::settings::setting_name("jiraHost"), "jira_host");
/// assert_eq!(ocean_core::settings::setting_name("desk2Token"), "desk2_token");
/// ```
#[must_use]
pub fn setting_name(name: &str) -> String {
    snake_case(name)
}

/// The path as `config.yaml` spells it: `port.client_id` is `port.clientId`.
pub(super) fn camel_case(path: &str) -> String {
    let mut name = String::with_capacity(path.len());
    let mut raise = false;
    for letter in path.chars() {
        match letter {
            '_' => raise = true,
            letter if raise => {
                name.extend(letter.to_uppercase());
                raise = false;
            }
            letter => name.push(letter),
        }
    }
    name
}

/// The known path that someone who wrote `unknown` most likely meant.
///
/// Nesting is often the mistake (`JIRA__HOST` for `JIRA_HOST`), so it does not count as a
/// difference; neither does a missing section (`CLIENT_ID` for `PORT__CLIENT_ID`) when only one
/// setting has that last name.
pub(super) fn meant<'a>(unknown: &str, known: &'a [String]) -> Option<&'a str> {
    // Nobody mistypes a name of this length, and comparing takes time.
    const LONGEST: usize = 100;
    if unknown.len() > LONGEST {
        return None;
    }
    let flat = unknown.replace('.', "_");
    let allowed = 1 + flat.len() / 8;
    let near = known
        .iter()
        .map(|path| (distance(&flat, &path.replace('.', "_")), path))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= allowed);
    if let Some((_, path)) = near {
        return Some(path);
    }
    let mut same_end = known
        .iter()
        .filter(|path| path.rsplit('.').next() == Some(unknown));
    match (same_end.next(), same_end.next()) {
        (Some(path), None) => Some(path),
        _ => None,
    }
}

/// How many letters must be added, removed or replaced to get from one name to the other.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (index, one) in left.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut last = index + 1;
        next.push(last);
        for (pair, other) in row.windows(2).zip(right.chars()) {
            if let [diagonal, above] = pair {
                let replaced = diagonal + usize::from(one != other);
                last = replaced.min(above + 1).min(last + 1);
                next.push(last);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_variable() {
        for (path, name) in [
            ("base_url", "OCEAN__BASE_URL"),
            ("port.client_id", "OCEAN__PORT__CLIENT_ID"),
            (
                "integration.config.jira_host",
                "OCEAN__INTEGRATION__CONFIG__JIRA_HOST",
            ),
            ("application.log_level", "APPLICATION__LOG_LEVEL"),
        ] {
            assert_eq!(variable(path), name);
        }
    }

    #[test]
    fn camel_case_keys_become_snake_case_and_back() {
        for (camel, snake) in [
            ("resyncOnStart", "resync_on_start"),
            ("already_snake", "already_snake"),
            ("x509", "x509"),
            ("maxBufferSizeMb", "max_buffer_size_mb"),
            ("jiraURL", "jira_url"),
            ("URLOfJira", "url_of_jira"),
        ] {
            assert_eq!(snake_case(camel), snake);
        }
        assert_eq!(camel_case("port.client_id"), "port.clientId");
    }

    #[test]
    fn a_mistyped_name_is_recognised() {
        let known = [
            "port.client_id",
            "port.client_secret",
            "integration.config.jira_host",
            "event_listener.interval",
        ]
        .map(String::from);
        for (unknown, expected) in [
            ("port.clientid", Some("port.client_id")),
            ("client_secret", Some("port.client_secret")),
            (
                "integration.config.jira.host",
                Some("integration.config.jira_host"),
            ),
            ("event_listner.interval", Some("event_listener.interval")),
            ("something_else", None),
        ] {
            assert_eq!(meant(unknown, &known), expected, "{unknown}");
        }
    }
}
