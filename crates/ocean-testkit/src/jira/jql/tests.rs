//! Queries against a small site; each row is a query and what must be true of exactly its results.

use super::*;
use crate::jira::{
    config::SiteConfig,
    data::workflow::{Category, IssueType, Status},
};

const HOUR: i64 = 3_600_000;

fn site() -> Site {
    Site::new(SiteConfig {
        issues: 600,
        projects: 6,
        users: 12,
        ..SiteConfig::default()
    })
}

/// The query must select exactly the issues for which `expected` holds, and some but not all.
fn check(site: &Site, jql: &str, expected: impl Fn(&Issue) -> bool) {
    let search =
        Search::compile(jql, site, false).unwrap_or_else(|error| panic!("{jql}: {error:?}"));
    let mut selected = 0;
    for issue in site.issues_from(0) {
        assert_eq!(search.matches(&issue), expected(&issue), "{jql}: {issue:?}");
        selected += usize::from(search.matches(&issue));
    }
    assert!((1..600).contains(&selected), "{jql} selects {selected}");
}

#[test]
fn clauses_select_by_their_field() {
    let site = site();
    let someone = site.users()[3].account_id.clone();
    let done = |i: &Issue| i.status.category() == Category::Done;
    check(&site, "statusCategory != Done", |i| !done(i));
    check(&site, "statuscategory = done", done);
    check(&site, "statusCategory in (New, 4)", |i| !done(i));
    check(&site, "status = \"In Progress\"", |i| {
        i.status == Status::InProgress
    });
    check(&site, "status not in ('to do', Done)", |i| {
        i.status != Status::ToDo && i.status != Status::Done
    });
    check(&site, "project = PAY", |i| i.project == 0);
    check(&site, "project not in (PAY, 10001, Search)", |i| {
        i.project > 2
    });
    check(&site, "issuetype in (Epic, Bug)", |i| {
        matches!(i.kind, IssueType::Epic | IssueType::Bug)
    });
    check(&site, "key = PAY-3", |i| i.project == 0 && i.number == 3);
    check(&site, "issuekey in (PAY-3, HRB-1)", |i| {
        (i.project, i.number) == (0, 3) || (i.project, i.number) == (1, 1)
    });
    check(&site, "id = 100004", |i| i.id == 100_004);
    check(&site, &format!("assignee = \"{someone}\""), |i| {
        i.assignee == Some(3)
    });
    check(&site, "assignee is EMPTY", |i| i.assignee.is_none());
    check(&site, "assignee is not EMPTY", |i| i.assignee.is_some());
    check(&site, "assignee = empty", |i| i.assignee.is_none());
    check(&site, "labels = security", |i| {
        i.labels.iter().any(|l| l == "security")
    });
    check(&site, "labels is empty", |i| {
        i.labels.iter().next().is_none()
    });
}

#[test]
fn negation_leaves_out_empty_fields_as_jira_does() {
    let site = site();
    check(&site, "assignee != user3@example.com", |i| {
        i.assignee.is_some_and(|user| user != 3)
    });
    check(&site, "labels not in (security)", |i| {
        i.labels.iter().next().is_some() && !i.labels.iter().any(|l| l == "security")
    });
}

#[test]
fn times_compare_with_relative_and_absolute_dates() {
    let site = site();
    let now = site.now();
    check(&site, "updated >= -1w", |i| {
        i.updated >= now - 7 * 24 * HOUR
    });
    check(&site, "updated > \"-26w 2d\"", |i| {
        i.updated > now - (26 * 7 + 2) * 24 * HOUR
    });
    check(&site, "created <= -5000h", |i| {
        i.created <= now - 5_000 * HOUR
    });
    let new_year = 1_735_689_600_000;
    check(&site, "created < 2025/01/01", |i| i.created < new_year);
    check(&site, "created >= \"2025-01-01 10:00\"", |i| {
        i.created >= new_year + 10 * HOUR
    });
}

#[test]
fn and_binds_closer_than_or_and_brackets_closer_still() {
    let site = site();
    let (a, b) = (|i: &Issue| i.project == 0, |i: &Issue| i.project == 1);
    let bug = |i: &Issue| i.kind == IssueType::Bug;
    check(
        &site,
        "project = PAY OR project = HRB AND type = Bug",
        |i| a(i) || b(i) && bug(i),
    );
    check(
        &site,
        "(project = PAY or project = HRB) and type = Bug",
        |i| (a(i) || b(i)) && bug(i),
    );
    check(&site, "NOT (project = PAY OR NOT project = HRB)", b);
}

#[test]
fn the_default_selector_matches_most_but_not_all_issues() {
    let site = site();
    let jql = "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)";
    let search = Search::compile(jql, &site, false).expect("valid");
    let matching = site
        .issues_from(0)
        .filter(|issue| search.matches(issue))
        .count();
    assert!((360..540).contains(&matching), "{matching} of 600");
}

#[test]
fn order_by_sorts_in_both_directions() {
    let site = site();
    let search =
        Search::compile("project = PAY ORDER BY created DESC", &site, false).expect("valid");
    let mut found: Vec<_> = site.issues_from(0).filter(|i| search.matches(i)).collect();
    found.sort_by(|left, right| search.compare(left, right));
    assert!(found.is_sorted_by(|left, right| left.created >= right.created));
    let search = Search::compile("project = PAY order by key", &site, false).expect("valid");
    found.sort_by(|left, right| search.compare(left, right));
    assert!(found.is_sorted_by(|left, right| left.number < right.number));
}

#[test]
fn an_empty_query_and_a_bare_order_restrict_nothing() {
    let site = site();
    for jql in ["", "   ", "ORDER BY created"] {
        assert!(
            !Search::compile(jql, &site, false)
                .expect("valid")
                .is_bounded(),
            "{jql}"
        );
    }
}

#[test]
fn everything_else_is_refused_with_a_reason() {
    let site = site();
    let deep = "(".repeat(5_000);
    for (jql, reason) in [
        ("summary ~ \"x\"", "Field 'summary' does not exist"),
        (
            "project = NOPE",
            "'NOPE' does not exist for the field 'project'",
        ),
        (
            "status = Sideways",
            "'Sideways' does not exist for the field 'status'",
        ),
        (
            "assignee = currentUser()",
            "Unable to find JQL function 'currentUser()'",
        ),
        ("project = PAY AND", "got the end of the query"),
        ("project PAY", "Expecting an operator but got 'PAY'"),
        ("project = PAY HRB", "got 'HRB'"),
        ("project = (PAY)", "Expecting a value"),
        ("project in PAY", "a list in brackets"),
        ("project in (PAY", "a closing bracket"),
        ("project was PAY", "Expecting an operator"),
        ("labels ~ x", "Expecting an operator but got '~'"),
        ("project > PAY", "not supported by the 'project' field"),
        (
            "created >= yesterday",
            "Date value 'yesterday' for field 'created' is invalid",
        ),
        ("created >= -1y", "is invalid"),
        ("status = \"open", "has not been completed"),
        ("! = 3", "Field '!' does not exist"),
        ("project = PAY ORDER created", "Expecting BY"),
        ("project = PAY ORDER BY created, key", "got ','"),
        ("project = AND", "Expecting a value but got 'AND'"),
        (deep.as_str(), "nested too deeply"),
    ] {
        let error = Search::compile(jql, &site, false).expect_err(jql);
        assert!(error.0.contains(reason), "{jql}: {}", error.0);
    }
}

#[test]
fn a_key_nobody_has_finds_nothing_or_is_refused_as_the_rules_say() {
    let site = site();
    let lenient = Search::compile("key = PAY-99999", &site, false).expect("valid");
    assert!(!site.issues_from(0).any(|issue| lenient.matches(&issue)));
    let error = Search::compile("key = PAY-99999", &site, true).expect_err("refused");
    assert!(
        error.0.contains("'PAY-99999' does not exist"),
        "{}",
        error.0
    );
}
