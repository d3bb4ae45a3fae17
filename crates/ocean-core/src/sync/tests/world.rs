//! A source that tests script, and the engine between it and a catalog that they can break.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use futures::stream;
use futures::{FutureExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::faulty::FaultyCatalog;
use crate::fence::Fence;
use crate::lake::Routing;
use crate::lake::recording::RecordingLake;
use crate::sync::{AllowEmpty, Progress, ResyncError, ResyncReport, SyncEngine, SyncOptions};
use crate::{
    Batch, Blueprint, Environment, InMemoryCatalog, Integration, MapperPool, NoSelector,
    ResyncContext, Since, SourceError, kinds,
};

kinds! {
    pub(super) enum Kinds {
        A = "a",
        B = "b",
        C = "c",
    }
}

/// What a kind's function yields: batches, and an error at the end if any.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) kinds: Arc<Mutex<BTreeMap<&'static str, Pages>>>,
    /// From when on each kind was read.
    pub(super) asked: Arc<Mutex<Asked>>,
    /// The hooks that ran, and what each is to do.
    pub(super) hooks: Arc<Mutex<Vec<&'static str>>>,
    pub(super) hooks_do: Arc<Mutex<BTreeMap<&'static str, HookEnds>>>,
    /// Kinds that are not read to their end for an hour.
    pub(super) stuck: Arc<Mutex<BTreeSet<String>>>,
}

/// How a hook ends that does not end well.
#[derive(Clone, Copy, Debug)]
pub(super) enum HookEnds {
    InAnError,
    InAPanic,
}

/// A hook of this name, which runs and ends as it is told.
fn hook(
    name: &'static str,
) -> impl Fn(Source) -> BoxFuture<'static, Result<(), SourceError>> + Send + Sync + 'static {
    move |source| {
        async move {
            source.hooks.lock().unwrap().push(name);
            let ends = source.hooks_do.lock().unwrap().get(name).copied();
            match ends {
                None => Ok(()),
                Some(HookEnds::InAnError) => Err(SourceError::permanent("the hook fails")),
                Some(HookEnds::InAPanic) => panic!("the hook panics"),
            }
        }
        .boxed()
    }
}

/// Kinds, and from when on.
pub(super) type Asked = Vec<(String, Option<SystemTime>)>;

pub(super) type Pages = Vec<Result<Vec<Value>, String>>;

impl Source {
    pub(super) fn set(&self, kind: Kinds, pages: Pages) {
        self.kinds
            .lock()
            .unwrap()
            .insert(crate::Kind::as_str(kind), pages);
    }

    /// One page of items with these identifiers.
    pub(super) fn items(&self, kind: Kinds, identifiers: &[&str]) {
        self.set(
            kind,
            vec![Ok(identifiers
                .iter()
                .map(|id| json!({ "id": id }))
                .collect())],
        );
    }
}

fn read(
    source: Source,
    cx: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let kind = cx.resource().kind.to_string();
    let since = cx.since().map(Since::time);
    source.asked.lock().unwrap().push((kind.clone(), since));
    let pages = source.kinds.lock().unwrap().get(&*kind).cloned();
    let is_stuck = source.stuck.lock().unwrap().contains(&kind);
    let end = stream::once(async move {
        if is_stuck {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        Ok(Batch::default())
    });
    stream::iter(pages.unwrap_or_default())
        .map(|page| page.map(Batch::from).map_err(SourceError::permanent))
        .chain(end)
}

/// A resource that maps `.id` to a blueprint, with the relations given.
pub(super) fn resource(kind: Kinds, blueprint: &str, relations: &Value) -> Value {
    json!({
        "kind": crate::Kind::as_str(kind),
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": blueprint,
            "title": ".title", "properties": {"p": ".p"}, "relations": relations,
        }}},
    })
}

pub(super) struct World {
    pub(super) source: Source,
    pub(super) catalog: Arc<FaultyCatalog>,
    pub(super) root: Value,
    pub(super) resources: Vec<Value>,
    pub(super) allow_empty: AllowEmpty,
    pub(super) lake: Option<Arc<RecordingLake>>,
    pub(super) environment: Environment,
    pub(super) fence: Arc<Fence>,
}

impl World {
    /// Kinds a and b, each with a blueprint of its name; b relates to a.
    pub(super) fn new() -> Self {
        let blueprints = [
            Blueprint::new("a"),
            Blueprint::new("b")
                .relation("a", "a", false)
                .relation("b", "b", false),
            Blueprint::new("c"),
        ];
        let resources = vec![
            resource(Kinds::A, "\"a\"", &json!({})),
            resource(Kinds::B, "\"b\"", &json!({"a": ".a", "b": ".b"})),
        ];
        Self {
            source: Source::default(),
            catalog: Arc::new(FaultyCatalog::new(InMemoryCatalog::new(blueprints))),
            root: json!({}),
            resources,
            allow_empty: AllowEmpty::None,
            lake: None,
            environment: Environment::default(),
            fence: Fence::new(),
        }
    }

    pub(super) fn mapping(&self) -> Value {
        let mut mapping = self.root.clone();
        mapping["resources"] = json!(self.resources);
        mapping
    }

    pub(super) fn engine(&self) -> SyncEngine {
        self.engine_with(MapperPool::inline())
    }

    pub(super) fn engine_with(&self, pool: MapperPool) -> SyncEngine {
        self.catalog.inner.set_mapping(self.mapping());
        let integration = Integration::new(self.source.clone())
            .on_resync(Kinds::A, read)
            .on_resync(Kinds::B, read)
            .on_resync(Kinds::C, read)
            .on_resync_start(hook("start 1"))
            .on_resync_start(hook("start 2"))
            .on_resync_complete(hook("complete"))
            .on_incremental_resync(Kinds::A, read)
            .on_incremental_resync(Kinds::B, read);
        let options = SyncOptions {
            allow_empty: self.allow_empty.clone(),
            environment: self.environment.clone(),
            ..Default::default()
        };
        let catalog = Arc::clone(&self.catalog);
        let engine = SyncEngine::new(&integration, catalog, Arc::new(pool))
            .options(options)
            .fenced(Arc::clone(&self.fence));
        match &self.lake {
            Some(lake) => engine.lake(Arc::clone(lake) as _),
            None => engine,
        }
    }

    /// The same world whose lake decides so.
    pub(super) fn routed(routing: Routing) -> Self {
        Self {
            lake: Some(Arc::new(RecordingLake::new(routing))),
            ..Self::new()
        }
    }

    pub(super) fn the_lake(&self) -> &RecordingLake {
        self.lake.as_deref().unwrap()
    }

    /// The ids of the items that arrived at the lake, by kind.
    pub(super) fn arrived(&self) -> BTreeMap<String, Vec<String>> {
        let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for write in self.the_lake().writes() {
            let items = write.entries.iter().flat_map(|entry| &entry.items);
            let ids = items.map(|item| item.get("id").unwrap());
            arrived
                .entry(write.kind.to_string())
                .or_default()
                .extend(ids);
        }
        arrived
    }

    pub(super) async fn try_resync(&self) -> Result<ResyncReport, ResyncError> {
        self.engine()
            .resync(&Progress::default(), &CancellationToken::new())
            .await
    }

    pub(super) async fn resync(&self) -> ResyncReport {
        self.try_resync().await.unwrap()
    }

    /// The identifiers of a blueprint in the catalog.
    pub(super) fn ids(&self, blueprint: &str) -> Vec<String> {
        self.catalog
            .inner
            .entities()
            .into_iter()
            .filter_map(|entity| entity.key())
            .filter(|key| key.blueprint == blueprint)
            .map(|key| key.identifier)
            .collect()
    }
}
