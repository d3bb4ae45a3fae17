//! What an integration brings along, and how it is run.

use serde_json::{Map, Value};

/// How an integration is registered when nobody says otherwise.
pub(super) const ON_PREM: &str = "OnPrem";

/// What an integration brings along for its first start, and how it says it is run.
///
/// ```
/// use ocean_port::Defaults;
/// use serde_json::json;
///
/// let mapping = json!({ "resources": [] });
/// let defaults = Defaults::new(mapping).blueprint(json!({ "identifier": "jiraProject" }));
/// assert_eq!(defaults.blueprints.len(), 1);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Defaults {
    /// The mapping of an integration that has none, as it is sent.
    pub mapping: Value,
    /// The blueprints to make when they are missing, in any order.
    pub blueprints: Vec<Value>,
    /// The actions to make when they are missing.
    pub actions: Vec<Value>,
    /// The scorecards to make when they are missing, each with its blueprint.
    pub scorecards: Vec<(String, Value)>,
    /// The pages to make when they are missing.
    pub pages: Vec<Value>,
    /// Who makes the default resources, unless that was settled when the integration was
    /// registered.
    pub origin: Origin,
    /// False leaves mapping and blueprints of a new integration to its user.
    pub initialize_resources: bool,
    /// Whether this process runs where Port hosts integrations.
    pub runtime: Runtime,
    /// Where Port tells changes of the integration: `{}`, or `{"type": "KAFKA"}`, or
    /// `{"type": "WEBHOOK", "url": ...}`.
    pub changelog_destination: Value,
    /// Whether actions are processed.
    pub actions_processing_enabled: bool,
    /// Whether there are incremental syncs.
    pub incremental_sync_enabled: bool,
    /// Who maps raw data, as the setting says: `dsp` or `ocean-core`.
    pub processing_mode: String,
}

/// Who makes the default resources of an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Port, if it can for this type of integration and the organisation takes part in it; else
    /// the integration.
    Port,
    /// The integration, from what it brings along.
    Default,
    /// Nobody: mapping and blueprints are the user's.
    Empty,
}

/// Where the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runtime {
    /// With its user.
    OnPrem,
    /// With Port.
    Saas,
}

impl Defaults {
    /// Defaults without blueprints, for a process that its user runs.
    #[must_use]
    pub fn new(mapping: Value) -> Self {
        Self {
            mapping,
            blueprints: Vec::new(),
            actions: Vec::new(),
            scorecards: Vec::new(),
            pages: Vec::new(),
            origin: Origin::Port,
            initialize_resources: true,
            runtime: Runtime::OnPrem,
            changelog_destination: Value::Object(Map::new()),
            actions_processing_enabled: false,
            incremental_sync_enabled: false,
            processing_mode: "dsp".to_owned(),
        }
    }

    /// With one more blueprint.
    #[must_use]
    pub fn blueprint(mut self, blueprint: Value) -> Self {
        self.blueprints.push(blueprint);
        self
    }

    /// With one more action.
    #[must_use]
    pub fn action(mut self, action: Value) -> Self {
        self.actions.push(action);
        self
    }

    /// With one more scorecard of a blueprint.
    #[must_use]
    pub fn scorecard(mut self, blueprint: impl Into<String>, scorecard: Value) -> Self {
        self.scorecards.push((blueprint.into(), scorecard));
        self
    }

    /// With one more page.
    #[must_use]
    pub fn page(mut self, page: Value) -> Self {
        self.pages.push(page);
        self
    }

    /// Who makes the default resources.
    #[must_use]
    pub const fn origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Whether mapping and blueprints of a new integration are made at all.
    #[must_use]
    pub const fn initialize_resources(mut self, initialize: bool) -> Self {
        self.initialize_resources = initialize;
        self
    }

    /// Where the process runs.
    #[must_use]
    pub const fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Where Port tells changes of the integration.
    #[must_use]
    pub fn changelog_destination(mut self, destination: Value) -> Self {
        self.changelog_destination = destination;
        self
    }

    /// Whether actions are processed and incremental syncs made.
    #[must_use]
    pub const fn capabilities(mut self, actions: bool, incremental_sync: bool) -> Self {
        self.actions_processing_enabled = actions;
        self.incremental_sync_enabled = incremental_sync;
        self
    }

    /// Who maps raw data.
    #[must_use]
    pub fn processing_mode(mut self, mode: impl Into<String>) -> Self {
        self.processing_mode = mode.into();
        self
    }
}

impl Origin {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Port => "Port",
            Self::Default => "Default",
            Self::Empty => "Empty",
        }
    }
}

impl Runtime {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::OnPrem => ON_PREM,
            Self::Saas => "Saas",
        }
    }

    /// Whether an integration that is registered so may be run here.
    pub(super) fn fits(self, registered: &str) -> bool {
        match self {
            Self::OnPrem => registered == ON_PREM,
            Self::Saas => registered.starts_with("Saas"),
        }
    }
}
