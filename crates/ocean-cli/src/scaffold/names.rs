//! How is an integration called in each place? [`Names`] has its name in every notation.

/// Names that other packages have, or that Rust keeps for itself.
const TAKEN: [&str; 9] = [
    "cli", "core", "port", "testkit", "tests", "jira", "github", "minimal", "self",
];

/// The name of an integration.
#[derive(Debug)]
pub(super) struct Names {
    words: Vec<String>,
}

impl Names {
    /// Reads a name such as `help-desk`.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            !word.is_empty() && word.chars().all(plain)
        };
        let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
        if !begins || !name.split('-').all(is_word) {
            return Err(format!(
                "`{name}` is no name: small letters, digits and hyphens, such as `help-desk`"
            ));
        }
        if TAKEN.contains(&name) {
            return Err(format!("`ocean-{name}` is the name of another package"));
        }
        let words = name.split('-').map(str::to_owned).collect();
        Ok(Self { words })
    }

    /// Fills the name into a template.
    pub(super) fn fill(&self, template: &str) -> String {
        let capitals: Vec<String> = self.words.iter().map(|word| capitalized(word)).collect();
        let pascal = capitals.concat();
        let rest = capitals.get(1..).unwrap_or_default().concat();
        let camel = self.words.first().cloned().unwrap_or_default() + &rest;
        let snake = self.words.join("_");
        template
            .replace("{{name}}", &self.words.join("-"))
            .replace("{{NAME}}", &snake.to_uppercase())
            .replace("{{snake}}", &snake)
            .replace("{{camel}}", &camel)
            .replace("{{Type}}", &pascal)
            .replace("{{title}}", &capitals.join(" "))
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
        let names = Names::parse("help-desk").unwrap();
        let filled = names.fill("{{name}} {{NAME}} {{snake}} {{camel}} {{Type}} {{title}}");
        assert_eq!(
            filled,
            "help-desk HELP_DESK help_desk helpDesk HelpDesk Help Desk"
        );
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
            assert!(Names::parse(name).is_err(), "{name}");
        }
    }
}
