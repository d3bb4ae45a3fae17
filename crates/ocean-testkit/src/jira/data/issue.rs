//! What is true about an issue?
//!
//! [`Issue::seeded`] derives the facts of any issue from (seed, position) in some tens of
//! nanoseconds, so a search over a million issues needs no storage and no rendering.

use super::{
    super::config::SiteConfig,
    dice::{Dice, Stream},
    words,
    workflow::{Category, IssueType, Priority, Status},
};

/// The id of the first issue.
pub(crate) const FIRST_ID: u64 = 100_000;

/// Issues of one project come in families of ten numbers: an epic, its children, and a story with
/// two subtasks.
const FAMILY: u64 = 10;
const STORY_WITH_SUBTASKS: u64 = 6;
const SUBTASKS: u64 = 2;

const DAY: u64 = 86_400_000;

/// About how many bytes a whole issue has at least, and how many more at most.
const SMALLEST: u64 = 8_220;
const SPREAD: u64 = 800;

/// The facts of an issue.
#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    /// Position of its project.
    pub(crate) project: usize,
    /// The number in its key.
    pub(crate) number: u64,
    /// How often it was changed since the start.
    pub(crate) revision: u64,
    pub(crate) kind: IssueType,
    pub(crate) status: Status,
    pub(crate) priority: Priority,
    /// Positions of users.
    pub(crate) assignee: Option<usize>,
    pub(crate) reporter: usize,
    pub(crate) creator: usize,
    pub(crate) parent: Option<u64>,
    /// Ids of its subtasks, `step` apart.
    pub(crate) subtasks: u64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) resolved: Option<i64>,
    pub(crate) labels: Labels,
    /// One bit for each of the project's components.
    pub(crate) components: u64,
    pub(crate) comments: u64,
    /// About how many bytes its description has.
    pub(crate) prose: u64,
    /// Replaces the generated summary.
    pub(crate) summary: Option<String>,
}

/// Labels, either from the vocabulary (a bit for each word) or set by a change.
#[derive(Clone, Debug)]
pub(crate) enum Labels {
    Seeded(u64),
    Set(Vec<String>),
}

impl Labels {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let (mask, set) = match self {
            Self::Seeded(mask) => (*mask, [].as_slice()),
            Self::Set(labels) => (0, labels.as_slice()),
        };
        marked(mask, words::LABELS.iter().copied()).chain(set.iter().map(String::as_str))
    }
}

/// The items whose bit is set in `mask`.
pub(crate) fn marked<T>(mask: u64, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    items
        .enumerate()
        .filter(move |(bit, _)| mask >> bit & 1 == 1)
        .map(|(_, item)| item)
}

impl Issue {
    /// The issue at a position, as it is at the start.
    pub(crate) fn seeded(config: &SiteConfig, index: u64) -> Self {
        let projects = config.projects as u64;
        let (project, nth) = (index % projects, index / projects);
        let mut dice = Dice::new(config.seed, Stream::Issue, index);
        let family = Family::of(config, project, nth);
        let created = config.start() - (DAY / 4 + dice.below(700 * DAY)) as i64;
        let status = roll_status(&mut dice);
        let updated = if dice.chance(8) {
            created.max(config.start() - dice.below(6 * DAY) as i64)
        } else {
            let age = (config.start() - created).unsigned_abs();
            created + dice.below(age) as i64
        };
        let done = status.category() == Category::Done;
        let mut issue = Self {
            id: FIRST_ID + index,
            project: project as usize,
            number: nth + 1,
            revision: 0,
            kind: family.kind.unwrap_or_else(|| roll_kind(&mut dice)),
            status,
            priority: roll_priority(&mut dice),
            assignee: dice.chance(85).then(|| dice.position(config.users)),
            reporter: dice.position(config.users),
            creator: dice.position(config.users),
            parent: family
                .parent_back
                .map(|back| FIRST_ID + index - back * projects),
            subtasks: family.subtasks,
            created,
            updated,
            resolved: done.then_some(updated),
            labels: Labels::Seeded(dice.roll() & dice.roll() & dice.roll()),
            components: dice.roll() & dice.roll() & 0b1_1111,
            // Issues that list their subtasks are long enough without comments.
            comments: u64::from(dice.chance(30) && family.subtasks == 0),
            prose: 0,
            summary: None,
        };
        issue.prose = issue.room_for_prose(SMALLEST + dice.below(SPREAD));
        issue
    }

    /// How long the description must be to bring the whole issue to a size. What the rest takes is
    /// estimated, from how the twin writes it.
    fn room_for_prose(&self, size: u64) -> u64 {
        let relatives = u64::from(self.parent.is_some()) + self.subtasks;
        let rest = 4_950
            + relatives * 970
            + u64::from(self.assignee.is_some()) * 790
            + self.comments * 1_170
            + u64::from(self.components.count_ones()) * 125
            + u64::from(self.resolved.is_some()) * 130;
        size.saturating_sub(rest).max(150)
    }

    /// Sets the status and, with it, whether and when the issue was resolved.
    pub(crate) fn enter(&mut self, status: Status, now: i64) {
        self.status = status;
        let done = status.category() == Category::Done;
        self.resolved = done.then(|| self.resolved.unwrap_or(now));
    }

    /// The ids its subtasks were given at the start.
    pub(crate) fn subtask_ids(&self, config: &SiteConfig) -> impl Iterator<Item = u64> + use<> {
        let (id, step) = (self.id, config.projects as u64);
        (1..=self.subtasks).map(move |nth| id + nth * step)
    }

    /// The words of the summary nobody has set.
    pub(crate) fn generated_summary(&self, seed: u64) -> [&'static str; 3] {
        let mut dice = Dice::new(seed, Stream::Text, self.id);
        [
            dice.pick(words::VERBS),
            dice.pick(words::THINGS),
            dice.pick(words::REASONS),
        ]
    }
}

/// The place of an issue among its relatives.
struct Family {
    kind: Option<IssueType>,
    /// How many numbers before this one the parent stands.
    parent_back: Option<u64>,
    subtasks: u64,
}

impl Family {
    fn of(config: &SiteConfig, project: u64, nth: u64) -> Self {
        let (family, position) = (nth / FAMILY, nth % FAMILY);
        let mut dice = Dice::new(config.seed, Stream::Family, family << 20 ^ project);
        let (close, step) = (dice.chance(50), config.projects as u64);
        let (kind, parent_back) = match position {
            0 => (Some(IssueType::Epic), None),
            STORY_WITH_SUBTASKS if close => (Some(IssueType::Story), None),
            7 | 8 if close => (
                Some(IssueType::Subtask),
                Some(position - STORY_WITH_SUBTASKS),
            ),
            _ => (None, close.then_some(position)),
        };
        let after = config.issues.saturating_sub(nth * step + project + 1) / step;
        let subtasks = match position {
            STORY_WITH_SUBTASKS if close => SUBTASKS.min(after),
            _ => 0,
        };
        Self {
            kind,
            parent_back,
            subtasks,
        }
    }
}

fn roll_status(dice: &mut Dice) -> Status {
    match dice.below(100) {
        0..40 => Status::ToDo,
        40..60 => Status::InProgress,
        60..67 => Status::InReview,
        67..70 => Status::Blocked,
        70..96 => Status::Done,
        _ => Status::Dropped,
    }
}

fn roll_kind(dice: &mut Dice) -> IssueType {
    match dice.below(100) {
        0..45 => IssueType::Task,
        45..75 => IssueType::Story,
        _ => IssueType::Bug,
    }
}

fn roll_priority(dice: &mut Dice) -> Priority {
    match dice.below(100) {
        0..4 => Priority::Highest,
        4..20 => Priority::High,
        20..75 => Priority::Medium,
        75..92 => Priority::Low,
        _ => Priority::Lowest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SiteConfig {
        SiteConfig {
            issues: 5_000,
            projects: 7,
            ..SiteConfig::default()
        }
    }

    #[test]
    fn parents_and_subtasks_point_at_each_other() {
        let config = config();
        let issues: Vec<_> = (0..config.issues)
            .map(|n| Issue::seeded(&config, n))
            .collect();
        let at = |id: u64| &issues[(id - FIRST_ID) as usize];
        let mut subtasks = 0;
        for issue in &issues {
            if let Some(parent) = issue.parent.map(at) {
                assert_eq!(parent.project, issue.project);
                let listed = parent.subtask_ids(&config).any(|id| id == issue.id);
                assert_eq!(listed, issue.kind == IssueType::Subtask);
            }
            for subtask in issue.subtask_ids(&config) {
                assert_eq!(at(subtask).parent, Some(issue.id));
                subtasks += 1;
            }
        }
        assert!(subtasks > 100, "{subtasks}");
    }

    #[test]
    fn times_are_in_order() {
        let config = config();
        for issue in (0..config.issues).map(|n| Issue::seeded(&config, n)) {
            assert!(issue.created <= issue.updated && issue.updated <= config.start());
            assert_eq!(
                issue.resolved.is_some(),
                issue.status.category() == Category::Done
            );
        }
    }
}
