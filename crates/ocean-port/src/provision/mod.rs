//! What must exist at Port before the first run: the registered integration, its mapping, the
//! blueprints that the mapping writes to, and the actions, scorecards and pages that go with them.
//!
//! Start with [`PortClient::provision`]; contract `port-api.md` 6.1 and 6.2.

mod blueprints;
mod defaults;
mod extras;
#[cfg(test)]
mod tests;
mod unfinished;

use std::time::Duration;

use serde_json::{Value, json};

use self::defaults::ON_PREM;
pub use self::defaults::{Defaults, Origin, Runtime};
use crate::client::PortClient;
use crate::error::{Error, Result};
use crate::request::{IntegrationChange, NewIntegration};
use crate::wire::{IntegrationAnswer, IntegrationRecord, ProvisionEnabledAnswer};

/// The feature flag of organisations for which Port makes the resources of integrations.
const PROVISIONED_DEFAULTS: &str = "USE_PROVISIONED_DEFAULTS";

/// How often Port is asked whether it has made the resources, about half an hour in all.
const LOOKS: usize = 30;

/// What [`PortClient::provision`] had to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provisioned {
    /// The integration was not known and was registered.
    pub registered: bool,
    /// What Port knew of it was not up to date and was changed.
    pub updated: bool,
    /// The blueprints that were made, or finished after an earlier start was interrupted.
    pub blueprints: Vec<String>,
    /// The actions, scorecards and pages that could not be made; the next start tries again.
    pub missing: Vec<String>,
}

impl PortClient {
    /// Registers the integration if Port does not know it, tells Port what changed about it, and
    /// makes the default resources of a new one.
    ///
    /// # Guarantees
    ///
    /// - Only Port's own 404 means that the integration is not registered.
    /// - A blueprint that exists is never touched, and a mapping that exists is never replaced.
    ///   The one exception is a default blueprint that is exactly as an interrupted first start
    ///   leaves it, without relations or calculations: it is finished.
    /// - When a blueprint cannot be made, those made before are removed again, and the next start
    ///   begins anew: only success is remembered at Port.
    /// - Wherever it is interrupted, and whatever fails: the next call that gets through leaves
    ///   what one undisturbed call leaves. The same holds for two at once.
    ///
    /// # Errors
    ///
    /// When Port refuses or does not answer, or when the integration is registered for another
    /// way of running it. An action, scorecard or page that cannot be made is no error: nothing
    /// that is synced depends on it.
    pub async fn provision(&self, defaults: &Defaults) -> Result<Provisioned, Error> {
        let mut done = Provisioned::default();
        let found = self.integration().await?;
        if let Some(integration) = &found {
            check_runtime(integration, defaults.runtime)?;
        }
        let noted = found
            .as_ref()
            .and_then(|found| found.create_port_resources_origin.as_deref());
        let origin = match noted {
            Some(noted) => parse_origin(noted),
            None => self.settle(defaults.origin).await?,
        };
        let integration = match found {
            Some(integration) => integration,
            None => {
                done.registered = true;
                self.register(defaults, origin).await?
            }
        };
        done.updated = self.update(&integration, defaults).await?;
        if integration.are_port_resources_initialized == Some(true) {
            return Ok(done);
        }
        match origin {
            Origin::Port => self.wait_for_mapping(integration).await?,
            Origin::Empty => self.make_empty(integration).await?,
            Origin::Default if defaults.initialize_resources => {
                self.make_resources(integration, defaults, &mut done)
                    .await?;
            }
            Origin::Default => {}
        }
        Ok(done)
    }

    /// Who makes the resources, when the setting says so.
    async fn settle(&self, setting: Origin) -> Result<Origin> {
        if setting != Origin::Port {
            return Ok(setting);
        }
        let request = self.requests.provision_enabled()?;
        let enabled: ProvisionEnabledAnswer = self.transport.read(request).await?;
        let flags = self.feature_flags().await?;
        let can = enabled.integrations.contains(&self.config.integration_type);
        let may = flags.iter().any(|flag| flag == PROVISIONED_DEFAULTS);
        Ok(if can && may {
            Origin::Port
        } else {
            Origin::Default
        })
    }

    async fn register(&self, defaults: &Defaults, origin: Origin) -> Result<IntegrationRecord> {
        let config = match origin {
            Origin::Default => defaults.mapping.clone(),
            Origin::Empty => empty_mapping(),
            Origin::Port => json!({}),
        };
        let new = NewIntegration {
            installation_id: &self.config.integration_identifier,
            installation_app_type: &self.config.integration_type,
            version: &self.config.integration_version,
            changelog_destination: &defaults.changelog_destination,
            config: &config,
            actions_processing_enabled: defaults.actions_processing_enabled,
            incremental_sync_enabled: defaults.incremental_sync_enabled,
            create_port_resources_origin: origin.as_str(),
        };
        let request = self
            .requests
            .create_integration(&new, origin == Origin::Port)?;
        match self.transport.read::<IntegrationAnswer>(request).await {
            // Another start was faster, or the answer to this one was lost on the way.
            Err(error) if error.is_taken() => self.registered().await,
            answer => Ok(answer?.integration),
        }
    }

    /// Tells Port in one request what it does not know yet; false when it knows everything.
    async fn update(&self, known: &IntegrationRecord, defaults: &Defaults) -> Result<bool> {
        let config = &self.config;
        let is_known = known.changelog_destination.as_ref()
            == Some(&defaults.changelog_destination)
            && known.installation_app_type.as_deref() == Some(&config.integration_type)
            && known.version.as_deref() == Some(&config.integration_version)
            && known.actions_processing_enabled == Some(defaults.actions_processing_enabled)
            && known.incremental_sync_enabled == Some(defaults.incremental_sync_enabled)
            && known.processing_mode.as_deref() == Some(&defaults.processing_mode);
        if is_known {
            return Ok(false);
        }
        self.change(&IntegrationChange {
            installation_app_type: Some(&config.integration_type),
            actions_processing_enabled: Some(defaults.actions_processing_enabled),
            incremental_sync_enabled: Some(defaults.incremental_sync_enabled),
            changelog_destination: Some(&defaults.changelog_destination),
            processing_mode: Some(&defaults.processing_mode),
            ..IntegrationChange::default()
        })
        .await?;
        Ok(true)
    }

    /// The mapping if there is none, the resources that are missing, and the note that all of
    /// that is there.
    async fn make_resources(
        &self,
        integration: IntegrationRecord,
        defaults: &Defaults,
        done: &mut Provisioned,
    ) -> Result<()> {
        if integration.mapping().is_none() {
            // Where Port hosts the integration, it would start a resync of its own.
            let skip_resync = defaults.runtime == Runtime::Saas;
            let request = self
                .requests
                .patch_mapping(&defaults.mapping, skip_resync)?;
            self.transport.send(request).await?;
        }
        let made = self.make_blueprints(&defaults.blueprints).await?;
        done.blueprints = made.blueprints;
        done.missing = self.make_extras(defaults).await;
        if !done.missing.is_empty() {
            return Ok(());
        }
        self.change(&IntegrationChange {
            are_port_resources_initialized: Some(true),
            ..IntegrationChange::default()
        })
        .await?;
        if made.has_rival {
            // It may have failed since, and what it takes back is missing for good.
            self.make_blueprints(&defaults.blueprints).await?;
        }
        Ok(())
    }

    /// Waits until Port has made the resources, which ends with the mapping.
    async fn wait_for_mapping(&self, mut integration: IntegrationRecord) -> Result<()> {
        let mut pauses = pauses();
        while integration.mapping().is_none() {
            let pause = pauses.next().ok_or(Error::NoMapping)?;
            tokio::time::sleep(pause).await;
            integration = self.registered().await?;
        }
        Ok(())
    }

    async fn make_empty(&self, integration: IntegrationRecord) -> Result<()> {
        let empty = empty_mapping();
        let config = match integration.mapping() {
            Some(_) => None,
            None => Some(&empty),
        };
        self.change(&IntegrationChange {
            config,
            are_port_resources_initialized: Some(true),
            ..IntegrationChange::default()
        })
        .await
    }

    async fn change(&self, change: &IntegrationChange<'_>) -> Result<()> {
        let request = self.requests.patch_integration(change)?;
        self.transport.send(request).await?;
        Ok(())
    }
}

/// Who makes the resources, as Port noted it when the integration was registered.
fn parse_origin(noted: &str) -> Origin {
    match noted {
        "Empty" => Origin::Empty,
        "Port" => Origin::Port,
        "Default" | "Ocean" => Origin::Default,
        other => {
            tracing::warn!(
                origin = other,
                "unknown origin of resources, taken as the default"
            );
            Origin::Default
        }
    }
}

/// How long to wait between two looks for the mapping that Port makes: as the original, but never
/// longer than a minute.
fn pauses() -> impl Iterator<Item = Duration> {
    let longer = |seconds: &u64| Some((*seconds * 155 / 100).min(60));
    std::iter::successors(Some(3), longer)
        .map(Duration::from_secs)
        .take(LOOKS)
}

/// The mapping of an integration that is not to have one yet.
fn empty_mapping() -> Value {
    json!({
        "deleteDependentEntities": true,
        "createMissingRelatedEntities": true,
        "enableMergeEntity": true,
        "entityDeletionThreshold": 0.9,
        "resources": [],
    })
}

fn check_runtime(integration: &IntegrationRecord, runtime: Runtime) -> Result<()> {
    let registered = integration.installation_type.as_deref().unwrap_or(ON_PREM);
    if runtime.fits(registered) {
        return Ok(());
    }
    Err(Error::OtherInstallation {
        registered: registered.to_owned(),
        runtime: runtime.as_str(),
    })
}
