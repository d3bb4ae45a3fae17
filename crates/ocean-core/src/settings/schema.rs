//! What may stand in `config.yaml`, as a JSON Schema for editors and validators?

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::format::MASK;
use super::names::camel_case;
use super::origin::Origin;
use super::reader::Report;
use super::spec::{ConfigurationType, Spec};
use super::typed::{ApplicationSettings, Settings};

impl Settings {
    /// The JSON Schema of `config.yaml` for this integration, defaults included.
    ///
    /// It requires nothing: every key may come from another source.
    #[must_use]
    pub fn json_schema(spec: &Spec) -> Value {
        let generator =
            SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
        let schema = generator.into_generator().into_root_schema_for::<Self>();
        let mut schema = schema.to_value();
        require_nothing(&mut schema);
        if let Some(config) = property(&mut schema, "integration.config") {
            *config = config_schema(spec);
        }
        for (path, default) in defaults(spec) {
            if let Some(Value::Object(property)) = property(&mut schema, &path) {
                property.insert("default".to_owned(), default);
            }
        }
        schema
    }
}

/// What a load without any source notes, so that no default is written down twice.
fn defaults(spec: &Spec) -> Vec<(String, Value)> {
    let mut report = Report::default();
    let nothing = report.read("application", Vec::new(), ApplicationSettings::read);
    report.read("", Vec::new(), |root| Settings::read(root, nothing, spec));
    let noted = report.origins.into_iter();
    noted
        .filter(|noted| noted.origin == Origin::Default && noted.value_shown != MASK)
        .map(|noted| {
            let typed = serde_json::from_str(&noted.value_shown);
            (
                noted.path,
                typed.unwrap_or(Value::String(noted.value_shown)),
            )
        })
        .collect()
}

fn property<'a>(schema: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut at = schema;
    for key in path.split('.') {
        at = at.get_mut("properties")?.get_mut(camel_case(key))?;
    }
    Some(at)
}

fn require_nothing(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            // The type of an event listener tells its fields apart.
            let is_variant = object.get("properties").is_some_and(has_constant_type);
            if is_variant {
                object.insert("required".to_owned(), json!(["type"]));
            } else {
                object.shift_remove("required");
            }
            object.values_mut().for_each(require_nothing);
        }
        Value::Array(items) => items.iter_mut().for_each(require_nothing),
        _ => {}
    }
}

fn has_constant_type(properties: &Value) -> bool {
    properties.pointer("/type/const").is_some()
}

fn config_schema(spec: &Spec) -> Value {
    let mut properties = Map::new();
    for configuration in spec.configurations() {
        let mut schema = match configuration.kind() {
            ConfigurationType::String => json!({"type": "string"}),
            ConfigurationType::Integer => json!({"type": "integer"}),
            ConfigurationType::Boolean => json!({"type": "boolean"}),
            ConfigurationType::Url => json!({"type": "string", "format": "uri"}),
            ConfigurationType::Object => json!({"type": "object"}),
            ConfigurationType::Array => json!({"type": "array"}),
        };
        if let (Some(description), Some(schema)) =
            (configuration.description(), schema.as_object_mut())
        {
            schema.insert("description".to_owned(), description.into());
        }
        properties.insert(camel_case(configuration.key()), schema);
    }
    json!({
        "description": "The settings that its specification declares.",
        "type": "object",
        "properties": properties,
    })
}
