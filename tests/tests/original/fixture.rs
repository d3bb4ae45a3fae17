//! What was recorded of the original: one file per scenario, one line per entity.

use std::fmt::Write as _;
use std::fs;
use std::ops::Deref;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::scenario::{Run, Scenario, Step};

/// The catalogs that the original left, one for each step.
#[derive(Debug, Deserialize)]
pub(crate) struct Fixture {
    pub(crate) steps: Vec<Recorded>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) step: Step,
    #[serde(flatten)]
    pub(crate) run: Run,
}

impl Deref for Recorded {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

impl Fixture {
    pub(crate) fn read(scenario: Scenario) -> Self {
        let text = fs::read_to_string(path(scenario)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Writes it so that another value of one entity is another text of one line.
    pub(crate) fn write(&self, scenario: Scenario) {
        let mut text = String::from("{\"steps\": [");
        for (at, Recorded { step, run }) in self.steps.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let (step, requests) = (json!(step), json!(run.requests));
            let lines: Vec<_> = run.catalog.iter().map(Value::to_string).collect();
            let lines = lines.join(",\n");
            writeln!(text, "{comma}").unwrap();
            writeln!(text, "{{\"step\": {step}, \"requests\": {requests},").unwrap();
            write!(text, "\"catalog\": [\n{lines}\n]}}").unwrap();
        }
        text.push_str("\n]}\n");
        fs::write(path(scenario), text).unwrap();
    }

    pub(crate) fn step(&self, step: Step) -> &Run {
        self.steps.iter().find(|one| one.step == step).unwrap()
    }
}

pub(crate) fn path(scenario: Scenario) -> PathBuf {
    folder().join(scenario.file())
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/original")
}
