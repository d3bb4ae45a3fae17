//! What is refused must not be taken for "there is nothing", however inconspicuous that is.

use crate::notes::{Refused, verdict};

const FORBIDDEN: &str = "a 403 for one listing among others is told and deletes nothing";
const MISSING: &str = "a 404 without a word for one listing is told and deletes nothing";

/// Runs the suite; exactly these of its promises have to be found broken.
async fn is_found(refused: Refused, promises: &[&str]) {
    let verdict = verdict(refused).await;
    let found: Vec<&str> = verdict.failed().map(|failed| failed.promise).collect();
    assert_eq!(found, promises, "{refused:?}\n{verdict}");
}

#[tokio::test]
async fn a_refusal_that_is_an_error_is_told() {
    is_found(Refused::Fails, &[]).await;
}

#[tokio::test]
async fn a_refusal_that_the_kind_speaks_of_is_told() {
    is_found(Refused::IsTold, &[]).await;
}

#[tokio::test]
async fn one_parent_that_is_forbidden_and_left_out() {
    is_found(Refused::Skips403, &[FORBIDDEN]).await;
}

#[tokio::test]
async fn one_parent_that_is_not_found_and_left_out() {
    is_found(Refused::Skips404, &[MISSING]).await;
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
    let verdict = verdict(Refused::SwallowsAll).await;
    for promise in swallowed {
        let found = verdict.failed().any(|failed| failed.promise == promise);
        assert!(found, "\"{promise}\" is kept\n{verdict}");
    }
}
