//! Which blueprints did an earlier start begin and not finish?
//!
//! A process that is killed between two stages leaves blueprints as the stage before made them.
//! They are told from a user's own by being exactly that. What Port adds by itself (times,
//! authors, defaults) does not count.

use serde_json::Value;

use super::blueprints::{COMPUTED, RELATED, without};

/// Where the keys are names that somebody chose, so that one more is somebody else's work.
const NAMED: [&str; 2] = ["properties", "relations"];

/// Whether `found` is what stage one or two makes of `whole`, and not yet `whole` itself.
pub(super) fn is_unfinished(found: &Value, whole: &Value) -> bool {
    let related = without(whole, &COMPUTED);
    let bare = without(&related, &RELATED);
    is_stage(found, &bare, whole) || is_stage(found, &related, whole)
}

/// Whether `found` has what the stage made, and nothing of what a later one would have added.
fn is_stage(found: &Value, stage: &Value, whole: &Value) -> bool {
    let later = || COMPUTED.iter().chain(&RELATED);
    let is_empty = |blueprint: &Value, key: &str| blueprint.get(key).is_none_or(is_nothing);
    let adds_something = later().any(|key| is_empty(stage, key) && !is_empty(whole, key));
    let has_more = later().any(|key| is_empty(stage, key) && !is_empty(found, key));
    let Some(members) = stage.as_object() else {
        return false;
    };
    adds_something
        && !has_more
        && members
            .iter()
            .all(|(key, ours)| is_kept(key, found.get(key).unwrap_or(&Value::Null), ours))
}

/// Whether what is `found` at this key is ours, but for what Port adds to objects.
fn is_kept(key: &str, found: &Value, ours: &Value) -> bool {
    match (found, ours) {
        (found, ours) if is_nothing(found) && is_nothing(ours) => true,
        (Value::Object(found), Value::Object(ours)) => {
            let has = |(key, ours): (&String, &Value)| {
                is_kept(key, found.get(key).unwrap_or(&Value::Null), ours)
            };
            ours.iter().all(has) && (!NAMED.contains(&key) || found.len() == ours.len())
        }
        (found, ours) => found == ours,
    }
}

/// Port stores what was not set as null or as empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Value {
        json!({
            "identifier": "a",
            "title": "A",
            "schema": {"properties": {"n": {"type": "number"}}, "required": []},
            "mirrorProperties": {"m": {"path": "other.$title"}},
            "relations": {"other": {"target": "b", "many": false}},
        })
    }

    fn with(blueprint: &Value, key: &str, value: Value) -> Value {
        let mut blueprint = blueprint.clone();
        blueprint[key] = value;
        blueprint
    }

    #[test]
    fn what_the_first_two_stages_make_is_unfinished_whatever_port_adds() {
        let related = without(&whole(), &COMPUTED);
        let bare = without(&related, &RELATED);
        for stage in [related, bare] {
            assert!(is_unfinished(&stage, &whole()), "{stage}");
            let mut answered = with(&stage, "createdAt", json!("2026-11-23T00:00:00Z"));
            answered["calculationProperties"] = json!({});
            answered["schema"]["properties"]["n"]["icon"] = Value::Null;
            answered["schema"]["kept"] = json!(true);
            assert!(is_unfinished(&answered, &whole()), "{answered}");
        }
    }

    #[test]
    fn what_is_whole_or_somebody_elses_is_not() {
        let bare = without(&without(&whole(), &COMPUTED), &RELATED);
        let more = json!({"properties": {"n": {"type": "number"}, "theirs": {"type": "string"}}});
        for theirs in [
            whole(),
            with(&bare, "title", json!("Theirs")),
            with(&bare, "schema", more),
            with(&bare, "schema", json!({"properties": {}})),
            with(&bare, "relations", json!({"theirs": {"target": "b"}})),
            with(
                &bare,
                "calculationProperties",
                json!({"theirs": {"calculation": "1"}}),
            ),
        ] {
            assert!(!is_unfinished(&theirs, &whole()), "{theirs}");
        }
    }

    #[test]
    fn a_blueprint_that_is_made_in_one_stage_is_never_unfinished() {
        let simple = json!({"identifier": "a", "schema": {"properties": {}}, "relations": {}});
        assert!(!is_unfinished(&simple, &simple));
    }
}
