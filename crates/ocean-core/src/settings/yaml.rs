//! What does `config.yaml` set, and on which line?

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::fault::SettingsFault;
use super::node::{Given, Node, children};
use super::origin::Origin;

/// The tree of a file, and the lines whose provider gave nothing.
pub(super) struct ConfigFile {
    pub(super) root: Node,
    pub(super) unset: Vec<UnsetProvider>,
}

/// A line that takes its value from a variable which is not set, and so says nothing.
pub(super) struct UnsetProvider {
    pub(super) path: String,
    pub(super) line: u64,
    pub(super) variable: String,
}

/// Reads the file; the environment is for its `{{ from env NAME }}` values.
pub(super) fn parse(
    text: &str,
    environment: &BTreeMap<String, String>,
) -> Result<ConfigFile, SettingsFault> {
    let options = serde_saphyr::options! {
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    let root: Spanned<Yaml> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| broken(&error))?;
    if !matches!(root.value, Yaml::Mapping(_)) {
        return Err(SettingsFault::file(
            "config.yaml",
            "expected a mapping of settings; give it keys or remove the file",
        ));
    }
    let mut reader = Reader {
        text,
        environment,
        unset: Vec::new(),
    };
    let root = reader.node("", &root).unwrap_or_default();
    Ok(ConfigFile {
        root,
        unset: reader.unset,
    })
}

/// The parser's snippet would quote the file, secrets included, so only its message is used.
fn broken(error: &serde_saphyr::Error) -> SettingsFault {
    let place = error.location().map_or_else(
        || "config.yaml".to_owned(),
        |location| format!("config.yaml:{}:{}", location.line(), location.column()),
    );
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or_default();
    SettingsFault::file(place, format!("not valid YAML: {message}"))
}

/// A YAML value whose parts know their position.
enum Yaml {
    Scalar(Value),
    Sequence(Vec<Spanned<Self>>),
    Mapping(Vec<(String, Spanned<Self>)>),
}

impl Yaml {
    fn to_json(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::Sequence(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Mapping(entries) => {
                let entries = entries.iter();
                let object: Map<_, _> = entries
                    .map(|(key, value)| (key.clone(), value.value.to_json()))
                    .collect();
                Value::Object(object)
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    environment: &'a BTreeMap<String, String>,
    unset: Vec<UnsetProvider>,
}

impl Reader<'_> {
    /// `None` for a value whose provider gave nothing.
    fn node(&mut self, path: &str, yaml: &Spanned<Yaml>) -> Option<Node> {
        let line = yaml.referenced.line();
        let mut origin = Origin::ConfigFile {
            line,
            provider: None,
        };
        let mut value = yaml.value.to_json();
        if let Some(variable) = value.as_str().and_then(provider) {
            let found = variable.and_then(|name| self.environment.get(name));
            let variable = variable.unwrap_or("an unknown provider").to_owned();
            let Some(found) = found else {
                self.unset.push(UnsetProvider {
                    path: super::names::snake_case(path),
                    line,
                    variable,
                });
                return None;
            };
            value = Value::String(found.clone());
            origin = Origin::ConfigFile {
                line,
                provider: Some(variable),
            };
        }
        let entries: Vec<(&str, Node)> = match &yaml.value {
            Yaml::Mapping(entries) => entries
                .iter()
                .filter_map(|(key, child)| {
                    let below = if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    };
                    Some((key.as_str(), self.node(&below, child)?))
                })
                .collect(),
            _ => Vec::new(),
        };
        Some(Node {
            given: Some(Given {
                written: self.written(yaml),
                value,
                origin,
            }),
            children: children(entries.into_iter()),
        })
    }

    /// The source of a number: `1.10` and `12345678901234567890123` would lose digits as numbers.
    fn written(&self, yaml: &Spanned<Yaml>) -> Option<String> {
        if !matches!(yaml.value, Yaml::Scalar(Value::Number(_))) {
            return None;
        }
        let span = yaml.defined.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let length = usize::try_from(span.byte_len()?).ok()?;
        let written = self.text.get(start..start.checked_add(length)?)?.trim();
        (!written.is_empty()).then(|| written.to_owned())
    }
}

/// The variable of a text that starts with `{{ from env NAME }}`; `Some(None)` for a provider that
/// is not `env`. What follows the braces does not count, the single blanks inside them do.
fn provider(text: &str) -> Option<Option<&str>> {
    let (inside, _) = text.strip_prefix("{{ from ")?.split_once(" }}")?;
    let (name, value) = inside.split_once(' ')?;
    let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    if !is_word(name) || !is_word(value) {
        return None;
    }
    Some((name == "env").then_some(value))
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(Value::Null))
    }

    fn visit_none<E: de::Error>(self) -> Result<Yaml, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Yaml, E> {
        let number = Number::from_f64(value);
        let number = number.ok_or_else(|| E::custom("a number must be finite"))?;
        Ok(Yaml::Scalar(Value::Number(number)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(Value::String(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut sequence = Vec::new();
        while let Some(item) = items.next_element()? {
            sequence.push(item);
        }
        Ok(Yaml::Sequence(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut mapping = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            mapping.push(entry);
        }
        Ok(Yaml::Mapping(mapping))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> ConfigFile {
        let environment = BTreeMap::from([("HOST".to_owned(), "https://a.example".to_owned())]);
        parse(text, &environment).expect("valid")
    }

    fn given<'a>(file: &'a ConfigFile, path: &str) -> Option<&'a Given> {
        let mut node = &file.root;
        for key in path.split('.') {
            node = node.children.get(key)?;
        }
        node.given.as_ref()
    }

    #[test]
    fn every_value_knows_its_line() {
        let file = read("# note\nport:\n  clientId: abc\neventListener: {type: ONCE}\n");
        for (path, value, line) in [
            ("port.client_id", json!("abc"), 3),
            ("event_listener.type", json!("ONCE"), 4),
        ] {
            let given = given(&file, path).expect(path);
            assert_eq!(given.value, value);
            assert_eq!(
                given.origin,
                Origin::ConfigFile {
                    line,
                    provider: None
                }
            );
        }
    }

    #[test]
    fn numbers_keep_how_they_were_written() {
        let file = read("a: 007\nb: 1.10\nc: 12345678901234567890123\nd: 5\ne: '5'\n");
        let written = |path: &str| {
            let given = given(&file, path).expect(path);
            let text = given.value.as_str().map(str::to_owned);
            text.or_else(|| given.written.clone())
        };
        for (path, text) in [
            ("a", "007"),
            ("b", "1.10"),
            ("c", "12345678901234567890123"),
            ("d", "5"),
            ("e", "5"),
        ] {
            assert_eq!(written(path).as_deref(), Some(text), "{path}");
        }
    }

    #[test]
    fn a_provider_gives_its_variable_or_nothing() {
        let file = read(concat!(
            "a: '{{ from env HOST }}'\n",
            "b: '{{ from env HOST }}/ignored'\n",
            "c: '{{ from env UNSET }}'\n",
            "d: '{{ from vault HOST }}'\n",
            "e: '{{from env HOST}}'\n",
            "f: 'x {{ from env HOST }}'\n",
        ));
        let text = |path| given(&file, path).and_then(|given| given.value.as_str());
        assert_eq!(text("a"), Some("https://a.example"));
        assert_eq!(text("b"), Some("https://a.example"));
        assert_eq!(text("c"), None);
        assert_eq!(text("d"), None);
        assert_eq!(text("e"), Some("{{from env HOST}}"));
        assert_eq!(text("f"), Some("x {{ from env HOST }}"));
        let unset: Vec<_> = file.unset.iter().map(|unset| unset.line).collect();
        assert_eq!(unset, [3, 4]);
    }

    #[test]
    fn a_file_that_is_no_mapping_is_refused() {
        for text in [
            "",
            "# only a note\n",
            "- a\n",
            "text\n",
            "a: 1\na: 2\n",
            "a: [1\n",
        ] {
            assert!(parse(text, &BTreeMap::new()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_syntax_fault_names_its_place_and_quotes_nothing() {
        let fault = parse("port:\n  clientSecret: hunter2\n bad: [", &BTreeMap::new())
            .err()
            .expect("invalid");
        assert!(fault.place.starts_with("config.yaml:3:"), "{fault}");
        assert!(!fault.to_string().contains("hunter2"), "{fault}");
    }
}
