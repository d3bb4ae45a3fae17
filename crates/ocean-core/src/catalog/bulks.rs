//! Which entities travel together?

use std::collections::BTreeMap;

use super::{Catalog, Entity};

/// The entities at these positions, by blueprint and as many together as the catalog takes, in
/// order.
pub(crate) fn bulks(
    catalog: &dyn Catalog,
    entities: &[Entity],
    positions: impl IntoIterator<Item = usize>,
) -> Vec<(String, Vec<usize>)> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for position in positions {
        let entity = entities.get(position);
        let blueprint = entity.and_then(Entity::blueprint_name).unwrap_or_default();
        groups.entry(blueprint).or_default().push(position);
    }
    let size = catalog.bulk_size().max(1);
    let mut bulks = Vec::new();
    for (blueprint, positions) in groups {
        let parts = positions.chunks(size);
        bulks.extend(parts.map(|part| (blueprint.clone(), part.to_vec())));
    }
    bulks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::InMemoryCatalog;

    fn entity(blueprint: &str) -> Entity {
        let entity = json!({"identifier": "x", "blueprint": blueprint});
        serde_json::from_value(entity).unwrap()
    }

    #[test]
    fn entities_travel_by_blueprint_as_many_as_fit_and_in_order() {
        let catalog = InMemoryCatalog::new([]);
        let entities: Vec<Entity> = (0..50)
            .map(|place| entity(if place % 2 == 0 { "b" } else { "a" }))
            .collect();
        let sent = bulks(&catalog, &entities, 0..entities.len());
        let shape: Vec<_> = sent
            .iter()
            .map(|(blueprint, bulk)| (blueprint.as_str(), bulk.len()))
            .collect();
        assert_eq!(shape, [("a", 20), ("a", 5), ("b", 20), ("b", 5)]);
        let of_a: Vec<usize> = sent
            .iter()
            .take(2)
            .flat_map(|(_, bulk)| bulk.clone())
            .collect();
        assert!(of_a.is_sorted() && of_a.iter().all(|place| place % 2 == 1));
    }

    #[test]
    fn only_the_positions_that_are_asked_for_travel() {
        let catalog = InMemoryCatalog::new([]);
        let entities = [entity("a"), entity("b"), entity("a")];
        let sent = bulks(&catalog, &entities, [2, 1]);
        assert_eq!(sent, [("a".to_owned(), vec![2]), ("b".to_owned(), vec![1])]);
    }
}
