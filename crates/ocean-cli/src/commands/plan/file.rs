//! How does a plan wait in a file, and how is it known to be the plan that somebody looked at?
//!
//! Start with [`save`] and [`load`]. The digest in the file tells an accident (an edit, a merge, a
//! copy that was cut) from the plan as it was made. It is no signature: who means to deceive can
//! make a new one.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use ocean_core::ResyncPlan;
use ocean_core::settings::Settings;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::environment::read;
use crate::exit::Exit;
use crate::failure::Failure;

/// A plan in a file, and what it was made for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanFile<Plan> {
    /// Which format this is.
    version: u32,
    made_for: MadeFor,
    /// Of all that is below and above.
    digest: String,
    plan: Plan,
}

/// The format of a file, which says how to read the rest.
#[derive(Debug, Deserialize)]
struct Versioned {
    version: u32,
}

/// Raised whenever an older program could misread what a newer one wrote.
const VERSION: u32 = 2;

/// The catalog that a plan was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeFor {
    integration: String,
    port: String,
    /// A digest of the client id, which stands for the organization: two of them may have an
    /// integration of the same name.
    client: String,
}

impl MadeFor {
    pub(super) fn of(settings: &Settings) -> Self {
        let client = settings.port.client_id.expose_secret();
        Self {
            integration: settings.integration.identifier.clone(),
            port: settings.port.base_url.clone(),
            client: digest(["client id", client]),
        }
    }

    /// Refuses to write the plan to another catalog.
    pub(super) fn check(&self, own: &Self) -> Result<(), Failure> {
        if (&self.integration, &self.port) != (&own.integration, &own.port) {
            let message = format!(
                "the plan is for the integration {} at {}, and the settings are for {} at {}",
                self.integration, self.port, own.integration, own.port
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        if self.client != own.client {
            let message = "the plan was made with another client id of Port, and so perhaps for \
                           another organization";
            return Err(Failure::new(Exit::Usage, message)
                .hint("make a plan with the credentials that apply it"));
        }
        Ok(())
    }
}

/// Keeps a plan, for its owner only: it holds what people wrote into the source.
pub(super) fn save(path: &Path, plan: &ResyncPlan, made_for: &MadeFor) -> Result<(), Failure> {
    let told = |error| Failure::bug("the plan cannot be written as JSON", &error);
    let digest = digest_of(made_for, &serde_json::to_string(plan).map_err(told)?);
    let file = PlanFile {
        version: VERSION,
        made_for: made_for.clone(),
        digest,
        plan,
    };
    let text = serde_json::to_string_pretty(&file).map_err(told)?;
    write_private(path, &text).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })
}

/// Reads a plan as it was kept.
pub(super) fn load(path: &Path) -> Result<(ResyncPlan, MadeFor), Failure> {
    let name = path.display();
    let text = read(path)?;
    let text =
        text.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no file `{name}`")))?;
    let is_no_plan = |error: serde_json::Error| {
        Failure::new(Exit::Usage, format!("`{name}` is not a plan: {error}"))
    };
    let Versioned { version } = serde_json::from_str(&text).map_err(is_no_plan)?;
    if version != VERSION {
        let message = format!("`{name}` is a plan of another version");
        return Err(Failure::new(Exit::Usage, message).hint("make a new plan"));
    }
    let file: PlanFile<Box<RawValue>> = serde_json::from_str(&text).map_err(is_no_plan)?;
    if file.digest != digest_of(&file.made_for, file.plan.get()) {
        let message = format!("`{name}` is not as `plan` wrote it; nothing was written");
        return Err(Failure::new(Exit::Incomplete, message)
            .hint("a plan is applied as it was made: make a new one and look at it again"));
    }
    let plan = serde_json::from_str(file.plan.get()).map_err(is_no_plan)?;
    Ok((plan, file.made_for))
}

fn digest_of(made_for: &MadeFor, plan: &str) -> String {
    let MadeFor {
        integration,
        port,
        client,
    } = made_for;
    digest([integration, port, client, &without_spaces(plan)])
}

/// A digest of texts and of where each of them ends.
fn digest<const N: usize>(texts: [&str; N]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(format!("{}:{text}", text.len()));
    }
    let hash = hash.finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// JSON without the spaces between its parts, which a formatter may add or take away.
fn without_spaces(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let keeps = |character: &char| {
        match (*character, is_text, is_escaped) {
            (_, true, true) => is_escaped = false,
            ('\\', true, false) => is_escaped = true,
            ('"', _, _) => is_text = !is_text,
            _ => {}
        }
        is_text || !character.is_ascii_whitespace()
    };
    json.chars().filter(keeps).collect()
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_count_only_within_texts() {
        let json = r#"{ "a b" : [ 1 , "\" x\\" , " " ] }"#;
        assert_eq!(without_spaces(json), r#"{"a b":[1,"\" x\\"," "]}"#);
    }

    #[test]
    fn the_end_of_a_text_counts() {
        assert_ne!(digest(["a", "bc"]), digest(["ab", "c"]));
    }
}
