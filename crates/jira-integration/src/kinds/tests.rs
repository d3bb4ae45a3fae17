//! The names of kinds. What their selectors ask Jira for, and refuse, is tested against a simulated
//! Jira.

use super::Kinds;

#[test]
fn the_names_of_kinds_are_those_that_mappings_use() {
    use ocean_core::Kind as _;
    let names: Vec<_> = Kinds::ALL.iter().map(|kind| kind.as_str()).collect();
    let expected = [
        "project",
        "issue",
        "user",
        "team",
        "release",
        "board",
        "sprint",
        "backlog",
        "epic",
        "worklog",
        "component",
    ];
    assert_eq!(names, expected);
}
