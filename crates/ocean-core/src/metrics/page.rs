//! What stands on `/metrics`? What [`MetricSource`]s describe, as OpenMetrics text.

use std::fmt::{self, Debug};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// Describes some of the numbers of the process whenever somebody reads them.
///
/// Names begin with `ocean_`. Labels are bounded: what a sender or a source chooses is never one,
/// or the page grows without end.
pub trait MetricSource: Debug + Send + Sync + 'static {
    /// Puts the numbers on the page. Called on a thread of the async runtime: it must return at
    /// once.
    fn describe(&self, page: &mut Page<'_>);
}

/// Names and values that tell series of one name apart.
pub type Labels = Vec<(&'static str, String)>;

/// The page that is being written.
///
/// ```
/// use ocean_core::{MetricSource, Metrics, Page};
///
/// #[derive(Debug)]
/// struct Desk;
///
/// impl MetricSource for Desk {
///     fn describe(&self, page: &mut Page<'_>) {
///         page.gauge("ocean_desk_drawers", "Drawers of the desk.", [(vec![], 3.0)]);
///     }
/// }
///
/// let metrics = Metrics::default();
/// metrics.add(Desk);
/// assert!(metrics.text().contains("ocean_desk_drawers 3.0"));
/// ```
pub struct Page<'p> {
    encoder: DescriptorEncoder<'p>,
    written: fmt::Result,
}

impl Page<'_> {
    /// Numbers that go up and down.
    pub fn gauge(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels, f64)>,
    ) {
        self.family(name, help, MetricType::Gauge, samples);
    }

    /// Numbers that only grow while the process lives; their names on the page end in `_total`.
    pub fn counter(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels, f64)>,
    ) {
        self.family(name, help, MetricType::Counter, samples);
    }

    fn family(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        samples: impl IntoIterator<Item = (Labels, f64)>,
    ) {
        self.written = self.written.and_then(|()| {
            let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
            for (labels, value) in samples {
                if labels.is_empty() {
                    encode(kind, value, &mut family)?;
                } else {
                    encode(kind, value, &mut family.encode_family(&labels)?)?;
                }
            }
            Ok(())
        });
    }
}

fn encode(kind: MetricType, value: f64, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    match kind {
        MetricType::Counter => metric.encode_counter::<NoLabelSet, _, f64>(&value, None),
        _ => metric.encode_gauge(&value),
    }
}

impl Debug for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}

/// Everything that stands on the page of a process.
#[derive(Debug, Default)]
pub(super) struct Pages {
    registry: Registry,
}

impl Pages {
    pub(super) fn add(&mut self, source: impl MetricSource) {
        self.registry
            .register_collector(Box::new(Described(source)));
    }

    /// The page as it is now, which ends in `# EOF`.
    pub(super) fn text(&self) -> String {
        let mut page = String::new();
        // Writing to a text cannot fail; what a source wrote by halves would be seen as such.
        if text::encode(&mut page, &self.registry).is_err() {
            tracing::error!("the page of metrics could not be written");
        }
        page
    }
}

/// A source as the library below wants it.
#[derive(Debug)]
struct Described<S>(S);

impl<S: MetricSource> Collector for Described<S> {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page {
            encoder,
            written: Ok(()),
        };
        self.0.describe(&mut page);
        page.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Desk;

    impl MetricSource for Desk {
        fn describe(&self, page: &mut Page<'_>) {
            let label = |value: &str| vec![("drawer", value.to_owned())];
            let letters = [(label("upper"), 2.0), (label("a\"b\\c\nd"), 0.5)];
            page.gauge("ocean_letters", "Letters of the desk.", letters);
            page.gauge("ocean_empty", "Nothing of it.", []);
            page.counter("ocean_opened", "How often it was opened.", [(vec![], 7.0)]);
        }
    }

    #[test]
    fn a_page_is_openmetrics_text_in_which_nothing_ends_a_label_early() {
        let mut pages = Pages::default();
        pages.add(Desk);
        let lines = [
            "# HELP ocean_letters Letters of the desk.",
            "# TYPE ocean_letters gauge",
            r#"ocean_letters{drawer="upper"} 2.0"#,
            r#"ocean_letters{drawer="a\"b\\c\nd"} 0.5"#,
            "# HELP ocean_empty Nothing of it.",
            "# TYPE ocean_empty gauge",
            "# HELP ocean_opened How often it was opened.",
            "# TYPE ocean_opened counter",
            "ocean_opened_total 7.0",
            "# EOF",
        ];
        assert_eq!(pages.text().lines().collect::<Vec<_>>(), lines);
        assert!(pages.text().ends_with("# EOF\n"));
    }
}
