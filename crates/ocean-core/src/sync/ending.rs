//! How did a sync end, by what happened in it?
//!
//! Start with [`Ending`]. Full resyncs, incremental syncs and forwarded ones end by this one rule.

use super::report::{Outcome, ResyncReport};

/// What made a sync end before it was through, if anything did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ending {
    /// Somebody wanted it to end.
    pub(super) stopped: Option<Stopped>,
    /// Credentials were refused, by the source or by Port.
    pub(super) refused: bool,
}

/// For whose sake a sync was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Whoever runs the process cancelled it.
    Cancelled,
    /// A full resync began beside an incremental sync.
    Superseded,
    /// The other side wants it to end, or has another sync.
    TakenOver,
}

impl Ending {
    /// Says in the report how the sync ended; to be said again when something came to the report
    /// since.
    ///
    /// Being stopped explains everything else, and refused credentials explain what is missing.
    pub(super) fn conclude(self, report: &mut ResyncReport) {
        report.outcome = match self {
            Self {
                stopped: Some(_), ..
            } => Outcome::Aborted,
            Self { refused: true, .. } => Outcome::Unauthorized,
            _ if report.is_incomplete() => Outcome::Incomplete,
            _ => Outcome::Completed,
        };
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sync::{BlueprintReport, ResourceReport};

    /// How a sync ends with this ending, after something was done to its report.
    fn check(stopped: bool, refused: bool, spoil: impl Fn(&mut ResyncReport)) -> Outcome {
        let mut report = ResyncReport::new(Uuid::nil());
        spoil(&mut report);
        let stopped = stopped.then_some(Stopped::Cancelled);
        Ending { stopped, refused }.conclude(&mut report);
        report.outcome
    }

    fn with_an_error(report: &mut ResyncReport) {
        report.errors.push("something".to_owned());
    }

    #[test]
    fn a_sync_that_nothing_happened_to_is_complete() {
        assert_eq!(check(false, false, |_| ()), Outcome::Completed);
    }

    #[test]
    fn whatever_is_missing_makes_it_incomplete() {
        let resource = |spoil: fn(&mut ResourceReport)| {
            move |report: &mut ResyncReport| {
                let mut resource = ResourceReport::default();
                spoil(&mut resource);
                report.resources.push(resource);
            }
        };
        let unread = resource(|one| one.incomplete.push("it was not read".to_owned()));
        let rejected = resource(|one| one.counts.rejected = 1);
        let failed = resource(|one| one.counts.failed = 1);
        let kept = |report: &mut ResyncReport| {
            report.reconciliation.blueprints.push(BlueprintReport {
                kept_because: vec!["a limit".to_owned()],
                ..BlueprintReport::default()
            });
        };
        let unlisted =
            |report: &mut ResyncReport| report.reconciliation.skipped.push("why".to_owned());
        let all: [&dyn Fn(&mut ResyncReport); 6] = [
            &with_an_error,
            &unread,
            &rejected,
            &failed,
            &kept,
            &unlisted,
        ];
        for (place, spoil) in all.into_iter().enumerate() {
            assert_eq!(check(false, false, spoil), Outcome::Incomplete, "{place}");
        }
    }

    #[test]
    fn items_that_are_left_out_or_unchanged_are_not_missing() {
        let outcome = check(false, false, |report| {
            let mut resource = ResourceReport::default();
            resource.counts.filtered = 3;
            resource.counts.unchanged = 3;
            report.resources.push(resource);
        });
        assert_eq!(outcome, Outcome::Completed);
    }

    #[test]
    fn refused_credentials_explain_what_is_missing() {
        assert_eq!(check(false, true, |_| ()), Outcome::Unauthorized);
        assert_eq!(check(false, true, with_an_error), Outcome::Unauthorized);
    }

    #[test]
    fn being_stopped_explains_everything() {
        assert_eq!(check(true, true, with_an_error), Outcome::Aborted);
        assert_eq!(check(true, false, |_| ()), Outcome::Aborted);
    }

    #[test]
    fn what_comes_to_the_report_later_counts_when_it_is_concluded_again() {
        let mut report = ResyncReport::new(Uuid::nil());
        let ending = Ending::default();
        ending.conclude(&mut report);
        with_an_error(&mut report);
        ending.conclude(&mut report);
        assert_eq!(report.outcome, Outcome::Incomplete);
    }
}
