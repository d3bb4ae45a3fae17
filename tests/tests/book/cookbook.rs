//! Every recipe of the mapping cookbook gives what it says.

use std::fs;

use ocean_core::{AppConfig, Batch, CompiledMapping, Environment, MapOptions};
use serde_json::{Value, json};

use crate::blocks::{Block, blocks};
use crate::workspace;

#[test]
fn every_recipe_gives_what_it_says() {
    let page = fs::read_to_string(workspace().join("docs/mapping-cookbook.md")).unwrap();
    let blocks = blocks(&page);
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
