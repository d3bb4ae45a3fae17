//! How does the process run, and what does it create at Port before it starts?

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;

use crate::settings::format;
use crate::settings::reader::Section;
use crate::settings::spec::Spec;

/// Root settings of the process itself.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProcessSettings {
    /// Where it runs.
    pub runtime: RuntimeKind,
    /// The pause between full resyncs, in minutes; null for none.
    #[schemars(with = "Option<u32>")]
    pub scheduled_resync_interval: Option<Duration>,
    /// The period of the metrics heartbeat (`status_heartbeat_interval_seconds`).
    #[schemars(with = "u32", rename = "statusHeartbeatIntervalSeconds")]
    pub status_heartbeat_interval: Duration,
    /// How long it waits at the end for work in progress (`max_wait_seconds_before_shutdown`).
    #[schemars(with = "f64", rename = "maxWaitSecondsBeforeShutdown")]
    pub shutdown_grace: Duration,
    /// The folder of everything that outlives a restart (our own setting).
    pub state_dir: PathBuf,
    /// How items are processed, as told to Port.
    pub processing_mode: ProcessingMode,
}

/// Where the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[non_exhaustive]
pub enum RuntimeKind {
    /// In Port's own cloud.
    Saas,
    /// Anywhere else.
    OnPrem,
}

/// `processing_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProcessingMode {
    /// At Port, for organisations that have it switched on.
    Dsp,
    /// In this process.
    OceanCore,
}

impl ProcessSettings {
    pub(super) fn read(root: &mut Section<'_>, spec: &Spec) -> Self {
        const RUNTIMES: &[(&str, RuntimeKind)] =
            &[("Saas", RuntimeKind::Saas), ("OnPrem", RuntimeKind::OnPrem)];
        const MODES: &[(&str, ProcessingMode)] = &[
            ("dsp", ProcessingMode::Dsp),
            ("ocean-core", ProcessingMode::OceanCore),
        ];
        let runtime = root.or("runtime", &format::choice(RUNTIMES), RuntimeKind::OnPrem);
        if runtime == RuntimeKind::Saas
            && spec.saas_enabled() == Some(false)
            && let Some(origin) = root.origin_of("runtime")
        {
            let problem = "this integration does not run in `Saas`; use `OnPrem`";
            root.fault("runtime", &origin, problem.to_owned());
        }
        let minutes = root.optional("scheduled_resync_interval", &format::at_least(0_u32));
        Self {
            runtime,
            scheduled_resync_interval: minutes
                .filter(|minutes| *minutes > 0)
                .map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            status_heartbeat_interval: root.or(
                "status_heartbeat_interval_seconds",
                &format::whole_seconds(1),
                Duration::from_secs(10),
            ),
            shutdown_grace: root.or(
                "max_wait_seconds_before_shutdown",
                &format::seconds(true),
                Duration::from_secs(5),
            ),
            state_dir: path(root, "state_dir", ".ocean"),
            processing_mode: root.or(
                "processing_mode",
                &format::choice(MODES),
                ProcessingMode::Dsp,
            ),
        }
    }
}

/// Root settings of what is created at Port before the first run.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProvisioningSettings {
    /// Whether default blueprints and the default mapping are created.
    pub initialize_port_resources: bool,
    /// Who creates them; null leaves it to the organisation.
    pub create_port_resources_origin: Option<CreateResourcesOrigin>,
    /// The folder of the defaults; used instead of the embedded ones when it exists.
    pub resources_path: PathBuf,
    /// Whether examples of raw items are sent to Port.
    pub send_raw_data_examples: bool,
}

/// Who creates default resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[non_exhaustive]
pub enum CreateResourcesOrigin {
    /// Nobody.
    Empty,
    /// This process; `Ocean` is an older name of it.
    Default,
    /// Port.
    Port,
}

impl ProvisioningSettings {
    pub(super) fn read(root: &mut Section<'_>) -> Self {
        /// What each word means, and whether it is an old name.
        const ORIGINS: &[(&str, (CreateResourcesOrigin, bool))] = &[
            ("Empty", (CreateResourcesOrigin::Empty, false)),
            ("Default", (CreateResourcesOrigin::Default, false)),
            ("Port", (CreateResourcesOrigin::Port, false)),
            ("Ocean", (CreateResourcesOrigin::Default, true)),
        ];
        // In the order in which they are told.
        let initialize = root.or("initialize_port_resources", &format::boolean(), true);
        let key = "create_port_resources_origin";
        let origin = root.optional(key, &format::choice(ORIGINS));
        if let Some((_, true)) = origin
            && let Some(place) = root.origin_of(key)
        {
            root.warn(key, &place, "`Ocean` is deprecated; say `Default` instead");
        }
        Self {
            initialize_port_resources: initialize,
            create_port_resources_origin: origin.map(|(origin, _)| origin),
            resources_path: path(root, "resources_path", ".port/resources"),
            send_raw_data_examples: root.or("send_raw_data_examples", &format::boolean(), true),
        }
    }
}

fn path(root: &mut Section<'_>, key: &str, default: &str) -> PathBuf {
    PathBuf::from(root.or(key, &format::text(), default.to_owned()))
}
