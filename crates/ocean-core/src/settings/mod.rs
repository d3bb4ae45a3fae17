//! What did the operator configure, where does each value come from, and what is wrong with it?
//!
//! Start with [`Settings::load`]: it overlays its [`Sources`] (command line, environment, `.env`,
//! `config.yaml`, defaults), checks the integration's own settings against its [`Spec`], and
//! returns typed [`Settings`], or every fault at once, each naming the variable or the line to
//! change.
//!
//! ```
//! use std::collections::BTreeMap;
//! use ocean_core::settings::{Settings, Sources, Spec};
//!
//! let environment = [
//!     ("OCEAN__PORT__CLIENT_ID", "id"),
//!     ("OCEAN__PORT__CLIENT_SECRET", "secret"),
//!     ("OCEAN__EVENT_LISTENER", r#"{"type": "POLLING", "interval": 60}"#),
//!     ("OCEAN__EVENT_LISTENER__TYPE", "ONCE"),
//! ];
//! let environment: BTreeMap<_, _> = environment
//!     .map(|(name, value)| (name.to_owned(), value.to_owned()))
//!     .into();
//! let loaded = Settings::load(&Sources::new(environment), &Spec::empty("desk"))?;
//! assert!(loaded.settings.event_listener.is_once());
//! assert_eq!(loaded.settings.integration.identifier, "my-desk-integration");
//! # Ok::<(), ocean_core::settings::SettingsFaults>(())
//! ```

mod dotenv;
mod fault;
mod format;
mod names;
mod node;
mod origin;
mod overlay;
mod reader;
mod schema;
mod shape;
mod sources;
mod spec;
mod typed;
mod yaml;

#[cfg(test)]
mod tests;

use secrecy::SecretString;

use self::overlay::Layers;
use self::reader::Report;

pub use self::fault::{SettingsFault, SettingsFaults, SettingsWarning};
pub use self::names::setting_name;
pub use self::origin::{Origin, SettingOrigin};
pub use self::sources::Sources;
pub use self::spec::{Configuration, ConfigurationType, Spec, SpecError};
pub use self::typed::{
    ActionsProcessorSettings, ApplicationSettings, BatchSettings, CachingStorage,
    CreateResourcesOrigin, DeletionSettings, EventListener, EventListenerSettings,
    IntegrationConfig, IntegrationSettings, LiveEventsSettings, LogLevel, MappingSettings,
    MetricsSettings, OutboundSettings, PathPrefix, PortSettings, ProcessSettings, ProcessingMode,
    ProvisioningSettings, ResyncSettings, RuntimeKind, ServerSettings, Settings, SslSettings,
    SslVerification, WebhookSettings, X509Verification, interval_minutes,
};

/// Settings that can be used, and what was odd about them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Loaded {
    /// The effective settings.
    pub settings: Settings,
    /// What the operator should know; nothing of it keeps the process from starting.
    pub warnings: Vec<SettingsWarning>,
}

impl Settings {
    /// Overlays the sources and checks everything.
    ///
    /// # Errors
    ///
    /// Every fault there is, when there is any; the process ends with exit code 10.
    pub fn load(sources: &Sources, spec: &Spec) -> Result<Loaded, SettingsFaults> {
        let layers = Layers::read(sources);
        let mut report = Report::new(layers.faults, layers.warnings, layers.unset);
        let application = report.read(
            names::APPLICATION,
            layers.application,
            ApplicationSettings::read,
        );
        let mut settings =
            report.read("", layers.ocean, |root| Self::read(root, application, spec));
        report.warn_of_unknown();
        if report.faults.is_empty() {
            settings.origins = report.origins;
            Ok(Loaded {
                settings,
                warnings: report.warnings,
            })
        } else {
            Err(SettingsFaults {
                faults: report.faults,
                warnings: report.warnings,
                origins: report.origins,
            })
        }
    }

    /// Every setting with its effective value and where it came from; secrets are masked.
    #[must_use]
    pub fn explain(&self) -> Vec<SettingOrigin> {
        self.origins.clone()
    }

    /// Refuses what the original can do and we cannot yet. A command that runs the integration
    /// calls it; one that only shows the settings does not.
    ///
    /// # Errors
    ///
    /// One fault per setting that asks for such a thing.
    pub fn refuse_unbuilt(&self) -> Result<(), SettingsFaults> {
        const LISTENERS: &str = "use `POLLING`, `WEBHOOK`, `ONCE` or `WEBHOOKS_ONLY`";
        let listener = match self.event_listener.listener {
            EventListener::Kafka => Some("`KAFKA`"),
            EventListener::ActionsOnly => Some("`ACTIONS_ONLY`"),
            _ => None,
        };
        let mut faults = Vec::new();
        if let Some(listener) = listener {
            let problem = format!("{listener} is not supported yet; {LISTENERS}");
            faults.push(self.fault("event_listener.type", problem));
        }
        if self.live_events.is_redis_stream_consumer_enabled {
            let problem = "reading live events from Redis is not supported yet; set it to false \
                           to receive them as webhooks";
            faults.push(self.fault("live_events.is_redis_stream_consumer_enabled", problem));
        }
        if self.actions_processor.enabled {
            let problem = "actions are not supported yet; set it to false";
            faults.push(self.fault("actions_processor.enabled", problem));
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(SettingsFaults {
            faults,
            warnings: Vec::new(),
            origins: self.explain(),
        })
    }

    /// The URL that other systems reach this process at, path prefix included: `base_url`, or the
    /// integration's deprecated `app_host`. `None` when nothing is configured; then there are no
    /// live events.
    #[must_use]
    pub fn public_url(&self) -> Option<String> {
        let deprecated = self.integration.config.text("app_host");
        self.server.public_url(deprecated)
    }

    /// The texts that must never appear in a log, for its masker.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let mut secrets = vec![self.port.client_id.clone(), self.port.client_secret.clone()];
        secrets.extend(self.integration.config.secrets());
        secrets.extend(self.metrics.webhook_url.clone());
        secrets.extend(self.resync.secret.clone());
        if let EventListener::Webhook { app_host } = &self.event_listener.listener {
            secrets.push(app_host.clone());
        }
        secrets
    }

    fn fault(&self, path: &str, problem: impl Into<String>) -> SettingsFault {
        let mut known = self.origins.iter();
        match known.find(|known| known.path == path) {
            Some(known) => SettingsFault::at(&known.origin, path, problem),
            None => SettingsFault::missing(path, problem),
        }
    }
}
