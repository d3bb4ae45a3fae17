//! Telling Port how resyncs go and what the process logs.
//!
//! Port names the addresses when the integration is read, which happens at the start of the process
//! and of each resync: they are remembered, so that nothing here costs a request more.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures::future::join;
use ocean_core::http::{HttpClient, Masker};
use ocean_core::{CatalogError, MetricsForm, SyncMetrics, Telemetry};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::client::PortClient;
use crate::config::PortConfig;
use crate::error::{Error, Result};
use crate::transport::builder;
use crate::wire::{IngestRecord, IntegrationRecord};

/// What the installation is called before Port said so.
const UNKNOWN_INSTALLATION: &str = "Unknown";

/// What Port said of itself when the integration was read last.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<Named>);

#[derive(Debug, Clone, Default)]
struct Named {
    /// Whether the integration was read at all.
    known: bool,
    logs: Option<String>,
    metrics: Option<String>,
    installation_type: Option<String>,
}

impl Noted {
    pub(crate) fn observe(&self, integration: &IntegrationRecord) {
        let url = |found: &Option<IngestRecord>| {
            let url = found.as_ref()?.ingest_url.as_deref()?.trim_end_matches('/');
            (!url.is_empty()).then(|| url.to_owned())
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Named {
            known: true,
            logs: url(&integration.log_attributes),
            metrics: url(&integration.metric_attributes),
            installation_type: integration.installation_type.clone(),
        };
    }

    fn named(&self) -> Named {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Named {
    fn installation_type(&self) -> &str {
        self.installation_type
            .as_deref()
            .unwrap_or(UNKNOWN_INSTALLATION)
    }
}

/// The webhook of the user's own that is told of kinds (`metrics.webhook_url`).
#[derive(Debug)]
pub(crate) struct UserWebhook {
    url: String,
    /// Has no credentials, and hides the address, which often is one.
    http: HttpClient,
}

impl UserWebhook {
    pub(crate) fn of(config: &PortConfig) -> Result<Option<Self>> {
        let Some(url) = &config.metrics_webhook else {
            return Ok(None);
        };
        let url = url.expose_secret();
        let parsed = Url::parse(url)
            .map_err(|error| Error::invalid_config("metrics.webhook_url", error.to_string()))?;
        let path = parsed.path().trim_matches('/');
        let secrets = config.all_secrets().chain([url, path]);
        let http = builder(config).masker(Masker::new(secrets)).build()?;
        Ok(Some(Self {
            url: url.to_owned(),
            http,
        }))
    }
}

impl PortClient {
    /// What Port said of itself; the integration is read when it never was.
    async fn named(&self) -> Result<Named> {
        if !self.noted.named().known {
            self.registered().await?;
        }
        Ok(self.noted.named())
    }

    async fn tell_port(&self, told: &SyncMetrics) -> Result<()> {
        let named = self.named().await?;
        // A Port that names no address wants no metrics.
        let Some(base) = &named.metrics else {
            return Ok(());
        };
        let installation = named.installation_type();
        let requests = &self.requests;
        match told.form {
            MetricsForm::Kind => {
                for kind in &told.kinds {
                    let request = requests.kind_metrics(base, installation, told.event, kind)?;
                    self.transport.send(request).await?;
                }
            }
            MetricsForm::List => {
                let request = requests.sync_metrics(base, installation, told)?;
                self.transport.send(request).await?;
            }
        }
        Ok(())
    }

    async fn tell_user(&self, told: &SyncMetrics) -> Result<()> {
        let Some(webhook) = &self.user_webhook else {
            return Ok(());
        };
        let named = self.noted.named();
        for kind in &told.kinds {
            let installation = named.installation_type();
            let requests = &self.requests;
            let request = requests.user_metrics(&webhook.url, installation, told.event, kind)?;
            webhook.http.send(request).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Telemetry for PortClient {
    /// Port and the user are told at the same time: neither waits for the other.
    async fn tell_sync_metrics(&self, metrics: &SyncMetrics) -> Result<(), CatalogError> {
        let port = async {
            match metrics.to_port {
                true => self.tell_port(metrics).await,
                false => Ok(()),
            }
        };
        let user = async {
            match metrics.to_user {
                true => self.tell_user(metrics).await,
                false => Ok(()),
            }
        };
        let (port, user) = join(port, user).await;
        Ok(port.and(user)?)
    }

    async fn tell_heartbeat(&self, event: Uuid) -> Result<(), CatalogError> {
        if let Some(base) = &self.named().await?.metrics {
            let request = self.requests.heartbeat(base, event)?;
            self.transport.send(request).await?;
        }
        Ok(())
    }

    async fn keep_logs(&self, records: &[Value]) -> Result<bool, CatalogError> {
        let Some(url) = self.noted.named().logs else {
            return Ok(false);
        };
        let request = self.requests.logs(&url, records)?;
        self.transport.send(request).await?;
        Ok(true)
    }
}
