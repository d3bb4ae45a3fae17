//! How do live events come from the simulated Jira to the simulated Port? Through a [`LiveWorld`].

use std::sync::Arc;
use std::time::Duration;

use ocean_core::{
    EventQueue as _, Health, HealthCheck, Ingest, LiveEngine, MapperPool, MemoryQueue, Outcome,
    QueueCounts, QueueOptions, ServerHost, ServerOptions, StartContext, WebhookServer,
};
use ocean_testkit::jira::Change;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::canary::WEBHOOK_SECRET;
use crate::world::{IDENTIFIER, World};

/// How often it is looked whether all events were handled.
const GLANCE: Duration = Duration::from_millis(2);

/// How long events may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A [`World`] in which the site sends signed webhooks to our server, which puts them into a
/// queue, from which the live engine brings them into the catalog. Dropping it ends both.
#[derive(Debug)]
pub struct LiveWorld {
    /// Both simulators; resyncs can be run, but not while events are handled.
    pub world: World,
    queue: Arc<MemoryQueue>,
    _running: JoinSet<()>,
}

impl LiveWorld {
    /// Brings the catalog up to date, starts to listen and registers our webhook at the site.
    pub async fn start(mut world: World) -> Self {
        world.settings["webhook_secret"] = WEBHOOK_SECRET.into();
        world.provision().await;
        let report = world.resync().await;
        assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");

        let integration = world.integration();
        let queue = Arc::new(MemoryQueue::new(QueueOptions::default()));
        let pool = Arc::new(MapperPool::new().expect("threads start"));
        let port = Arc::new(world.port_client());
        let lake = world.lake(&port);
        let engine = LiveEngine::new(&integration, port, pool, Arc::clone(&queue) as _);
        let engine = match lake {
            Some(lake) => engine.lake(lake),
            None => engine,
        };
        let ingest = Ingest::new(
            engine.processors(),
            Arc::clone(&queue) as _,
            Arc::clone(engine.arrived()),
        );
        let address = ([127, 0, 0, 1], 0).into();
        let (ingest, options) = (Arc::new(ingest), ServerOptions::new());
        let server = WebhookServer::bind(address, ingest, Arc::new(Healthy), options)
            .await
            .expect("a port is free");
        let url = format!("http://{}", server.local_addr());

        // Nobody cancels these: both end with the world.
        let mut running = JoinSet::new();
        running.spawn(server.serve(CancellationToken::new()));
        running.spawn(async move { engine.run(&CancellationToken::new()).await });

        let start = StartContext::new(IDENTIFIER).base_url(url);
        let errors = integration.hooks().run_start(&start).await;
        assert!(errors.is_empty(), "{errors:?}");
        Self {
            world,
            queue,
            _running: running,
        }
    }

    /// Makes a change at the site, waits until its events are handled, and tells their names.
    pub async fn happens(&self, change: &Change) -> Vec<String> {
        let site = self.world.jira.site();
        let before = site.deliveries().len();
        site.apply(change).expect("the change can be made");
        let counts = site.delivered().await;
        assert_eq!(counts.failed, 0, "{:?}", site.deliveries());
        let handled = async {
            while self.queue.counts().pending > 0 {
                tokio::time::sleep(GLANCE).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, handled).await;
        assert!(in_time.is_ok(), "{change:?}: {:?}", self.counts());
        let events = site.deliveries().split_off(before);
        events.into_iter().map(|one| one.event).collect()
    }

    /// What became of all events so far.
    #[must_use]
    pub fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }
}

/// A process of which nobody asks for more.
struct Healthy;

impl ServerHost for Healthy {
    fn health(&self, _: HealthCheck) -> Health {
        Health::new(true)
    }
}
