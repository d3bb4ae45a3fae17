//! What is measured of one kind, by the names of the original.
//!
//! Start with [`Samples`]. The same numbers are read in two forms: as series on `/metrics`, and
//! nested by their labels in what Port is told.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::spread::Spread;

/// One number of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Series {
    /// `duration_seconds` of the whole kind.
    Duration,
    /// `duration_seconds` of a deletion.
    DeletionDuration,
    /// `success` of the whole kind.
    Success,
    /// `object_count`, by phase and by what became of the objects.
    Objects(&'static str, &'static str),
    /// What the process needed meanwhile, by name.
    Usage(&'static str),
}

/// The phase of everything that is measured of a kind as a whole.
const WHOLE: &str = "resync";

pub(super) const RAW: Series = Series::Objects("extract", "raw_extracted");
pub(super) const NOT_READ: Series = Series::Objects("extract", "failed");
pub(super) const TRANSFORMED: Series = Series::Objects("transform", "transformed");
pub(super) const FILTERED_OUT: Series = Series::Objects("transform", "filtered_out");
pub(super) const NOT_MAPPED: Series = Series::Objects("transform", "failed");
pub(super) const LOADED: Series = Series::Objects("load", "loaded");
pub(super) const NOT_LOADED: Series = Series::Objects("load", "failed");
pub(super) const SKIPPED: Series = Series::Objects("load", "skipped");
pub(super) const DELETED: Series = Series::Objects("delete", "deleted");

/// What a kind starts with, in the order in which Port is told.
const AT_START: [Series; 9] = [
    Series::Duration,
    Series::Success,
    RAW,
    TRANSFORMED,
    FILTERED_OUT,
    NOT_MAPPED,
    LOADED,
    NOT_LOADED,
    SKIPPED,
];

impl Series {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Duration | Self::DeletionDuration => "duration_seconds",
            Self::Success => "success",
            Self::Objects(..) => "object_count",
            Self::Usage(name) => name,
        }
    }

    /// Its labels beside the kind.
    pub(super) fn labels(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Duration | Self::Success => vec![("phase", WHOLE)],
            Self::DeletionDuration => vec![("phase", "delete")],
            Self::Objects(phase, became) => {
                vec![("phase", phase), ("object_count_type", became)]
            }
            Self::Usage(_) => Vec::new(),
        }
    }
}

/// The numbers of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples(IndexMap<Series, f64>);

impl Samples {
    /// Those of a kind whose turn has not come.
    pub(super) fn at_start() -> Self {
        Self(AT_START.map(|series| (series, 0.0)).into())
    }

    pub(super) fn set(&mut self, series: Series, value: f64) {
        self.0.insert(series, value);
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody has 2^53 objects, and the original's numbers are doubles, too"
    )]
    pub(super) fn count(&mut self, series: Series, objects: usize) {
        self.set(series, objects as f64);
    }

    /// Notes the largest, the median and the average under these names.
    pub(super) fn spread(&mut self, [max, median, avg]: [&'static str; 3], spread: &Spread) {
        self.set(Series::Usage(max), spread.max());
        self.set(Series::Usage(median), spread.median());
        self.set(Series::Usage(avg), spread.average());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Series, f64)> + '_ {
        self.0.iter().map(|(series, value)| (*series, *value))
    }

    /// Nested by label and value, as Port is told.
    #[expect(
        clippy::indexing_slicing,
        reason = "indexing makes members of objects, and labels lead to nothing else"
    )]
    pub(super) fn nested(&self) -> Value {
        let mut root = json!({});
        for (series, value) in self.iter() {
            // What is not there yet becomes an object when something is put into it.
            let mut level = &mut root;
            for (label, value) in series.labels() {
                level = &mut level[label][value];
            }
            level[series.name()] = Value::from(value);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_told_numbers_nested_by_their_labels() {
        let mut samples = Samples::at_start();
        samples.count(LOADED, 12);
        samples.set(Series::Usage("cpu_max_percent"), 1.5);
        let told = json!({
            "phase": {
                "resync": {"duration_seconds": 0.0, "success": 0.0},
                "extract": {"object_count_type": {"raw_extracted": {"object_count": 0.0}}},
                "transform": {"object_count_type": {
                    "transformed": {"object_count": 0.0},
                    "filtered_out": {"object_count": 0.0},
                    "failed": {"object_count": 0.0},
                }},
                "load": {"object_count_type": {
                    "loaded": {"object_count": 12.0},
                    "failed": {"object_count": 0.0},
                    "skipped": {"object_count": 0.0},
                }},
            },
            "cpu_max_percent": 1.5,
        });
        assert_eq!(samples.nested().to_string(), told.to_string());
    }
}
