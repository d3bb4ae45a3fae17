//! Every planted fault is found, by the check that is there for it.

use crate::desk::{Wrong, verdict};

/// Runs the suite over a fault; one of these promises has to be found broken.
async fn is_found(wrong: Wrong, promises: &[&str]) {
    let verdict = verdict(wrong).await;
    for promise in promises {
        let found = verdict.failed().any(|failed| failed.promise == *promise);
        assert!(found, "{wrong:?} keeps \"{promise}\"\n{verdict}");
    }
}

#[tokio::test]
async fn an_integration_that_does_nothing_wrong_passes() {
    let verdict = verdict(Wrong::Nothing).await;
    verdict.assert();
    assert!(verdict.passed() >= 50, "{verdict}");
}

#[tokio::test]
async fn an_integration_that_follows_tokens_passes() {
    let verdict = verdict(Wrong::NothingWithTokens).await;
    verdict.assert();
    assert!(verdict.passed() >= 50, "{verdict}");
}

macro_rules! faults {
    ($($name:ident: $wrong:ident => $($promise:literal),+;)+) => {$(
        #[tokio::test]
        async fn $name() {
            is_found(Wrong::$wrong, &[$($promise),+]).await;
        }
    )+};
}

faults! {
    errors_that_are_swallowed: SwallowsErrors =>
        "a listing whose later pages fail deletes nothing";
    an_empty_page_that_is_taken_for_the_end: TrustsEmptyPages =>
        "an empty page among others is not the end";
    a_listing_of_which_the_first_page_is_read: ReadsOnePage =>
        "a listing of several pages is read to its end";
    a_token_that_is_called_something_else: MissesTheToken =>
        "every listing is seen with two pages or more";
    a_listing_of_which_two_pages_are_read: FollowsOneToken =>
        "a listing of several pages is read to its end";
    what_cannot_be_read_is_nothing: DefaultsToNothing =>
        "a listing whose later pages fail deletes nothing",
        "a page that is not there deletes nothing";
    nothing_is_tried_again: NeverRetries =>
        "a 503 that passes is made good",
        "an answer that is cut off is made good";
    retries_on_top_of_retries: RetriesRetries =>
        "what fails is asked for a bounded number of times";
    a_few_retries_on_top_of_retries: RetriesALittle =>
        "what fails is asked for a bounded number of times";
    a_kind_that_is_never_cleaned: KeepsAgents =>
        "an extra entity of each blueprint is deleted by the next resync";
    an_integration_without_a_spec: HasNoSpec => "every kind of the spec is registered";
    live_events_without_samples: HasNoSamples =>
        "an event about something that exists is applied";
    a_refusal_that_is_an_error_like_any_other: MissesRefusals =>
        "a 401 means that the credentials are refused";
    a_token_in_a_url: TokenInUrl => "no secret is in a URL";
    a_token_in_the_log: TokenInLog => "no secret is logged";
    events_of_everybody: TrustsEverybody =>
        "an event without a proof of where it comes from is refused",
        "an event with a guessed secret is refused",
        "an event whose body was changed is refused";
    events_of_every_sort: AcceptsEverything =>
        "an event of an unknown sort is answered and filtered";
    deletions_that_are_believed: BelievesDeletions =>
        "a late event of a deletion is not believed";
    content_that_is_believed: BelievesContent =>
        "an event gives the entity that a resync gives";
    a_source_that_is_away_and_given_up: GivesUpAtOnce =>
        "an event while the source is away waits, and deletes nothing";
    a_kind_that_takes_others_along: CouplesKinds =>
        "a kind that fails does not stop the others";
    a_kind_that_the_spec_hides: HidesKind => "every registered kind is in the spec";
    a_mapping_that_writes_too_much: MapsTooMuch =>
        "the default mapping fits its blueprints";
    a_selector_that_says_nothing: SaysNothing =>
        "every field of every selector is described";
}
