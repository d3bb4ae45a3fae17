//! Expressions that reach for more than the item: the environment, files, other inputs.

use ocean_core::{Environment, Outcome, ResyncError, error_chain};
use ocean_tests::{Drift, World};

use crate::{map_issues, map_issues_of};

/// A variable that `cargo test` sets for this process.
const VARIABLE: &str = "CARGO_MANIFEST_DIR";
const SECRET: &str = "canary-environment-4711";

/// Gives every issue the status that this expression gives, and shows the catalog as one text.
async fn catalog_with(world: &mut World, expression: &str) -> String {
    map_issues_of(world, "properties/status", expression);
    let report = world.resync().await;
    assert_eq!(
        report.outcome,
        Outcome::Completed,
        "{expression}: {report:#?}"
    );
    format!("{:?}", world.port.catalog())
}

#[tokio::test]
async fn f50_expressions_see_nothing_of_the_environment_of_the_process() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the question is whether a mapping sees what the process sees"
    )]
    let value = std::env::var(VARIABLE).expect("the test runs under cargo");
    let mut world = World::settled().await;
    for (number, read) in [
        format!("env.{VARIABLE}"),
        format!("$ENV.{VARIABLE}"),
        "(env | tojson)".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let expression = format!("{read} as $found | \"found {number} \\($found)\"");
        let catalog = catalog_with(&mut world, &expression).await;
        let evaluated = catalog.contains(&format!("found {number}"));
        assert!(evaluated, "{expression} was not evaluated");
        assert!(!catalog.contains(&value), "{expression} showed it");
    }
}

#[tokio::test]
async fn f50_only_the_variables_that_are_allowed_can_be_seen() {
    let mut world = World::settled().await;
    let allowed = [("CANARY".to_owned(), SECRET.to_owned())];
    world.environment = Environment::new(allowed);
    let expression = format!("env.CANARY + (env.{VARIABLE} // \"\")");
    let catalog = catalog_with(&mut world, &expression).await;
    assert!(catalog.contains(&format!("{SECRET:?}")), "it was allowed");
}

#[tokio::test]
async fn f50_expressions_that_want_modules_are_refused() {
    let mut drift = Drift::new().await;
    for expression in ["import \"/etc/passwd\" as $p; $p", "include \"secrets\"; ."] {
        map_issues(&mut drift, "properties/status", expression);
        let error = drift.refused().await;
        assert!(matches!(error, ResyncError::Mapping(_)), "{expression}");
        let shown = error_chain(&error);
        assert!(shown.contains("properties.status"), "{expression}: {shown}");
    }
}

#[tokio::test]
async fn f50_an_expression_that_asks_for_other_inputs_gets_none() {
    let mut world = World::settled().await;
    for (number, read) in ["input", "inputs", "input_filename", "get_search_list"]
        .into_iter()
        .enumerate()
    {
        let expression = format!("\"asked {number}, got \\([{read}] | tojson)\"");
        let catalog = catalog_with(&mut world, &expression).await;
        let got_items = catalog.contains(&format!("asked {number}, got [{{"));
        assert!(!got_items, "{expression} gave an input");
        world.assert_nothing_is_missing();
    }
}
