//! What the compiler tells an author whose function has the wrong shape.

/// That the right shapes compile is shown by the doctests of `Integration` and `Resync`.
#[test]
fn a_wrong_function_is_explained_by_the_compiler() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/resync_*.rs");
    cases.compile_fail("tests/ui/selector_*.rs");
    cases.compile_fail("tests/ui/processor_*.rs");
}

/// The golden files could be regenerated without a look; these words may not go.
#[test]
fn the_messages_name_the_parameter_and_the_expected_signature() {
    for case in [
        "resync_without_context",
        "resync_takes_a_reference",
        "resync_wrong_item",
    ] {
        let path = format!("tests/ui/{case}.stderr");
        let message = std::fs::read_to_string(&path).unwrap();
        for words in [
            "is not a resync function for `Desk`",
            "expected `fn(Desk, ResyncContext<S>) -> impl Stream<Item = Result<Batch, E>>`",
            "the first parameter is the integration's app state, by value: `Desk`",
            "the second parameter is `ResyncContext<S>`",
        ] {
            assert!(
                message.contains(words),
                "{path} does not say: {words}\n{message}"
            );
        }
    }
}
