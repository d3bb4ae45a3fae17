//! A mapping document with every expression compiled.

use std::fmt;
use std::sync::Arc;

use crate::app_config::{AppConfig, Finding, MappingSource};

use super::jq::{CompileError, Environment, Refusal};
use super::resource::ResourceMapper;

/// A mapping document with every expression compiled, once for all batches.
///
/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CompiledMapping {
    resources: Arc<[Arc<ResourceMapper>]>,
}

impl CompiledMapping {
    /// Compiles every expression of `config`; `environment` is what `env` and `$ENV` show.
    ///
    /// An expression that does not compile gives null, as in the original, and is reported: an
    /// engine should not run a mapping that has faults.
    #[must_use]
    pub fn compile(config: &AppConfig, environment: &Environment) -> (Self, Vec<ExpressionFault>) {
        let mut faults = Vec::new();
        let resources = config
            .resources
            .iter()
            .enumerate()
            .map(|(index, resource)| {
                let (mapper, found) = ResourceMapper::compile(resource, index, environment);
                faults.extend(found);
                Arc::new(mapper)
            });
        let resources = resources.collect();
        (Self { resources }, faults)
    }

    /// The mappers, in the order of the document's resources.
    #[must_use]
    pub fn resources(&self) -> &[Arc<ResourceMapper>] {
        &self.resources
    }

    /// The mapper of the resource at `index`.
    #[must_use]
    pub fn resource(&self, index: usize) -> Option<&Arc<ResourceMapper>> {
        self.resources.get(index)
    }
}

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct ExpressionFault {
    /// Where in the document: `resources[2].port.entity.mappings.properties.url`.
    pub path: String,
    /// The expression, as its author wrote it.
    pub expression: String,
    /// The column in the expression, from 1, if it is known.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// Whose fault it is.
    pub cause: FaultCause,
}

/// Why an expression does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultCause {
    /// jq rejects it, too.
    Rejected,
    /// jq accepts it, but our engine lacks what it uses.
    Unsupported,
}

impl ExpressionFault {
    pub(super) fn new(path: String, expression: &str, error: &CompileError) -> Self {
        Self {
            path,
            expression: expression.to_owned(),
            column: expression
                .get(..error.offset)
                .map(|before| before.chars().count() + 1),
            message: error.to_string(),
            cause: match error.kind {
                Refusal::Rejected => FaultCause::Rejected,
                Refusal::Unsupported => FaultCause::Unsupported,
            },
        }
    }
}

impl ExpressionFault {
    /// The fault as a finding about the document, shown in its file if it came from one.
    #[must_use]
    pub fn finding(&self, source: &MappingSource) -> Finding {
        source.finding(&self.path, self.told())
    }

    /// What is wrong, without the path.
    fn told(&self) -> String {
        let verdict = match self.cause {
            FaultCause::Rejected => "is not a jq expression",
            FaultCause::Unsupported => "is jq, but uses what is not supported here",
        };
        match self.column {
            Some(column) => format!("{verdict}: {} at its column {column}", self.message),
            None => format!("{verdict}: {}", self.message),
        }
    }
}

impl fmt::Display for ExpressionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.told())
    }
}
