//! What does the process find around it? The environment, once, and the files of its folder.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use ocean_core::http::Proxies;
use ocean_core::settings::Sources;

use crate::exit::Exit;
use crate::failure::Failure;

const DOTENV: &str = ".env";
const CONFIG: &str = "config.yaml";

/// Where administrators, and Port's chart, put the certificates of authorities of their own. An
/// image without a shell cannot merge them into those of the system, as the original's does.
const LOCAL_AUTHORITIES: &str = "/usr/local/share/ca-certificates";

/// How a certificate begins in a PEM file.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// The one snapshot of the process environment.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Takes the snapshot. A variable that is not text is left out: no setting is bytes.
    pub(crate) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { variables }
    }

    /// Variables that somebody else thought up.
    pub(crate) fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter().collect();
        Self { variables }
    }

    /// What settings are read from in this folder.
    pub(crate) fn sources(&self, folder: &Path) -> Result<Sources, Failure> {
        if !folder.is_dir() {
            let message = format!("there is no folder `{}`", folder.display());
            return Err(Failure::new(Exit::Usage, message));
        }
        let mut sources = Sources::new(self.variables.clone());
        if let Some(text) = read(&folder.join(DOTENV))? {
            sources = sources.dotenv(text);
        }
        if let Some(text) = read(&folder.join(CONFIG))? {
            sources = sources.config_yaml(text);
        }
        Ok(sources)
    }

    /// What settings are read from when no file counts.
    pub(crate) fn sources_without_files(&self) -> Sources {
        Sources::new(self.variables.clone())
    }

    /// One variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// What this machine, or this container, is called.
    pub(crate) fn hostname(&self) -> Option<String> {
        let told = self.get("HOSTNAME").map(str::to_owned);
        told.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
            .map(|name| name.trim().to_owned())
    }

    pub(crate) fn proxies(&self) -> Proxies {
        Proxies::from_env(|name| self.variables.get(name).cloned())
    }

    /// Whose certificates are trusted in place of the system's: those of the file `SSL_CERT_FILE`,
    /// or of the files in the folder `SSL_CERT_DIR`, for Port and the third-party system alike.
    pub(crate) fn authorities(&self) -> Result<Option<String>, Failure> {
        let set =
            |name: &'static str| Some((name, self.get(name).filter(|path| !path.is_empty())?));
        let Some((variable, path)) = set("SSL_CERT_FILE").or_else(|| set("SSL_CERT_DIR")) else {
            return Ok(None);
        };
        let refused = |reason: &str| {
            let message = format!("{variable}: `{path}` {reason}");
            Failure::new(Exit::Invalid, message)
        };
        let text = match variable {
            "SSL_CERT_FILE" => text_of(Path::new(path)),
            _ => certificates_in(path),
        };
        match text {
            Ok(text) if text.contains(CERTIFICATE) => Ok(Some(text)),
            Ok(_) => Err(refused("holds no certificate in the PEM format")),
            Err(error) => Err(refused(&format!("cannot be read: {error}"))),
        }
    }

    /// Whose certificates are trusted as well, whatever else is: `None` when nobody's.
    pub(crate) fn local_authorities() -> Option<String> {
        let found = certificates_in(LOCAL_AUTHORITIES).unwrap_or_default();
        Some(found).filter(|found| !found.is_empty())
    }

    /// What `env` shows in a mapping.
    pub(crate) fn for_mappings(&self) -> ocean_core::Environment {
        ocean_core::Environment::new(self.variables.clone())
    }
}

/// All certificates of some folders; what is none does not matter.
fn certificates_in(folders: &str) -> io::Result<String> {
    let mut all = String::new();
    for folder in std::env::split_paths(folders) {
        for entry in std::fs::read_dir(folder)? {
            match text_of(&entry?.path()) {
                Ok(text) if text.contains(CERTIFICATE) => all.extend([text.as_str(), "\n"]),
                _ => {}
            }
        }
    }
    Ok(all)
}

/// The text of a file whose comments may be in any encoding.
fn text_of(path: &Path) -> io::Result<String> {
    let bytes = std::fs::read(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a file that need not exist.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", path.display());
            Err(Failure::new(Exit::Invalid, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_certificates_of_a_folder_are_taken_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(certificates_in(path).unwrap(), "");
        for (name, text) in [("a.crt", "one"), ("b.pem", "two")] {
            let text = format!("{CERTIFICATE}\n{text}");
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        std::fs::write(folder.path().join("README"), "no certificate").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let all = certificates_in(path).unwrap();
        assert!(all.contains("one") && all.contains("two"), "{all}");
        assert!(!all.contains("no certificate"), "{all}");
    }
}
