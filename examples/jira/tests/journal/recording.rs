//! What was asked in each step of a scenario? A [`Recording`], which is also the form of the
//! fixtures: one line per call.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use ocean_testkit::Entry;
use serde_json::{Value, json};

use crate::call::{Call, Calls};
use crate::scenario::Scenario;

#[derive(Debug, Default)]
pub(crate) struct Recording {
    steps: Vec<(String, Vec<Call>)>,
    /// How many requests the steps are made of.
    length: usize,
}

impl Recording {
    /// Adds what came after the last step.
    pub(crate) fn add(&mut self, step: &str, journal: &[Entry]) {
        let mut calls = Calls::default();
        for entry in journal.iter().skip(self.length) {
            calls.add(entry);
        }
        self.length = journal.len();
        self.steps.push((step.to_owned(), calls.finish()));
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = (&str, &[Call])> {
        self.steps
            .iter()
            .map(|(step, calls)| (step.as_str(), calls.as_slice()))
    }

    pub(crate) fn read(scenario: Scenario) -> Self {
        let text = fs::read_to_string(path(scenario)).unwrap();
        let steps: Vec<Value> = serde_json::from_str(&text).unwrap();
        let read = steps.iter().map(|step| {
            let calls = step["calls"].as_array().unwrap().iter().map(Call::of);
            (step["step"].as_str().unwrap().to_owned(), calls.collect())
        });
        Self {
            steps: read.collect(),
            length: 0,
        }
    }

    pub(crate) fn write(&self, scenario: Scenario) {
        let mut text = String::from("[");
        for (at, (step, calls)) in self.calls().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let lines: Vec<_> = calls
                .iter()
                .map(|call| call.to_value().to_string())
                .collect();
            let (step, lines) = (json!(step), lines.join(",\n"));
            write!(
                text,
                "{comma}\n{{\"step\": {step}, \"calls\": [\n{lines}\n]}}"
            )
            .unwrap();
        }
        fs::write(path(scenario), text + "\n]\n").unwrap();
    }
}

fn path(scenario: Scenario) -> PathBuf {
    folder().join(format!("journal-{}.json", scenario.name()))
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/original")
}
