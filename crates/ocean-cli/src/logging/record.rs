//! One event of the log as Port keeps it.
//!
//! Start with [`Recorder`], the layer that makes records of events.

use std::fmt::{Debug, Write as _};

use ocean_core::LOCAL_ONLY;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::NOISY;
use super::upload::Upload;

/// Hands events to an [`Upload`].
#[derive(Debug)]
pub(super) struct Recorder(pub(super) Upload);

/// The fields of a span, under the names that Port knows.
struct Fields(Map<String, Value>);

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Collected::default();
            attributes.record(&mut fields);
            let fields = named(span.name(), fields.fields);
            span.extensions_mut().insert(Fields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(Fields(known)) = span.extensions_mut().get_mut::<Fields>()
        {
            let mut fields = Collected::default();
            values.record(&mut fields);
            known.extend(named(span.name(), fields.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if is_excluded(metadata.target()) {
            return;
        }
        let mut extra = Map::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if is_excluded(span.metadata().target()) {
                return;
            }
            if let Some(Fields(fields)) = span.extensions().get::<Fields>() {
                extra.extend(fields.clone());
            }
        }
        let mut fields = Collected::default();
        event.record(&mut fields);
        extra.extend(fields.fields);
        self.0
            .push(level(*metadata.level()), &fields.message, extra);
    }
}

/// What concerns nobody but this machine, and what tells of the upload itself.
fn is_excluded(target: &str) -> bool {
    let library = target.split("::").next().unwrap_or(target);
    target == LOCAL_ONLY || NOISY.contains(&library)
}

/// The names of the original for what its records have, too.
fn named(span: &str, fields: Map<String, Value>) -> Map<String, Value> {
    let name = |field: String| match (span, field.as_str()) {
        ("resync", "resync_id") => "event_id".to_owned(),
        ("resource", "kind") => "resource_kind".to_owned(),
        _ => field,
    };
    let mut all: Map<String, Value> = Map::new();
    if span == "resync" {
        all.insert("event_kind".to_owned(), "resync".into());
    }
    all.extend(
        fields
            .into_iter()
            .map(|(field, value)| (name(field), value)),
    );
    all
}

/// The levels of the original.
const fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

/// What an event or a span says.
#[derive(Default)]
struct Collected {
    message: String,
    fields: Map<String, Value>,
}

impl Collected {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Collected {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _infallible = write!(self.message, "{value:?}");
        } else {
            self.insert(field, format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.insert(field, value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }
}

#[cfg(test)]
mod tests {
    use ocean_core::http::Masker;
    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// What is kept of these events.
    fn kept(log: impl FnOnce()) -> Vec<Value> {
        let upload = Upload::new("jira", Some("pod-1"), Masker::new(["hunter22"]));
        let subscriber = tracing_subscriber::registry().with(Recorder(upload.clone()));
        tracing::subscriber::with_default(subscriber, log);
        upload.waiting()
    }

    #[test]
    fn a_record_has_the_names_of_the_original_and_no_secret_anywhere() {
        let records = kept(|| {
            let run = tracing::info_span!("resync", resync_id = "9a8d");
            let _in_run = run.enter();
            let resource = tracing::info_span!("resource", kind = "issue", index = 3_u64);
            let _in_resource = resource.enter();
            let error = "refused for hunter22";
            tracing::warn!(error, attempts = 2, "the token hunter22 was refused\n");
        });
        let [record] = &records[..] else {
            panic!("one record: {records:?}");
        };
        assert_eq!(record["message"], "the token [REDACTED] was refused");
        assert_eq!(record["level"], "WARNING");
        let time: &str = record["timestamp"].as_str().unwrap();
        assert!(
            time.ends_with('Z') && time.len() == "2026-11-23T11:53:16.827261Z".len(),
            "{time}"
        );
        let mut extra = record["extra"].clone();
        let instance = extra.as_object_mut().unwrap().remove("instance").unwrap();
        assert_eq!(instance.as_str().unwrap().len(), 36);
        let expected = json!({
            "hostname": "pod-1", "integration_type": "jira",
            "event_kind": "resync", "event_id": "9a8d",
            "resource_kind": "issue", "index": 3,
            "error": "refused for [REDACTED]", "attempts": 2,
        });
        assert_eq!(extra, expected);
    }

    #[test]
    fn what_is_local_and_what_libraries_say_is_not_kept() {
        let records = kept(|| {
            tracing::error!(target: LOCAL_ONLY, "for this machine");
            tracing::warn!(target: "hyper::proto", "a library");
            let upload = tracing::error_span!(target: LOCAL_ONLY, "upload");
            let _uploading = upload.enter();
            tracing::error!("the upload failed");
        });
        assert_eq!(records, [json!(null); 0]);
    }
}
