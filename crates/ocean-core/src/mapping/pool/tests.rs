//! The pool when expressions behave, panic, or never come back.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::app_config::AppConfig;
use crate::mapping::{CompiledMapping, Environment, ItemErrorKind};

fn mapper(title: &str) -> Arc<ResourceMapper> {
    let document = json!({"resources": [{
        "kind": "thing",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": "'thing'", "title": title,
        }}},
    }]});
    let config = AppConfig::from_value(&document).unwrap().config;
    let (compiled, _) = CompiledMapping::compile(&config, &Environment::default());
    Arc::clone(compiled.resource(0).unwrap())
}

fn batch(items: usize) -> Batch {
    (0..items)
        .map(|id| json!({"id": format!("i{id}")}))
        .collect()
}

/// Enough steps for an honest expression.
fn few_steps() -> MapOptions {
    steps(10_000)
}

fn steps(steps: u64) -> MapOptions {
    let mut options = MapOptions::default();
    options.limits.steps = steps;
    options
}

fn pool(threads: usize) -> MapperPool {
    MapperPool::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap()
}

#[tokio::test]
async fn a_pool_gives_what_a_mapper_gives_in_the_same_order() {
    let pool = pool(2);
    let mapper = mapper(".id");
    let expected = mapper.map(&batch(100), MapOptions::default());
    let batches = (0..20).map(|_| pool.map(Arc::clone(&mapper), batch(100), MapOptions::default()));
    for mapped in futures::future::join_all(batches).await {
        assert_eq!(mapped.unwrap().passed, expected.passed);
    }
}

#[tokio::test]
async fn f48_a_runaway_expression_is_an_error_of_its_item_and_the_runtime_goes_on() {
    let pool = pool(1);
    let mapper = mapper("if .id == \"i1\" then last(range(1e12)) else .id end");
    let mapped = pool.map(mapper, batch(3), few_steps());
    let heartbeat = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::time::Instant::now()
    };
    let (mapped, _) = futures::join!(mapped, heartbeat);
    let mapped = mapped.unwrap();
    assert_eq!(mapped.passed.len(), 2);
    assert_eq!(mapped.errors.samples[0].kind, ItemErrorKind::Exhausted);
}

#[tokio::test]
async fn an_item_may_be_given_less_time_than_its_budget() {
    for pool in [pool(1), MapperPool::inline()] {
        let mapper = mapper("[range(100000)] | length | tostring");
        let whole = pool.map(Arc::clone(&mapper), batch(1), MapOptions::default());
        assert_eq!(whole.await.unwrap().passed.len(), 1);
        let pool = pool.item_timeout(Duration::ZERO);
        let mapped = pool.map(mapper, batch(1), MapOptions::default());
        let errors = mapped.await.unwrap().errors;
        assert_eq!(errors.samples[0].kind, ItemErrorKind::Exhausted);
    }
}

#[tokio::test]
async fn deep_recursion_ends_in_an_error_of_the_item() {
    let mapped = pool(1)
        .map(mapper("def f: 1 + f; f"), batch(1), MapOptions::default())
        .await;
    assert_eq!(
        mapped.unwrap().errors.samples[0].kind,
        ItemErrorKind::Exhausted
    );
}

#[tokio::test]
async fn an_empty_batch_is_mapped_to_nothing() {
    let mapped = pool(1)
        .map(mapper(".id"), batch(0), MapOptions::default())
        .await
        .unwrap();
    assert_eq!((mapped.raw, mapped.passed.len()), (0, 0));
}

#[tokio::test]
async fn giving_up_on_a_batch_leaves_the_pool_usable() {
    let pool = pool(1);
    let mapper = mapper(".id");
    for _ in 0..10 {
        let abandoned = pool.map(Arc::clone(&mapper), batch(1000), MapOptions::default());
        // Polled once and dropped; whether a thread was quick enough to answer does not matter.
        drop(futures::FutureExt::now_or_never(abandoned));
    }
    let mapped = pool
        .map(mapper, batch(3), MapOptions::default())
        .await
        .unwrap();
    assert_eq!(mapped.passed.len(), 3);
}

#[tokio::test]
async fn an_inline_pool_needs_no_threads() {
    let mapped = MapperPool::inline()
        .map(mapper(".id"), batch(3), MapOptions::default())
        .await;
    assert_eq!(mapped.unwrap().passed.len(), 3);
}

#[test]
fn dropping_a_pool_joins_its_threads() {
    let pool = pool(3);
    let shared = Arc::clone(&pool.threads.as_ref().unwrap().shared);
    drop(pool);
    assert_eq!(Arc::strong_count(&shared), 1, "a thread still holds it");
}

/// Takes longer than the pool's patience in `impatient`, which is what a stuck expression looks
/// like from outside.
const SLOW: &str = "if .id == \"i1\" then last(range(1e12)) else .id end";

fn impatient() -> MapperPool {
    MapperPool::start(NonZeroUsize::MIN, Duration::from_millis(20)).unwrap()
}

#[tokio::test]
async fn an_expression_that_does_not_come_back_costs_its_item_only() {
    let pool = impatient();
    let slow = mapper(SLOW);
    let mapped = pool
        .map(Arc::clone(&slow), batch(2), steps(1_000_000))
        .await
        .unwrap();
    assert_eq!(mapped.passed.len(), 1);
    let error = &mapped.errors.samples[0];
    assert_eq!(
        (error.kind, error.path.as_str()),
        (ItemErrorKind::Stuck, "title")
    );
    assert!(error.item.starts_with("item 1 "), "{error}");

    let again = pool.map(slow, batch(3), steps(1_000_000)).await.unwrap();
    assert_eq!(
        again.errors.total, 3,
        "the expression is not evaluated any more"
    );

    let other = pool
        .map(mapper(".id"), batch(3), steps(1_000_000))
        .await
        .unwrap();
    assert_eq!(other.passed.len(), 3, "a new thread has taken over");
}

#[tokio::test]
async fn only_so_many_threads_are_replaced() {
    let pool = impatient();
    for _ in 0..2 {
        let mapped = pool.map(mapper(SLOW), batch(2), steps(1_000_000)).await;
        assert_eq!(mapped.unwrap().errors.total, 1);
    }
    let lost = pool.map(mapper(SLOW), batch(2), steps(1_000_000)).await;
    assert!(lost.is_err(), "the last thread is gone");
    assert!(
        pool.map(mapper(".id"), batch(1), steps(1_000_000))
            .await
            .is_err()
    );
}
