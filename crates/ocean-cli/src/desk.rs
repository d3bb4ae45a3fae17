//! What does a command have at hand that looks at a mapping and writes nothing?
//!
//! Start with [`Desk`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ocean_core::http::Masker;
use ocean_core::settings::{Loaded, Settings, SettingsWarning, Sources};
use ocean_core::{
    AppConfig, CompiledMapping, Environment as Variables, MapperPool, MappingSource, Parsed,
    Registry, ResourceMapper, ResourceMapping, Tape,
};
use ocean_port::PortClient;

use crate::app::CliApp;
use crate::arguments::{DeskOptions, LogFormat};
use crate::environment::{Environment, read};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::held::Held;
use crate::tape::TapeUse;
use crate::{logging, session};

/// A connected source, a Port to read from, and what turns items into entities.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) settings: Settings,
    /// What is odd about them.
    pub(crate) warnings: Vec<SettingsWarning>,
    pub(crate) registry: Registry,
    pub(crate) port: Held,
    pub(crate) pool: Arc<MapperPool>,
    pub(crate) masker: Masker,
    /// What `env` shows in expressions.
    pub(crate) variables: Variables,
    tape: TapeUse,
    mapping: Option<PathBuf>,
}

/// A mapping that can be run.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) config: AppConfig,
    pub(crate) compiled: CompiledMapping,
}

/// One resource of a [`Mapping`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource<'m> {
    pub(crate) index: usize,
    pub(crate) config: &'m ResourceMapping,
    pub(crate) mapper: &'m Arc<ResourceMapper>,
}

impl Desk {
    /// Puts everything together and sends nothing.
    pub(crate) fn open(
        app: &CliApp,
        options: &DeskOptions,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let tape = TapeUse::replayed(&options.tape)?;
        let loaded = match &tape {
            Some(tape) => of_tape(app, tape)?,
            None => load(app, &options.folder, environment)?,
        };
        let Loaded {
            settings, warnings, ..
        } = loaded;
        let masker = logging::masker(&settings);
        logging::start(&settings, masker.clone(), LogFormat::Text);
        let tape = match tape {
            Some(tape) => TapeUse::Replay(tape),
            None => TapeUse::recorded(&options.tape, app, &settings, &masker)?,
        };
        let http = tape.http(session::source_http(app, &settings, environment)?);
        let source = app.connect(&settings, http)?;
        let port = Held::new(&tape, || {
            let config = session::port_config(app, &settings, environment)?;
            Ok(PortClient::new(config)?)
        })?;
        let pool = session::mapper_pool(&settings)?;
        Ok(Self {
            variables: variables(&settings, environment),
            registry: source.registry,
            port,
            tape,
            pool: Arc::new(pool),
            masker,
            mapping: options.mapping.clone(),
            settings,
            warnings,
        })
    }

    /// Ends what was begun for the command.
    pub(crate) fn close(&self) -> Result<(), Failure> {
        self.tape.finish()
    }

    /// The mapping of the given file, or the one that Port holds.
    pub(crate) async fn mapping(&self) -> Result<Mapping, Failure> {
        let parsed = match &self.mapping {
            Some(path) => of_file(path)?,
            None => self.of_port().await?,
        };
        for warning in &parsed.warnings {
            tracing::warn!(%warning, "odd mapping");
        }
        let Parsed { config, source, .. } = parsed;
        let compiled = compile(&config, &source, &self.variables, &self.registry)?;
        Ok(Mapping { config, compiled })
    }

    /// What to say when Port has no mapping because it does not know the integration.
    async fn unregistered(&self) -> Option<Failure> {
        let is_registered = self.port.is_registered().await.unwrap_or(true);
        (!is_registered).then(|| {
            let message = "Port does not know the integration yet, and so has no mapping of it";
            Failure::new(Exit::Incomplete, message)
                .hint("`sail --once` registers it with its mapping; --mapping takes a file instead")
        })
    }

    /// A failure of a command, without secrets, and with what a tape has to do with it.
    pub(crate) fn told(&self, failure: Failure) -> Failure {
        let failure = match &self.tape {
            TapeUse::Replay(_) if failure.message().contains(NOT_ON_TAPE) => failure.hint(
                "a tape has what the recorded command asked for; another command, and a mapping \
                 with other selectors, may ask for other things",
            ),
            _ => failure,
        };
        failure.masked(&self.masker)
    }

    async fn of_port(&self) -> Result<Parsed, Failure> {
        let stored = match self.port.store().mapping().await {
            Ok(stored) => stored,
            Err(error) => {
                let failure = Failure::of_port(error.class(), &error);
                return Err(self.unregistered().await.unwrap_or(failure));
            }
        };
        let Some(stored) = stored else {
            let message = "the integration has no mapping at Port yet";
            return Err(Failure::new(Exit::Invalid, message).hint(WITH_FILE));
        };
        AppConfig::from_value(&stored).map_err(|faults| {
            let message = format!("the mapping at Port is not valid:\n{faults}");
            Failure::new(Exit::Invalid, message)
        })
    }
}

/// How errors of a replay say what is missing.
const NOT_ON_TAPE: &str = "not on the tape";

const WITH_FILE: &str = "name a file with --mapping";

impl Mapping {
    /// The resources of a kind.
    pub(crate) fn resources<'m>(
        &'m self,
        registry: &Registry,
        kind: &str,
    ) -> Result<Vec<Resource<'m>>, Failure> {
        if registry.resyncs(kind).is_empty() {
            let known: Vec<_> = registry.kinds().collect();
            let message = format!("there is no kind `{kind}`");
            let hint = format!("the kinds are {}", known.join(", "));
            return Err(Failure::new(Exit::Usage, message).hint(hint));
        }
        let found: Vec<_> = self
            .all_resources()
            .filter(|resource| &*resource.config.kind == kind)
            .collect();
        if found.is_empty() {
            let message = format!("the mapping has no resource of kind `{kind}`");
            return Err(Failure::new(Exit::Usage, message).hint(WITH_FILE));
        }
        Ok(found)
    }

    /// All resources, in mapping order.
    pub(crate) fn all_resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let resources = self.config.resources.iter().zip(self.compiled.resources());
        resources
            .enumerate()
            .map(|(index, (config, mapper))| Resource {
                index,
                config,
                mapper,
            })
    }
}

/// The settings, with a log that only speaks up when something is wrong: the result is the output.
pub(crate) fn load(
    app: &CliApp,
    folder: &Path,
    environment: &Environment,
) -> Result<Loaded, Failure> {
    quiet(app, environment.sources(folder)?)
}

/// The settings of a recorded run.
fn of_tape(app: &CliApp, tape: &Tape) -> Result<Loaded, Failure> {
    let recorded = &tape.header().integration;
    if recorded != app.name {
        let message = format!(
            "the tape is of the integration {recorded}, and this is {}",
            app.name
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    quiet(app, tape.sources())
}

fn quiet(app: &CliApp, sources: Sources) -> Result<Loaded, Failure> {
    let sources = sources.set("application.log_level", "WARNING", "the command");
    Ok(Settings::load(&sources, &app.settings_spec()?)?)
}

/// What `env` shows in the expressions of this installation.
pub(crate) fn variables(settings: &Settings, environment: &Environment) -> Variables {
    if settings.mapping.allow_environment_variables_jq_access {
        environment.for_mappings()
    } else {
        Variables::default()
    }
}

/// Reads a mapping file.
fn of_file(path: &Path) -> Result<Parsed, Failure> {
    let name = path.display().to_string();
    let Some(text) = read(path)? else {
        let message = format!("there is no file `{name}`");
        return Err(Failure::new(Exit::Usage, message));
    };
    AppConfig::from_yaml(&name, &text).map_err(|faults| {
        let message = format!("the mapping is not valid:\n{faults}");
        Failure::new(Exit::Invalid, message)
    })
}

/// Compiles what a run would compile, and refuses what a run would refuse.
fn compile(
    config: &AppConfig,
    source: &MappingSource,
    variables: &Variables,
    registry: &Registry,
) -> Result<CompiledMapping, Failure> {
    let (compiled, faults) = CompiledMapping::compile(config, variables);
    let mut faults: Vec<String> = faults
        .iter()
        .map(|fault| fault.finding(source).to_string())
        .collect();
    for (index, resource) in config.resources.iter().enumerate() {
        for resync in registry.resyncs(&resource.kind) {
            let refused = resync.check(&resource.config(index)).err();
            faults.extend(refused.map(|error| {
                let finding = source.finding(error.path, error.message);
                finding.to_string()
            }));
        }
    }
    if faults.is_empty() {
        return Ok(compiled);
    }
    let message = format!("the mapping is not valid:\n{}", faults.join("\n"));
    Err(Failure::new(Exit::Invalid, message))
}
