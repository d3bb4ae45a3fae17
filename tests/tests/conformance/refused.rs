//! What is refused must not be taken for "there is nothing", however inconspicuous that is.

use ocean_testkit::{Checked, Judgement};

use crate::notes::{Habit, verdict};

const FORBIDDEN: &str = "a 403 for one listing among others is told and deletes nothing";
const MISSING: &str = "a 404 without a word for one listing is told and deletes nothing";

/// Runs the suite; exactly these of its promises have to be found broken.
async fn is_found(habit: Habit, promises: &[&str]) {
    let verdict = verdict(habit).await;
    let found: Vec<&str> = verdict.failed().map(|failed| failed.promise).collect();
    assert_eq!(found, promises, "{habit:?}\n{verdict}");
}

#[tokio::test]
async fn a_refusal_that_is_an_error_is_told() {
    is_found(Habit::None, &[]).await;
}

#[tokio::test]
async fn a_refusal_that_the_kind_speaks_of_is_told() {
    is_found(Habit::TellsRefusals, &[]).await;
}

#[tokio::test]
async fn requests_that_are_never_the_same_twice_are_broken_all_the_same() {
    let verdict = verdict(Habit::AsksUntilNow).await;
    verdict.assert();
    let unasked = |checked: &&Checked| matches!(checked.judgement, Judgement::DoesNotApply(_));
    let unasked = verdict.checks.iter().filter(unasked);
    let unasked = unasked.filter(|one| ["pages", "broken", "stopped"].contains(&one.group));
    assert_eq!(unasked.count(), 0, "{verdict}");
}

#[tokio::test]
async fn one_parent_that_is_forbidden_and_left_out() {
    is_found(Habit::Skips403, &[FORBIDDEN]).await;
}

#[tokio::test]
async fn one_parent_that_is_not_found_and_left_out() {
    is_found(Habit::Skips404, &[MISSING]).await;
}

#[tokio::test]
async fn an_incremental_sync_that_writes_less_than_a_resync() {
    let half = "an incremental sync gives the entities that a resync gives";
    is_found(Habit::ChangesHalf, &[half]).await;
}

#[tokio::test]
async fn an_incremental_sync_that_takes_errors_for_nothing() {
    let missed = [
        "a 403 in an incremental sync is told",
        "a 503 that stays in an incremental sync is told",
    ];
    is_found(Habit::MissesChanges, &missed).await;
}

#[tokio::test]
async fn a_kind_that_takes_every_error_for_nothing() {
    let swallowed = [
        "a 503 that stays is told and deletes nothing",
        "half an answer is told and deletes nothing",
        "JSON that is none is told and deletes nothing",
        "a login page in place of JSON is told and deletes nothing",
        "an answer without its items is told and deletes nothing",
        "a 403 for everything is told and deletes nothing",
        "a 404 for everything is told and deletes nothing",
        FORBIDDEN,
        MISSING,
    ];
    let verdict = verdict(Habit::SwallowsAll).await;
    for promise in swallowed {
        let found = verdict.failed().any(|failed| failed.promise == promise);
        assert!(found, "\"{promise}\" is kept\n{verdict}");
    }
}
