//! The same environment and the same files give the same settings as in the original, and what the
//! original refuses is refused with the variable or the line in the message (F53).
//!
//! `tests/fixtures/settings` holds the cases and what the original made of each; its README says
//! how that was recorded and what a case may say.

mod case;
mod ours;

use std::collections::BTreeSet;

use serde_json::Value;

use self::case::{Answer, Case, Fixture};
use self::ours::Ours;

/// What is wrong with one case, in words.
type Wrong = Vec<String>;

#[test]
fn f53_settings_are_those_of_the_original_and_faults_name_their_place() {
    let fixture = Fixture::read();
    let mut wrong = Wrong::new();
    for case in &fixture.cases {
        let found = check(&fixture, case);
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{}: {what}", case.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_setting_of_the_original_is_given_by_some_case() {
    let fixture = Fixture::read();
    let given: BTreeSet<&str> = fixture
        .answers
        .values()
        .flat_map(|answer| answer.values.keys().chain(&answer.at))
        .map(String::as_str)
        .collect();
    let never: Vec<_> = fixture
        .defaults("jira")
        .keys()
        .filter(|path| !given.iter().any(|given| is_part(path, given)))
        .collect();
    assert_eq!(never, Vec::<&String>::new());
    assert!(fixture.cases.len() >= 60, "{}", fixture.cases.len());
}

/// An exception of the original may name a group in place of the setting.
fn is_part(path: &str, of: &str) -> bool {
    path == of || (of == "actions_processor" && path.starts_with("actions_processor.enabled"))
}

#[test]
fn every_case_was_recorded_and_every_difference_has_its_reason() {
    let fixture = Fixture::read();
    let names: BTreeSet<_> = fixture.cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(names.len(), fixture.cases.len(), "a name is used twice");
    let recorded: BTreeSet<_> = fixture.answers.keys().cloned().collect();
    assert_eq!(names, recorded);
    let document = include_str!("../../../docs/known-differences.md");
    for differs in fixture
        .cases
        .iter()
        .filter_map(|case| case.differs.as_ref())
    {
        assert!(document.contains(&differs.id), "{}", differs.id);
    }
}

fn check(fixture: &Fixture, case: &Case) -> Wrong {
    let answer = &fixture.answers[&case.name];
    let ours = Ours::load(fixture, case);
    let refuses = match &case.differs {
        Some(differs) => differs.refuses,
        None => answer.refused.is_some(),
    };
    match (ours, refuses) {
        (Ok(ours), false) => compare(fixture, case, answer, &ours),
        (Err(faults), true) => match &case.names {
            Some(place) if faults.contains(place.as_str()) => Wrong::new(),
            place => vec![format!("does not name {place:?}: {faults}")],
        },
        (Ok(_), true) => vec!["is accepted".to_owned()],
        (Err(faults), false) => vec![format!("is refused: {faults}")],
    }
}

fn compare(fixture: &Fixture, case: &Case, answer: &Answer, ours: &Ours) -> Wrong {
    let mut wrong = Wrong::new();
    for (path, theirs) in fixture.defaults(&case.spec) {
        let changed = answer.values.get(path);
        let told = case.told(path);
        if told.is_none() && (answer.gone.contains(path) || case.is_gone(path)) {
            continue;
        }
        let expected = told.or(changed).unwrap_or(theirs);
        let is_default = told.is_none() && changed.is_none();
        if let Err(found) = ours.is(path, expected, is_default) {
            wrong.push(format!("{path} is {found} instead of {expected}"));
        }
    }
    for path in case::LISTENER_FIELDS {
        let expected = case.told(path).or_else(|| answer.values.get(path));
        if let Some(Err(found)) = expected.map(|value| ours.is(path, value, false)) {
            wrong.push(format!("{path} is {found}"));
        }
    }
    if ours.warned_of != case.warnings {
        wrong.push(format!("warns of {:?}", ours.warned_of));
    }
    wrong
}

/// Whether a difference that is told is one: otherwise the case would hide a later agreement.
#[test]
fn no_case_tells_a_difference_that_is_gone() {
    let fixture = Fixture::read();
    for case in &fixture.cases {
        let Some(differs) = &case.differs else {
            continue;
        };
        let answer = &fixture.answers[&case.name];
        let theirs = |path: &String| -> Option<&Value> {
            answer
                .values
                .get(path)
                .or_else(|| fixture.defaults(&case.spec).get(path))
        };
        let same_end = differs.refuses == answer.refused.is_some();
        let same_values = differs
            .values
            .iter()
            .all(|(path, value)| theirs(path) == Some(value));
        assert!(!(same_end && same_values), "{}", case.name);
    }
}
