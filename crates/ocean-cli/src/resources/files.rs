//! Which files does a folder of resources hold? [`Files`], by their names, as JSON or YAML.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::environment::read;
use crate::exit::Exit;
use crate::failure::Failure;

const SUFFIXES: [&str; 3] = ["json", "yaml", "yml"];

/// The resources that a new installation starts with; each may be missing.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) mapping: Option<Document>,
    pub(super) blueprints: Option<Document>,
    pub(super) actions: Option<Document>,
    pub(super) scorecards: Option<Document>,
    pub(super) pages: Option<Document>,
}

/// The text of a file, with the name by which messages call it.
#[derive(Debug)]
pub(super) struct Document {
    name: String,
    text: String,
}

impl Files {
    /// Reads a folder. A file that is called like a resource and is neither JSON nor YAML is an
    /// error: somebody thinks that it counts.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let unreadable = |error| {
            let message = format!("`{}` cannot be read: {error}", folder.display());
            Failure::new(Exit::Invalid, message)
        };
        let mut files = Self::default();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_file() {
                files.take(&path)?;
            }
        }
        Ok(files)
    }

    fn take(&mut self, path: &Path) -> Result<(), Failure> {
        let part = |part: Option<&OsStr>| part.and_then(OsStr::to_str).map(str::to_owned);
        let (stem, suffix) = (part(path.file_stem()), part(path.extension()));
        let place = match stem.as_deref() {
            Some("port-app-config") => &mut self.mapping,
            Some("blueprints") => &mut self.blueprints,
            Some("actions") => &mut self.actions,
            Some("scorecards") => &mut self.scorecards,
            Some("pages") => &mut self.pages,
            _ => return Ok(()),
        };
        let name = path.display().to_string();
        if !SUFFIXES.contains(&suffix.unwrap_or_default().as_str()) {
            let message = format!("`{name}` is neither a JSON nor a YAML file");
            let hint = format!("its name must end with .{}", SUFFIXES.join(" or ."));
            return Err(Failure::new(Exit::Invalid, message).hint(hint));
        }
        if let Some(other) = place {
            let message = format!("`{name}` and `{}` are the same resource", other.name);
            return Err(Failure::new(Exit::Invalid, message));
        }
        *place = read(path)?.map(|text| Document { name, text });
        Ok(())
    }
}

impl Document {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its elements. JSON is read as JSON, since not all of it is YAML: it may have tabs.
    pub(super) fn list<T: for<'de> Deserialize<'de>>(&self) -> Result<Vec<T>, Failure> {
        let Self { name, text } = self;
        let read = serde_json::from_str(text).or_else(|not_json| {
            let is_json = text.trim_start().starts_with(['[', '{']);
            serde_saphyr::from_str(text).map_err(|not_yaml| match is_json {
                true => not_json.to_string(),
                false => not_yaml.to_string(),
            })
        });
        read.map_err(|error| {
            let message = format!("{name} is not the list that it should be: {error}");
            Failure::new(Exit::Invalid, message)
        })
    }
}
