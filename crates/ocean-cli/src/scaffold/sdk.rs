//! Which SDK does a new integration depend on? A checkout, or the published version.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::Failure;

/// The crates that a new integration depends on, and the features it wants of them.
const CRATES: [(&str, &str); 3] = [
    ("ocean-cli", ""),
    ("ocean-core", ""),
    ("ocean-testkit", "harness"),
];

/// Where the SDK comes from.
#[derive(Debug)]
pub(super) enum Sdk {
    /// A folder with its source.
    Checkout(PathBuf),
    /// The registry.
    Published,
}

impl Sdk {
    /// The checkout at this path, or else the one that this program lies in, or else the published
    /// version.
    pub(super) fn find(path: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = path {
            let full = fs::canonicalize(path).ok().filter(|full| is_checkout(full));
            let message = format!("`{}` holds no checkout of the SDK", path.display());
            return full.map(Self::Checkout).ok_or_else(|| {
                Failure::new(Exit::Usage, message)
                    .hint("it is the folder that has `crates/ocean-core` in it")
            });
        }
        let program = std::env::current_exe().ok();
        let around = program.as_deref().and_then(|program| {
            let mut folders = program.ancestors();
            folders.find(|folder| is_checkout(folder))
        });
        Ok(around.map_or(Self::Published, |folder| Self::Checkout(folder.to_owned())))
    }

    /// Fills the dependencies into a template.
    pub(super) fn fill(&self, template: &str) -> String {
        CRATES
            .iter()
            .fold(template.to_owned(), |text, (name, feature)| {
                let from = match self {
                    Self::Checkout(folder) => {
                        let path = folder.join("crates").join(name);
                        format!("path = {:?}", path.display().to_string())
                    }
                    Self::Published => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
                };
                let features = match *feature {
                    "" => String::new(),
                    feature => format!(", features = [\"{feature}\"]"),
                };
                text.replace(
                    &format!("{{{{{name}}}}}"),
                    &format!("{{ {from}{features} }}"),
                )
            })
    }

    /// The lock file of the checkout.
    pub(super) fn lock_file(&self) -> Option<String> {
        match self {
            Self::Checkout(folder) => fs::read_to_string(folder.join("Cargo.lock")).ok(),
            Self::Published => None,
        }
    }
}

fn is_checkout(folder: &Path) -> bool {
    let manifest = |(name, _): &(&str, &str)| folder.join("crates").join(name).join("Cargo.toml");
    CRATES.iter().all(|one| manifest(one).is_file())
}

impl fmt::Display for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkout(folder) => write!(f, "the checkout in {}", folder.display()),
            Self::Published => write!(f, "version {}", env!("CARGO_PKG_VERSION")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_those_of_the_sdk_that_was_found() {
        let template = "a = {{ocean-core}}\nb = {{ocean-testkit}}";
        let published = Sdk::Published.fill(template);
        assert!(published.starts_with("a = { version = \""), "{published}");
        assert!(
            published.ends_with(", features = [\"harness\"] }"),
            "{published}"
        );
        let checkout = Sdk::Checkout("/sdk".into()).fill(template);
        assert!(
            checkout.starts_with("a = { path = \"/sdk/crates/ocean-core\" }"),
            "{checkout}"
        );
    }

    #[test]
    fn a_folder_without_the_sdk_is_refused() {
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(Sdk::find(Some(elsewhere.path())).is_err());
    }
}
