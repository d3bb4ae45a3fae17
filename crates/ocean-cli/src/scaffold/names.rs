//! How is an integration called in each place, and how the kind that it begins with? [`Names`] has
//! both in every notation.

use ocean_core::settings::setting_name;

/// Names that other packages have, that Rust keeps for itself, or that would name a type twice.
const TAKEN: [&str; 10] = [
    "cli", "core", "port", "testkit", "tests", "jira", "github", "minimal", "self", "http",
];

/// Kinds that would be a word of Rust, or of the code around them.
const UNUSABLE: [&str; 38] = [
    "abstract",
    "async",
    "await",
    "become",
    "box",
    "break",
    "clone",
    "const",
    "crate",
    "do",
    "dyn",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "gen",
    "impl",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "new",
    "override",
    "priv",
    "ref",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "virtual",
    "webhook",
    "webhook-secret",
];

/// The names of an integration and of its kind.
#[derive(Debug)]
pub(super) struct Names {
    integration: Words,
    kind: Words,
}

impl Names {
    /// Reads names such as `help-desk` and `ticket`.
    pub(super) fn parse(integration: &str, kind: &str) -> Result<Self, String> {
        let Some(words) = Words::parse(integration) else {
            let better = spelled(integration).unwrap_or_else(|| "help-desk".to_owned());
            return Err(format!(
                "`{integration}` is no name: small letters, digits and hyphens, such as `{better}`"
            ));
        };
        if TAKEN.contains(&integration) {
            return Err(format!(
                "`ocean-{integration}` is the name of another package; add a word, such as \
                 `{integration}-cloud`"
            ));
        }
        Ok(Self {
            integration: words,
            kind: kind_named(kind)?,
        })
    }

    /// Fills the names into a template.
    pub(super) fn fill(&self, template: &str) -> String {
        let Self { integration, kind } = self;
        let spoken = kind.joined(" ");
        let article = if spoken.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "n"
        } else {
            ""
        };
        let filled = [
            ("name", integration.joined("-")),
            // A word of digits or of one letter is no word of its own there.
            ("setting", setting_name(&integration.camel())),
            ("SETTING", setting_name(&integration.camel()).to_uppercase()),
            ("snake", integration.joined("_")),
            ("camel", integration.camel()),
            ("Type", integration.pascal()),
            ("title", integration.title()),
            ("kind", kind.joined("-")),
            ("kinds", kind.plural().joined("-")),
            ("kind_snake", kind.joined("_")),
            ("kinds_snake", kind.plural().joined("_")),
            ("Kind", kind.pascal()),
            ("kind title", kind.title()),
            ("a kind", format!("a{article} {spoken}")),
            ("A kind", format!("A{article} {spoken}")),
            ("kind spoken", spoken),
            ("kinds spoken", kind.plural().joined(" ")),
            ("Kinds spoken", capitalized(&kind.plural().joined(" "))),
        ];
        filled
            .iter()
            .fold(template.to_owned(), |text, (placeholder, name)| {
                text.replace(&format!("{{{{{placeholder}}}}}"), name)
            })
    }
}

/// Reads the name of a kind, which is one of them: `ticket`.
fn kind_named(kind: &str) -> Result<Words, String> {
    let Some(words) = Words::parse(kind) else {
        let better = spelled(kind).unwrap_or_else(|| "pull-request".to_owned());
        return Err(format!(
            "`{kind}` is no kind: small letters, digits and hyphens, such as `{better}`"
        ));
    };
    if UNUSABLE.contains(&kind) {
        return Err(format!(
            "`{kind}` already means something in the code around it; name the kind more closely, \
             such as `service-{kind}`"
        ));
    }
    let one = ["ss", "us", "is"].iter().any(|end| kind.ends_with(end));
    match kind.strip_suffix('s') {
        Some(singular) if !one => Err(format!(
            "`{kind}` looks like many; a kind is named after one of them, such as `{singular}`"
        )),
        _ => Ok(words),
    }
}

/// The same name as we spell it (`HelpDesk`, `help_desk`), if that makes a name of it.
fn spelled(name: &str) -> Option<String> {
    let mut better = String::new();
    for letter in name.trim().chars() {
        if letter.is_ascii_uppercase() && better.ends_with(|last: char| last.is_ascii_lowercase()) {
            better.push('-');
        }
        better.push(match letter {
            '_' | ' ' | '.' | '/' => '-',
            letter => letter.to_ascii_lowercase(),
        });
    }
    Words::parse(&better).map(|_| better)
}

/// A name as its words in small letters.
#[derive(Debug, Clone)]
struct Words(Vec<String>);

impl Words {
    fn parse(name: &str) -> Option<Self> {
        let is_word = |word: &str| {
            let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            !word.is_empty() && word.chars().all(plain)
        };
        let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
        let is_name = begins && name.split('-').all(is_word);
        is_name.then(|| Self(name.split('-').map(str::to_owned).collect()))
    }

    fn joined(&self, between: &str) -> String {
        self.0.join(between)
    }

    fn capitals(&self) -> Vec<String> {
        self.0.iter().map(|word| capitalized(word)).collect()
    }

    fn pascal(&self) -> String {
        self.capitals().concat()
    }

    fn title(&self) -> String {
        self.capitals().join(" ")
    }

    fn camel(&self) -> String {
        let rest = self.capitals().get(1..).unwrap_or_default().concat();
        self.0.first().cloned().unwrap_or_default() + &rest
    }

    /// Many of it, as far as one can tell from the last letters.
    fn plural(&self) -> Self {
        let mut words = self.0.clone();
        if let Some(last) = words.last_mut() {
            let hisses = ["s", "x", "z", "ch", "sh"];
            let vowels = ["ay", "ey", "oy", "uy"];
            let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
            *last = match last.strip_suffix('y') {
                Some(stem) if !ends(&vowels) => format!("{stem}ies"),
                _ if ends(&hisses) => format!("{last}es"),
                _ => format!("{last}s"),
            };
        }
        Self(words)
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_every_notation() {
        let names = Names::parse("help-desk", "open-incident").unwrap();
        let filled = names.fill("{{name}} {{SETTING}} {{snake}} {{camel}} {{Type}} {{title}}");
        assert_eq!(
            filled,
            "help-desk HELP_DESK help_desk helpDesk HelpDesk Help Desk"
        );
        let filled = names.fill("{{kind}} {{kinds}} {{kind_snake}} {{kinds_snake}} {{Kind}}");
        assert_eq!(
            filled,
            "open-incident open-incidents open_incident open_incidents OpenIncident"
        );
        let filled = names.fill("{{kind title}}, {{A kind}}, {{a kind}}, {{Kinds spoken}}");
        assert_eq!(
            filled,
            "Open Incident, An open incident, an open incident, Open incidents"
        );
    }

    #[test]
    fn a_setting_is_called_as_the_settings_read_it() {
        for (name, setting) in [
            ("help-desk", "help_desk"),
            ("help-desk-2", "help_desk2"),
            ("x-y-z", "x_yz"),
        ] {
            let names = Names::parse(name, "ticket").unwrap();
            assert_eq!(names.fill("{{setting}}"), setting);
            let host = names.fill("{{camel}}Host");
            assert_eq!(setting_name(&host), format!("{setting}_host"));
        }
    }

    #[test]
    fn many_of_a_kind_are_spelled_as_one_would() {
        for (one, many) in [
            ("ticket", "tickets"),
            ("library", "libraries"),
            ("key", "keys"),
            ("status", "statuses"),
            ("batch", "batches"),
            ("code-box", "code-boxes"),
        ] {
            let names = Names::parse("desk", one).unwrap();
            assert_eq!(names.fill("{{kinds}}"), many);
        }
    }

    #[test]
    fn what_cannot_be_a_package_is_no_name() {
        for name in [
            "",
            "Desk",
            "2desk",
            "help_desk",
            "help--desk",
            "-desk",
            "../desk",
            "core",
        ] {
            assert!(Names::parse(name, "ticket").is_err(), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_kind_is_refused_with_a_better_one() {
        for (kind, reason) in [
            ("Pull Request", "such as `pull-request`"),
            ("PullRequest", "such as `pull-request`"),
            ("7", "such as `pull-request`"),
            ("type", "such as `service-type`"),
            ("webhook", "such as `service-webhook`"),
            ("tickets", "such as `ticket`"),
        ] {
            let told = Names::parse("desk", kind).unwrap_err();
            assert!(told.contains(&format!("`{kind}`")), "{told}");
            assert!(told.ends_with(reason), "{told}");
        }
    }
}
