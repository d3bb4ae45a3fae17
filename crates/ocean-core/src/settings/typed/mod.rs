//! What are the settings, with their types, defaults and ranges?
//!
//! One file per group. Each struct has a `read` that asks the [`Section`] for its keys, so that the
//! name, the range and the default of a setting stand in one place.

mod actions;
mod application;
mod inert;
mod integration;
mod limits;
mod listener;
mod live;
mod outbound;
mod port;
mod process;
mod server;

use schemars::JsonSchema;

use super::origin::SettingOrigin;
use super::reader::Section;
use super::spec::Spec;

pub use self::actions::ActionsProcessorSettings;
pub use self::application::{ApplicationSettings, LogLevel};
pub use self::integration::{IntegrationConfig, IntegrationSettings, interval_minutes};
pub use self::limits::{BatchSettings, DeletionSettings, MappingSettings};
pub use self::listener::{EventListener, EventListenerSettings, ResyncSettings};
pub use self::live::{LiveEventsSettings, MetricsSettings, WebhookSettings};
pub use self::outbound::{
    CachingStorage, OutboundSettings, SslSettings, SslVerification, X509Verification,
};
pub use self::port::PortSettings;
pub use self::process::{
    CreateResourcesOrigin, ProcessSettings, ProcessingMode, ProvisioningSettings, RuntimeKind,
};
pub use self::server::{PathPrefix, ServerSettings};

/// All effective settings.
///
/// The groups are ours; the names of the variables follow the original. What a field is called
/// outside stands in its documentation where it differs.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Settings {
    /// How Port is reached.
    pub port: PortSettings,
    /// Which integration this is, and its own settings.
    pub integration: IntegrationSettings,
    /// What makes the process resync.
    pub event_listener: EventListenerSettings,
    /// Who may order a resync over HTTP.
    pub resync: ResyncSettings,
    /// How the process runs.
    #[schemars(flatten)]
    pub process: ProcessSettings,
    /// What is created at Port before the first run.
    #[schemars(flatten)]
    pub provisioning: ProvisioningSettings,
    /// How items are mapped.
    #[schemars(flatten)]
    pub mapping: MappingSettings,
    /// How much goes to Port at once.
    #[schemars(flatten)]
    pub batches: BatchSettings,
    /// How other systems are reached.
    #[schemars(flatten)]
    pub outbound: OutboundSettings,
    /// How live events come in.
    #[schemars(flatten)]
    pub server: ServerSettings,
    /// How their senders are answered.
    pub webhook: WebhookSettings,
    /// What a resync may delete.
    pub deletion: DeletionSettings,
    /// The user's own metrics.
    pub metrics: MetricsSettings,
    /// The brokers that live events may come from.
    pub live_events: LiveEventsSettings,
    /// The processing of actions.
    pub actions_processor: ActionsProcessorSettings,
    /// How certificates are checked.
    pub ssl: SslSettings,
    /// The log and the server (`APPLICATION__`).
    #[schemars(skip)]
    pub application: ApplicationSettings,
    #[schemars(skip)]
    pub(super) origins: Vec<SettingOrigin>,
}

/// Settings of the original that change nothing here: what they tune does not exist, or needs no
/// tuning.
const WITHOUT_EFFECT: [&str; 3] = ["identity_propagation", "probe_id", "probe_reporting_mode"];

impl Settings {
    pub(super) fn read(
        root: &mut Section<'_>,
        application: ApplicationSettings,
        spec: &Spec,
    ) -> Self {
        root.ignore(&WITHOUT_EFFECT);
        root.section("streaming", inert::streaming);
        root.removed(
            "process_execution_mode",
            "no longer a setting, ignored; there is one process for everything",
        );
        let process = ProcessSettings::read(root, spec);
        Self {
            port: root.section("port", PortSettings::read),
            integration: root.section("integration", |section| {
                IntegrationSettings::read(section, spec)
            }),
            event_listener: root.section("event_listener", EventListenerSettings::read),
            resync: root.section("resync", ResyncSettings::read),
            provisioning: ProvisioningSettings::read(root),
            mapping: MappingSettings::read(root),
            batches: BatchSettings::read(root),
            outbound: OutboundSettings::read(root, process.runtime),
            server: ServerSettings::read(root),
            webhook: root.section("webhook", WebhookSettings::read),
            deletion: root.section("deletion", DeletionSettings::read),
            metrics: root.section_or_null("metrics", MetricsSettings::read),
            live_events: root.section("live_events", LiveEventsSettings::read),
            actions_processor: root.section("actions_processor", |section| {
                ActionsProcessorSettings::read(section, spec)
            }),
            ssl: root.section("ssl", SslSettings::read),
            process,
            application,
            origins: Vec::new(),
        }
    }
}
