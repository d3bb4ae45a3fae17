//! A stand-in for the jq engine: plain paths and JSON literals only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

#[derive(Debug, Clone, Default)]
/// What `env` and `$ENV` show to expressions.
pub struct Environment(#[expect(dead_code, reason = "stand-in")] Arc<BTreeMap<String, String>>);

impl Environment {
    /// These variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(Arc::new(variables.into_iter().collect()))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Needs;

impl Needs {
    pub(crate) const fn nothing() -> Self {
        Self
    }
    pub(crate) fn merge(&mut self, _: &Self) {}
}

#[derive(Debug, Clone)]
pub(crate) struct Val(Value);

impl From<Value> for Val {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Val {
    pub(crate) fn from_json(bytes: &[u8], _: &Needs) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes).map(Self)
    }
    pub(crate) fn insert(&mut self, key: &str, value: Self) {
        if let Value::Object(fields) = &mut self.0 {
            fields.insert(key.to_owned(), value.0);
        }
    }
    pub(crate) fn to_json(&self) -> Value {
        self.0.clone()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) steps: u64,
    pub(crate) memory: u64,
    pub(crate) time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            memory: 256 << 20,
            time: Duration::from_secs(10),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Budget;

impl Budget {
    pub(crate) fn new(_: Limits) -> Self {
        Self
    }
}

#[derive(Debug, thiserror::Error)]
#[error("unsupported expression")]
pub(crate) struct CompileError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum EvalError {
    #[error("cannot index")]
    Failed,
    #[error("too much")]
    #[expect(dead_code, reason = "stand-in")]
    Exhausted,
}

#[derive(Debug)]
pub(crate) enum Program {
    Literal(Val),
    Path(Vec<String>),
}

impl Program {
    pub(crate) fn compile(text: &str, _: &Environment) -> Result<Self, CompileError> {
        if let Ok(value) = serde_json::from_str(text) {
            return Ok(Self::Literal(Val(value)));
        }
        let path = text.strip_prefix('.').ok_or(CompileError)?;
        if !path
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        {
            return Err(CompileError);
        }
        Ok(Self::Path(path.split('.').map(str::to_owned).collect()))
    }
    pub(crate) fn first(&self, input: &Val, _: &Budget) -> Result<Option<Val>, EvalError> {
        match self {
            Self::Literal(value) => Ok(Some(value.clone())),
            Self::Path(path) => {
                let mut value = &input.0;
                for key in path {
                    value = match value {
                        Value::Object(fields) => fields.get(key).unwrap_or(&Value::Null),
                        Value::Null => value,
                        _ => return Err(EvalError::Failed),
                    };
                }
                Ok(Some(Val(value.clone())))
            }
        }
    }
    pub(crate) const fn needs(&self) -> &Needs {
        &Needs
    }
    pub(crate) const fn literal(&self) -> Option<&Val> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Path(_) => None,
        }
    }
}

pub(crate) const WORKER_STACK: usize = 64 << 20;

pub(crate) fn with_stack<R>(work: impl FnOnce() -> R) -> R {
    work()
}
