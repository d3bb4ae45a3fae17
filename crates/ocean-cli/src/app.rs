//! Which integration is this, and how does its process run?

use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use ocean_core::http::HttpClientBuilder;
use ocean_core::settings::{Settings, Spec};
use ocean_core::{EventQueue, Hooks, Integration, LiveEngine, MapperPool, Registry, SyncEngine};
use ocean_port::PortClient;
use serde::de::DeserializeOwned;

use crate::arguments::Arguments;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::simulation::Simulation;
use crate::{commands, display};

/// An integration as a program.
///
/// Everything that is not the integration's own is here: commands, settings, log, signals, exit
/// codes. [`run`](Self::run) is the whole `main`.
pub struct CliApp {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) mapping: &'static str,
    pub(crate) blueprints: &'static str,
    pub(crate) extras: Extras,
    pub(crate) simulation: Option<Box<dyn Simulation>>,
    spec: &'static str,
    connect: Option<Connect>,
    kinds: Option<Box<dyn Fn() -> Registry + Send + Sync>>,
}

/// What a new installation starts with beside its mapping and its blueprints, as JSON or YAML.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extras {
    pub(crate) actions: Option<&'static str>,
    pub(crate) scorecards: Option<&'static str>,
    pub(crate) pages: Option<&'static str>,
}

type Connect = Box<dyn Fn(&Settings, HttpClientBuilder) -> Result<Source, Failure> + Send + Sync>;

/// A connected integration without its type.
pub(crate) struct Source {
    /// What it does when the process starts.
    pub(crate) hooks: Hooks,
    /// The kinds it reads.
    pub(crate) registry: Registry,
    /// Makes the engine that reads it and writes to a Port.
    pub(crate) sync: MakeSync,
    /// Makes the engine that handles its live events.
    pub(crate) live: MakeLive,
}

type MakeSync = Box<dyn Fn(Arc<PortClient>, Arc<MapperPool>) -> SyncEngine + Send + Sync>;

type MakeLive =
    Box<dyn Fn(Arc<PortClient>, Arc<MapperPool>, Arc<dyn EventQueue>) -> LiveEngine + Send + Sync>;

impl CliApp {
    /// A program for the integration of this type (`jira`) in this version.
    ///
    /// The type is also the default of `OCEAN__INTEGRATION__TYPE`.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            mapping: "resources: []",
            blueprints: "[]",
            extras: Extras {
                actions: None,
                scorecards: None,
                pages: None,
            },
            simulation: None,
            spec: "configurations: []",
            connect: None,
            kinds: None,
        }
    }

    /// The text of its `spec.yaml`, which says what settings it has.
    #[must_use]
    pub const fn spec(mut self, yaml: &'static str) -> Self {
        self.spec = yaml;
        self
    }

    /// What a new installation starts with: a mapping as YAML, blueprints as a JSON list.
    ///
    /// A folder at the setting `resources_path` comes before it.
    #[must_use]
    pub const fn default_resources(
        mut self,
        mapping: &'static str,
        blueprints: &'static str,
    ) -> Self {
        self.mapping = mapping;
        self.blueprints = blueprints;
        self
    }

    /// Actions that a new installation starts with: a list, as JSON or YAML.
    #[must_use]
    pub const fn default_actions(mut self, actions: &'static str) -> Self {
        self.extras.actions = Some(actions);
        self
    }

    /// Scorecards that a new installation starts with: a list of `{blueprint, data: [...]}`, as JSON
    /// or YAML.
    #[must_use]
    pub const fn default_scorecards(mut self, scorecards: &'static str) -> Self {
        self.extras.scorecards = Some(scorecards);
        self
    }

    /// Pages that a new installation starts with: a list, as JSON or YAML.
    #[must_use]
    pub const fn default_pages(mut self, pages: &'static str) -> Self {
        self.extras.pages = Some(pages);
        self
    }

    /// How the integration is made from its settings, in two steps: its state, usually a client of
    /// the third-party system, and everything it does with it.
    ///
    /// `connect` gets the settings under `integration.config` as the author's own type, and an
    /// HTTP client that has the operator's proxies, deadlines and certificates. It is called only
    /// by commands that need the third-party system. `integration` adds kinds, hooks and webhook
    /// processors to an empty integration; a command that only asks for the kinds hands it one
    /// that is not connected.
    #[must_use]
    pub fn integration<S, A, E>(
        mut self,
        connect: impl Fn(&S, HttpClientBuilder) -> Result<A, E> + Send + Sync + 'static,
        integration: impl Fn(Integration<A>) -> Integration<A> + Send + Sync + 'static,
    ) -> Self
    where
        S: DeserializeOwned,
        A: Clone + Send + Sync + 'static,
        E: StdError + 'static,
    {
        let integration = Arc::new(integration);
        let unconnected = Arc::clone(&integration);
        self.kinds = Some(Box::new(move || {
            unconnected(Integration::unconnected()).registry().clone()
        }));
        self.connect = Some(Box::new(move |settings, http| {
            let own = settings.integration.config.parse::<S>()?;
            let app = connect(&own, http).map_err(|error| {
                let reason = ocean_core::error_chain(&error);
                Failure::new(
                    Exit::Invalid,
                    format!("the settings cannot be used: {reason}"),
                )
            })?;
            let integration = Arc::new(integration(Integration::new(app)));
            let resynced = Arc::clone(&integration);
            Ok(Source {
                hooks: integration.hooks().clone(),
                registry: integration.registry().clone(),
                sync: Box::new(move |port, pool| SyncEngine::new(&resynced, port, pool)),
                live: Box::new(move |port, pool, queue| {
                    LiveEngine::new(&integration, port, pool, queue)
                }),
            })
        }));
        self
    }

    /// What `demo` and `twin` run against; without it they are not offered.
    #[must_use]
    pub fn simulation(mut self, simulation: impl Simulation) -> Self {
        self.simulation = Some(Box::new(simulation));
        self
    }

    /// Runs the program: reads the command line and the environment, once, and does what they ask.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let arguments = match Arguments::parse(&self, std::env::args_os()) {
            Ok(arguments) => arguments,
            Err(answer) => return display::usage(&answer).into(),
        };
        // A panic of ours is a bug and says so with its own code; its message was printed already.
        let ended = catch_unwind(AssertUnwindSafe(|| self.run_command(arguments)));
        ended.unwrap_or(Exit::Bug).into()
    }

    fn run_command(&self, arguments: Arguments) -> Exit {
        let environment = Environment::of_process();
        let paint = display::Paint::of_stderr(&environment);
        let runtime = match tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                let failure = Failure::bug("the system gives no threads", &error);
                return display::failure(&failure, paint);
            }
        };
        let command = arguments.into_command();
        let ended = runtime.block_on(commands::run(self, command, environment));
        ended.unwrap_or_else(|failure| display::failure(&failure, paint))
    }

    /// The settings that the integration has.
    pub(crate) fn settings_spec(&self) -> Result<Spec, Failure> {
        Spec::parse(self.name, self.spec)
            .map_err(|error| Failure::bug("the program is not well made", &error))
    }

    /// Makes the integration; sends nothing.
    pub(crate) fn connect(
        &self,
        settings: &Settings,
        http: HttpClientBuilder,
    ) -> Result<Source, Failure> {
        let connect = self.connect.as_ref().ok_or_else(no_integration)?;
        connect(settings, http)
    }

    /// The kinds that the integration reads, without connecting it.
    pub(crate) fn kinds(&self) -> Result<Registry, Failure> {
        let kinds = self.kinds.as_ref().ok_or_else(no_integration)?;
        Ok(kinds())
    }

    pub(crate) fn about(&self) -> String {
        format!("Keeps Port's software catalog equal to {}.", self.title())
    }

    /// The name as people write it.
    pub(crate) fn title(&self) -> String {
        let mut letters = self.name.chars();
        let first = letters.next().map(|first| first.to_uppercase());
        first.into_iter().flatten().chain(letters).collect()
    }
}

fn no_integration() -> Failure {
    Failure::new(
        Exit::Bug,
        "the program is not well made: it has no integration",
    )
}

impl fmt::Debug for CliApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CliApp")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("simulation", &self.simulation)
            .finish_non_exhaustive()
    }
}
