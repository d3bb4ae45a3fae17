//! Every recipe of the mapping cookbook gives what it says.

use std::fs;

use ocean_core::prelude::*;
use ocean_core::{AppConfig, CompiledMapping, Environment, Linter, MapOptions};
use serde_json::{Value, json};

use crate::blocks::{Block, blocks};
use crate::workspace;

/// The language of a block with the blueprints of the recipe above it.
const BLUEPRINTS: &str = "json blueprints";

kinds! { enum Kinds { Ticket = "ticket" } }

#[test]
fn every_recipe_gives_what_it_says() {
    let page = fs::read_to_string(workspace().join("docs/mapping-cookbook.md")).unwrap();
    let mut blocks = blocks(&page);
    blocks.retain(|block| block.language != BLUEPRINTS);
    let recipes: Vec<&[Block]> = blocks.chunks(3).collect();
    assert!(recipes.len() >= 12, "{}", recipes.len());
    for recipe in recipes {
        let [mapping, items, entities] = recipe else {
            panic!("a recipe is a mapping, items and entities: {recipe:?}");
        };
        let heading = &mapping.heading;
        assert_eq!(heading, &entities.heading, "a recipe is not whole");
        let config = AppConfig::from_yaml(heading, &mapping.text).unwrap().config;
        let (compiled, _) = CompiledMapping::compile(&config, &Environment::default());
        // Kept as they are written, because numbers keep their digits.
        let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(&items.text).unwrap();
        let items = items
            .into_iter()
            .map(|item| ocean_core::RawItem::from_json(item.get().to_owned()).unwrap());
        let items: Batch = Batch::new(items.collect());
        let mut mapped = Vec::new();
        for resource in compiled.resources() {
            let result = resource.map(&items, MapOptions::default());
            assert!(!result.has_errors(), "{heading}: {:?}", result.errors);
            mapped.extend(result.passed);
        }
        let expected: Value = serde_json::from_str(&entities.text).unwrap();
        assert_eq!(json!(mapped), expected, "{heading}");
    }
}

#[test]
fn blueprints_of_a_recipe_have_what_it_maps() {
    let page = fs::read_to_string(workspace().join("docs/mapping-cookbook.md")).unwrap();
    let blocks = blocks(&page);
    let nothing =
        |(), _: ResyncContext<NoSelector>| futures::stream::empty::<Result<Batch, SourceError>>();
    let ocean = Integration::<()>::unconnected().on_resync(Kinds::Ticket, nothing);
    let mut known = 0;
    for shown in blocks.iter().filter(|block| block.language == BLUEPRINTS) {
        let of_recipe = |block: &&Block| block.heading == shown.heading && block.language == "yaml";
        let mapping = &blocks.iter().find(of_recipe).unwrap().text;
        let documents: Vec<Value> = serde_json::from_str(&shown.text).unwrap();
        let mut linter = Linter::new(ocean.registry().clone());
        for document in &documents {
            let identifier = document["identifier"].as_str().unwrap();
            linter = linter.blueprint(identifier, Some(document));
            for (_, relation) in document["relations"].as_object().into_iter().flatten() {
                let is_target = |one: &Value| one["identifier"] == relation["target"];
                assert!(documents.iter().any(is_target), "{relation}");
            }
        }
        let findings = linter.lint(&shown.heading, mapping);
        assert!(findings.is_empty(), "{findings:?}");
        // The same mapping does not fit a blueprint without relations.
        let bare = Linter::new(ocean.registry().clone()).blueprint("ticket", Some(&json!({})));
        assert!(!bare.lint(&shown.heading, mapping).is_empty());
        known += 1;
    }
    assert!(known > 0, "no blueprints are shown");
}
